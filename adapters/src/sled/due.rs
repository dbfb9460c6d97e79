//! What is due, in order, and who has what in hand: kept in memory, because the folder has one owner.
//!
//! Only acknowledged tasks ever stand here; the bodies stay on disk.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use engine::{ClaimOrder, Definitions, Task, Timestamp};

/// A task's key in the tree, shared between the orders it stands in.
pub(super) type TaskKey = Arc<[u8]>;

/// Where a task stands in the order of what is due.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) due: Timestamp,
    pub(super) queue: Queue,
}

/// What tasks have in common that are passed over together: a lane that is closed, a definition
/// that this process does not understand.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Queue {
    lane: String,
    workflow: String,
    definition: u32,
}

impl Slot {
    pub(super) fn of(task: &Task) -> Self {
        Self {
            due: task.due,
            queue: Queue {
                lane: task.lane.clone(),
                workflow: task.workflow.clone(),
                definition: task.definition,
            },
        }
    }
}

impl Queue {
    fn is_open(&self, closed_lanes: &[String], known: &Definitions) -> bool {
        !closed_lanes.contains(&self.lane) && known.understand(&self.workflow, self.definition)
    }
}

/// One order per queue, so that what is passed over is not read.
#[derive(Debug)]
pub(super) struct DueIndex {
    queues: BTreeMap<Queue, BTreeSet<(Timestamp, TaskKey)>>,
    claims: HashMap<TaskKey, Claim>,
    leases: BTreeSet<(Timestamp, TaskKey)>,
    last_fence: u64,
}

#[derive(Debug)]
struct Claim {
    fence: u64,
    lease_until: Timestamp,
    slot: Slot,
    /// The lease ran out and the task stands in its queue again; until someone else takes it,
    /// the claim still settles.
    lapsed: bool,
}

impl DueIndex {
    /// An empty order whose fences are above those of every earlier epoch.
    pub(super) fn of_epoch(epoch: u64) -> Self {
        Self {
            queues: BTreeMap::new(),
            claims: HashMap::new(),
            leases: BTreeSet::new(),
            last_fence: epoch << 32,
        }
    }

    pub(super) fn arm(&mut self, key: TaskKey, slot: Slot) {
        self.queues
            .entry(slot.queue)
            .or_default()
            .insert((slot.due, key));
    }

    /// Takes a task that stands in no queue, and answers the fence.
    pub(super) fn take(&mut self, key: TaskKey, slot: Slot, lease_until: Timestamp) -> u64 {
        self.last_fence += 1;
        let fence = self.last_fence;
        self.leases.insert((lease_until, key.clone()));
        let claim = Claim {
            fence,
            lease_until,
            slot,
            lapsed: false,
        };
        self.claims.insert(key, claim);
        fence
    }

    /// Removes a task from every order and forgets who held it.
    pub(super) fn withdraw(&mut self, key: &TaskKey, slot: Option<&Slot>) {
        if let Some(claim) = self.claims.remove(key) {
            self.leases.remove(&(claim.lease_until, key.clone()));
            self.unqueue(key, &claim.slot);
        } else if let Some(slot) = slot {
            self.unqueue(key, slot);
        }
    }

    pub(super) fn is_held(&self, key: &[u8], fence: u64) -> bool {
        let claim = self.claims.get(key);
        claim.is_some_and(|claim| claim.fence == fence)
    }

    /// The earliest due tasks that are not passed over, each with its fence.
    pub(super) fn claim(&mut self, order: &ClaimOrder) -> Vec<(TaskKey, u64)> {
        self.lapse(order.now);
        let lease_until = order.now + order.lease;
        let mut taken = Vec::new();
        while taken.len() < order.limit {
            let Some((queue, due)) = self.earliest(&order.closed_lanes, &order.definitions) else {
                break;
            };
            if due > order.now {
                break;
            }
            let first = self.queues.get_mut(&queue).and_then(BTreeSet::pop_first);
            let Some((due, key)) = first else { break };
            self.claims.remove(&key);
            let fence = self.take(key.clone(), Slot { due, queue }, lease_until);
            taken.push((key, fence));
        }
        taken
    }

    /// Moves the end of a lease; false when the claim is no longer the newest.
    pub(super) fn renew(&mut self, key: &[u8], fence: u64, lease_until: Timestamp) -> bool {
        let Some((key, mut claim)) = self.remove_claim(key, fence) else {
            return false;
        };
        claim.lease_until = lease_until;
        claim.lapsed = false;
        self.leases.insert((lease_until, key.clone()));
        self.claims.insert(key, claim);
        true
    }

    /// Gives a task back to its queue, if the claim is still the newest.
    pub(super) fn release(&mut self, key: &[u8], fence: u64) {
        if let Some((key, claim)) = self.remove_claim(key, fence) {
            self.arm(key, claim.slot);
        }
    }

    /// When the next task that is not passed over can be claimed.
    pub(super) fn next_due(&self, closed: &[String], known: &Definitions) -> Option<Timestamp> {
        let queued = self.earliest(closed, known).map(|(_, due)| due);
        let leased = self
            .leases
            .iter()
            .find(|(_, key)| {
                let queue = self.claims.get(key).map(|claim| &claim.slot.queue);
                queue.is_some_and(|queue| queue.is_open(closed, known))
            })
            .map(|(until, _)| *until);
        queued.into_iter().chain(leased).min()
    }

    fn earliest(&self, closed: &[String], known: &Definitions) -> Option<(Queue, Timestamp)> {
        let open = self.queues.iter();
        let open = open.filter(|(queue, _)| queue.is_open(closed, known));
        let firsts = open.filter_map(|(queue, order)| Some((queue, order.first()?)));
        let earliest = firsts.min_by_key(|(_, first)| *first)?;
        Some((earliest.0.clone(), earliest.1.0))
    }

    /// Puts tasks whose lease has ended back into their queues.
    fn lapse(&mut self, now: Timestamp) {
        while let Some((until, key)) = self.leases.pop_first() {
            if until > now {
                self.leases.insert((until, key));
                break;
            }
            let Some(claim) = self.claims.get_mut(&key) else {
                continue;
            };
            claim.lapsed = true;
            let slot = claim.slot.clone();
            self.arm(key, slot);
        }
    }

    fn remove_claim(&mut self, key: &[u8], fence: u64) -> Option<(TaskKey, Claim)> {
        if !self.is_held(key, fence) {
            return None;
        }
        let (key, claim) = self.claims.remove_entry(key)?;
        if claim.lapsed {
            self.unqueue(&key, &claim.slot);
        } else {
            self.leases.remove(&(claim.lease_until, key.clone()));
        }
        Some((key, claim))
    }

    fn unqueue(&mut self, key: &TaskKey, slot: &Slot) {
        if let Some(order) = self.queues.get_mut(&slot.queue) {
            order.remove(&(slot.due, key.clone()));
        }
    }
}
