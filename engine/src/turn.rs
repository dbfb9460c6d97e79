//! One turn: what happens when a task comes due.
//!
//! Performing is apart from recording: an outcome is a value until it is written, so a failing
//! store can never make a call happen twice.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::decide::{Verdict, decide};
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

/// A once-only command begins within this part of its lease: with what is left of it, neither its
/// own length nor clocks that differ let another process check too early.
const BEGINS_WITHIN: Duration = Duration::from_secs(LEASE.as_secs() / 2);

/// One claimed task on its way to its recorded end.
pub(crate) struct Turn<'a, W: Workflow> {
    pub(crate) engine: &'a Engine,
    pub(crate) executor: &'a dyn Executor<W>,
    pub(crate) hand: &'a Hand,
    /// When the turn began.
    pub(crate) begun: Timestamp,
    /// The instance as this turn read it, until it is decided on.
    read: Mutex<Option<Instance<W>>>,
}

impl<'a, W: Workflow> Turn<'a, W> {
    pub(crate) fn new(engine: &'a Engine, executor: &'a dyn Executor<W>, hand: &'a Hand) -> Self {
        Self {
            engine,
            executor,
            hand,
            begun: engine.now(),
            read: Mutex::new(None),
        }
    }

    /// Carries the task out, on the instance as it was found.
    pub(crate) async fn take(&self, mut instance: Instance<W>) -> Result<(), EngineError> {
        let task = self.hand.task();
        instance.record.learn_from(&task);
        if instance.migrated.is_some() {
            match self.take_over(instance).await? {
                Some(taken) => instance = taken,
                None => return Ok(()),
            }
        }
        match &task.work {
            Work::Deadline => self.deadlines(instance).await,
            Work::Told {
                child,
                workflow,
                state,
            } => match W::told(child, workflow, state) {
                Some(event) => {
                    self.remember(instance);
                    self.hear(event).await
                }
                None => self.settle().await,
            },
            Work::Command(name) => {
                let known: Option<CommandOf<W>> = name.parse().ok();
                if let Some(command) = known {
                    // Boxed, as its ends below: what one turn may come to would fill a thread's stack.
                    return Box::pin(self.command_due(instance, &task, command)).await;
                }
                let text = format!("this version does not know the command {name}");
                let why = Reason::new("unknown_command", text);
                self.park(Actor::Operator, why).await
            }
        }
    }

    /// Makes a migration durable before anything is done under it; nothing if that replaced the
    /// task in hand, which then comes due under its present name.
    async fn take_over(&self, instance: Instance<W>) -> Result<Option<Instance<W>>, EngineError> {
        let draft = Draft::of(instance, "migrated", self.engine.now());
        let mine = self.hand.task().id();
        let replaced = draft.change.drop_tasks.contains(&mine)
            || draft.change.tasks.iter().any(|armed| armed.id() == mine);
        let written = self.engine.write(self.executor, draft).await?;
        Ok((!replaced).then_some(written.instance))
    }

    /// The instance as it stands now.
    pub(crate) async fn load(&self) -> Result<Option<Instance<W>>, EngineError> {
        self.remembered();
        let task = self.hand.task();
        match self.engine.ledger().load::<W>(&task.instance).await {
            // Nothing is owed to one that was erased or put away: whatever still comes is disposed of.
            Err(EngineError::Seal(SealError::Erased)) => Ok(None),
            Ok(Some(instance)) if instance.record.is_put_away() => Ok(None),
            loaded => Ok(loaded?.map(|mut instance| {
                instance.record.learn_from(&task);
                instance
            })),
        }
    }

    /// Remembers what was read for the decision to come. Deciding on it is safe however long it lay: a
    /// commit names the version it was read at, and whoever finds it moved loads it again.
    fn remember(&self, instance: Instance<W>) {
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = Some(instance);
    }

    /// What this turn read and has not decided on, once.
    pub(crate) fn remembered(&self) -> Option<Instance<W>> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.take()
    }

    /// Hears the first of the moments that have come and mean something.
    async fn deadlines(&self, mut instance: Instance<W>) -> Result<(), EngineError> {
        if instance.record.ended {
            return self.settle().await;
        }
        let now = self.engine.now();
        // Its task is in hand, and used up.
        instance.record.deadline = None;
        for (at, event) in instance.unheard() {
            if at > now {
                break;
            }
            instance.record.heard.push(at);
            let verdict = decide::<W>(&instance.facts, instance.state, event, now);
            if let Verdict::Decided(decision) = verdict {
                let mut draft = Draft::of_decision(instance, decision, now);
                draft.settle(self.hand.settled());
                return self.engine.write(self.executor, draft).await.map(drop);
            }
        }
        let mut draft = Draft::of(instance, "deadline_moved", now);
        draft.move_deadline(draft.next_moment());
        draft.settle(self.hand.settled());
        self.engine.write(self.executor, draft).await.map(drop)
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
            return self.put_away(instance).await;
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
        if instance.record.in_doubt(command.name()).is_some() {
            let job = self.job(&instance);
            let checked = self.executor.check(command, &job);
            let finding = self.within(conduct.limit, checked).await;
            let finding = finding.unwrap_or_else(|| Finding::NotKnown {
                why: unanswered(),
                after: None,
            });
            return Box::pin(self.found(command, finding)).await;
        }
        let instance = match conduct.care {
            Care::Once => match self.announce(instance, command).await? {
                Some(announced) => announced,
                None => return Ok(()),
            },
            Care::Repeatable | Care::Checked => instance,
        };
        let job = self.job(&instance);
        self.remember(instance);
        let performed = self.executor.perform(command, &job);
        let outcome = self.within(conduct.limit, performed).await;
        let outcome = outcome.unwrap_or_else(|| Outcome::Unknown { why: unanswered() });
        Box::pin(self.performed(command, outcome)).await
    }

    /// Makes the intent of a once-only command durable; nothing if somebody wrote first.
    async fn announce(
        &self,
        instance: Instance<W>,
        command: CommandOf<W>,
    ) -> Result<Option<Instance<W>>, EngineError> {
        let now = self.engine.now();
        let began = self.engine.clock().elapsed();
        let task = self.hand.task();
        let limit = W::conduct(command, &instance.facts).limit;
        let mut draft = Draft::of(instance, "announced", now);
        draft
            .record
            .announce(command.name(), now + BEGINS_WITHIN + limit);
        if let Some(facts) = W::intend(&draft.facts, command, now) {
            draft.facts = facts;
        }
        draft.arm_task(Task {
            intent: false,
            first_tried: task.first_tried.or(Some(now)),
            // To be remembered until the attempt that is announced has ended.
            lost: self.hand.lost(),
            ..task.clone()
        });
        draft.settle(self.hand.settled());
        draft.change.claim = Some(ClaimWithin {
            owner: self.engine.owner().clone(),
            task: task.id(),
            lease_until: now + LEASE,
        });
        let written = match self.engine.write(self.executor, draft).await {
            Ok(written) => written,
            // An event came in between; the task is still due and the next turn sees the event.
            Err(EngineError::Contended(_)) => {
                self.engine.release(&[self.hand.settled()]).await?;
                return Ok(None);
            }
            Err(EngineError::LeaseLost) => return Ok(None),
            Err(other) => return Err(other),
        };
        let mut claimed = written.claimed.into_iter();
        let Some(claimed) = claimed.find(|claimed| claimed.task.id() == task.id()) else {
            return Ok(None);
        };
        self.hand.retake(claimed);
        // A process that stood still meanwhile may have been taken for dead: whoever has the task
        // now checks it, and a second one that performs it would do harm. The time of day may have
        // been set back while it stood, so that alone proves nothing.
        let stood = self.engine.clock().elapsed().saturating_sub(began);
        let in_time = stood < BEGINS_WITHIN && self.engine.now() < now + BEGINS_WITHIN;
        Ok(in_time.then_some(written.instance))
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
