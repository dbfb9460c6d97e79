//! One turn: what happens when a task comes due.
//!
//! Performing is apart from recording: an outcome is a value until it is written, so a failing
//! store can never make a call happen twice.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::decide::{Verdict, decide, moments};
use crate::draft::{Draft, Instance};
use crate::engine::{Engine, LEASE};
use crate::executor::{Care, Executor, Finding, Job, Outcome};
use crate::hand::Hand;
use crate::instance::{Actor, Reason};
use crate::ledger::EngineError;
use crate::seal::SealError;
use crate::store::ClaimWithin;
use crate::task::{Task, Work};
use crate::workflow::{CommandOf, Letter, Workflow};

/// One claimed task on its way to its recorded end.
pub(crate) struct Turn<'a, W: Workflow> {
    pub(crate) engine: &'a Engine,
    pub(crate) executor: &'a dyn Executor<W>,
    pub(crate) hand: &'a Hand,
    /// When the turn began.
    pub(crate) begun: Timestamp,
}

impl<W: Workflow> Turn<'_, W> {
    /// Carries the task out.
    pub(crate) async fn take(&self) -> Result<(), EngineError> {
        let task = self.hand.task();
        let Some(instance) = self.load().await? else {
            return self.settle().await;
        };
        match &task.work {
            Work::Deadline => self.deadlines(instance, task.due).await,
            Work::Told {
                child,
                workflow,
                state,
            } => match W::told(child, workflow, state) {
                Some(event) => self.hear(event).await,
                None => self.settle().await,
            },
            Work::Command(name) => {
                let known: Option<CommandOf<W>> = name.parse().ok();
                if let Some(command) = known {
                    return self.command_due(instance, &task, command).await;
                }
                let text = format!("this version does not know the command {name}");
                let why = Reason::new("unknown_command", text);
                self.park(Actor::Operator, why, false).await
            }
        }
    }

    pub(crate) async fn load(&self) -> Result<Option<Instance<W>>, EngineError> {
        let task = self.hand.task();
        match self.engine.ledger().load::<W>(&task.instance).await {
            // Nothing is owed to one that was erased or put away: whatever still comes is disposed of.
            Err(EngineError::Seal(SealError::Erased) | EngineError::Archived(_)) => Ok(None),
            loaded => loaded,
        }
    }

    /// Hears the first of the moments that have come and mean something; those before the one that
    /// the task was armed for have been heard.
    async fn deadlines(&self, instance: Instance<W>, armed: Timestamp) -> Result<(), EngineError> {
        let now = self.engine.now();
        let moments = moments::<W>(instance.state, &instance.facts).into_iter();
        for (at, event) in moments.filter(|(at, _)| (armed..=now).contains(at)) {
            let verdict = decide::<W>(&instance.facts, instance.state, event, now);
            if let Verdict::Decided(decision) = verdict {
                let moved = decision.moved;
                let mut draft = Draft::of_decision(instance, decision, now);
                draft.settle(self.hand.settled());
                // After a move every moment counts anew; without one, this one is over.
                draft.renew_deadline((!moved).then_some(at));
                return self.engine.write(self.executor, draft).await.map(drop);
            }
        }
        self.settle_deadline(instance).await
    }

    async fn command_due(
        &self,
        instance: Instance<W>,
        task: &Task,
        command: CommandOf<W>,
    ) -> Result<(), EngineError> {
        let owed = instance.record.owes.as_deref() == Some(command.name());
        if task.visit != instance.record.visit || !owed {
            return self.settle().await;
        }
        if instance.record.is_paused() {
            return self.put_away().await;
        }
        let conduct = W::conduct(command, &instance.facts);
        let unanswered = || {
            let text = format!(
                "{} gave no answer within {} s",
                command.name(),
                conduct.limit.as_secs()
            );
            Reason::new("no_answer", text)
        };
        if task.intent {
            let job = self.job(&instance);
            let checked = self.executor.check(command, &job);
            let finding = self.within(conduct.limit, checked).await;
            let finding = finding.unwrap_or_else(|| Finding::NotKnown {
                why: unanswered(),
                after: None,
            });
            return self.found(command, finding).await;
        }
        let instance = match conduct.care {
            Care::Once => match self.announce(instance, command).await? {
                Some(announced) => announced,
                None => return Ok(()),
            },
            Care::Repeatable | Care::Checked => instance,
        };
        let job = self.job(&instance);
        let performed = self.executor.perform(command, &job);
        let outcome = self.within(conduct.limit, performed).await;
        let outcome = outcome.unwrap_or_else(|| Outcome::Unknown { why: unanswered() });
        self.performed(command, outcome).await
    }

    /// Makes the intent of a once-only command durable; nothing if somebody wrote first.
    async fn announce(
        &self,
        instance: Instance<W>,
        command: CommandOf<W>,
    ) -> Result<Option<Instance<W>>, EngineError> {
        let now = self.engine.now();
        let task = self.hand.task();
        let mut draft = Draft::of(instance, "announced", now);
        if let Some(facts) = W::intend(&draft.facts, command, now) {
            draft.facts = facts;
        }
        draft.arm_task(Task {
            intent: true,
            first_tried: task.first_tried.or(Some(now)),
            ..task.clone()
        });
        draft.settle(self.hand.settled());
        draft.change.claim = Some(ClaimWithin {
            owner: self.engine.owner().clone(),
            lane: task.lane.clone(),
            lease_until: now + LEASE,
        });
        let committed = match self.engine.write(self.executor, draft).await {
            Ok(committed) => committed,
            // An event came in between; the task is still due and the next turn sees the event.
            Err(EngineError::Contended(_)) => {
                self.engine.release(&[self.hand.settled()]).await?;
                return Ok(None);
            }
            Err(EngineError::LeaseLost) => return Ok(None),
            Err(other) => return Err(other),
        };
        let mut claimed = committed.claimed.into_iter();
        let Some(claimed) = claimed.find(|claimed| claimed.task.id() == task.id()) else {
            return Ok(None);
        };
        self.hand.retake(claimed);
        let instance = self.load().await?;
        Ok(instance.filter(|instance| instance.record.visit == task.visit))
    }

    fn job(&self, instance: &Instance<W>) -> Job<W> {
        Job {
            id: instance.record.id.clone(),
            state: instance.state,
            facts: instance.facts.clone(),
            attempt: self.hand.task().attempt,
            now: self.engine.now(),
            record: instance.record.clone(),
        }
    }

    /// The work's value, or nothing once the clock has passed the limit. An answer that is there is
    /// never thrown away.
    async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        let end = self.engine.now() + limit;
        tokio::select! {
            biased;
            value = work => Some(value),
            () = self.engine.clock().sleep_until(end) => None,
        }
    }
}
