//! Meta's webhooks as operators see them: what came, what came of it, and hearing one again.

use engine::{EngineError, Filter, Instance, InstanceId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::audit::Deed;
use super::body;
use super::lists::{ListQuery, list, readable};
use super::operators::Operator;
use super::problem::{Kind, Problem};
use super::views::ListView;
use crate::intake::{Event, Intake, Kept, intake_view, tenant};
use crate::values::AppId;

/// What the list of webhooks may be narrowed by.
#[derive(Clone, Debug, Default)]
pub struct WebhookQuery {
    /// Moments and the page.
    pub list: ListQuery,
    /// The app to which they came.
    pub app_id: Option<String>,
    /// The account that they are about.
    pub waba_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplayBody {
    #[serde(default)]
    reason: String,
}

impl App {
    /// Meta's webhooks that held more than conversations, newest first.
    pub async fn webhooks(
        &self,
        _operator: &Operator,
        query: &WebhookQuery,
    ) -> Result<ListView<Value>, Problem> {
        let (asked, page) = query.list.judge()?;
        self.know_cursor(&page, None).await?;
        let app = query.app_id.as_deref().map(|id| tenant(&AppId::new(id)));
        let narrowed = [("tenant", app), ("waba", query.waba_id.clone())];
        let mut labels: Vec<(String, String)> = narrowed
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();
        if labels.is_empty() {
            labels.push(("kind".to_owned(), "intake".to_owned()));
        }
        let filter = Filter {
            workflow: Some("intake".to_owned()),
            labels,
            created_after: asked.created_after,
            created_before: asked.created_before,
            ..Filter::default()
        };
        let found = self.engine.find(&filter, &page).await?;
        let mut views = Vec::with_capacity(found.items.len());
        for record in found.items {
            if record.archived_at.is_none() && record.erased_at.is_none() {
                let readable = readable::<Intake>(&self.engine, record).await?;
                views.extend(readable.as_ref().map(view));
            }
        }
        Ok(list(views, found.next))
    }

    /// One webhook with its body as it is kept: without conversations.
    pub async fn webhook(&self, _operator: &Operator, id: &str) -> Result<Value, Problem> {
        let intake = self.intake(id).await?;
        let mut shown = view(&intake);
        let kept = self.kept(&intake).await?;
        shown["body"] = kept.map_or(Value::Null, |kept| kept.shown());
        Ok(shown)
    }

    /// Has a webhook heard again by everybody it concerns. What was learned from it already is not learned
    /// twice.
    pub async fn replay_webhook(
        &self,
        operator: &Operator,
        id: &str,
        request: &Value,
    ) -> Result<Value, Problem> {
        let asked: ReplayBody = body::read(request)?;
        if asked.reason.trim().is_empty() {
            let message = "say why, for the audit";
            return Err(Problem::field("reason", "required", message));
        }
        let intake = self.intake(id).await?;
        if self.kept(&intake).await?.is_none() {
            return Err(Problem::new(
                Kind::Conflict,
                "webhook_not_kept",
                "Its body is no longer kept, so it cannot be heard again.",
            ));
        }
        let deed = Deed {
            act: "replay_webhook",
            target: id,
            reason: &asked.reason,
            state_before: &intake.record.state,
        };
        let line = self.audit_line(operator, deed).await?;
        let event = Event::Replayed {
            reason: asked.reason.clone(),
        };
        let id = InstanceId::new(id);
        let told = self.engine.submit_with::<Intake>(&id, event, line).await?;
        Ok(view(&told))
    }

    async fn intake(&self, id: &str) -> Result<Instance<Intake>, Problem> {
        let found = self.engine.read::<Intake>(&InstanceId::new(id)).await;
        found.map_err(|error| match error {
            EngineError::NotFound(_) => Problem::not_found("webhook"),
            other => other.into(),
        })
    }

    async fn kept(&self, intake: &Instance<Intake>) -> Result<Option<Kept>, EngineError> {
        let facts = &intake.facts;
        let place = (&facts.app, facts.digest.as_str(), facts.parts);
        Kept::found(&self.engine.documents(), place).await
    }
}

fn view(intake: &Instance<Intake>) -> Value {
    let mut view = intake_view(&intake.facts);
    view["object"] = json!("meta_webhook");
    view["id"] = json!(intake.record.id);
    view["state"] = json!(intake.record.state);
    view["hold"] = json!(intake.record.hold.as_ref().map(|hold| &hold.reason.text));
    view
}
