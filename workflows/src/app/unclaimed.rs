//! Accounts that clients shared and nobody has: what an operator sees of them, and giving one to an onboarding.
//!
//! What an operator says is proved by Meta all the same, before anything is bound.

use engine::{EngineError, Filter, Instance, InstanceId, PageOrder, Record, SealError};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::audit::Deed;
use super::body::{self, at_most};
use super::lists::{ListQuery, list};
use super::operators::Operator;
use super::problem::{Kind, Problem};
use super::views::ListView;
use crate::grant::{self, Event, Grant, State};
use crate::onboarding::{CLAIMED, Onboarding, waits_for_grant};

/// Onboardings of one kind that are shown with an account, or looked at for its numbers.
const LOOKED_AT_MAX: usize = 50;

/// The longest reason.
const REASON_CHARS_MAX: usize = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AssignBody {
    onboarding_id: String,
    reason: String,
}

impl App {
    /// The accounts that nobody has, with the onboardings that come into question.
    pub async fn unclaimed(
        &self,
        _operator: &Operator,
        query: &ListQuery,
    ) -> Result<ListView<Value>, Problem> {
        let (_, page) = query.judge()?;
        self.know_cursor(&page, None).await?;
        let filter = Filter {
            workflow: Some("grant".to_owned()),
            states: vec!["unclaimed".to_owned()],
            ..Filter::default()
        };
        let found = self.engine.find(&filter, &page).await?;
        let mut views = Vec::new();
        for record in found.items {
            match self.engine.open::<Grant>(record).await {
                Ok(grant) => views.push(self.unclaimed_view(&grant).await?),
                Err(EngineError::Seal(SealError::Erased)) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Ok(list(views, found.next))
    }

    /// Gives an account to an onboarding of the same app. Meta has to confirm it; where it does not, the account is
    /// nobody's again.
    pub async fn assign_unclaimed(
        &self,
        operator: &Operator,
        id: &str,
        request: &Value,
    ) -> Result<Value, Problem> {
        let asked: AssignBody = body::read(request)?;
        let reason = asked.reason.trim();
        if reason.is_empty() {
            return Err(Problem::field(
                "reason",
                "required",
                "say why, for the audit",
            ));
        }
        at_most("reason", reason, REASON_CHARS_MAX)?;
        let id = InstanceId::new(id);
        let grant = match self.engine.read::<Grant>(&id).await {
            Ok(grant) => grant,
            Err(EngineError::NotFound(_)) => return Err(Problem::not_found("shared account")),
            Err(other) => return Err(other.into()),
        };
        let taker = InstanceId::new(&*asked.onboarding_id);
        let taker = match self.engine.read::<Onboarding>(&taker).await {
            Ok(taker) => taker,
            Err(EngineError::NotFound(_)) => {
                let message = "is no onboarding of this installation";
                return Err(Problem::field("onboarding_id", "unknown", message));
            }
            Err(other) => return Err(other.into()),
        };
        self.judge_assignment(&grant, &taker).await?;
        let deed = Deed {
            act: "assign_unclaimed",
            target: id.as_str(),
            reason,
            state_before: grant.state.into(),
        };
        let line = self.audit_line(operator, deed).await?;
        let event = Event::Assigned(taker.record.id);
        let assigned = self.engine.submit_with::<Grant>(&id, event, line).await?;
        self.unclaimed_view(&assigned).await
    }

    async fn judge_assignment(
        &self,
        grant: &Instance<Grant>,
        taker: &Instance<Onboarding>,
    ) -> Result<(), Problem> {
        let conflict = |code, text: String| Err(Problem::new(Kind::Conflict, code, text));
        if grant.state != State::Unclaimed {
            let state: &str = grant.state.into();
            return conflict(
                "not_in_this_state",
                format!("This account is {state}: only an unclaimed one can be assigned."),
            );
        }
        let order = &taker.facts.order;
        if order.app != grant.facts.app {
            return conflict(
                "other_app",
                format!(
                    "The account was shared with the Meta app {}, and this onboarding is of {}. Nothing can be shared across apps.",
                    grant.facts.app, order.app
                ),
            );
        }
        if !waits_for_grant(taker.state) {
            let state: &str = taker.state.into();
            return conflict(
                "not_in_this_state",
                format!("This onboarding is in {state} and waits for no account."),
            );
        }
        let mut elsewhere = Vec::new();
        for number in &grant.facts.numbers {
            elsewhere.push(self.is_bound_elsewhere(number.id.as_str(), taker).await?);
        }
        if !elsewhere.is_empty() && elsewhere.iter().all(|bound| *bound) {
            return conflict(
                "number_bound_elsewhere",
                "The account's number is connected through another partner.".to_owned(),
            );
        }
        Ok(())
    }

    async fn is_bound_elsewhere(
        &self,
        phone: &str,
        taker: &Instance<Onboarding>,
    ) -> Result<bool, Problem> {
        let partner = taker.facts.order.partner.as_str();
        let holders = self.labelled("phone", phone).await?;
        Ok(holders.iter().any(|holder| {
            let let_go = ["canceled", "expired"].contains(&holder.state.as_str());
            !let_go && holder.label("tenant") != Some(partner)
        }))
    }

    async fn labelled(&self, name: &str, value: &str) -> Result<Vec<Record>, Problem> {
        let filter = Filter {
            workflow: Some("onboarding".to_owned()),
            labels: vec![(name.to_owned(), value.to_owned())],
            ..Filter::default()
        };
        let page = PageOrder {
            limit: LOOKED_AT_MAX,
            after: None,
        };
        Ok(self.engine.find(&filter, &page).await?.items)
    }

    async fn unclaimed_view(&self, grant: &Instance<Grant>) -> Result<Value, Problem> {
        let facts = &grant.facts;
        let mut candidates = Vec::new();
        for id in &facts.candidates {
            let found = self.engine.record(id).await?;
            candidates.extend(found.as_ref().map(taker_view));
        }
        // Whoever has a link can name any account, so it is shown and nothing follows from it.
        let claims = self.labelled(CLAIMED, facts.waba.as_str()).await?;
        Ok(json!({
            "object": "unclaimed_account", "id": grant.record.id,
            "state": <&'static str>::from(grant.state),
            "app_id": facts.app, "waba_id": facts.waba, "business_id": facts.business,
            "name": facts.name, "numbers": grant::numbers_view(&facts.numbers),
            "source": facts.source.as_str(), "granted_at": facts.granted_at.to_rfc3339(),
            "seen_at": facts.seen_at.to_rfc3339(),
            "why": facts.why.as_ref().map(|why| json!({ "code": why.code, "text": why.text })),
            "candidates": candidates,
            "named_by_browsers": claims.iter().map(taker_view).collect::<Vec<_>>(),
        }))
    }
}

/// An onboarding that comes into question.
fn taker_view(onboarding: &Record) -> Value {
    json!({
        "onboarding_id": onboarding.id, "state": onboarding.state,
        "partner_id": onboarding.label("tenant"), "external_id": onboarding.label("external_id"),
    })
}
