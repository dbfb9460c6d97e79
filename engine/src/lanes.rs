//! Lanes: what each dependency and each tenant may take at present, and whether a dependency answers.
//!
//! Known to this process alone and never stored: after a restart it is learned anew within a few calls.
//! Nothing here performs, claims or waits.

use std::collections::BTreeMap;

use crate::allowance::Allowance;
use crate::breaker::{Breaker, Word};
use crate::clock::Timestamp;
use crate::instance::Reason;
use crate::rate::{Bucket, Rate};
use crate::task::{Claimed, Task};

/// After so many fresh turns an overdue one comes first: a backlog shrinks at a tenth of what can be
/// done at least, and what is fresh hardly waits for it.
const FRESH_IN_A_ROW: usize = 9;

/// What may run at the same time, and how fast it may begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Turns that run at the same time, the express lane not counted.
    pub concurrency: usize,
    /// Of these at most so many in one lane, so that one dependency that hangs leaves room for others.
    pub per_lane: usize,
    /// Of these at most so many for one tenant.
    pub per_tenant: usize,
    /// How fast turns may begin in a lane, by its kind: what stands before the colon in its name.
    pub rates: BTreeMap<String, Rate>,
    /// How fast turns may begin for one tenant; nothing where only their number is limited.
    pub tenant_rate: Option<Rate>,
    /// How fast turns may begin that came due while nobody ran them; of those one at most comes before
    /// each nine fresh ones.
    pub overdue: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            concurrency: 96,
            per_lane: 32,
            per_tenant: 64,
            rates: BTreeMap::new(),
            tenant_rate: None,
            overdue: Rate {
                per_second: 200,
                burst: 200,
            },
        }
    }
}

/// A lane as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneView {
    /// Its name: the dependency.
    pub lane: String,
    /// Turns under way.
    pub in_flight: usize,
    /// Tries that the dependency failed, with no success since.
    pub failures: u32,
    /// Why, since when and until when it is held, if it is.
    pub held: Option<Held>,
}

/// A lane that takes nothing but probes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// What the dependency failed with.
    pub why: Reason,
    /// Since when.
    pub since: Timestamp,
    /// When the next probe may begin; nothing while one is under way.
    pub next_probe: Option<Timestamp>,
    /// Probes that failed.
    pub probes: u32,
}

/// What is under way, and what each dependency has been heard to do.
#[derive(Debug)]
pub(crate) struct Lanes {
    limits: Limits,
    known: BTreeMap<String, Lane>,
    tenants: BTreeMap<String, Tenant>,
    suspects: usize,
    overdue: Bucket,
    /// Fresh turns since the last that was overdue.
    fresh_in_a_row: usize,
    fresh_from: Timestamp,
}

#[derive(Debug)]
struct Tenant {
    in_flight: usize,
    bucket: Option<Bucket>,
}

#[derive(Debug)]
struct Lane {
    in_flight: usize,
    bucket: Option<Bucket>,
    breaker: Breaker,
}

impl Lanes {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            overdue: Bucket::full(limits.overdue),
            limits,
            known: BTreeMap::new(),
            tenants: BTreeMap::new(),
            suspects: 0,
            fresh_in_a_row: 0,
            fresh_from: Timestamp::from_millis(i64::MIN),
        }
    }

    /// Nobody ran until now: what is due already is overdue.
    pub(crate) fn begin(&mut self, limits: Limits, now: Timestamp) {
        if self.limits != limits {
            self.overdue = Bucket::full(limits.overdue);
            self.limits = limits;
        }
        self.fresh_from = now;
    }

    /// What may be claimed now.
    pub(crate) fn allowance(&mut self, now: Timestamp) -> Allowance {
        self.fresh_from = self.fresh_from.min(now);
        self.known.retain(|_, lane| !lane.is_idle(now));
        self.tenants.retain(|_, tenant| !tenant.is_idle(now));
        let overdue_first = usize::from(self.fresh_in_a_row >= FRESH_IN_A_ROW);
        if overdue_first > 0 {
            // Looked for once: what is fresh does not wait for what is not there.
            self.fresh_in_a_row = 0;
        }
        let limits = &self.limits;
        let bursts = limits.rates.values().map(|rate| rate.burst());
        let named = self.known.iter_mut().map(|(name, lane)| {
            let room = limits.per_lane.saturating_sub(lane.in_flight);
            (name.clone(), room.min(lane.allowed(now)))
        });
        let tenants = self.tenants.iter_mut().map(|(name, tenant)| {
            let room = limits.per_tenant.saturating_sub(tenant.in_flight);
            (name.clone(), room.min(left(&mut tenant.bucket, now)))
        });
        let burst = limits.tenant_rate.map_or(usize::MAX, Rate::burst);
        Allowance {
            lanes: named.collect(),
            each_lane: bursts.chain([limits.per_lane]).min().unwrap_or(0),
            tenants: tenants.collect(),
            each_tenant: limits.per_tenant.min(burst),
            // One at a time: the next death then tells which of them it was.
            suspects: 1_usize.saturating_sub(self.suspects),
            fresh_from: self.fresh_from,
            overdue: self.overdue.left(now),
            overdue_first,
        }
    }

    /// When time alone allows more than now.
    pub(crate) fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let lanes = self.known.values().filter_map(|lane| {
            let refilled = lane.bucket.as_ref().and_then(|bucket| bucket.refills(now));
            let probed = lane.breaker.next_probe();
            let change = refilled.into_iter().chain(probed).max();
            // What is allowed already waits for no time: to look again at once would find no more.
            change.filter(|change| *change > now)
        });
        let tenants = self.tenants.values();
        let tenants = tenants.filter_map(|tenant| tenant.bucket.as_ref()?.refills(now));
        lanes.chain(tenants).chain(self.overdue.refills(now)).min()
    }

    /// A turn begins.
    pub(crate) fn started(&mut self, claimed: &Claimed, now: Timestamp) {
        let task = &claimed.task;
        let rates = &self.limits.rates;
        let lane = self.known.entry(task.lane.clone()).or_insert_with(|| {
            let kind = task.lane.split(':').next().unwrap_or_default();
            Lane {
                in_flight: 0,
                bucket: rates.get(kind).copied().map(Bucket::full),
                breaker: Breaker::default(),
            }
        });
        lane.in_flight += 1;
        if let Some(bucket) = &mut lane.bucket {
            bucket.spend(now);
        }
        lane.breaker.started(&task.id());
        let rate = self.limits.tenant_rate;
        let tenant = self.tenants.entry(task.tenant.clone());
        let tenant = tenant.or_insert_with(|| Tenant {
            in_flight: 0,
            bucket: rate.map(Bucket::full),
        });
        tenant.in_flight += 1;
        if let Some(bucket) = &mut tenant.bucket {
            bucket.spend(now);
        }
        self.suspects += usize::from(claimed.lost > 0);
        if task.due < self.fresh_from {
            self.overdue.spend(now);
            self.fresh_in_a_row = 0;
        } else {
            self.fresh_in_a_row += 1;
        }
    }

    /// A turn has ended, in whatever way.
    pub(crate) fn ended(&mut self, claimed: &Claimed, now: Timestamp) {
        let task = &claimed.task;
        if let Some(lane) = self.known.get_mut(&task.lane) {
            lane.in_flight = lane.in_flight.saturating_sub(1);
            lane.breaker.ended(&task.id(), now);
        }
        if let Some(tenant) = self.tenants.get_mut(&task.tenant) {
            tenant.in_flight = tenant.in_flight.saturating_sub(1);
        }
        self.suspects -= usize::from(claimed.lost > 0);
    }

    /// What a turn learned of its dependency; answers since when the lane is held, if it is.
    pub(crate) fn heard(&mut self, task: &Task, word: Word, now: Timestamp) -> Option<Held> {
        let lane = self.known.get_mut(&task.lane)?;
        lane.breaker.heard(task, word, now);
        lane.breaker.held()
    }

    /// When the lane was last held until, as far as is remembered.
    pub(crate) fn recovered_at(&self, lane: &str) -> Option<Timestamp> {
        self.known.get(lane)?.breaker.recovered_at()
    }

    pub(crate) fn views(&self) -> Vec<LaneView> {
        let lanes = self.known.iter().map(|(name, lane)| LaneView {
            lane: name.clone(),
            in_flight: lane.in_flight,
            failures: lane.breaker.failures(),
            held: lane.breaker.held(),
        });
        lanes.collect()
    }
}

impl Lane {
    fn allowed(&mut self, now: Timestamp) -> usize {
        left(&mut self.bucket, now).min(self.breaker.allowed(now))
    }

    /// Whether forgetting it changes nothing.
    fn is_idle(&mut self, now: Timestamp) -> bool {
        self.in_flight == 0 && is_full(&mut self.bucket, now) && self.breaker.is_untroubled(now)
    }
}

impl Tenant {
    /// Whether forgetting it changes nothing.
    fn is_idle(&mut self, now: Timestamp) -> bool {
        self.in_flight == 0 && is_full(&mut self.bucket, now)
    }
}

/// What a rate leaves, if there is one.
fn left(bucket: &mut Option<Bucket>, now: Timestamp) -> usize {
    let bucket = bucket.as_mut();
    bucket.map_or(usize::MAX, |bucket| bucket.left(now))
}

fn is_full(bucket: &mut Option<Bucket>, now: Timestamp) -> bool {
    let bucket = bucket.as_mut();
    bucket.is_none_or(|bucket| bucket.is_full(now))
}
