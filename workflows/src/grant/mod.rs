//! Grants: Meta says that a client shared an account with one of our apps, and it is found out whose it is.
//!
//! Most are bound by the browser's code at once. What nobody's order names waits for an operator; what a browser
//! merely claims binds nothing.

mod executor;
mod facts;
mod hear;
mod known;
mod machine;
mod matching;
mod reconcile;
mod sighting;
mod words;

use std::time::Duration;

use engine::{
    Actor, Again, Awaited, Care, Conduct, Effect, Heard, Hold, Label, Offer as Offered, Reason,
    Said, Timestamp, Tries, Undo, Workflow, WrongField,
};
use serde_json::{Value, json};

use crate::onboarding::GRAPH_LANE;
use crate::values::mask_phone_number;

pub use executor::GrantExecutor;
pub use facts::{AccountNumber, Facts, Offer, Sighting, Source};
pub use hear::Event;
pub use machine::{Command, Input, Machine, State};
pub use reconcile::Reconcile;
pub(crate) use sighting::give_back;
pub use sighting::{lose, see};
pub use words::hear_word;

/// How long the browser has to bring the code before anything else is tried.
pub const BROWSERS_CHANCE: Duration = Duration::from_mins(1);

/// What an operator is asked for.
pub(crate) const UNCLAIMED: &str = "unclaimed_account";

/// The workflow of one account's grant to one app.
#[derive(Clone, Copy, Debug)]
pub struct Grant;

impl Workflow for Grant {
    const NAME: &'static str = "grant";
    const VERSION: u32 = 1;

    type Machine = Machine;
    type Facts = Facts;
    type Event = Event;

    fn hear(facts: &Facts, state: State, event: Event, now: Timestamp) -> Heard<Self> {
        hear::hear(facts, state, event, now)
    }

    fn deadlines(state: State, facts: &Facts) -> Vec<(Timestamp, Event)> {
        let chance = (facts.seen_at + BROWSERS_CHANCE, Event::ChanceOver);
        (state == State::Seen)
            .then_some(chance)
            .into_iter()
            .collect()
    }

    fn labels(_state: State, facts: &Facts, _hold: Option<&Hold>) -> Vec<Label> {
        vec![
            // Accounts of one app take turns with those of another.
            Label::shared("tenant", format!("meta:{}", facts.app)),
            Label::shared("waba", facts.waba.as_str()),
        ]
    }

    fn conduct(_command: Command, facts: &Facts) -> Conduct {
        Conduct {
            lane: format!("{GRAPH_LANE}:{}", facts.app),
            care: Care::Repeatable,
            tries: Tries {
                attempts: 20,
                first: Duration::from_secs(3),
                longest: Duration::from_mins(5),
                within: Some(Duration::from_mins(30)),
            },
            limit: Duration::from_secs(45),
            express: false,
        }
    }

    fn awaits(state: State, facts: &Facts) -> Option<Awaited> {
        match state {
            State::Seen => Some(Awaited {
                mover: Actor::Outside,
                reason: Reason::new("browsers_chance", "the browser may still bring a code"),
                until: Some(facts.seen_at + BROWSERS_CHANCE),
                cause: None,
            }),
            State::Unclaimed => {
                let why = facts.why.as_ref().map(|why| why.text.as_str());
                let text = why.unwrap_or("nobody can be told whose account this is");
                Some(Awaited {
                    mover: Actor::Operator,
                    reason: Reason::new(UNCLAIMED, text),
                    until: None,
                    cause: Some(UNCLAIMED.to_owned()),
                })
            }
            _ => None,
        }
    }

    fn ends(state: State) -> bool {
        matches!(state, State::Claimed | State::Gone)
    }

    fn redacted(facts: &Facts) -> Value {
        json!({
            "app": facts.app, "waba_id": facts.waba, "business_id": facts.business,
            "solution_id": facts.solution, "name": facts.name, "source": facts.source.as_str(),
            "granted_at": facts.granted_at.to_rfc3339(), "seen_at": facts.seen_at.to_rfc3339(),
            "numbers": numbers_view(&facts.numbers),
            "why": facts.why.as_ref().map(|why| &why.text),
            "candidates": facts.candidates,
            "offered_to": facts.offer.as_ref().map(|offer| &offer.onboarding),
            "onboarding": facts.onboarding,
        })
    }

    fn offers(state: State, _facts: &Facts) -> Vec<Offered> {
        let offer = |act, name, means| Offered {
            act,
            name,
            means,
            fields: Vec::new(),
        };
        match state {
            State::Unclaimed => vec![
                offer(
                    engine::Offered::RetryNow,
                    "look_again",
                    "It is found out once more whose account it is.",
                ),
                offer(
                    engine::Offered::Cancel,
                    "dismiss",
                    "Nobody is given the account. When Meta tells of it anew, it is looked at again.",
                ),
            ],
            _ => Vec::new(),
        }
    }

    fn said(_state: State, _facts: &Facts, said: &Said<'_>) -> Result<Event, Vec<WrongField>> {
        Ok(match said.offer.act {
            engine::Offered::RetryNow => Event::LookAgain(said.actor),
            _ => Event::Dismissed {
                reason: said.reason.text.clone(),
            },
        })
    }

    fn effect(command: Command, _facts: &Facts) -> Effect {
        Effect {
            does: match command {
                Command::MatchGrant => "looks whose account it is",
                Command::AssignGrant => "tells an onboarding that the account is its client's",
            },
            happened: true,
            again: match command {
                Command::MatchGrant => Again::Looks,
                Command::AssignGrant => Again::Idempotent,
            },
            undo: Undo::Nothing,
        }
    }
}

/// The numbers as operators see them.
pub(crate) fn numbers_view(numbers: &[AccountNumber]) -> Vec<Value> {
    let masked = |number: &AccountNumber| number.display.as_deref().map(mask_phone_number);
    let views = numbers.iter();
    views
        .map(|number| json!({ "phone_number_id": number.id, "number": masked(number) }))
        .collect()
}
