//! What a client's page does: open, tell of the popup, hand over the signup's halves, answer questions.
//!
//! Whatever comes from the browser is a claim; nothing here believes it.

use std::time::Duration;

use engine::Instance;
use serde::Deserialize;
use serde_json::Value;

use super::App;
use super::body::{self, at_most};
use super::journeys::JourneyBody;
use super::problem::{Kind, Problem};
use super::sessions::{ClientSession, SESSION_LIFE, digest};
use super::views::{BrandingView, ClientView, PageView, SignupOptions};
use crate::directory::Partner;
use crate::onboarding::{Claim, Event, Onboarding, State, Surroundings, client_view, extras};
use crate::values::{BusinessId, PhoneNumberId, Secret, WabaId, is_meta_id};

/// Codes are a few hundred characters; far more is not a code.
const CODE_CHARS_MAX: usize = 4_096;

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
struct SignupBody {
    code: Option<String>,
    session: Option<SessionBody>,
}

/// Meta adds fields as its versions move, so unknown ones are passed over here alone.
#[derive(Deserialize)]
pub(super) struct SessionBody {
    pub(super) event: String,
    #[serde(default)]
    pub(super) data: SessionData,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SessionData {
    waba_id: Option<String>,
    /// Flows that may bring several accounts name them here.
    waba_ids: Value,
    phone_number_id: Option<String>,
    business_id: Option<String>,
    is_wa_login_user: Value,
    pub(super) current_step: Option<String>,
    pub(super) error_message: Option<String>,
    /// Meta writes codes and times as text, and as numbers too.
    pub(super) error_code: Value,
    pub(super) error_id: Value,
    pub(super) session_id: Option<String>,
    pub(super) timestamp: Value,
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
            return self.journeyed(session, JourneyBody::of(half)).await;
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
    pub(super) async fn current(&self, session: &ClientSession) -> Result<(), Problem> {
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

    pub(super) async fn view(
        &self,
        instance: &Instance<Onboarding>,
    ) -> Result<ClientView, Problem> {
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
                extras: extras(
                    &instance.facts,
                    &app.login_extras,
                    &self.settings.login,
                    self.settings.sandbox,
                ),
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
