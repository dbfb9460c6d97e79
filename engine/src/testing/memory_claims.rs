//! Who has what in hand, and who is next: the reference meaning of claims.
//!
//! Every task is looked at for every choice; what is fast is another store's business.

use std::collections::BTreeMap;

use super::memory_store::Shelves;
use crate::allowance::Allowance;
use crate::clock::Timestamp;
use crate::store::ClaimOrder;
use crate::task::{Claimed, Task, TaskId};

/// A task and who has it in hand.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) task: Task,
    pub(super) claim: Option<Claim>,
    /// Claims that ended with their process.
    lost: u32,
}

#[derive(Debug)]
pub(super) struct Claim {
    pub(super) fence: u64,
    pub(super) lease_until: Timestamp,
}

impl Standing {
    pub(super) fn armed(task: Task) -> Self {
        let lost = task.lost;
        Self {
            task,
            claim: None,
            lost,
        }
    }

    pub(super) fn is_held_under(&self, fence: u64) -> bool {
        self.claim
            .as_ref()
            .is_some_and(|claim| claim.fence == fence)
    }

    /// Hands it out under a new fence.
    pub(super) fn hand_out(&mut self, fence: u64, lease_until: Timestamp) -> Claimed {
        self.claim = Some(Claim { fence, lease_until });
        Claimed {
            task: self.task.clone(),
            fence,
            lost: self.lost,
        }
    }

    fn is_free_at(&self, now: Timestamp) -> bool {
        self.claim
            .as_ref()
            .is_none_or(|claim| claim.lease_until <= now)
    }

    fn claimable_from(&self) -> Timestamp {
        self.claim
            .as_ref()
            .map_or(self.task.due, |claim| claim.lease_until)
    }

    fn is_admitted(&self, allowance: &Allowance) -> bool {
        let task = &self.task;
        allowance.admits_lane(&task.lane, self.lost > 0)
            && allowance.admits_tenant(&task.tenant)
            && allowance.admits_due(task.due)
    }
}

/// Whose turn it is: how often each tenant was served, level with the others when it comes anew.
#[derive(Debug, Default)]
pub(super) struct Turns {
    served: BTreeMap<String, u64>,
    /// The count of whoever was served last.
    level: u64,
}

impl Turns {
    fn of(&self, tenant: &str) -> u64 {
        let served = self.served.get(tenant).copied();
        served.unwrap_or(0).max(self.level)
    }

    fn serve(&mut self, tenant: &str) {
        self.level = self.of(tenant);
        self.served.insert(tenant.to_owned(), self.level + 1);
    }
}

impl Shelves {
    /// Chooses and hands out one task after the other.
    pub(super) fn claim(&mut self, order: &ClaimOrder) -> Vec<Claimed> {
        let lease_until = order.now + order.lease;
        self.cut_leases(lease_until);
        let mut left = order.allowance.clone();
        let mut claimed = Vec::new();
        while claimed.len() < order.limit {
            let Some(id) = self.next(order.now, &left) else {
                break;
            };
            let Some(taken) = self.take(&id, lease_until) else {
                break;
            };
            let task = &taken.task;
            left.spend(&task.lane, &task.tenant, task.due, taken.lost > 0);
            self.turns.serve(&task.tenant);
            claimed.push(taken);
        }
        claimed
    }

    /// As if every process with a task in hand had died.
    pub(super) fn lose_claims(&mut self) {
        for standing in self.tasks.values_mut() {
            if standing.claim.take().is_some() {
                standing.lost += 1;
            }
        }
    }

    pub(super) fn next_due(&self, allowance: &Allowance) -> Option<Timestamp> {
        let admitted = self.tasks.values().filter(|one| one.is_admitted(allowance));
        admitted.map(Standing::claimable_from).min()
    }

    fn next(&self, now: Timestamp, left: &Allowance) -> Option<TaskId> {
        let due = self.tasks.iter().filter(|(_, standing)| {
            standing.task.due <= now && standing.is_free_at(now) && standing.is_admitted(left)
        });
        let first = due.min_by_key(|(id, standing)| {
            let task = &standing.task;
            let turn = self.turns.of(&task.tenant);
            (task.due < left.fresh_from, turn, task.due, *id)
        })?;
        Some(first.0.clone())
    }

    /// No lease lasts longer than one that is given now.
    fn cut_leases(&mut self, longest: Timestamp) {
        for claim in self.tasks.values_mut().filter_map(|one| one.claim.as_mut()) {
            claim.lease_until = claim.lease_until.min(longest);
        }
    }
}
