//! The runner: claims what is due, spawns its turns, and sleeps until more is due.
//!
//! Being poked and waking by time run the same code; a poke carries no data.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};

use crate::allowance::Allowance;
use crate::clock::Timestamp;
use crate::engine::{Engine, LEASE};
use crate::express::Express;
use crate::flight::{InFlight, Part, UnderWay};
use crate::hand::Hand;
use crate::lanes::Limits;
use crate::ledger::EngineError;
use crate::store::{ClaimOrder, StoreError};
use crate::task::{Claimed, Settled};

/// How a runner behaves.
#[derive(Clone, Debug)]
pub struct RunnerOptions {
    /// What may run at the same time, and how fast it may begin.
    pub limits: Limits,
    /// How long a stop waits for turns under way before it gives their tasks back.
    pub grace: Duration,
    /// Look for due work at least this often: another process may have armed it.
    pub poll: Duration,
}

impl Default for RunnerOptions {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            grace: Duration::from_secs(20),
            poll: Duration::from_secs(5),
        }
    }
}

/// Claimed before the lanes are counted again.
const CLAIMED_AT_ONCE: usize = 8;

/// A runner that has not looked for so long was not running: what came due meanwhile is overdue.
const DOWNTIME: Duration = Duration::from_secs(30);

impl Engine {
    /// Runs due work until `stop` resolves; then finishes what is under way, or leaves it due.
    /// Answers what `stop` came to.
    pub async fn run<T>(&self, options: RunnerOptions, stop: impl Future<Output = T>) -> T {
        let mut turns: JoinSet<()> = JoinSet::new();
        let mut in_flight = InFlight::default();
        tokio::pin!(stop);
        // Of two runners in one process the second stands by until the first has ended.
        let mut express = tokio::select! {
            biased;
            stopped = &mut stop => return stopped,
            express = self.express_queue().lock() => express,
        };
        let mut renew_at = self.now() + LEASE / 3;
        self.crossing()
            .lanes()
            .begin(options.limits.clone(), self.now());
        let stopped = loop {
            let now = self.now();
            if now.since(self.last_turn()) > DOWNTIME {
                self.crossing().lanes().begin(options.limits.clone(), now);
            }
            self.mark_turn();
            // Before anything is claimed: after a leap forward the leases of living turns are over.
            if now >= renew_at || now + LEASE / 3 < renew_at {
                self.renew(&in_flight).await;
                renew_at = now + LEASE / 3;
            }
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
                Some(next) = express.recv() => self.spawn_express(next, &mut turns, &mut in_flight),
                Some(done) = turns.join_next_with_id() => self.finished(done, &mut turns, &mut in_flight),
                () = self.poked(), if in_flight.len() < options.limits.concurrency => {}
                () = self.clock().sleep_until(wake) => {}
            }
        };
        // What was claimed on the way to the express lane is owed within seconds: it is not left behind.
        while let Ok(next) = express.try_recv() {
            self.spawn_express(next, &mut turns, &mut in_flight);
        }
        drop(express);
        self.wind_down(options.grace, turns, in_flight).await;
        stopped
    }

    /// Works off everything that is due now, and whatever that makes due, without waiting for time.
    ///
    /// For tests and for tools: the same turns as [`run`](Self::run), one after the other. Beside a
    /// runner the express lane is the runner's.
    pub async fn work_off(&self) -> Result<usize, EngineError> {
        let mut turns = 0;
        loop {
            let mut queue = self.express_queue().try_lock().ok();
            let express = queue.as_mut().and_then(|queue| queue.try_recv().ok());
            drop(queue);
            let claimed = match express {
                Some(Express::Claimed(claimed)) => Some(*claimed),
                Some(Express::LeftBehind(work)) => {
                    work.await;
                    continue;
                }
                None => {
                    let allowance = self.crossing().lanes().allowance(self.now());
                    self.claim(1, allowance).await?.pop()
                }
            };
            let Some(claimed) = claimed else {
                return Ok(turns);
            };
            turns += 1;
            let passage = self.crossing().enter(&claimed);
            self.take_turn(&Hand::holding(claimed)).await;
            drop(passage);
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
            let free = options.limits.concurrency.saturating_sub(in_flight.len());
            let wanted = free.min(CLAIMED_AT_ONCE);
            if wanted == 0 {
                // The room is used up; the next finished turn looks again.
                return Ok(None);
            }
            let allowance = self.crossing().lanes().allowance(self.now());
            let claimed = self.claim(wanted, allowance).await?;
            let found = claimed.len();
            for task in claimed {
                self.spawn(task, turns, in_flight);
            }
            if found < wanted {
                return self.next_wake().await;
            }
        }
    }

    /// When there may be more to claim, if nobody says so before.
    async fn next_wake(&self) -> Result<Option<Timestamp>, StoreError> {
        let now = self.now();
        let (allowance, change) = {
            let mut lanes = self.crossing().lanes();
            (lanes.allowance(now), lanes.next_change(now))
        };
        let due = self
            .store()
            .next_due(&allowance, self.definitions())
            .await?;
        Ok(due.into_iter().chain(change).min())
    }

    async fn claim(&self, limit: usize, allowance: Allowance) -> Result<Vec<Claimed>, StoreError> {
        let order = ClaimOrder {
            owner: self.owner().clone(),
            now: self.now(),
            lease: LEASE,
            limit,
            allowance,
            definitions: Arc::clone(self.definitions()),
        };
        self.store().claim(order).await
    }

    fn spawn_express(&self, next: Express, turns: &mut JoinSet<()>, in_flight: &mut InFlight) {
        match next {
            Express::Claimed(claimed) => self.spawn(*claimed, turns, in_flight),
            Express::LeftBehind(work) => drop(turns.spawn(work)),
        }
    }

    fn spawn(&self, claimed: Claimed, turns: &mut JoinSet<()>, in_flight: &mut InFlight) {
        // Its lease ran out under the turn, as after a leap of time: the turn goes on under the new one.
        if in_flight.retake(&claimed) {
            return;
        }
        let passage = self.crossing().enter(&claimed);
        let hand = Hand::holding(claimed);
        let (engine, held) = (self.clone(), hand.clone());
        let turn = turns.spawn(async move {
            engine.take_turn(&held).await;
            drop(passage);
        });
        let part = Part::Turn;
        in_flight.begin(turn.id(), UnderWay { hand, part });
    }

    async fn renew(&self, in_flight: &InFlight) {
        let claims = in_flight.claims();
        if claims.is_empty() {
            return;
        }
        let until = self.now() + LEASE;
        match self.store().renew(&claims, until).await {
            Ok(lost) => {
                for Settled { task, fence } in lost {
                    tracing::debug!(instance.id = %task.instance, task = task.key, fence, "lease not renewed");
                }
            }
            Err(error) => tracing::error!(%error, "leases could not be renewed"),
        }
    }

    async fn wind_down(&self, grace: Duration, mut turns: JoinSet<()>, mut in_flight: InFlight) {
        // However long the grace, nobody else may take over what is still being done.
        let mut renew_at = self.now() + LEASE / 3;
        let finish = async {
            loop {
                tokio::select! {
                    done = turns.join_next_with_id() => match done {
                        Some(done) => self.finished(done, &mut turns, &mut in_flight),
                        None => break,
                    },
                    () = self.clock().sleep_until(renew_at) => {
                        self.renew(&in_flight).await;
                        renew_at = self.now() + LEASE / 3;
                    }
                }
            }
        };
        if tokio::time::timeout(grace, finish).await.is_ok() {
            return;
        }
        turns.abort_all();
        let left = in_flight.claims();
        tracing::warn!(
            tasks = left.len(),
            "stopped before all turns had ended; they stay due"
        );
        if let Err(error) = self.store().release(&left).await {
            tracing::error!(%error, "tasks under way stay claimed until their lease ends");
        }
    }

    fn finished(
        &self,
        done: Result<(Id, ()), JoinError>,
        turns: &mut JoinSet<()>,
        in_flight: &mut InFlight,
    ) {
        let error = match done {
            Ok((id, ())) => {
                in_flight.end(id);
                return;
            }
            Err(error) => error,
        };
        let Some(turn) = in_flight.end(error.id()) else {
            return;
        };
        let instance = turn.hand.task().instance;
        let next = match turn.part {
            Part::Turn if error.is_panic() => Part::Note,
            Part::Note if error.is_panic() => Part::LastWord,
            Part::Turn | Part::Note | Part::LastWord => {
                tracing::error!(%error, instance.id = %instance, "a turn ended without a word; its task comes due again when the lease ends");
                return;
            }
        };
        tracing::error!(%error, instance.id = %instance, "a turn panicked");
        let (engine, hand) = (self.clone(), turn.hand.clone());
        let told = turns.spawn(async move {
            match next {
                Part::Note => engine.take_note(&hand).await,
                _ => engine.say_last_word(&hand).await,
            }
        });
        in_flight.begin(told.id(), UnderWay { part: next, ..turn });
    }
}
