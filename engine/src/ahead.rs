//! After a clock that was ahead has been set right: what was put off by it comes when it was meant to.
//!
//! A wait keeps its length and is reckoned from now. Deadlines stay where the facts have them: what was
//! learned at a wrong time is for people to judge.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::engine::Engine;
use crate::instance::{Actor, Hold, Reason, Record};
use crate::ledger::EngineError;
use crate::schedule_book::schedule_states;
use crate::store::{Change, Expected, Filter, PageOrder, PutRecord};
use crate::task::{FAR_AWAY, Task, Work};
use crate::workflow::Note;

/// What lies further ahead was written under another time of day; clocks of processes that run
/// differ by far less.
const AHEAD: Duration = Duration::from_hours(1);

/// Records looked at between two pauses for other work.
const PAGE: usize = 200;

impl Engine {
    /// Sets waits right if the clock was ahead when this store was last kept, which its schedules
    /// tell; to be called before anything runs.
    pub(crate) async fn set_waits_right(&self) -> Result<(), EngineError> {
        let now = self.now();
        let states = schedule_states(self).await?;
        let mut planned = states.iter().filter(|state| state.sleeps_too_long(now));
        let Some(state) = planned.find(|state| state.next_run > now + AHEAD) else {
            return Ok(());
        };
        tracing::warn!(
            schedule = state.name,
            next_run = %state.next_run.to_rfc3339(),
            "the clock was ahead and was set back; what waits by it is set right"
        );
        let filter = Filter {
            live: true,
            ..Filter::default()
        };
        let mut page = PageOrder {
            limit: PAGE,
            after: None,
        };
        loop {
            let found = self.find(&filter, &page).await?;
            for record in found.items {
                self.set_right(&record).await?;
            }
            tokio::task::yield_now().await;
            match found.next {
                Some(next) => page.after = Some(next),
                None => return Ok(()),
            }
        }
    }

    async fn set_right(&self, before: &Record) -> Result<(), EngineError> {
        let now = self.now();
        let by = before.updated_at.since(now);
        let by = if by > AHEAD { by } else { Duration::ZERO };
        let tasks = self.store().tasks(&before.id).await?.into_iter();
        let tasks: Vec<Task> = tasks
            .filter_map(|task| brought_forward(task, by, now))
            .collect();
        if tasks.is_empty() {
            return Ok(());
        }
        let mut record = Record {
            version: before.version + 1,
            due: before.due.map(|due| (due - by).max(now)),
            hold: before.hold.clone().map(|hold| nearer(hold, by, now)),
            updated_at: now,
            ..before.clone()
        };
        let text = "its waits were reckoned by a clock that was ahead";
        let note = Note::because("set_right", Actor::System, Reason::new("clock", text));
        let line = self.ledger().line(&mut record, note, now).await?;
        let change = Change {
            records: vec![PutRecord {
                expected: Expected::Version(before.version),
                record,
            }],
            journal: vec![line],
            tasks,
            ..Change::default()
        };
        match self.ledger().put(change).await {
            // Somebody moved it by the right time.
            Ok(_) | Err(EngineError::Contended(_)) => Ok(()),
            Err(other) => Err(other),
        }
    }
}

/// A hold that ends sooner by so much, and what a pause stands over with it.
fn nearer(hold: Hold, by: Duration, now: Timestamp) -> Hold {
    let beneath = hold.beneath.map(|beneath| nearer(*beneath, by, now));
    Hold {
        until: hold.until.map(|until| (until - by).max(now)),
        beneath: beneath.map(Box::new),
        ..hold
    }
}

/// The task with its wait reckoned from now; nothing if it stands as it should.
fn brought_forward(task: Task, by: Duration, now: Timestamp) -> Option<Task> {
    let due = match &task.work {
        _ if task.due == FAR_AWAY => return None,
        Work::Command(_) => (task.due - by).max(now),
        // Word from a child is due the moment it is sent.
        Work::Told { .. } => now,
        Work::Deadline => return None,
    };
    (due < task.due).then_some(Task { due, ..task })
}
