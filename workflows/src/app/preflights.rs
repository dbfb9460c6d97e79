//! Meta apps as operators see them: what is set up, and whether a look at Meta found it fit.

use engine::{Actor, Filter, Instance, InstanceId, NewInstance, Note, PageOrder, Timestamp};
use serde_json::{Value, json};

use super::App;
use super::audit::Deed;
use super::lists::list;
use super::operators::Operator;
use super::problem::{Kind, Problem};
use super::views::ListView;
use crate::directory::{MetaApp, house_subject};
use crate::ids;
use crate::preflight::{Facts, Preflight, Readiness, Readinesses, State, findings_view};
use crate::values::AppId;

/// Apps shown at once.
const APPS_SHOWN: usize = 100;

impl App {
    /// The Meta apps that are set up, each with what is known of its readiness.
    pub async fn meta_apps(&self, _operator: &Operator) -> Result<ListView<Value>, Problem> {
        let page = PageOrder {
            limit: APPS_SHOWN,
            after: None,
        };
        let mut views = Vec::new();
        for app in self.directory.meta_apps(&page).await?.0 {
            let mut view = app_view(&app);
            view["readiness"] = readiness_view(&self.readinesses().of(&app.app_id).await?);
            views.push(view);
        }
        Ok(list(views, None))
    }

    /// Begins a look at a Meta app; answers the job.
    pub async fn begin_preflight(
        &self,
        operator: &Operator,
        app_id: &str,
    ) -> Result<Value, Problem> {
        let app = self.known_app(app_id).await?;
        let now = self.engine.now();
        let deed = Deed {
            act: "preflight",
            target: app.app_id.as_str(),
            reason: "",
            state_before: "",
        };
        self.write_audit(operator, deed).await?;
        let new = NewInstance::<Preflight> {
            id: InstanceId::new(ids::fresh("pfl", now)),
            subject: house_subject(),
            facts: Facts {
                app: app.app_id,
                asked_at: now,
                ended_at: None,
                findings: Vec::new(),
            },
            parent: None,
            note: Note::plain("asked_for", Actor::Operator),
        };
        let instance = self.engine.create(new, Vec::new()).await?;
        self.preflight_view(&instance).await
    }

    /// The last look at a Meta app.
    pub async fn preflight(&self, _operator: &Operator, app_id: &str) -> Result<Value, Problem> {
        let app = self.known_app(app_id).await?;
        let filter = Filter {
            workflow: Some("preflight".to_owned()),
            labels: vec![("app".to_owned(), app.app_id.to_string())],
            ..Filter::default()
        };
        let page = PageOrder {
            limit: 1,
            after: None,
        };
        let newest = self.engine.find(&filter, &page).await?.items.into_iter();
        let record = newest
            .last()
            .ok_or_else(|| Problem::not_found("preflight"))?;
        let instance = self.engine.open::<Preflight>(record).await?;
        self.preflight_view(&instance).await
    }

    /// Refuses a new link for an app that Meta refuses: every client would fail in the same way.
    pub(super) async fn admit_links(&self, app: &AppId) -> Result<(), Problem> {
        match self.readinesses().of(app).await?.paused {
            None => Ok(()),
            Some(pause) => Err(Problem::new(
                Kind::Conflict,
                "app_not_ready",
                format!(
                    "Meta refuses this Meta app since {}: {} No links are made for it until an operator has mended the setup and a preflight found it ready.",
                    pause.since, pause.text
                ),
            )),
        }
    }

    pub(super) fn readinesses(&self) -> Readinesses {
        Readinesses::new(self.engine.documents())
    }

    async fn known_app(&self, app_id: &str) -> Result<MetaApp, Problem> {
        let app = self.directory.meta_app(&AppId::new(app_id)).await?;
        app.ok_or_else(|| Problem::not_found("Meta app"))
    }

    async fn preflight_view(&self, preflight: &Instance<Preflight>) -> Result<Value, Problem> {
        let facts = &preflight.facts;
        let status = match preflight.state {
            State::Examining => "running",
            State::Ready => "ready",
            State::NotReady => "not_ready",
        };
        let readiness = self.readinesses().of(&facts.app).await?;
        Ok(json!({
            "object": "preflight", "id": preflight.record.id, "app_id": facts.app, "status": status,
            "asked_at": facts.asked_at.to_rfc3339(),
            "ended_at": facts.ended_at.map(Timestamp::to_rfc3339),
            "findings": findings_view(&facts.findings),
            "links_paused": paused_view(&readiness),
        }))
    }
}

/// What partners and operators see of an app's fitness.
pub(super) fn readiness_view(readiness: &Readiness) -> Value {
    json!({
        "ready": readiness.ready, "reasons": readiness.reasons,
        "seen_at": readiness.seen_at.map(Timestamp::to_rfc3339),
        "links_paused": paused_view(readiness),
    })
}

fn paused_view(readiness: &Readiness) -> Value {
    let paused = readiness.paused.as_ref();
    paused.map_or(Value::Null, |pause| {
        json!({ "since": pause.since.to_rfc3339(), "code": pause.code, "text": pause.text })
    })
}

/// A Meta app without its secrets.
pub(super) fn app_view(app: &MetaApp) -> Value {
    json!({
        "object": "meta_app", "app_id": app.app_id, "business_id": app.business_id,
        "config_id": app.config_id, "config_ids": app.config_ids,
        "system_user_id": app.system_user_id, "credit_line_id": app.credit_line_id,
        "waba_currency": app.waba_currency,
        "has": { "app_secret": true, "app_secret_next": app.app_secret_next.is_some(), "system_user_token": app.system_user_token.is_some(),
                 "verify_token": app.verify_token.is_some() },
        "created_at": app.created_at.to_rfc3339(),
    })
}
