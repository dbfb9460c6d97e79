//! The courier: born with its parcel's shipping, it tells of its return.

use std::time::Duration;

use engine::{Actor, Awaited, Care, Conduct, Heard, Hold, Label, Note, Timestamp, Tries, Workflow};
use serde::{Deserialize, Serialize};

use super::machine::{CourierMachine, Errand, Ride, Turn};

/// What a courier knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourierFacts {
    /// The parcel.
    pub parcel: String,
    /// Whether the way is long.
    pub far: bool,
}

/// The workflow of one ride.
#[derive(Debug)]
pub struct Courier;

impl Workflow for Courier {
    const NAME: &'static str = "courier";
    const VERSION: u32 = 1;

    type Machine = CourierMachine;
    type Facts = CourierFacts;
    type Event = ();

    fn first(_facts: &CourierFacts) -> Option<Errand> {
        Some(Errand::HandOver)
    }

    fn hear(facts: &CourierFacts, _state: Ride, (): (), _now: Timestamp) -> Heard<Self> {
        let note = Note::plain("handed_over", Actor::Outside);
        Heard::moved(facts.clone(), Turn::HandedOver, note)
    }

    fn labels(_state: Ride, facts: &CourierFacts, _hold: Option<&Hold>) -> Vec<Label> {
        vec![Label::shared("parcel", facts.parcel.as_str())]
    }

    fn conduct(_errand: Errand, _facts: &CourierFacts) -> Conduct {
        Conduct {
            lane: "courier".to_owned(),
            care: Care::Repeatable,
            tries: Tries {
                within: None,
                attempts: 3,
                first: Duration::from_secs(30),
                longest: Duration::from_mins(2),
            },
            limit: Duration::from_secs(45),
            express: false,
        }
    }

    fn awaits(_state: Ride, _facts: &CourierFacts) -> Option<Awaited> {
        None
    }

    fn ends(state: Ride) -> bool {
        state == Ride::Home
    }

    fn redacted(facts: &CourierFacts) -> serde_json::Value {
        serde_json::json!({ "parcel": facts.parcel })
    }
}
