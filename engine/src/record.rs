//! The writing end of a turn: settling, staying, hearing, each until it is written.
//!
//! What was performed is not performed again because a write failed: the write is repeated.

use std::time::Duration;

use crate::attempts::{Attempt, TRIES_TOLD_MAX};
use crate::decide::{Verdict, decide};
use crate::draft::{Draft, Instance};
use crate::instance::{Actor, Hold, HoldKind, Reason, Record};
use crate::ledger::EngineError;
use crate::seal::SealError;
use crate::store::{Change, PutDocument, StoreError};
use crate::task::{FAR_AWAY, Task, Work};
use crate::turn::Turn;
use crate::workflow::{Note, Workflow};

/// How often an outcome is written anew because others came first or the store did not answer.
const WRITES_MAX: usize = 16;

/// A store that did not answer is asked again after this long. All repeats together end before
/// most leases do.
const PAUSE: Duration = Duration::from_secs(1);

/// What a history calls a command that goes on elsewhere: it did not fail.
pub(crate) const UNDER_WAY: &str = "under_way";

/// An outcome that leaves the instance in its state.
pub(crate) struct Stay {
    pub(crate) what: &'static str,
    pub(crate) hold: Hold,
    /// When and how the task is due again, if time alone can move it.
    pub(crate) again: Option<Task>,
    /// An announced attempt has ended and may have happened.
    pub(crate) unknown: bool,
}

impl<W: Workflow> Turn<'_, W> {
    /// Takes the task away; nothing else changes.
    pub(crate) async fn settle(&self) -> Result<(), EngineError> {
        let change = Change {
            settle: vec![self.hand.settled()],
            ..Change::default()
        };
        match self.engine.ledger().put(change).await {
            Ok(_) | Err(EngineError::LeaseLost) => Ok(()),
            Err(other) => Err(other),
        }
    }

    /// Puts the task of one that is paused where time does not bring it, for the end of the pause.
    pub(crate) async fn put_away(&self, instance: Instance<W>) -> Result<(), EngineError> {
        // Written with the record, so that a pause that ends at this moment is noticed.
        let mut draft = Draft::of(instance, "put_away", self.engine.now());
        draft.arm_task(Task {
            due: FAR_AWAY,
            lost: self.hand.lost(),
            ..self.hand.task()
        });
        draft.settle(self.hand.settled());
        self.engine.write(self.executor, draft).await.map(drop)
    }

    /// Parks the instance until a named person acts.
    pub(crate) async fn park(&self, whom: Actor, why: Reason) -> Result<(), EngineError> {
        self.stay(Stay {
            what: "parked",
            hold: parked(why, whom, self.hand.task().attempt),
            again: None,
            unknown: false,
        })
        .await
    }

    /// Parks the instance until a named person has found out whether the attempt happened.
    pub(crate) async fn park_in_doubt(&self, whom: Actor, why: Reason) -> Result<(), EngineError> {
        self.stay(Stay {
            what: "parked",
            hold: Hold {
                retry_denies: true,
                ..parked(why, whom, self.hand.task().attempt)
            },
            again: None,
            unknown: true,
        })
        .await
    }

    /// Writes an outcome that leaves the instance where it is.
    pub(crate) async fn stay(&self, stay: Stay) -> Result<(), EngineError> {
        let mut failed = None;
        for _ in 0..WRITES_MAX {
            match Box::pin(self.try_to_stay(&stay)).await {
                Ok(()) | Err(EngineError::LeaseLost) => return Ok(()),
                Err(error) => failed = Some(self.endure(error).await?),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn try_to_stay(&self, stay: &Stay) -> Result<(), EngineError> {
        let task = self.hand.task();
        let Some(instance) = self.load().await? else {
            return self.settle().await;
        };
        if instance.record.visit != task.visit {
            return self.settle().await;
        }
        let is_news = is_news(&instance.record, &stay.hold);
        let mut draft = Draft::of(instance, stay.what, self.engine.now());
        if is_news {
            let note = Note::because(stay.what, Actor::System, stay.hold.reason.clone());
            draft.write_line(note, None, None);
            draft.record.tries_told += 1;
        }
        if let Work::Command(command) = &task.work {
            if stay.unknown {
                draft.record.stays_in_doubt(command);
            } else {
                draft.record.no_longer_in_doubt(command);
            }
            if stay.what != UNDER_WAY {
                draft.keep_try(self.tried(command, stay.what, Some(stay.hold.reason.clone())));
            }
        }
        draft.hold(stay.hold.clone());
        if let Some(again) = &stay.again {
            draft.arm_task(again.clone());
        }
        draft.settle(self.hand.settled());
        self.engine.write(self.executor, draft).await.map(drop)
    }

    fn tried(&self, command: &str, outcome: &str, reason: Option<Reason>) -> Attempt {
        let took = self.engine.now().since(self.begun).as_millis();
        Attempt {
            number: 0,
            command: command.to_owned(),
            started_at: self.begun,
            took_ms: u64::try_from(took).unwrap_or(u64::MAX),
            outcome: outcome.to_owned(),
            reason,
        }
    }

    /// Hears what a command brought. The outcome survives events that came in between.
    pub(crate) async fn hear(&self, event: W::Event) -> Result<(), EngineError> {
        self.hear_with(event, Vec::new()).await
    }

    /// Hears what a command brought and writes its documents in the same change.
    pub(crate) async fn hear_with(
        &self,
        event: W::Event,
        documents: Vec<PutDocument>,
    ) -> Result<(), EngineError> {
        let mut failed = None;
        for _ in 0..WRITES_MAX {
            // Boxed here, so that the turn that leads here stays small: it is allocated for every step.
            match Box::pin(self.try_to_hear(&event, &documents)).await {
                Err(EngineError::LeaseLost) if W::must_keep(&event) => {
                    return self.keep(event, documents).await;
                }
                Ok(()) | Err(EngineError::LeaseLost) => return Ok(()),
                Err(error) => failed = Some(self.endure(error).await?),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn try_to_hear(
        &self,
        event: &W::Event,
        documents: &[PutDocument],
    ) -> Result<(), EngineError> {
        let task = self.hand.task();
        let remembered = self.remembered();
        let may_be_stale = remembered.is_some();
        let instance = match remembered {
            Some(instance) => Some(instance),
            None => self.load().await?,
        };
        let Some(mut instance) = instance else {
            return self.settle().await;
        };
        let now = self.engine.now();
        let owed = is_owed(&instance.record, &task);
        let was_held = instance.record.held_beneath().is_some();
        let decision = match decide::<W>(&instance.facts, instance.state, event.clone(), now) {
            Verdict::Decided(decision) => decision,
            // No commit would notice that somebody had written since.
            Verdict::Refused(_) | Verdict::Ignored if may_be_stale => {
                return Err(EngineError::Contended(task.instance));
            }
            // Settling would leave the instance owing a command that nobody runs.
            Verdict::Refused(refusal) if owed => {
                return self.ask_why("outcome_refused", refusal.to_string()).await;
            }
            Verdict::Ignored if owed => {
                let text = "what the command brought meant nothing".to_owned();
                return self.ask_why("outcome_ignored", text).await;
            }
            Verdict::Ignored | Verdict::Refused(_) => {
                // Word from a child that nobody waits for is nothing to look into; an outcome may be.
                if matches!(task.work, Work::Command(_)) {
                    tracing::warn!(instance.id = %task.instance, "an outcome came too late");
                } else {
                    tracing::debug!(instance.id = %task.instance, "heard and not needed");
                }
                return self.settle().await;
            }
        };
        let moved = decision.moved;
        if let Work::Command(command) = &task.work {
            instance.record.no_longer_in_doubt(command);
        }
        let mut draft = Draft::of_decision(instance, decision, now);
        draft.change.documents.extend_from_slice(documents);
        if owed && !moved {
            draft.owe_nothing();
        }
        if let Work::Command(command) = &task.work
            && draft.record.tried > 0
            && (task.attempt > 0 || was_held)
        {
            // What succeeds at once is told by the history; the end of a row of tries belongs to it.
            draft.keep_try(self.tried(command, "done", None));
        }
        draft.settle(self.hand.settled());
        match self.engine.write(self.executor, draft).await {
            Ok(_) => Ok(()),
            Err(error) => match error.lasting() {
                // Trying again would perform the command again and again.
                Some(code) if owed => self.ask_why(code, error.to_string()).await,
                _ => Err(error),
            },
        }
    }

    /// An outcome that cannot be taken: an operator has to find out why. What was announced has
    /// happened all the same, so that the operator's retry begins with the check.
    async fn ask_why(&self, code: &str, text: String) -> Result<(), EngineError> {
        let task = self.hand.task();
        self.stay(Stay {
            what: "parked",
            hold: parked(Reason::new(code, text), Actor::Operator, task.attempt),
            unknown: true,
            again: None,
        })
        .await
    }

    /// What must not be lost is heard though the task is another's by now, with the documents that
    /// stand with it.
    async fn keep(&self, event: W::Event, documents: Vec<PutDocument>) -> Result<(), EngineError> {
        let mut failed = None;
        for _ in 0..WRITES_MAX {
            match self.try_to_keep(&event, &documents).await {
                Ok(()) => return Ok(()),
                Err(EngineError::DocumentMoved { space, .. }) => {
                    let instance = self.hand.task().instance;
                    tracing::warn!(instance.id = %instance, space, "somebody else was first to keep an outcome");
                    return Ok(());
                }
                Err(error) => failed = Some(self.endure(error).await?),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn try_to_keep(
        &self,
        event: &W::Event,
        documents: &[PutDocument],
    ) -> Result<(), EngineError> {
        let Some(mut instance) = self.load().await? else {
            return Ok(());
        };
        let now = self.engine.now();
        let verdict = decide::<W>(&instance.facts, instance.state, event.clone(), now);
        let Verdict::Decided(decision) = verdict else {
            return Ok(());
        };
        if let Work::Command(command) = &self.hand.task().work {
            instance.record.no_longer_in_doubt(command);
        }
        let mut draft = Draft::of_decision(instance, decision, now);
        draft.change.documents.extend_from_slice(documents);
        self.engine.write(self.executor, draft).await.map(drop)
    }

    /// Lets pass what may be otherwise the next time, after a pause where one is needed; any other
    /// error ends the turn.
    async fn endure(&self, error: EngineError) -> Result<EngineError, EngineError> {
        let unanswered = match &error {
            EngineError::Contended(_) => return Ok(error),
            EngineError::Store(StoreError::Unavailable(_)) => true,
            EngineError::Seal(SealError::Store(cause)) => {
                matches!(cause.as_ref(), StoreError::Unavailable(_))
            }
            _ => false,
        };
        if !unanswered {
            return Err(error);
        }
        let instance = self.hand.task().instance;
        tracing::warn!(instance.id = %instance, %error, "an outcome is not written yet");
        let later = self.engine.now() + PAUSE;
        self.engine.clock().sleep_until(later).await;
        Ok(error)
    }
}

pub(crate) fn parked(reason: Reason, mover: Actor, attempt: u32) -> Hold {
    Hold {
        kind: HoldKind::Parked,
        reason,
        // The draft knows since when.
        since: crate::Timestamp::default(),
        until: None,
        mover,
        attempt,
        retry_denies: false,
        beneath: None,
    }
}

/// Whether the history has to tell of it: a wait or a failure that merely goes on would fill it with
/// the same line, and so would two that take turns.
fn is_news(record: &Record, hold: &Hold) -> bool {
    let repeated = matches!(
        record.held_beneath(),
        Some(known) if known.kind == hold.kind && known.reason.code == hold.reason.code
    );
    hold.kind == HoldKind::Parked || (!repeated && record.tries_told < TRIES_TOLD_MAX)
}

fn is_owed(record: &Record, task: &Task) -> bool {
    match (&task.work, &record.owes) {
        (Work::Command(name), Some(owed)) => name == owed && record.visit == task.visit,
        _ => false,
    }
}
