//! What a client's page does: open, tell of the popup, hand over the signup's halves, answer questions.
//!
//! Whatever comes from the browser is a claim; nothing here believes it.

use std::time::Duration;

use engine::Instance;
use serde::Deserialize;
use serde_json::Value;

use super::App;
use super::body::{self, at_most};
use super::problem::{Kind, Problem};
use super::sessions::{ClientSession, SESSION_LIFE, digest};
use super::views::{BrandingView, ClientView, PageView, SignupOptions};
use crate::directory::Partner;
use crate::onboarding::{
    Claim, Event, Journey, Onboarding, State, Surroundings, client_view, extras,
};
use crate::values::{BusinessId, PhoneNumberId, Secret, WabaId, is_meta_id};

/// Codes are a few hundred characters; far more is not a code.
const CODE_CHARS_MAX: usize = 4_096;

/// What the page tells of the popup.
const JOURNEY_KINDS: [&str; 6] = [
    "sdk_loaded",
    "popup_blocked",
    "sdk_blocked",
    "canceled",
    "error",
    "closed",
];

/// What opening a link answers.
pub struct Opened {
    /// The session's secret, for the cookie or the bearer.
    pub session: String,
    /// How long it lives.
    pub lives: Duration,
    /// What the page shows.
    pub view: ClientView,
}

/// Opening a link says nothing but that a person is here.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenBody {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JourneyBody {
    kind: String,
    step: Option<String>,
    error_code: Option<String>,
    session_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignupBody {
    code: Option<String>,
    session: Option<SessionBody>,
}

/// Meta adds fields as its versions move, so unknown ones are passed over here alone.
#[derive(Deserialize)]
struct SessionBody {
    event: String,
    #[serde(default)]
    data: SessionData,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SessionData {
    waba_id: Option<String>,
    /// Flows that may bring several accounts name them here.
    waba_ids: Value,
    phone_number_id: Option<String>,
    business_id: Option<String>,
    is_wa_login_user: Value,
    current_step: Option<String>,
    error_code: Option<String>,
    error_id: Option<String>,
    session_id: Option<String>,
}

impl App {
    /// What the page shows before anyone has opened it. Changes nothing.
    pub async fn page_of_link(&self, token: &str) -> Result<PageView, Problem> {
        let instance = self.link(token).await?;
        self.page(&instance).await
    }

    /// What the page shows to a session that comes back.
    pub async fn page_of_session(&self, session: &ClientSession) -> Result<PageView, Problem> {
        let instance = self.engine.read::<Onboarding>(&session.onboarding).await?;
        if !session.current {
            return match self.dead_link(&instance) {
                Some(problem) => Err(problem),
                None => self.page(&instance).await,
            };
        }
        self.page(&instance).await
    }

    /// A person is here. The latest open wins.
    pub async fn open_link(&self, token: &str, request: &Value) -> Result<Opened, Problem> {
        let _nothing: OpenBody = body::read(request)?;
        let instance = self.link(token).await?;
        let (secret, documents) = self.fresh_session(&instance).await?;
        let event = Event::Opened {
            browser: digest(&secret),
        };
        let instance = self
            .engine
            .submit_with::<Onboarding>(&instance.record.id, event, documents)
            .await?;
        Ok(Opened {
            session: secret,
            lives: SESSION_LIFE,
            view: self.view(&instance).await?,
        })
    }

    /// What the page shows now.
    pub async fn client_view(&self, session: &ClientSession) -> Result<ClientView, Problem> {
        let instance = self.engine.read::<Onboarding>(&session.onboarding).await?;
        if !session.current && !matches!(instance.state, State::PartnerNotified) {
            return Err(self.dead_link(&instance).unwrap_or_else(elsewhere));
        }
        self.view(&instance).await
    }

    /// The page tells of the popup.
    pub async fn journey(
        &self,
        session: &ClientSession,
        request: &Value,
    ) -> Result<ClientView, Problem> {
        let told: JourneyBody = body::read(request)?;
        if !JOURNEY_KINDS.contains(&told.kind.as_str()) {
            let message = format!("knows {}", JOURNEY_KINDS.join(", "));
            return Err(Problem::field("kind", "unknown_value", message));
        }
        self.journeyed(session, told).await
    }

    /// The halves of a finished signup, together or one by one, in either order.
    /// Resolves once the code is durable; its exchange is then under way.
    pub async fn signup(
        &self,
        session: &ClientSession,
        request: &Value,
    ) -> Result<ClientView, Problem> {
        let told: SignupBody = body::read(request)?;
        if let Some(half) = &told.session
            && (half.event == "CANCEL" || half.event == "ERROR")
        {
            let half = told.session.expect("it was just seen");
            return self.journeyed(session, journey_of(half)).await;
        }
        let code = match told.code {
            None => None,
            Some(code) => {
                at_most("code", &code, CODE_CHARS_MAX)?;
                if code.trim().is_empty() {
                    let message = "must be the code that FB.login gave";
                    return Err(Problem::field("code", "invalid", message));
                }
                let digest = self.engine.digest("code", &code);
                Some((Secret::new(code), digest))
            }
        };
        let claim = told.session.map(|half| self.claim_of(half)).transpose()?;
        if code.is_none() && claim.is_none() {
            let message = "send `code`, `session`, or both";
            return Err(Problem::field("code", "missing", message));
        }
        self.current(session).await?;
        let event = Event::SignedUp { code, claim };
        let instance = self
            .engine
            .submit::<Onboarding>(&session.onboarding, event)
            .await?;
        self.view(&instance).await
    }

    /// The client gives the number's PIN.
    pub async fn give_pin(
        &self,
        session: &ClientSession,
        request: &Value,
    ) -> Result<ClientView, Problem> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct PinBody {
            pin: String,
        }
        let given: PinBody = body::read(request)?;
        let pin = six_digits("pin", &given.pin)?;
        self.answer(session, Event::PinGiven(pin)).await
    }

    /// The client gives the one-time password, or asks for another with an empty body.
    pub async fn give_otp(
        &self,
        session: &ClientSession,
        request: &Value,
    ) -> Result<ClientView, Problem> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct OtpBody {
            code: Option<String>,
        }
        let given: OtpBody = body::read(request)?;
        let event = match given.code {
            // Meta's message writes it as 123-830 and wants it without the hyphen.
            Some(code) => Event::OtpGiven(six_digits("code", &code.replace(['-', ' '], ""))?),
            None => Event::OtpWanted,
        };
        self.answer(session, event).await
    }

    async fn answer(&self, session: &ClientSession, event: Event) -> Result<ClientView, Problem> {
        self.current(session).await?;
        let instance = self
            .engine
            .submit::<Onboarding>(&session.onboarding, event)
            .await?;
        self.view(&instance).await
    }

    async fn journeyed(
        &self,
        session: &ClientSession,
        told: JourneyBody,
    ) -> Result<ClientView, Problem> {
        let texts = [
            ("step", &told.step),
            ("error_code", &told.error_code),
            ("session_id", &told.session_id),
        ];
        for (param, text) in texts {
            if let Some(text) = text {
                at_most(param, text, 128)?;
            }
        }
        self.current(session).await?;
        let journey = Journey {
            kind: told.kind,
            step: told.step,
            error_code: told.error_code,
            session_id: told.session_id,
            at: self.engine.now(),
        };
        let instance = self
            .engine
            .submit::<Onboarding>(&session.onboarding, Event::Journeyed(journey))
            .await?;
        self.view(&instance).await
    }

    fn claim_of(&self, half: SessionBody) -> Result<Claim, Problem> {
        at_most("session.event", &half.event, 64)?;
        let mut data = half.data;
        let several = data.waba_ids.as_array().map(Vec::as_slice);
        if let (Some([Value::String(only)]), None) = (several, &data.waba_id) {
            data.waba_id = Some(only.clone());
        }
        let ids = [
            ("session.data.waba_id", &data.waba_id),
            ("session.data.phone_number_id", &data.phone_number_id),
            ("session.data.business_id", &data.business_id),
        ];
        for (param, id) in ids {
            if id.as_deref().is_some_and(|id| !is_meta_id(id)) {
                let message = "must be an id of Meta's: decimal digits";
                return Err(Problem::field(param, "invalid", message));
            }
        }
        Ok(Claim {
            event: half.event,
            waba: data.waba_id.map(WabaId::new),
            phone: data.phone_number_id.map(PhoneNumberId::new),
            business: data.business_id.map(BusinessId::new),
            business_app: data.is_wa_login_user == Value::Bool(true),
            at: self.engine.now(),
        })
    }

    /// Only the browser that opened the link last may act; another is told why it may not.
    async fn current(&self, session: &ClientSession) -> Result<(), Problem> {
        if session.current {
            return Ok(());
        }
        let instance = self.engine.read::<Onboarding>(&session.onboarding).await?;
        Err(self.dead_link(&instance).unwrap_or_else(elsewhere))
    }

    async fn page(&self, instance: &Instance<Onboarding>) -> Result<PageView, Problem> {
        let order = &instance.facts.order;
        let partner = self.partner_of(&order.partner).await?;
        Ok(PageView {
            branding: face(&partner, order.branding.as_ref()),
            link_expires_at: instance.facts.link.expires_at.to_rfc3339(),
            locale: order.locale.clone().unwrap_or_else(|| "en".to_owned()),
            embed_origins: order.embed_origins.clone(),
        })
    }

    async fn view(&self, instance: &Instance<Onboarding>) -> Result<ClientView, Problem> {
        let order = &instance.facts.order;
        let partner = self.partner_of(&order.partner).await?;
        let app = self
            .directory
            .meta_app(&order.app)
            .await?
            .ok_or_else(Problem::fault)?;
        let flow = match order.allowed.as_slice() {
            [only] => only.as_str(),
            _ => "cloud_api",
        };
        let config = app.config_ids.get(flow).or(app.config_id.as_ref());
        let around = Surroundings {
            branding: face(&partner, order.branding.as_ref()),
            signup: SignupOptions {
                app_id: app.app_id.to_string(),
                config_id: config.cloned().unwrap_or_default(),
                graph_version: self.settings.graph_version.clone(),
                extras: extras(&instance.facts, &app.login_extras, self.settings.sandbox),
            },
            shares_credit: partner.shares_credit(),
            hold: instance.record.hold.as_ref(),
            entered_at: instance.record.entered_at,
            now: self.engine.now(),
        };
        Ok(client_view(instance.state, &instance.facts, around))
    }
}

/// The partner's face, with what this onboarding says otherwise.
fn face(partner: &Partner, own: Option<&BrandingView>) -> BrandingView {
    let base = &partner.branding;
    let own = own.cloned().unwrap_or_default();
    let name = [&own.display_name, &base.display_name, &partner.name]
        .into_iter()
        .find(|name| !name.is_empty());
    BrandingView {
        display_name: name.cloned().unwrap_or_default(),
        logo_url: own.logo_url.or_else(|| base.logo_url.clone()),
        accent: own.accent.or_else(|| base.accent.clone()),
        support_url: own.support_url.or_else(|| base.support_url.clone()),
        support_email: own.support_email.or_else(|| base.support_email.clone()),
    }
}

fn journey_of(half: SessionBody) -> JourneyBody {
    let data = half.data;
    let error_code = data.error_code.or(data.error_id);
    let failed = half.event == "ERROR" || error_code.is_some();
    JourneyBody {
        kind: if failed { "error" } else { "canceled" }.to_owned(),
        step: data.current_step,
        error_code,
        session_id: data.session_id,
    }
}

fn six_digits(param: &str, text: &str) -> Result<Secret, Problem> {
    if text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Secret::new(text));
    }
    Err(Problem::field(param, "invalid", "must be six digits"))
}

fn elsewhere() -> Problem {
    Problem::new(
        Kind::Conflict,
        "opened_elsewhere",
        "This setup was opened in another browser or device. Open the link again to go on here.",
    )
}
