//! What an intake knows: where its webhook is kept, and what came of each change. No number and no name.

use std::collections::BTreeMap;

use engine::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::raw::Kept;
use crate::values::{AppId, WabaId};
use crate::words::{Said, Word};

/// Accounts under which an intake is found; a batch of more is found by its app.
const WABAS_MAX: usize = 3;

/// Changes of one webhook whose outcomes are kept: Meta sends up to a thousand.
const CHANGES_MAX: usize = 1_000;

/// Everything an intake knows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// The app to whose callback it came.
    pub app: AppId,
    /// When it came.
    pub received_at: Timestamp,
    /// The digest of what is kept of it, under which it lies.
    pub digest: String,
    /// In how many parts.
    pub parts: usize,
    /// The accounts it is about, as far as it is found by them.
    pub wabas: Vec<WabaId>,
    /// What came of the changes, in their order.
    pub changes: Vec<Change>,
    /// How many were told, the ones whose outcomes are not kept included.
    pub told: usize,
    /// When everybody had been told.
    pub heard_at: Option<Timestamp>,
    /// When an operator last had it heard again.
    pub replayed_at: Option<Timestamp>,
}

/// One change of a webhook and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Meta's name for the kind of change.
    pub field: String,
    /// Meta's name for what happened.
    pub event: Option<String>,
    /// The account.
    pub waba: Option<WabaId>,
    /// When it happened.
    pub at: Timestamp,
    /// What came of it.
    pub came: Came,
}

/// What came of a word: the most that came of it anywhere, the least first.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Came {
    /// Nobody here is concerned.
    #[default]
    Seen,
    /// It was heard before.
    Repeat,
    /// Whom it concerns could not be read; the instance.
    Unheard(String),
    /// Nobody claims what it tells of; the entry that waits for an operator.
    Unclaimed(String),
    /// Somebody knows something now; who.
    Learned(String),
    /// Somebody went on because of it; who.
    Moved(String),
}

impl Came {
    /// Its name, in `snake_case`.
    pub fn name(&self) -> &'static str {
        self.parts().0
    }

    /// Whom it concerned.
    pub fn whom(&self) -> Option<&str> {
        self.parts().1
    }

    fn parts(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::Seen => ("seen", None),
            Self::Repeat => ("repeat", None),
            Self::Unheard(whom) => ("unheard", Some(whom)),
            Self::Unclaimed(whom) => ("unclaimed", Some(whom)),
            Self::Learned(whom) => ("learned", Some(whom)),
            Self::Moved(whom) => ("moved", Some(whom)),
        }
    }
}

impl Change {
    /// A word and what came of it.
    pub(super) fn of(word: Word, came: Came) -> Self {
        Self {
            field: word.field,
            event: word.event,
            waba: word.about.waba,
            at: word.at,
            came,
        }
    }
}

impl Facts {
    /// What is known of a webhook when it comes, or nothing if all it holds are conversations.
    pub(crate) fn of(kept: &Kept, words: &[Word], app: &AppId, now: Timestamp) -> Option<Self> {
        let mut wabas: Vec<WabaId> = Vec::new();
        let mut heard = words.iter().filter(|word| is_heard(word)).peekable();
        heard.peek()?;
        for waba in heard.filter_map(|word| word.about.waba.as_ref()) {
            if wabas.len() < WABAS_MAX && !wabas.contains(waba) {
                wabas.push(waba.clone());
            }
        }
        Some(Self {
            app: app.clone(),
            received_at: now,
            digest: kept.digest(),
            parts: kept.parts(),
            wabas,
            changes: Vec::new(),
            told: 0,
            heard_at: None,
            replayed_at: None,
        })
    }

    pub(super) fn take(&mut self, changes: Vec<Change>) {
        self.told += changes.len();
        let room = CHANGES_MAX.saturating_sub(self.changes.len());
        self.changes.extend(changes.into_iter().take(room));
    }

    pub(super) fn begin_again(&mut self, now: Timestamp) {
        self.changes.clear();
        self.told = 0;
        self.heard_at = None;
        self.replayed_at = Some(now);
    }

    /// How often each outcome came, in words.
    pub(super) fn summary(&self) -> String {
        let counts = counts(&self.changes);
        if counts.is_empty() {
            return "it holds nothing that is heard".to_owned();
        }
        let counted = counts.iter().map(|(name, count)| format!("{count} {name}"));
        counted.collect::<Vec<_>>().join(", ")
    }
}

/// Whether anybody here is to hear a word: a conversation is none of our business.
pub(super) fn is_heard(word: &Word) -> bool {
    word.said != Said::Private
}

fn counts(changes: &[Change]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for change in changes {
        *counts.entry(change.came.name()).or_default() += 1;
    }
    counts
}

/// An intake for people and programs.
pub(crate) fn view(facts: &Facts) -> Value {
    let changes = facts.changes.iter().map(|change| {
        json!({
            "field": change.field, "event": change.event, "waba_id": change.waba,
            "at": change.at.to_rfc3339(), "outcome": change.came.name(), "whom": change.came.whom(),
        })
    });
    json!({
        "app_id": facts.app,
        "received_at": facts.received_at.to_rfc3339(),
        "heard_at": facts.heard_at.map(Timestamp::to_rfc3339),
        "replayed_at": facts.replayed_at.map(Timestamp::to_rfc3339),
        "outcomes": counts(&facts.changes),
        "changes": changes.collect::<Vec<_>>(),
    })
}
