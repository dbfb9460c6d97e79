//! A new link for a number that was lost: the same client, the same number, and nothing else is let in.

use engine::{Actor, Record, Workflow};
use serde::Deserialize;
use serde_json::Value;

use super::App;
use super::audit::Deed;
use super::body;
use super::operators::Operator;
use super::order::LinkBody;
use super::problem::{Kind, Problem};
use super::rules::{digits, link_life};
use super::views::OnboardingView;
use crate::connection::{self, Connection};
use crate::onboarding::{Onboarding, Order};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    reason: String,
}

impl App {
    /// Makes an onboarding that connects a live number anew: of the same partner and with the partner's
    /// names for the client, pinned to number, account and portfolio.
    pub async fn reconnect(
        &self,
        operator: &Operator,
        id: &str,
        request: &Value,
    ) -> Result<OnboardingView, Problem> {
        let asked: Asked = body::read(request)?;
        if asked.reason.trim().is_empty() {
            let message = "say why; it is kept in the audit";
            return Err(Problem::field("reason", "missing", message));
        }
        let record = self.engine.record(&engine::InstanceId::new(id)).await?;
        let record = record.ok_or_else(|| Problem::not_found("connection"))?;
        if record.workflow != Connection::NAME {
            return Err(Problem::not_found("connection"));
        }
        if record.ended {
            return Err(over(&record));
        }
        let state = record.state.clone();
        let number = self.engine.open::<Connection>(record).await?.facts;
        let before = self.engine.read::<Onboarding>(&number.onboarding).await?;
        let partner = self.partner_of(&number.partner).await?;
        self.write_audit(
            operator,
            Deed {
                act: "reconnect",
                target: id,
                reason: &asked.reason,
                state_before: &state,
            },
        )
        .await?;
        let order = pinned(before.facts.order, &number);
        let life = link_life("link.expires_in", &LinkBody::default())?;
        self.make(&partner, order, life, (None, Actor::Operator))
            .await
    }
}

fn over(record: &Record) -> Problem {
    let detail = format!(
        "The connection is {}: another one has the number.",
        record.state
    );
    Problem::new(Kind::Conflict, "wrong_state", detail)
}

/// The former order for this number alone. An account that was deleted does not come back: the number may
/// be in another one by then.
fn pinned(former: Order, number: &connection::Facts) -> Order {
    let gone = number.disconnected.as_ref();
    let deleted = gone.is_some_and(|gone| gone.reason == "account_deleted");
    Order {
        mode: "reconnect".to_owned(),
        expected_phone_number: number.display_phone_number.as_deref().map(digits),
        expected_waba: (!deleted).then(|| number.waba.clone()),
        expected_business: number.business.clone().filter(|_| !deleted),
        ..former
    }
}
