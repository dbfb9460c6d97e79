//! Connection: a live number from its hand-over on. It watches whether the number can send, keeps the
//! client's token alive, and lets the onboarding hear what partner and client are to see.

mod adopt;
mod awaiting;
mod effects;
mod event;
mod executor;
mod facts;
mod handover;
mod hear;
mod machine;
mod redacted;
mod standing;
mod words;

use std::time::Duration;

use engine::{
    Awaited, Care, Conduct, Effect, Heard, Hold, Label, Offer, Offered, Said, Timestamp, Tries,
    Workflow, WrongField,
};
use serde_json::Value;

pub use adopt::TendNumbers;
pub use event::{Event, Look};
pub use executor::ConnectionExecutor;
pub use facts::{Facts, Warning};
pub use machine::{Command, Input, Machine, State};
pub use standing::{Asked, Disconnection, Standing};

pub(crate) use handover::birth;

use crate::onboarding::GRAPH_LANE;

/// The lane of what is said from one instance to another here.
const HOUSE_LANE: &str = "connections";

/// The workflow of one live number.
#[derive(Clone, Copy, Debug)]
pub struct Connection;

impl Workflow for Connection {
    const NAME: &'static str = "connection";
    const VERSION: u32 = 1;

    type Machine = Machine;
    type Facts = Facts;
    type Event = Event;

    fn first(_facts: &Facts) -> Option<Command> {
        Some(Command::TakeOver)
    }

    fn hear(facts: &Facts, state: State, event: Event, now: Timestamp) -> Heard<Self> {
        hear::hear(facts, state, event, now)
    }

    fn deadlines(state: State, facts: &Facts) -> Vec<(Timestamp, Event)> {
        match state {
            // Nothing is looked at before the number is this connection's alone.
            _ if facts.took_over_at.is_none() => Vec::new(),
            State::Settling | State::Live | State::Blocked => vec![
                (facts.next_look, Event::LookDue),
                (facts.next_tending, Event::TokenDue),
            ],
            State::Disconnected | State::Closing | State::Closed => Vec::new(),
        }
    }

    fn labels(_state: State, facts: &Facts, _hold: Option<&Hold>) -> Vec<Label> {
        let mut labels = vec![
            Label::shared("tenant", facts.partner.as_str()),
            Label::shared("app", facts.app.as_str()),
            Label::shared("waba", facts.waba.as_str()),
            Label::shared("phone", facts.phone.as_str()),
        ];
        if let Some(business) = &facts.business {
            labels.push(Label::shared("business", business.as_str()));
        }
        labels
    }

    fn conduct(command: Command, facts: &Facts) -> Conduct {
        let hours = Duration::from_hours;
        let (lane, within) = match command {
            Command::LookAtNumber => (format!("{GRAPH_LANE}:{}", facts.app), hours(1)),
            Command::TendToken => (format!("{GRAPH_LANE}:{}", facts.app), hours(6)),
            Command::TakeOver | Command::TellOnboarding => (HOUSE_LANE.to_owned(), hours(6)),
        };
        Conduct {
            lane,
            care: Care::Repeatable,
            tries: Tries {
                attempts: 20,
                first: Duration::from_secs(20),
                longest: Duration::from_mins(20),
                within: Some(within),
            },
            limit: Duration::from_secs(45),
            express: false,
        }
    }

    fn awaits(state: State, facts: &Facts) -> Option<Awaited> {
        awaiting::awaits(state, facts)
    }

    fn must_keep(event: &Event) -> bool {
        matches!(event, Event::TokenKept { token: Some(_), .. })
    }

    fn offers(state: State, _facts: &Facts) -> Vec<Offer> {
        let means = match state {
            State::Settling | State::Live | State::Blocked => "The number is looked at now.",
            State::Disconnected => "The token is tried now, and another one asked for.",
            State::Closing | State::Closed => return Vec::new(),
        };
        vec![Offer {
            act: Offered::Submit,
            name: "look_wanted",
            means,
            fields: Vec::new(),
        }]
    }

    fn said(_state: State, _facts: &Facts, said: &Said<'_>) -> Result<Event, Vec<WrongField>> {
        Ok(Event::LookWanted { actor: said.actor })
    }

    fn effect(command: Command, facts: &Facts) -> Effect {
        effects::effect(command, facts)
    }

    fn redacted(facts: &Facts) -> Value {
        redacted::redacted(facts)
    }
}
