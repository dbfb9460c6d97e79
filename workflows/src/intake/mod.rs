//! One webhook of Meta's from its arrival to everybody it concerns. It is kept in the same change that
//! owes the telling, so whoever dies in between finds both again; Meta has its 200 long before.

mod executor;
mod facts;
mod keep;
mod machine;
mod raw;
mod tell;

use std::time::Duration;

use engine::{
    Actor, Again, Awaited, Care, Conduct, Effect, Heard, Hold, Label, Note, Reason, Timestamp,
    Tries, Undo, Workflow,
};
use serde_json::Value;

pub(crate) use executor::CHANGES as HEARD_SPACE;
pub use executor::IntakeExecutor;
pub(crate) use facts::view as intake_view;
pub use facts::{Came, Change, Facts};
pub use keep::keep;
pub use machine::{Command, Input, Machine, State};
pub(crate) use raw::{Kept, SPACE as RAW_SPACE};

use crate::values::AppId;

/// What an intake can hear.
#[derive(Clone, Debug)]
pub enum Event {
    /// Some of its changes were told, in their order.
    Told {
        /// What came of each.
        changes: Vec<Change>,
        /// Whether these were the last.
        last: bool,
    },
    /// An operator has it heard again.
    Replayed {
        /// Why.
        reason: String,
    },
}

/// The workflow of one webhook.
#[derive(Clone, Copy, Debug)]
pub struct Intake;

impl Workflow for Intake {
    const NAME: &'static str = "intake";
    const VERSION: u32 = 1;

    type Machine = Machine;
    type Facts = Facts;
    type Event = Event;

    fn first(_facts: &Facts) -> Option<Command> {
        Some(Command::TellChanges)
    }

    fn hear(facts: &Facts, _state: State, event: Event, now: Timestamp) -> Heard<Self> {
        let mut next = facts.clone();
        match event {
            Event::Told { changes, last } => {
                next.take(changes);
                if !last {
                    let note = Note::plain("page_heard", Actor::System);
                    return Heard::moved(next, Input::PageHeard, note);
                }
                next.heard_at = Some(now);
                let why = Reason::new("all_heard", next.summary());
                let note = Note::because("all_heard", Actor::System, why);
                Heard::moved(next, Input::AllHeard, note)
            }
            Event::Replayed { reason } => {
                next.begin_again(now);
                let why = Reason::new("replayed", reason);
                let note = Note::because("replayed", Actor::Operator, why);
                Heard::moved(next, Input::Replayed, note)
            }
        }
    }

    fn labels(_state: State, facts: &Facts, _hold: Option<&Hold>) -> Vec<Label> {
        let mut labels = vec![
            Label::shared("kind", Self::NAME),
            Label::shared("tenant", tenant(&facts.app)),
        ];
        let wabas = facts.wabas.iter();
        labels.extend(wabas.map(|waba| Label::shared("waba", waba.as_str())));
        labels
    }

    fn conduct(_command: Command, _facts: &Facts) -> Conduct {
        Conduct {
            lane: "words".to_owned(),
            care: Care::Repeatable,
            tries: Tries {
                attempts: 20,
                first: Duration::from_secs(1),
                longest: Duration::from_mins(10),
                within: None,
            },
            limit: Duration::from_secs(45),
            express: false,
        }
    }

    fn awaits(_state: State, _facts: &Facts) -> Option<Awaited> {
        None
    }

    fn ends(state: State) -> bool {
        state == State::Heard
    }

    fn redacted(facts: &Facts) -> Value {
        facts::view(facts)
    }

    fn effect(_command: Command, _facts: &Facts) -> Effect {
        Effect {
            does: "tells everybody here whom the webhook concerns",
            happened: true,
            again: Again::Repeats("each is told again, and a word means the same the second time"),
            undo: Undo::Impossible("what was heard stays heard"),
        }
    }
}

/// On whose behalf an intake runs: its app's, so that no app's webhooks hold up another's.
pub(crate) fn tenant(app: &AppId) -> String {
    format!("meta:{app}")
}
