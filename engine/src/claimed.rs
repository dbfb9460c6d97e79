//! A claimed task on its way: handed to its workflow, left to another process, disposed of, or parked
//! where no turn could carry it on.

use std::error::Error;

use crate::engine::Engine;
use crate::hand::Hand;
use crate::instance::{Reason, Record};
use crate::ledger::EngineError;
use crate::poison::{DEATHS_MAX, killing, panicking};
use crate::store::Change;
use crate::task::Task;

impl Engine {
    pub(crate) async fn take_turn(&self, hand: &Hand) {
        let ended = self.turn(hand).await;
        self.see_to(hand, ended).await;
    }

    async fn turn(&self, hand: &Hand) -> Result<(), EngineError> {
        let task = hand.task();
        let Some(record) = self.store().load(&task.instance).await? else {
            // Owed to nobody: a parent that never was.
            return self.drop_claim(hand).await;
        };
        if record.is_put_away() {
            return self.drop_claim(hand).await;
        }
        let known = self.definitions();
        if !known.understand(&record.workflow, record.definition) {
            return self.set_aside(hand, &record).await;
        }
        if hand.lost() > DEATHS_MAX {
            // The guard that opens the instance died of it as well.
            let why = killing(&task, hand.lost());
            return self.park_bare(hand, "process_ended", why).await;
        }
        self.running(&record)?.turn(self, hand, record).await
    }

    /// Writes down that a turn panicked.
    pub(crate) async fn take_note(&self, hand: &Hand) {
        let noted = match self.store().load(&hand.task().instance).await {
            Ok(Some(record)) => match self.running(&record) {
                Ok(running) => running.panicked(self, hand).await,
                Err(error) => Err(error),
            },
            Ok(None) => self.drop_claim(hand).await,
            Err(error) => Err(error.into()),
        };
        self.see_to(hand, noted).await;
    }

    /// Parks the bare record of an instance at which even the note of a panic panicked.
    pub(crate) async fn say_last_word(&self, hand: &Hand) {
        let why = panicking(&hand.task());
        let parked = self.park_bare(hand, "panicked", why).await;
        self.log_end(hand, parked).await;
    }

    /// What fails in the same way at every turn is not tried for ever.
    async fn see_to(&self, hand: &Hand, ended: Result<(), EngineError>) {
        let lasting = ended.as_ref().err().and_then(EngineError::lasting);
        let (Err(error), Some(code)) = (&ended, lasting) else {
            return self.log_end(hand, ended).await;
        };
        let why = Reason::new(code, chain_of(error));
        tracing::error!(
            instance.id = %hand.task().instance, error = why.text,
            "a turn failed as it always will; its instance is parked"
        );
        let mut parked = self.give_up(hand, why.clone()).await;
        if parked.is_err() {
            parked = self.park_bare(hand, "parked", why).await;
        }
        self.log_end(hand, parked).await;
    }

    /// Parks an instance as its workflow has it, with labels and children.
    async fn give_up(&self, hand: &Hand, why: Reason) -> Result<(), EngineError> {
        let Some(record) = self.store().load(&hand.task().instance).await? else {
            return self.drop_claim(hand).await;
        };
        self.running(&record)?.give_up(self, hand, why).await
    }

    async fn log_end(&self, hand: &Hand, ended: Result<(), EngineError>) {
        let id = hand.task().instance;
        match ended {
            Ok(()) => {}
            Err(EngineError::LeaseLost) => {
                tracing::debug!(instance.id = %id, "somebody else disposed of a task in hand");
            }
            Err(EngineError::Contended(_)) => {
                if let Err(error) = self.release(&[hand.settled()]).await {
                    tracing::error!(instance.id = %id, %error, "a contended task waits for its lease to end");
                }
            }
            Err(error) => {
                let cause: &dyn Error = &error;
                tracing::error!(instance.id = %id, error = cause, "a turn failed; its task comes due again when the lease ends");
            }
        }
    }

    /// Leaves a task to the processes that understand its instance: from here on it says which.
    async fn set_aside(&self, hand: &Hand, record: &Record) -> Result<(), EngineError> {
        tracing::info!(
            instance.id = %record.id, workflow = record.workflow, definition = record.definition,
            "a task is left to a process that knows this definition"
        );
        let change = Change {
            settle: vec![hand.settled()],
            tasks: vec![Task {
                workflow: record.workflow.clone(),
                definition: record.definition,
                ..hand.task()
            }],
            ..Change::default()
        };
        self.ledger().put(change).await.map(drop)
    }

    pub(crate) async fn drop_claim(&self, hand: &Hand) -> Result<(), EngineError> {
        let change = Change {
            settle: vec![hand.settled()],
            ..Change::default()
        };
        self.ledger().put(change).await.map(drop)
    }
}

/// An error with its causes, in one sentence.
fn chain_of(error: &EngineError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
