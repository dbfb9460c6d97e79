//! What a workflow is: a table with meaning. Everything here is pure: no clock, no random, no I/O.

use std::fmt::Debug;
use std::hash::Hash;
use std::str::FromStr;

use rust_fsm::StateMachineImpl;
use serde::Serialize;
use serde::de::DeserializeOwned;
use strum::VariantArray;

use crate::clock::Timestamp;
use crate::executor::{Care, Conduct};
use crate::instance::{Actor, Hold, InstanceId, Label, Reason};
use crate::migrate::{Former, Unmigratable};
use crate::offers::{Offer, Said, WrongField};
use crate::preview::{Again, Effect, Undo};

/// A state, an input or a command: a unit of a table's alphabet with a name that is stored.
pub trait Letter:
    Copy + Eq + Hash + Debug + FromStr + Into<&'static str> + VariantArray + Send + Sync + 'static
{
    /// The name under which it is stored and shown, in `snake_case`.
    fn name(self) -> &'static str {
        self.into()
    }
}

impl<T> Letter for T where
    T: Copy
        + Eq
        + Hash
        + Debug
        + FromStr
        + Into<&'static str>
        + VariantArray
        + Send
        + Sync
        + 'static
{
}

/// The states of a workflow's table.
pub type StateOf<W> = <<W as Workflow>::Machine as StateMachineImpl>::State;
/// The inputs of a workflow's table.
pub type InputOf<W> = <<W as Workflow>::Machine as StateMachineImpl>::Input;
/// The commands that a workflow's table gives out.
pub type CommandOf<W> = <<W as Workflow>::Machine as StateMachineImpl>::Output;

/// A durable workflow: its table, what it learns, and what events mean to it.
pub trait Workflow: Sized + Send + Sync + 'static {
    /// Its name in the store; never changes.
    const NAME: &'static str;
    /// Rises by one when stored facts, states or commands change their names or their meaning.
    const VERSION: u32 = 1;

    /// The table: written once, in `rust-fsm`.
    type Machine: StateMachineImpl<State: Letter, Input: Letter, Output: Letter>;
    /// How its commands bear being repeated, where `conduct` does not tell them apart.
    const CARE: Care = Care::Repeatable;

    /// What is learned on the way; sealed before it is stored.
    type Facts: Clone + Debug + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What can be heard. Events are never stored, so they may carry secrets.
    type Event: Clone + Debug + Send + Sync + 'static;

    /// The command that is owed from birth; none where the first state is one of waiting.
    fn first(_facts: &Self::Facts) -> Option<CommandOf<Self>> {
        None
    }

    /// What the event means here: facts learned and the letter, if any.
    /// The facts are dropped when the table refuses the letter.
    fn hear(
        facts: &Self::Facts,
        state: StateOf<Self>,
        event: Self::Event,
        now: Timestamp,
    ) -> Heard<Self>;

    /// Moments that matter in this state, and what is heard then: once each while the state stays,
    /// and after a move as often as the moment still stands here. One that has passed should move
    /// the instance, or mean nothing.
    fn deadlines(_state: StateOf<Self>, _facts: &Self::Facts) -> Vec<(Timestamp, Self::Event)> {
        Vec::new()
    }

    /// The keys under which the instance is found. One named `tenant` says for whom it runs, and
    /// stays when the rest go with the subject's data. Beside them the engine keeps its own: `subject`
    /// and `fingerprint`.
    fn labels(_state: StateOf<Self>, _facts: &Self::Facts, _hold: Option<&Hold>) -> Vec<Label> {
        Vec::new()
    }

    /// How the command is carried out: its lane, its care, its tries.
    fn conduct(_command: CommandOf<Self>, _facts: &Self::Facts) -> Conduct {
        Conduct::of(Self::CARE)
    }

    /// When a command that a move gives out is due; at once unless the workflow says later.
    fn due(_command: CommandOf<Self>, _facts: &Self::Facts, now: Timestamp) -> Timestamp {
        now
    }

    /// Who is waited for in a state that owes no command; nobody where the workflow has ended.
    fn awaits(_state: StateOf<Self>, _facts: &Self::Facts) -> Option<Awaited> {
        None
    }

    /// Whether nothing further will happen by itself: where the table has no way on, unless the
    /// workflow says otherwise.
    fn ends(state: StateOf<Self>) -> bool {
        let mut inputs = InputOf::<Self>::VARIANTS.iter();
        inputs.all(|input| Self::Machine::transition(&state, input).is_none())
    }

    /// Facts to make durable together with the announcement of a [`Care::Once`] command.
    ///
    /// [`Care::Once`]: crate::Care::Once
    fn intend(
        _facts: &Self::Facts,
        _command: CommandOf<Self>,
        _now: Timestamp,
    ) -> Option<Self::Facts> {
        None
    }

    /// What the end of a child means to its parent.
    fn told(_child: &InstanceId, _workflow: &str, _state: &str) -> Option<Self::Event> {
        None
    }

    /// Whether an outcome must be heard even if its lease was lost meanwhile (a granted token).
    fn must_keep(_event: &Self::Event) -> bool {
        false
    }

    /// Brings what definition `from` left to definition `from + 1`. A step never changes once it
    /// was released: older records take it at any later time, in whatever process loads them first.
    fn migrate(from: u32, _former: Former) -> Result<Former, Unmigratable> {
        Err(Unmigratable(format!(
            "{} has no migration from definition {from} to the next",
            Self::NAME
        )))
    }

    /// A last look at the facts before every write, e.g. to number what outsiders can see.
    fn seal_off(
        _facts: &mut Self::Facts,
        _state: StateOf<Self>,
        _hold: Option<&Hold>,
        _now: Timestamp,
    ) {
    }

    /// The facts as an operator may see them: without any secret, and nothing unless it is said.
    fn redacted(_facts: &Self::Facts) -> serde_json::Value {
        serde_json::Value::Null
    }

    /// What an operator may say to it in this state, beyond what the engine does for every workflow.
    fn offers(_state: StateOf<Self>, _facts: &Self::Facts) -> Vec<Offer> {
        Vec::new()
    }

    /// The event that an offer taken up comes to, or every field that cannot be taken. The fields
    /// have been judged by their kinds.
    fn said(
        _state: StateOf<Self>,
        _facts: &Self::Facts,
        _said: &Said<'_>,
    ) -> Result<Self::Event, Vec<WrongField>> {
        Err(Vec::new())
    }

    /// The straight line in order, from the first state on: where an operator may rewind to.
    fn milestones() -> &'static [StateOf<Self>] {
        &[]
    }

    /// The facts for doing a milestone's work anew, without those that belong to later ones; or why
    /// that cannot be right.
    fn rewound(
        _facts: &Self::Facts,
        _from: StateOf<Self>,
        _to: StateOf<Self>,
        _now: Timestamp,
    ) -> Result<Self::Facts, Reason> {
        Err(Reason::new("no_rewind", "this workflow has no way back"))
    }

    /// What a command does outside. Of one that nothing is said of, the worst is told.
    fn effect(_command: CommandOf<Self>, _facts: &Self::Facts) -> Effect {
        Effect {
            does: "acts outside",
            happened: true,
            again: Again::Repeats("it is done once more"),
            undo: Undo::Impossible("what it did stays"),
        }
    }
}

/// Whom a resting state waits for, and for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// Who can move it.
    pub mover: Actor,
    /// What is awaited, with a code to group by.
    pub reason: Reason,
    /// The deadline, if one ends the wait.
    pub until: Option<Timestamp>,
    /// The code of what went wrong, if the wait is out of the ordinary and somebody should look.
    pub cause: Option<String>,
}

/// What an event means to an instance.
#[derive(Clone, Debug)]
pub struct Heard<W: Workflow> {
    /// The facts with what was learned; `None` leaves them as they are.
    pub facts: Option<W::Facts>,
    /// The letter for the table, if the event is one that moves.
    pub letter: Option<InputOf<W>>,
    /// The line for the journal; `None` together with nothing learned means: ignore.
    pub note: Option<Note>,
}

impl<W: Workflow> Heard<W> {
    /// The event means nothing here, for instance because it is a repeat.
    pub fn ignored() -> Self {
        Self {
            facts: None,
            letter: None,
            note: None,
        }
    }

    /// Something was learned or merely noted; the state stays.
    pub fn noted(facts: Option<W::Facts>, note: Note) -> Self {
        Self {
            facts,
            letter: None,
            note: Some(note),
        }
    }

    /// The table is asked to move and nothing is learned; the history names the letter.
    pub fn letter(letter: InputOf<W>) -> Self {
        Self {
            facts: None,
            letter: Some(letter),
            note: Some(Note::plain(letter.name(), Actor::System)),
        }
    }

    /// The table is asked to move.
    pub fn moved(facts: W::Facts, letter: InputOf<W>, note: Note) -> Self {
        Self {
            facts: Some(facts),
            letter: Some(letter),
            note: Some(note),
        }
    }
}

/// What the journal says of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What happened, in `snake_case`.
    pub what: String,
    /// Who made it happen.
    pub actor: Actor,
    /// Why, or what came of it; never a secret.
    pub detail: Option<Reason>,
}

impl Note {
    /// Something happened and needs no explanation.
    pub fn plain(what: &str, actor: Actor) -> Self {
        Self {
            what: what.to_owned(),
            actor,
            detail: None,
        }
    }

    /// Something happened for this reason.
    pub fn because(what: &str, actor: Actor, reason: Reason) -> Self {
        Self {
            detail: Some(reason),
            ..Self::plain(what, actor)
        }
    }
}
