//! How much may be claimed of what: the words in which a runner tells a store what to pass over.
//!
//! It only counts. Why a lane or a tenant has no more is the runner's to know.

use std::collections::BTreeMap;

use crate::clock::Timestamp;

/// What one claim may hand out; counted down by the store while it chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Lanes with an allowance of their own; zero passes a lane over.
    pub lanes: BTreeMap<String, usize>,
    /// For every lane that is not named.
    pub each_lane: usize,
    /// Tenants with an allowance of their own.
    pub tenants: BTreeMap<String, usize>,
    /// For every tenant that is not named.
    pub each_tenant: usize,
    /// Tasks whose earlier claims were lost with their process.
    pub suspects: usize,
    /// Tasks due before this moment are overdue: they come after the others.
    pub fresh_from: Timestamp,
    /// Overdue tasks.
    pub overdue: usize,
    /// Of these so many come before the fresh ones, so that a backlog shrinks however much is fresh.
    pub overdue_first: usize,
}

impl Default for Allowance {
    /// Everything that is due, all of it fresh.
    fn default() -> Self {
        Self {
            lanes: BTreeMap::new(),
            each_lane: usize::MAX,
            tenants: BTreeMap::new(),
            each_tenant: usize::MAX,
            suspects: usize::MAX,
            fresh_from: Timestamp::from_millis(i64::MIN),
            overdue: usize::MAX,
            overdue_first: 0,
        }
    }
}

impl Allowance {
    /// Everything but these lanes.
    pub fn without<'a>(lanes: impl IntoIterator<Item = &'a str>) -> Self {
        let closed = lanes.into_iter().map(|lane| (lane.to_owned(), 0));
        Self {
            lanes: closed.collect(),
            ..Self::default()
        }
    }

    /// Whether one more task of this lane may be handed out.
    pub fn admits_lane(&self, lane: &str, suspect: bool) -> bool {
        let left = self.lanes.get(lane).copied();
        left.unwrap_or(self.each_lane) > 0 && (!suspect || self.suspects > 0)
    }

    /// Whether one more task of this tenant may be handed out.
    pub fn admits_tenant(&self, tenant: &str) -> bool {
        let left = self.tenants.get(tenant).copied();
        left.unwrap_or(self.each_tenant) > 0
    }

    /// Whether a task due at this moment may be handed out.
    pub fn admits_due(&self, due: Timestamp) -> bool {
        due >= self.fresh_from || self.overdue > 0
    }

    /// Counts one task that was handed out.
    pub fn spend(&mut self, lane: &str, tenant: &str, due: Timestamp, suspect: bool) {
        spend_one(&mut self.lanes, self.each_lane, lane);
        spend_one(&mut self.tenants, self.each_tenant, tenant);
        if suspect {
            self.suspects = self.suspects.saturating_sub(1);
        }
        if due < self.fresh_from {
            self.overdue = self.overdue.saturating_sub(1);
            self.overdue_first = self.overdue_first.saturating_sub(1);
        }
    }
}

fn spend_one(named: &mut BTreeMap<String, usize>, each: usize, name: &str) {
    if let Some(left) = named.get_mut(name) {
        *left = left.saturating_sub(1);
    } else if each != usize::MAX {
        named.insert(name.to_owned(), each.saturating_sub(1));
    }
}
