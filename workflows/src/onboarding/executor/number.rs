//! A number added for a client whose signup ended without one: only where the partner named it in full.

use engine::{Actor, Finding, Job, Outcome, Reason};
use serde_json::Value;

use super::{OnboardingExecutor, outcome_of, reason_of};
use crate::onboarding::Onboarding;
use crate::onboarding::event::Event;
use crate::onboarding::facts::{Adding, Order, Trouble};
use crate::ports::graph::{Access, GraphError, NewNumber, Reaction};
use crate::values::WabaId;

/// The number to add, if the order says all that Meta asks: it must be the one number that is welcome,
/// with its calling code apart, and a name for recipients.
pub(super) fn wanted(order: &Order) -> Option<NewNumber> {
    let text = |path: &str| match order.prefill.pointer(path) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let digits = |text: String| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let number = NewNumber {
        calling_code: digits(text("/business/phone/code")?),
        national: digits(text("/business/phone/number")?),
        display_name: text("/phone_profile/displayName").or_else(|| text("/business/name"))?,
    };
    let whole = format!("{}{}", number.calling_code, number.national);
    (order.expected_phone_number.as_deref() == Some(whole.as_str())).then_some(number)
}

impl OnboardingExecutor {
    pub(super) async fn add_number(&self, job: &Job<Onboarding>) -> Outcome<Event> {
        let access = match self.access(job).await {
            Ok(access) => access,
            Err(outcome) => return *outcome,
        };
        let (Some(adding), Some(number)) = (&job.facts.adding, wanted(&job.facts.order)) else {
            return Outcome::Done(Event::NumberAdded);
        };
        match self.graph.add_number(&adding.waba, &number, &access).await {
            Ok(()) => Outcome::Done(Event::NumberAdded),
            Err(error) if matches!(error.reaction, Reaction::Unanswered | Reaction::Transient) => {
                Outcome::Unknown {
                    why: reason_of(&error),
                }
            }
            Err(error) if error.reaction == Reaction::Refused => refused(job, &error),
            Err(error) => outcome_of(&error, job.now),
        }
    }

    /// Whether an announced addition happened: then the account has the number.
    pub(super) async fn find_added(&self, job: &Job<Onboarding>) -> Finding<Event> {
        let access = match self.access_to_look(job).await {
            Ok(access) => access,
            Err(finding) => return finding,
        };
        let Some(adding) = &job.facts.adding else {
            return Finding::Ask {
                whom: Actor::Operator,
                why: Reason::new("account_unknown", "no account is known to look in"),
            };
        };
        match self.has_number(adding, job, &access).await {
            Ok(true) => Finding::Happened(Event::NumberAdded),
            Ok(false) => Finding::DidNotHappen(Reason::new(
                "number_not_added",
                "the account does not have the number; it is added again",
            )),
            Err(error) => Finding::NotKnown {
                why: reason_of(&error),
                after: None,
            },
        }
    }

    async fn has_number(
        &self,
        adding: &Adding,
        job: &Job<Onboarding>,
        access: &Access,
    ) -> Result<bool, GraphError> {
        let waba: &WabaId = &adding.waba;
        let numbers = self.graph.phone_numbers(waba, access).await?;
        Ok(super::choice::number(job, numbers).is_some())
    }
}

/// Meta does not add it, most often because it is in use: the client brings one through the signup.
fn refused(job: &Job<Onboarding>, error: &GraphError) -> Outcome<Event> {
    let trouble = Trouble {
        code: "number_missing".to_owned(),
        text: format!(
            "The signup ended without a number, and Meta did not add the one that was named ({error})."
        ),
        mover: Actor::Client,
        at: job.now,
    };
    Outcome::Done(Event::AssetsRefused {
        trouble,
        granted: job.facts.granted.clone(),
    })
}
