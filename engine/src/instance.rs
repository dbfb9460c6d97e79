//! What is remembered of one running workflow: its record, its labels, what holds it up.
//!
//! Nothing here looks inside facts: they are sealed bytes to everyone but their workflow.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::chain::Mac;
use crate::clock::Timestamp;
use crate::doubts::Doubt;
use crate::limits::{NAME_LIMIT, TEXT_LIMIT, clip};
use crate::waiting::Wait;

/// Declares a text id with the conversions that every id needs.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The id that this text is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// Names one instance, e.g. `onb_01jd…`. Ids of one prefix sort by their birth.
    InstanceId
}
text_id! {
    /// Whose data this is: everything sealed for one subject can be erased with one key.
    SubjectId
}
text_id! {
    /// Names one process among those that share a store.
    Owner
}

impl Owner {
    /// A name for this process that no other has, wherever it runs.
    pub fn of_this_process() -> Self {
        Self(format!(
            "process-{}-{:016x}",
            std::process::id(),
            fastrand::u64(..)
        ))
    }
}

/// An equality key under which instances are found; a unique one may stand on one instance only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Label {
    /// What kind of key this is, e.g. `partner`.
    pub name: String,
    /// Its value; a sensitive one is a keyed hash.
    pub value: String,
    /// Whether a second instance with the same name and value is refused.
    pub unique: bool,
}

impl Label {
    /// A label that any number of instances may share.
    pub fn shared(name: &str, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            unique: false,
        }
    }

    /// A label that one instance holds alone.
    pub fn unique(name: &str, value: impl Into<String>) -> Self {
        Self {
            unique: true,
            ..Self::shared(name, value)
        }
    }
}

/// Who did something, or who can move something that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The engine itself: time passes, a retry comes due.
    System,
    /// The person for whom the workflow runs.
    Client,
    /// The business that started it.
    Partner,
    /// Whoever runs this installation.
    Operator,
    /// A third party outside, whose decision is awaited.
    Outside,
}

impl Actor {
    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Client => "client",
            Self::Partner => "partner",
            Self::Operator => "operator",
            Self::Outside => "outside",
        }
    }
}

/// Why something waits or failed: a stable code to group by, and a sentence to read.
///
/// Neither may hold a secret: reasons are journalled, shown and counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Groups like with like, e.g. `graph_unavailable`.
    pub code: String,
    /// One sentence for whoever looks at the instance.
    pub text: String,
}

impl Reason {
    /// A reason with its code and its sentence.
    pub fn new(code: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            text: text.into(),
        }
    }

    /// The same as far as it can be stored. What it comes from is often another's, of any length, and
    /// an outcome must not be lost for it.
    pub(crate) fn clipped(mut self) -> Self {
        clip(&mut self.code, NAME_LIMIT);
        clip(&mut self.text, TEXT_LIMIT);
        self
    }
}

/// What kind of wait a [`Hold`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldKind {
    /// A try failed; the next one is due by itself.
    Retrying,
    /// A limit or an outage outside must pass; no try is burned meanwhile.
    Waiting,
    /// A named person must act.
    Parked,
    /// An operator stopped it on purpose.
    Paused,
}

/// What an instance waits for beyond what its state says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// What kind of wait this is.
    pub kind: HoldKind,
    /// Why it waits.
    pub reason: Reason,
    /// When this wait began; further tries for the same reason do not move it.
    pub since: Timestamp,
    /// When the next try is due, if time alone can move it.
    pub until: Option<Timestamp>,
    /// Who can move it.
    pub mover: Actor,
    /// Tries made so far at the command that is held up.
    pub attempt: u32,
    /// Whoever is asked has to find out whether an attempt happened: a retry says that it did not.
    #[serde(default, skip_serializing_if = "is_false")]
    pub retry_denies: bool,
    /// Under a pause: what would hold it up without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beneath: Option<Box<Self>>,
}

impl Hold {
    /// Whether neither time nor a try of its own moves it: somebody has to act or to speak.
    pub fn is_open_ended(&self) -> bool {
        match self.kind {
            HoldKind::Parked | HoldKind::Paused => true,
            HoldKind::Waiting => self.until.is_none(),
            HoldKind::Retrying => false,
        }
    }
}

/// One instance as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its id.
    pub id: InstanceId,
    /// Which workflow it runs.
    pub workflow: String,
    /// The version of the workflow's definition that wrote it.
    pub definition: u32,
    /// Moves by one with each change; whoever writes names the one it read.
    pub version: u64,
    /// The state's name in its table.
    pub state: String,
    /// When that state was entered.
    pub entered_at: Timestamp,
    /// Counts entries into states, so that an outcome from before a rewind cannot land.
    pub visit: u32,
    /// The command that leads on from here, so that it can be armed again after any stop.
    pub owes: Option<String>,
    /// When that command is due, if it was armed for later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// Whom it waits for, where it owes no command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awaits: Option<Wait>,
    /// Once-only commands that may have happened: each begins with its check.
    #[serde(default, alias = "checks_first", skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<Doubt>,
    /// Whether nothing further will happen by itself.
    pub ended: bool,
    /// When the task of its deadlines is due: the first moment that was not heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// Moments of this visit that were heard and that its workflow still lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heard: Vec<Timestamp>,
    /// Whose data the facts are.
    pub subject: SubjectId,
    /// What the workflow has learned, sealed for the subject.
    #[serde(with = "serde_bytes")]
    pub facts: Vec<u8>,
    /// The keys it is found under.
    pub labels: Vec<Label>,
    /// What holds it up, if anything does.
    pub hold: Option<Hold>,
    /// The number of the last journal entry.
    pub journal: u64,
    /// The link of the last journal entry; nothing if it was written before there were links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Mac>,
    /// Tries at its commands that did not succeed at once, over its whole life.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tried: u64,
    /// How many of them the history tells of since the state was entered; the rest are kept apart.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tries_told: u64,
    /// When its history and facts were put away; it hears nothing any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Timestamp>,
    /// When its subject's data was destroyed; nothing is left but that it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Timestamp>,
    /// The instance that gave birth to this one and hears of its end.
    pub parent: Option<InstanceId>,
    /// When it was born.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands references to such functions"
)]
fn is_false(flag: &bool) -> bool {
    !*flag
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands references to such functions"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Record {
    /// Whether an operator stopped it on purpose.
    pub fn is_paused(&self) -> bool {
        matches!(&self.hold, Some(hold) if hold.kind == HoldKind::Paused)
    }

    /// What holds it up, looked at as if no pause stood over it.
    pub fn held_beneath(&self) -> Option<&Hold> {
        let hold = self.hold.as_ref()?;
        match hold.kind {
            HoldKind::Paused => hold.beneath.as_deref(),
            _ => Some(hold),
        }
    }

    /// From now on this holds it up, under the pause if one stands. The wait's beginning stays while
    /// kind and reason stay.
    pub(crate) fn held_up(&mut self, mut hold: Hold, now: Timestamp) {
        hold.reason = hold.reason.clipped();
        let same = |known: &&Hold| known.kind == hold.kind && known.reason.code == hold.reason.code;
        let since = self.held_beneath().filter(same);
        let since = since.map_or(now, |known| known.since);
        let hold = Hold { since, ..hold };
        match &mut self.hold {
            Some(pause) if pause.kind == HoldKind::Paused => pause.beneath = Some(Box::new(hold)),
            bare => *bare = Some(hold),
        }
    }

    /// Whether it hears nothing any more and can only be read: archived, or erased.
    pub(crate) fn is_put_away(&self) -> bool {
        self.archived_at.is_some() || self.erased_at.is_some()
    }

    /// The value of the label of that name, if the record carries one.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels
            .iter()
            .find(|label| label.name == name)
            .map(|label| label.value.as_str())
    }
}

/// One line of an instance's history: evidence for people and checks, never replayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the instance's history, from 1.
    pub sequence: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// What happened, e.g. `code_received`, `retry`, `opened`.
    pub what: String,
    /// Who made it happen.
    pub actor: Actor,
    /// The state before, if the entry moved it.
    pub from: Option<String>,
    /// The state after, if the entry moved it.
    pub to: Option<String>,
    /// Why, or what came of it; never a secret.
    pub detail: Option<Reason>,
    /// The newest root of all histories when it was written, so that a root that is taken away is
    /// missed; nothing before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<u64>,
    /// Binds it to the lines before it; nothing if it was written before there were links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<Mac>,
}
