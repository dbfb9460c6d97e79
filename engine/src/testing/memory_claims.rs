//! Who has what in hand, and who is next: the reference meaning of claims.
//!
//! Every tenant is looked at for every choice; what is fast is another store's business.

use std::collections::{BTreeMap, BTreeSet};

use super::memory_store::Shelves;
use crate::allowance::Allowance;
use crate::clock::Timestamp;
use crate::definitions::Definitions;
use crate::instance::InstanceId;
use crate::store::ClaimOrder;
use crate::task::{Claimed, Task, TaskId};

const BEGINNING: Timestamp = Timestamp::from_millis(i64::MIN);

/// Where tasks of that moment begin in a line.
fn at(moment: Timestamp) -> (Timestamp, TaskId) {
    let first = TaskId {
        instance: InstanceId::new(""),
        key: String::new(),
    };
    (moment, first)
}

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
    pub(super) fn hand_out(&mut self, claim: Claim) -> Claimed {
        let claimed = Claimed {
            task: self.task.clone(),
            fence: claim.fence,
            lost: self.lost,
        };
        self.claim = Some(claim);
        claimed
    }

    fn is_free_at(&self, now: Timestamp) -> bool {
        self.claim
            .as_ref()
            .is_none_or(|claim| claim.lease_until <= now)
    }

    fn claimable_from(&self) -> Timestamp {
        let lease = self.claim.as_ref().map(|claim| claim.lease_until);
        // A clock that jumped back may end a lease before its task is due.
        lease.map_or(self.task.due, |until| until.max(self.task.due))
    }

    fn is_admitted(&self, allowance: &Allowance, known: &Definitions) -> bool {
        let task = &self.task;
        known.cover(task)
            && allowance.admits_lane(&task.lane, self.lost > 0)
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
    pub(super) fn arm(&mut self, task: Task) {
        let id = task.id();
        self.remove_task(&id);
        let line = self.lines.entry(task.tenant.clone()).or_default();
        line.insert((task.due, id.clone()));
        self.tasks.insert(id, Standing::armed(task));
    }

    pub(super) fn remove_task(&mut self, id: &TaskId) {
        let Some(standing) = self.tasks.remove(id) else {
            return;
        };
        let task = standing.task;
        if let Some(line) = self.lines.get_mut(&task.tenant) {
            line.remove(&(task.due, id.clone()));
            if line.is_empty() {
                self.lines.remove(&task.tenant);
            }
        }
    }

    /// Chooses and hands out one task after the other.
    pub(super) fn claim(&mut self, order: &ClaimOrder) -> Vec<Claimed> {
        let lease_until = order.now + order.lease;
        let mut left = order.allowance.clone();
        let mut claimed = Vec::new();
        while claimed.len() < order.limit {
            let Some(id) = self.next(order, &left) else {
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

    pub(super) fn next_due(&self, allowance: &Allowance, known: &Definitions) -> Option<Timestamp> {
        let from = match allowance.overdue {
            0 => allowance.fresh_from,
            _ => BEGINNING,
        };
        let lines = self.lines.values().filter_map(|line| {
            let standing = line.range(at(from)..).map(|(_, id)| &self.tasks[id]);
            let mut admitted = standing.filter(|one| one.is_admitted(allowance, known));
            // What is claimed stands in line too; past the first that is not, nothing comes sooner.
            let mut earliest: Option<Timestamp> = None;
            for one in admitted.by_ref() {
                earliest = earliest.into_iter().chain([one.claimable_from()]).min();
                if one.claim.is_none() {
                    break;
                }
            }
            earliest
        });
        lines.min()
    }

    fn next(&self, order: &ClaimOrder, left: &Allowance) -> Option<TaskId> {
        let is_free = |(due, id): &&(Timestamp, TaskId)| {
            let standing = &self.tasks[id];
            *due <= order.now
                && standing.is_free_at(order.now)
                && standing.is_admitted(left, &order.definitions)
        };
        let first = |line: &'_ BTreeSet<(Timestamp, TaskId)>, from: Timestamp| {
            let due = line.range(at(from)..);
            let mut due = due.take_while(|(due, _)| *due <= order.now);
            due.find(|one| is_free(one)).cloned()
        };
        let overdue_first = left.overdue_first > 0 && left.overdue > 0;
        let is_overdue = |(due, _): &(Timestamp, TaskId)| *due < left.fresh_from;
        let heads = self.lines.iter().filter_map(|(tenant, line)| {
            let fresh = first(line, left.fresh_from);
            let overdue = first(line, BEGINNING).filter(|one| left.overdue > 0 && is_overdue(one));
            let (one, other) = if overdue_first {
                (overdue, fresh)
            } else {
                (fresh, overdue)
            };
            let head = one.or(other)?;
            let comes_later = is_overdue(&head) != overdue_first;
            Some((comes_later, self.turns.of(tenant), head.0, head.1))
        });
        heads.min().map(|(.., id)| id)
    }
}
