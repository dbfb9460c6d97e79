//! Operators: how they are known, and what they set up — Meta apps, partners, links.

use std::time::Duration;

use engine::{Actor, DocumentDraft, Documents, Expected, PageOrder, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use super::audit::Deed;
use super::keys::Scope;
use super::lists::list;
use super::preflights::{app_view, readiness_view};
use super::problem::{Kind, Problem};
use super::rules::{Wrong, judge_branding};
use super::sessions::digest;
use super::views::{BrandingView, ListView, OnboardingView};
use super::{App, body};
use crate::directory::{MetaApp, Partner, house_subject};
use crate::ids;
use crate::values::{AppId, PartnerId, Secret, is_meta_id};

const CONSOLE_SESSIONS: &str = "console_sessions";

/// A console session ends after this long, whatever is done in it.
const CONSOLE_LIFE: Duration = Duration::from_hours(12);

/// The currencies in which a credit line pays (Meta: share and revoke credit lines).
const CURRENCIES: [&str; 6] = ["AUD", "EUR", "GBP", "IDR", "INR", "USD"];

/// Who operates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// A name for the audit.
    pub name: String,
    /// Binds forms to the session; empty for bearer calls.
    pub session_digest: String,
}

#[derive(Serialize, Deserialize)]
struct ConsoleSession {
    name: String,
    ends_at: Timestamp,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AppBody {
    app_id: String,
    app_secret: String,
    app_secret_next: Option<String>,
    business_id: Option<String>,
    system_user_token: Option<String>,
    system_user_id: Option<String>,
    verify_token: Option<String>,
    config_id: Option<String>,
    #[serde(default)]
    config_ids: std::collections::BTreeMap<String, String>,
    credit_line_id: Option<String>,
    waba_currency: Option<String>,
    login_extras: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartnerBody {
    name: String,
    app_id: Option<String>,
    app: Option<AppBody>,
    role: Option<String>,
    solution_id: Option<String>,
    branding: Option<BrandingView>,
    domain: Option<String>,
    #[serde(default)]
    redirect_hosts: Vec<String>,
    webhook_url: Option<String>,
}

impl App {
    /// The operator of this bearer token.
    #[expect(
        clippy::unused_async,
        reason = "operators move into the store; callers await already"
    )]
    pub async fn authenticate_operator(&self, token: &str) -> Result<Operator, Problem> {
        let expected = digest(self.settings.operator_token.expose());
        if bool::from(digest(token).as_bytes().ct_eq(expected.as_bytes())) {
            return Ok(Operator {
                name: "operator".to_owned(),
                session_digest: String::new(),
            });
        }
        Err(Problem::new(
            Kind::Unauthenticated,
            "operator_unknown",
            "This needs a valid operator token: `Authorization: Bearer …`.",
        ))
    }

    /// Opens a console session for the right token; answers the session's secret.
    pub async fn open_console(&self, token: &str) -> Result<String, Problem> {
        let operator = self.authenticate_operator(token).await?;
        let secret = ids::token();
        let ends_at = self.engine.now() + CONSOLE_LIFE;
        let session = ConsoleSession {
            name: operator.name,
            ends_at,
        };
        let puts = self
            .engine
            .documents()
            .seal(DocumentDraft {
                space: CONSOLE_SESSIONS,
                key: &digest(&secret),
                subject: &house_subject(),
                expected: Expected::Absent,
                body: &session,
                expires_at: Some(ends_at),
            })
            .await?;
        self.engine.documents().write(puts).await?;
        Ok(secret)
    }

    /// The operator of a console session.
    pub async fn console_session(&self, secret: &str) -> Result<Operator, Problem> {
        let key = digest(secret);
        let found = self
            .engine
            .documents()
            .get::<ConsoleSession>(CONSOLE_SESSIONS, &key)
            .await?;
        let now = self.engine.now();
        found
            .filter(|session| now < session.body.ends_at)
            .map(|session| Operator {
                name: session.body.name,
                session_digest: key,
            })
            .ok_or_else(|| {
                Problem::new(
                    Kind::Unauthenticated,
                    "no_session",
                    "Your console session has ended. Log in again.",
                )
            })
    }

    /// Ends a console session.
    pub async fn close_console(&self, secret: &str) -> Result<(), Problem> {
        let removal = Documents::removal(CONSOLE_SESSIONS, &digest(secret), Expected::Any);
        Ok(self.engine.documents().write(vec![removal]).await?)
    }

    /// Sets a Meta app up. A known one takes what is said anew; a differing secret is refused.
    pub async fn create_app(&self, operator: &Operator, request: &Value) -> Result<Value, Problem> {
        let asked: AppBody = body::read(request)?;
        self.write_audit(operator, set_up("create_app", &asked.app_id))
            .await?;
        let app = self.keep_app(asked).await?;
        self.readinesses().lift(&app.app_id).await?;
        Ok(app_view(&app))
    }

    /// Sets a partner up, with a first test key that is in this answer only.
    pub async fn create_partner(
        &self,
        operator: &Operator,
        request: &Value,
    ) -> Result<Value, Problem> {
        let asked: PartnerBody = body::read(request)?;
        judge_partner(&asked)?;
        if let Some(url) = &asked.webhook_url {
            self.admit_address("webhook_url", url)?;
        }
        self.write_audit(operator, set_up("create_partner", &asked.name))
            .await?;
        let app = match (asked.app, asked.app_id) {
            (Some(app), _) => self.keep_app(app).await?.app_id,
            (None, Some(id)) => {
                let id = AppId::new(id);
                if self.directory.meta_app(&id).await?.is_none() {
                    let message = "is no app that is set up here; send `app` with its secret";
                    return Err(Problem::field("app_id", "unknown", message));
                }
                id
            }
            (None, None) => {
                return Err(Problem::field(
                    "app_id",
                    "missing",
                    "send `app_id` or `app`",
                ));
            }
        };
        let now = self.engine.now();
        let partner = Partner {
            id: PartnerId::new(ids::fresh("prt", now)),
            name: asked.name,
            app,
            role: asked.role.unwrap_or_else(|| "tech_provider".to_owned()),
            solution_id: asked.solution_id,
            solution_status: None,
            branding: asked.branding.unwrap_or_default(),
            domain: asked.domain,
            redirect_hosts: asked.redirect_hosts,
            notice_secret: super::fresh_signing_secret(),
            created_at: now,
        };
        let scopes = Scope::ALL.map(|scope| scope.as_str().to_owned());
        // In a sandbox there is no live Meta to reach; elsewhere a first key is for real work.
        let livemode = !self.settings.sandbox;
        let (key, text) = self.make_key(&partner.id, livemode, &scopes, "first key");
        let mut puts = self
            .directory
            .put_partner(&partner, Expected::Absent)
            .await?;
        puts.extend(self.directory.put_key(&key).await?);
        self.directory.write(puts).await?;
        let endpoint = match asked.webhook_url {
            Some(url) => Some(self.add_endpoint(&partner.id, url, Vec::new()).await?),
            None => None,
        };
        let mut view = partner_view(&partner);
        view["api_key"] = json!(text);
        view["webhook_endpoint"] = json!(endpoint.as_ref().map(super::endpoints::with_secret));
        view["notice_secret"] = json!(partner.notice_secret.expose());
        Ok(view)
    }

    /// The partners, newest first.
    pub async fn partners(&self, _operator: &Operator) -> Result<ListView<Value>, Problem> {
        let page = PageOrder {
            limit: 1_000,
            after: None,
        };
        let found = self.directory.partners(&page).await?;
        let mut views = Vec::new();
        for partner in found.iter().rev() {
            let mut view = partner_view(partner);
            let readiness = self.readinesses().of(&partner.app).await?;
            view["readiness"] = readiness_view(&readiness);
            views.push(view);
        }
        Ok(list(views, None))
    }

    /// An operator's link for a partner's client.
    pub async fn create_onboarding_for(
        &self,
        operator: &Operator,
        request: &Value,
    ) -> Result<OnboardingView, Problem> {
        let mut body = request.clone();
        let named = body
            .as_object_mut()
            .and_then(|map| map.remove("partner_id"));
        let Some(Value::String(id)) = named else {
            return Err(Problem::field(
                "partner_id",
                "missing",
                "must be a partner's id, prt_…",
            ));
        };
        let partner = self.partner_of(&PartnerId::new(id)).await?;
        self.write_audit(operator, set_up("create_onboarding", partner.id.as_str()))
            .await?;
        let livemode = !self.settings.sandbox;
        self.create_for(&partner, &body, None, (Actor::Operator, livemode))
            .await
    }

    /// The onboarding that a sandbox shows first, made as its operator would make it.
    pub async fn demo_onboarding(&self, partner_id: &str) -> Result<OnboardingView, Problem> {
        let operator = Operator {
            name: "sandbox".to_owned(),
            session_digest: String::new(),
        };
        let body = json!({ "partner_id": partner_id, "external_id": "demo" });
        self.create_onboarding_for(&operator, &body).await
    }

    async fn keep_app(&self, asked: AppBody) -> Result<MetaApp, Problem> {
        if !is_meta_id(&asked.app_id) {
            let message = "must be Meta's app id: decimal digits";
            return Err(Problem::field("app_id", "invalid", message));
        }
        if asked.app_secret.is_empty() {
            return Err(Problem::field(
                "app_secret",
                "missing",
                "must be the app's secret",
            ));
        }
        if let Some(currency) = &asked.waba_currency
            && !CURRENCIES.contains(&currency.as_str())
        {
            let message = format!("must be one that Meta bills in: {}", CURRENCIES.join(", "));
            return Err(Problem::field("waba_currency", "unknown_value", message));
        }
        let app = MetaApp {
            app_id: AppId::new(asked.app_id),
            app_secret: Secret::new(asked.app_secret),
            app_secret_next: asked.app_secret_next.map(Secret::new),
            business_id: asked.business_id,
            system_user_token: asked.system_user_token.map(Secret::new),
            system_user_id: asked.system_user_id,
            verify_token: asked.verify_token.map(Secret::new),
            config_id: asked.config_id,
            config_ids: asked.config_ids,
            credit_line_id: asked.credit_line_id,
            waba_currency: asked.waba_currency,
            login_extras: asked.login_extras.unwrap_or_default(),
            created_at: self.engine.now(),
        };
        if let Some(known) = self.directory.meta_app(&app.app_id).await? {
            let secrets = [Some(&known.app_secret), known.app_secret_next.as_ref()];
            if !secrets.contains(&Some(&app.app_secret)) {
                return Err(Problem::new(
                    Kind::Conflict,
                    "app_secret_differs",
                    "This app is set up with another secret. To rotate it, send the present one with `app_secret_next`; once that one is in use, send it as `app_secret`.",
                ));
            }
            let told = app.over(known);
            let puts = self.directory.put_meta_app(&told, Expected::Any).await?;
            self.directory.write(puts).await?;
            return Ok(told);
        }
        let puts = self.directory.put_meta_app(&app, Expected::Absent).await?;
        self.directory.write(puts).await?;
        Ok(app)
    }
}

/// Setting something up needs no reason.
fn set_up<'a>(act: &'a str, target: &'a str) -> Deed<'a> {
    Deed {
        act,
        target,
        reason: "",
        state_before: "",
    }
}

fn judge_partner(asked: &PartnerBody) -> Result<(), Problem> {
    let mut wrong = Wrong::default();
    if asked.name.trim().is_empty() {
        wrong.add("name", "missing", "must be what people call the partner");
    }
    match asked.role.as_deref() {
        None | Some("tech_provider" | "solution_partner" | "direct") => {}
        Some(_) => wrong.add(
            "role",
            "unknown_value",
            "knows tech_provider, solution_partner and direct",
        ),
    }
    if let Some(branding) = &asked.branding {
        judge_branding(branding, &mut wrong);
    }
    let hosts = asked
        .redirect_hosts
        .iter()
        .map(|host| ("redirect_hosts", host));
    for (param, host) in hosts.chain(asked.domain.iter().map(|host| ("domain", host))) {
        if host.is_empty() || host.contains(['/', ':', '@', ' ']) {
            wrong.add(
                param,
                "invalid",
                "must be bare host names, such as app.example.com",
            );
        }
    }
    wrong.into_result()
}

fn partner_view(partner: &Partner) -> Value {
    json!({
        "object": "partner", "id": partner.id, "name": partner.name, "app_id": partner.app,
        "role": partner.role, "solution_id": partner.solution_id,
        "solution_status": partner.solution_status.as_ref().map(|known| &known.status), "branding": partner.branding,
        "domain": partner.domain, "redirect_hosts": partner.redirect_hosts,
        "created_at": partner.created_at.to_rfc3339(),
    })
}
