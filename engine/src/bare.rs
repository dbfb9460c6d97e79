//! Parks an instance on its bare record, where nothing of its workflow can run: its facts stay sealed,
//! and of its labels only the engine's own is touched.

use crate::engine::Engine;
use crate::hand::Hand;
use crate::instance::{Actor, Reason, Record};
use crate::ledger::EngineError;
use crate::record::parked;
use crate::store::{Change, Expected, PutRecord};
use crate::task::{FAR_AWAY, Task, Work};
use crate::workflow::Note;

/// How often it is parked anew because others wrote first.
const WRITES_MAX: usize = 16;

impl Engine {
    /// Parks an operator's concern, and keeps what their retry needs.
    pub(crate) async fn park_bare(
        &self,
        hand: &Hand,
        what: &'static str,
        why: Reason,
    ) -> Result<(), EngineError> {
        let id = hand.task().instance;
        for _ in 0..WRITES_MAX {
            let Some(before) = self.store().load(&id).await? else {
                return self.drop_claim(hand).await;
            };
            if before.ended || is_stale(&hand.task(), &before) {
                return self.drop_claim(hand).await;
            }
            match self.try_to_park_bare(hand, before, (what, &why)).await {
                Err(EngineError::Contended(_)) => {}
                done => return done,
            }
        }
        Err(EngineError::Contended(id))
    }

    async fn try_to_park_bare(
        &self,
        hand: &Hand,
        before: Record,
        (what, why): (&'static str, &Reason),
    ) -> Result<(), EngineError> {
        let (now, task) = (self.now(), hand.task());
        let why = why.clone().clipped();
        let expected = Expected::Version(before.version);
        let mut record = Record {
            version: before.version + 1,
            updated_at: now,
            ..before
        };
        let note = Note::because(what, Actor::System, why.clone());
        let line = self.ledger().line(&mut record, note, now).await?;
        record.held_up(parked(why, Actor::Operator, task.attempt), now);
        record.index_rest();
        let kept = put_by(&mut record, task);
        let change = Change {
            records: vec![PutRecord { expected, record }],
            journal: vec![line],
            settle: vec![hand.settled()],
            tasks: kept.into_iter().collect(),
            ..Change::default()
        };
        self.ledger().put(change).await.map(drop)
    }
}

/// What a retry needs: a command is armed anew by it, and the record knows whether it may have
/// happened; anything else is kept where time does not bring it.
fn put_by(record: &mut Record, task: Task) -> Option<Task> {
    match &task.work {
        Work::Command(command) => {
            record.learn_from(&task);
            record.stays_in_doubt(command);
            return None;
        }
        Work::Deadline => record.deadline = Some(FAR_AWAY),
        Work::Told { .. } => {}
    }
    Some(Task {
        due: FAR_AWAY,
        lost: 0,
        ..task
    })
}

fn is_stale(task: &Task, record: &Record) -> bool {
    match &task.work {
        Work::Command(name) => task.visit != record.visit || record.owes.as_ref() != Some(name),
        Work::Deadline | Work::Told { .. } => false,
    }
}
