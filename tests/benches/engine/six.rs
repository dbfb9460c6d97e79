//! The workflow that is measured: six steps that do nothing, or a long wait and then the six steps.
//!
//! Every step is a repeatable command, so each costs one durable commit. Facts are as long as honest ones.
#![allow(
    unreachable_pub,
    reason = "rust-fsm makes a table as public as its letters"
)]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use engine::{
    Actor, Awaited, Care, CommandOf, Conduct, Executor, Heard, Hold, Job, Label, Note, Outcome,
    Reason, Timestamp, Tries, Workflow,
};
use rust_fsm::state_machine;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::world::World;

/// Steps of one run.
pub(crate) const STEPS: usize = 6;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum State {
    Asleep,
    Awake,
    One,
    Two,
    Three,
    Four,
    Five,
    Six,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Input {
    Wake,
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Command {
    First,
    Second,
    Third,
    Fourth,
    Fifth,
    Sixth,
}

state_machine! {
    #[state_machine(state(super::State), input(super::Input), output(super::Command))]
    six(Asleep)

    Asleep(Wake) => Awake [First],
    Asleep(Done) => One [Second],
    Awake(Done) => One [Second],
    One(Done) => Two [Third],
    Two(Done) => Three [Fourth],
    Three(Done) => Four [Fifth],
    Four(Done) => Five [Sixth],
    Five(Done) => Six,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// Sleeps until then before the first step.
    pub(crate) wakes: Option<Timestamp>,
    /// Whether it is found under labels, and which number is its alone.
    pub(crate) number: Option<u64>,
    /// What an honest workflow would know.
    pub(crate) known: String,
}

impl Facts {
    pub(crate) fn bare() -> Self {
        Self {
            wakes: None,
            number: None,
            known: "k".repeat(160),
        }
    }

    pub(crate) fn labeled(number: u64) -> Self {
        Self {
            number: Some(number),
            ..Self::bare()
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Event {
    Wake,
    Done,
}

#[derive(Debug)]
pub(crate) struct Six;

impl Workflow for Six {
    const NAME: &'static str = "six";
    const VERSION: u32 = 1;

    type Machine = six::Impl;
    type Facts = Facts;
    type Event = Event;

    fn first(facts: &Facts) -> Option<Command> {
        facts.wakes.is_none().then_some(Command::First)
    }

    fn hear(facts: &Facts, _state: State, event: Event, _now: Timestamp) -> Heard<Self> {
        let (input, what) = match event {
            Event::Wake => (Input::Wake, "woken"),
            Event::Done => (Input::Done, "step_done"),
        };
        Heard::moved(facts.clone(), input, Note::plain(what, Actor::System))
    }

    fn deadlines(state: State, facts: &Facts) -> Vec<(Timestamp, Event)> {
        let asleep = facts.wakes.filter(|_| state == State::Asleep);
        asleep.map(|at| (at, Event::Wake)).into_iter().collect()
    }

    /// Where there are any: one that many share, one of its own, one that moves with every step.
    fn labels(state: State, facts: &Facts, _hold: Option<&Hold>) -> Vec<Label> {
        let Some(number) = facts.number else {
            return Vec::new();
        };
        let state: &'static str = state.into();
        vec![
            Label::shared("tenant", format!("t_{}", number % 16)),
            Label::unique("number", number.to_string()),
            Label::shared("status", state),
        ]
    }

    fn conduct(_command: Command, _facts: &Facts) -> Conduct {
        Conduct {
            lane: "steps".to_owned(),
            care: Care::Repeatable,
            tries: Tries {
                within: None,
                attempts: 3,
                first: Duration::from_secs(1),
                longest: Duration::from_mins(1),
            },
            limit: Duration::from_secs(30),
            express: false,
        }
    }

    fn awaits(state: State, facts: &Facts) -> Option<Awaited> {
        (state == State::Asleep).then(|| Awaited {
            mover: Actor::System,
            reason: Reason::new("asleep", "it sleeps"),
            until: facts.wakes,
            cause: None,
        })
    }

    fn ends(state: State) -> bool {
        state == State::Six
    }

    fn redacted(_facts: &Facts) -> serde_json::Value {
        serde_json::Value::Null
    }
}

/// Does nothing, and has it counted.
pub(crate) struct Hands(pub(crate) Arc<World>);

#[async_trait]
impl Executor<Six> for Hands {
    async fn perform(&self, command: CommandOf<Six>, job: &Job<Six>) -> Outcome<Event> {
        self.0.performed(&job.id, command as usize);
        Outcome::Done(Event::Done)
    }
}
