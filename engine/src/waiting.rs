//! Why an instance is waiting: what for, since when, until when, who can move it. Computed with every
//! write, found by an index for those at rest, and counted by fingerprint.
//!
//! An instance whose command is due at once is passing through: it says what it does, and is not
//! indexed, so that a step costs nothing more.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::engine::Engine;
use crate::instance::{Actor, HoldKind, Label, Reason, Record};
use crate::ledger::EngineError;
use crate::limits::{NAME_LIMIT, clip};
use crate::store::{Filter, Page, PageOrder};
use crate::workflow::Awaited;

/// The label under which instances at rest are found.
pub(crate) const FINGERPRINT: &str = "fingerprint";

/// What kind of wait it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitKind {
    /// A command is running, or about to.
    Working,
    /// A try failed; the next one is due by itself.
    Retrying,
    /// Time must pass.
    Waiting,
    /// A named person must act before it can go on.
    Parked,
    /// An operator stopped it on purpose.
    Paused,
    /// Its state waits for somebody.
    Awaiting,
}

impl WaitKind {
    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Retrying => "retrying",
            Self::Waiting => "waiting",
            Self::Parked => "parked",
            Self::Paused => "paused",
            Self::Awaiting => "awaiting",
        }
    }
}

/// Whom a resting state waits for, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// Who can move it.
    pub mover: Actor,
    /// What is awaited.
    pub reason: Reason,
    /// Since when.
    pub since: Timestamp,
    /// The deadline, if one ends the wait.
    pub until: Option<Timestamp>,
    /// What went wrong, if the wait is out of the ordinary.
    #[serde(default)]
    pub cause: Option<String>,
}

impl Wait {
    /// The wait as it stands now; its beginning stays while the same is awaited.
    pub(crate) fn of(awaited: Awaited, before: Option<&Self>, now: Timestamp) -> Self {
        let reason = awaited.reason.clipped();
        let same = before.filter(|before| before.reason.code == reason.code);
        let mut cause = awaited.cause;
        if let Some(code) = &mut cause {
            clip(code, NAME_LIMIT);
        }
        Self {
            mover: awaited.mover,
            since: same.map_or(now, |before| before.since),
            reason,
            until: awaited.until,
            cause,
        }
    }
}

/// Why a live instance does not move at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// What kind of wait it is.
    pub kind: WaitKind,
    /// What for.
    pub reason: Reason,
    /// Since when.
    pub since: Timestamp,
    /// The next try, or the deadline.
    pub until: Option<Timestamp>,
    /// Who can move it.
    pub mover: Actor,
    /// Tries made so far.
    pub attempt: u32,
    /// Groups like with like: workflow, state, command and what went wrong.
    pub fingerprint: String,
    /// Whether it is out of the ordinary, so that somebody should look.
    pub attention: bool,
}

/// How the waits of one kind are counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WaitCell {
    /// What kind of wait it is.
    pub kind: WaitKind,
    /// The code of what is waited for.
    pub code: String,
    /// Who can move it.
    pub mover: Actor,
    /// Groups like with like.
    pub fingerprint: String,
    /// Whether somebody should look.
    pub attention: bool,
}

impl Record {
    /// Why it waits, by this moment; nothing once it has ended.
    pub fn waiting(&self, now: Timestamp) -> Option<Waiting> {
        if self.ended {
            return None;
        }
        Some(if let Some(hold) = &self.hold {
            let kind = match hold.kind {
                HoldKind::Retrying => WaitKind::Retrying,
                HoldKind::Waiting => WaitKind::Waiting,
                HoldKind::Parked => WaitKind::Parked,
                HoldKind::Paused => WaitKind::Paused,
            };
            // An operator's reason differs from one to the next; that it is paused does not.
            let code = match kind {
                WaitKind::Paused => "paused",
                _ => &hold.reason.code,
            };
            Waiting {
                kind,
                reason: hold.reason.clone(),
                since: hold.since,
                until: hold.until,
                mover: hold.mover,
                attempt: hold.attempt,
                fingerprint: self.fingerprint(code),
                attention: true,
            }
        } else if let Some(owed) = &self.owes {
            let later = self.due.filter(|due| *due > now);
            let kind = later.map_or(WaitKind::Working, |_| WaitKind::Waiting);
            self.plainly(kind, Reason::new(owed, owed.replace('_', " ")), later)
        } else if let Some(wait) = &self.awaits {
            let code = wait.cause.as_ref().unwrap_or(&wait.reason.code);
            Waiting {
                kind: WaitKind::Awaiting,
                reason: wait.reason.clone(),
                since: wait.since,
                until: wait.until,
                mover: wait.mover,
                attempt: 0,
                fingerprint: self.fingerprint(code),
                attention: wait.cause.is_some(),
            }
        } else {
            let text = "it owes nothing and awaits nobody; an operator has to find out why";
            Waiting {
                mover: Actor::Operator,
                attention: true,
                ..self.plainly(WaitKind::Parked, Reason::new("nothing_owed", text), None)
            }
        })
    }

    /// The same, if it is at rest: held up, due later, or waiting for somebody.
    pub(crate) fn at_rest(&self) -> Option<Waiting> {
        let waiting = self.waiting(self.updated_at)?;
        (waiting.kind != WaitKind::Working).then_some(waiting)
    }

    /// Whom it waits for, and the label under which it is found, as this record stands.
    pub(crate) fn index_wait(&mut self, awaited: Option<Awaited>, before: Option<&Self>) {
        let wait = awaited.filter(|_| !self.ended && self.owes.is_none());
        let before = before.and_then(|before| before.awaits.as_ref());
        self.awaits = wait.map(|awaited| Wait::of(awaited, before, self.updated_at));
        self.index_rest();
    }

    /// The label under which it is found while it is at rest, in the place of the one before.
    pub(crate) fn index_rest(&mut self) {
        self.labels.retain(|label| label.name != FINGERPRINT);
        let waiting = self.at_rest();
        let label = waiting.map(|waiting| Label::shared(FINGERPRINT, waiting.fingerprint));
        self.labels.extend(label);
    }

    fn plainly(&self, kind: WaitKind, reason: Reason, until: Option<Timestamp>) -> Waiting {
        Waiting {
            kind,
            fingerprint: self.fingerprint(&reason.code),
            reason,
            since: self.entered_at,
            until,
            mover: Actor::System,
            attempt: 0,
            attention: false,
        }
    }

    fn fingerprint(&self, code: &str) -> String {
        let command = self.owes.as_deref().unwrap_or("-");
        format!("{}:{}:{command}:{code}", self.workflow, self.state)
    }
}

impl WaitCell {
    /// The cell of a record that was indexed.
    pub(crate) fn of(record: &Record) -> Option<Self> {
        record.label(FINGERPRINT)?;
        let waiting = record.at_rest()?;
        Some(Self {
            kind: waiting.kind,
            code: waiting.reason.code,
            mover: waiting.mover,
            fingerprint: waiting.fingerprint,
            attention: waiting.attention,
        })
    }

    /// Whether the wait is for this: the code of what is awaited, or of what went wrong.
    fn is_for(&self, code: &str) -> bool {
        let cause = self.fingerprint.rsplit(':').next();
        self.code == code || cause == Some(code)
    }
}

impl Filter {
    /// Whether anything is asked of what instances wait for.
    pub(crate) fn asks_for_waits(&self) -> bool {
        self.waiting_for.is_some() || self.mover.is_some() || self.fingerprint.is_some()
    }

    /// Whether a wait is as asked for.
    pub(crate) fn admits_wait(&self, cell: Option<&WaitCell>) -> bool {
        let Some(cell) = cell else { return false };
        let code = self.waiting_for.as_ref();
        code.is_none_or(|code| cell.is_for(code))
            && self.mover.is_none_or(|mover| mover == cell.mover)
            && self
                .fingerprint
                .as_ref()
                .is_none_or(|known| *known == cell.fingerprint)
    }
}

impl Engine {
    /// Instances that match, newest first. What they wait for is looked up by fingerprint.
    pub async fn find(
        &self,
        filter: &Filter,
        page: &PageOrder,
    ) -> Result<Page<Record>, EngineError> {
        if !filter.asks_for_waits() {
            return Ok(self.store().find(filter, page).await?);
        }
        let mut items: Vec<Record> = Vec::new();
        let mut more = false;
        for fingerprint in self.fingerprints(filter).await? {
            let mut narrowed = filter.clone();
            let label = (FINGERPRINT.to_owned(), fingerprint);
            narrowed.labels.insert(0, label);
            let found = self.store().find(&narrowed, page).await?;
            more |= found.next.is_some();
            items.extend(found.items);
        }
        items.sort_by(|a, b| b.id.cmp(&a.id));
        // One that moved between two looks stands twice.
        items.dedup_by(|a, b| a.id == b.id);
        let limit = page.limit.max(1);
        more |= items.len() > limit;
        items.truncate(limit);
        let last = items.last().filter(|_| more);
        let next = last.map(|record| record.id.to_string());
        Ok(Page { items, next })
    }

    /// The fingerprints that the filter's waits may have; few, because they are counted.
    async fn fingerprints(&self, filter: &Filter) -> Result<BTreeSet<String>, EngineError> {
        let cells = self.tally().await?.into_iter();
        let cells = cells.filter(|(cell, count)| {
            let workflow = filter.workflow.as_ref();
            *count > 0
                && workflow.is_none_or(|workflow| *workflow == cell.workflow)
                && filter.admits_wait(cell.wait.as_ref())
        });
        Ok(cells
            .filter_map(|(cell, _)| cell.wait)
            .map(|wait| wait.fingerprint)
            .collect())
    }
}
