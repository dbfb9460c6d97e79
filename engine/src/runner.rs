//! The runner: claims what is due, spawns its turns, and sleeps until more is due.
//!
//! Being poked and waking by time run the same code; a poke carries no data.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};

use crate::clock::Timestamp;
use crate::engine::{Engine, LEASE};
use crate::hand::Hand;
use crate::instance::Record;
use crate::ledger::EngineError;
use crate::store::{Change, ClaimOrder, StoreError};
use crate::task::{Claimed, Settled, Task};

/// How a runner behaves.
#[derive(Clone, Copy, Debug)]
pub struct RunnerOptions {
    /// Turns that run at the same time, the express lane not counted.
    pub concurrency: usize,
    /// Of these at most so many in one lane, so that one dependency that hangs leaves room for others.
    pub per_lane: usize,
    /// How long a stop waits for turns under way before it gives their tasks back.
    pub grace: Duration,
    /// Look for due work at least this often: another process may have armed it.
    pub poll: Duration,
}

impl Default for RunnerOptions {
    fn default() -> Self {
        Self {
            concurrency: 96,
            per_lane: 32,
            grace: Duration::from_secs(20),
            poll: Duration::from_secs(5),
        }
    }
}

/// Claimed before the lanes are counted again: what one lane may take beyond its share.
const CLAIMED_AT_ONCE: usize = 8;

/// Turns under way, so that their leases can be renewed and given back.
type InFlight = HashMap<Id, Hand>;

impl Engine {
    /// Runs due work until `stop` resolves; then finishes what is under way, or leaves it due.
    /// Answers what `stop` came to.
    pub async fn run<T>(&self, options: RunnerOptions, stop: impl Future<Output = T>) -> T {
        let mut turns: JoinSet<()> = JoinSet::new();
        let mut in_flight = InFlight::new();
        let mut express = self.express_queue().lock().await;
        tokio::pin!(stop);
        let mut renew_at = self.now() + LEASE / 3;
        let stopped = loop {
            self.mark_turn();
            let wake = match self
                .claim_and_spawn(&options, &mut turns, &mut in_flight)
                .await
            {
                Ok(next) => next.map_or(renew_at, |next| next.min(renew_at)),
                Err(error) => {
                    tracing::error!(%error, "due work could not be claimed");
                    self.now() + Duration::from_secs(1)
                }
            };
            let wake = wake.min(self.now() + options.poll);
            tokio::select! {
                biased;
                stopped = &mut stop => break stopped,
                Some(claimed) = express.recv() => self.spawn(claimed, &mut turns, &mut in_flight),
                Some(done) = turns.join_next_with_id() => finished(done, &mut in_flight),
                () = self.poked(), if in_flight.len() < options.concurrency => {}
                () = self.clock().sleep_until(wake) => {}
            }
            if self.now() >= renew_at {
                self.renew(&in_flight).await;
                renew_at = self.now() + LEASE / 3;
            }
        };
        // What was claimed on the way to the express lane is owed within seconds: it is not left behind.
        while let Ok(claimed) = express.try_recv() {
            self.spawn(claimed, &mut turns, &mut in_flight);
        }
        drop(express);
        self.wind_down(options.grace, turns, in_flight).await;
        stopped
    }

    /// Works off everything that is due now, and whatever that makes due, without waiting for time.
    ///
    /// For tests and for tools: the same turns as [`run`](Self::run), one after the other.
    pub async fn work_off(&self) -> Result<usize, EngineError> {
        let mut turns = 0;
        loop {
            let express = self.express_queue().lock().await.try_recv().ok();
            let claimed = match express {
                Some(claimed) => Some(claimed),
                None => self.claim(1, Vec::new()).await?.pop(),
            };
            let Some(claimed) = claimed else {
                return Ok(turns);
            };
            turns += 1;
            self.take_turn(&Hand::holding(claimed)).await;
        }
    }

    /// Claims and spawns as much as there is room for; answers when to look again.
    async fn claim_and_spawn(
        &self,
        options: &RunnerOptions,
        turns: &mut JoinSet<()>,
        in_flight: &mut InFlight,
    ) -> Result<Option<Timestamp>, StoreError> {
        loop {
            let free = options.concurrency.saturating_sub(in_flight.len());
            let wanted = free.min(CLAIMED_AT_ONCE);
            if wanted == 0 {
                // The room is used up; the next finished turn looks again.
                return Ok(None);
            }
            let closed = full_lanes(in_flight, options.per_lane);
            let claimed = self.claim(wanted, closed.clone()).await?;
            let found = claimed.len();
            for task in claimed {
                self.spawn(task, turns, in_flight);
            }
            if found < wanted {
                return self.store().next_due(&closed, self.definitions()).await;
            }
        }
    }

    async fn claim(
        &self,
        limit: usize,
        closed_lanes: Vec<String>,
    ) -> Result<Vec<Claimed>, StoreError> {
        let order = ClaimOrder {
            owner: self.owner().clone(),
            now: self.now(),
            lease: LEASE,
            limit,
            closed_lanes,
            definitions: Arc::clone(self.definitions()),
        };
        self.store().claim(order).await
    }

    fn spawn(&self, claimed: Claimed, turns: &mut JoinSet<()>, in_flight: &mut InFlight) {
        let hand = Hand::holding(claimed);
        let (engine, held) = (self.clone(), hand.clone());
        let turn = turns.spawn(async move { engine.take_turn(&held).await });
        in_flight.insert(turn.id(), hand);
    }

    async fn take_turn(&self, hand: &Hand) {
        let id = hand.task().instance;
        let result = match self.store().load(&id).await {
            Ok(Some(record))
                if !self
                    .definitions()
                    .understand(&record.workflow, record.definition) =>
            {
                self.set_aside(hand, &record).await
            }
            Ok(Some(record)) => match self.running(&record) {
                Ok(running) => running.turn(self, hand, record).await,
                Err(error) => Err(error),
            },
            // Owed to nobody: a parent that never was.
            Ok(None) => self.drop_claim(hand).await,
            Err(error) => Err(error.into()),
        };
        match result {
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
                let cause: &dyn std::error::Error = &error;
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

    async fn drop_claim(&self, hand: &Hand) -> Result<(), EngineError> {
        let change = Change {
            settle: vec![hand.settled()],
            ..Change::default()
        };
        self.ledger().put(change).await.map(drop)
    }

    async fn renew(&self, in_flight: &InFlight) {
        let claims: Vec<Settled> = in_flight.values().map(Hand::settled).collect();
        if claims.is_empty() {
            return;
        }
        let until = self.now() + LEASE;
        match self.store().renew(&claims, until).await {
            Ok(lost) => {
                for task in lost {
                    tracing::debug!(instance.id = %task.instance, task = task.key, "lease not renewed");
                }
            }
            Err(error) => tracing::error!(%error, "leases could not be renewed"),
        }
    }

    async fn wind_down(&self, grace: Duration, mut turns: JoinSet<()>, mut in_flight: InFlight) {
        let finish = async {
            while let Some(done) = turns.join_next_with_id().await {
                finished(done, &mut in_flight);
            }
        };
        if tokio::time::timeout(grace, finish).await.is_ok() {
            return;
        }
        turns.abort_all();
        let left: Vec<Settled> = in_flight.values().map(Hand::settled).collect();
        tracing::warn!(
            tasks = left.len(),
            "stopped before all turns had ended; they stay due"
        );
        if let Err(error) = self.store().release(&left).await {
            tracing::error!(%error, "tasks under way stay claimed until their lease ends");
        }
    }
}

/// The lanes that have as many turns under way as they may.
fn full_lanes(in_flight: &InFlight, per_lane: usize) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for hand in in_flight.values() {
        *counts.entry(hand.lane()).or_default() += 1;
    }
    counts
        .into_iter()
        .filter(|(_, count)| *count >= per_lane)
        .map(|(lane, _)| lane)
        .collect()
}

fn finished(done: Result<(Id, ()), JoinError>, in_flight: &mut InFlight) {
    match done {
        Ok((id, ())) => {
            in_flight.remove(&id);
        }
        Err(error) => {
            let claim = in_flight.remove(&error.id());
            let instance = claim.map(|hand| hand.task().instance.to_string());
            tracing::error!(%error, instance, "a turn panicked; its task comes due again when the lease ends");
        }
    }
}
