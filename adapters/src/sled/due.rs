//! What is due, in order, and who has what in hand: kept in memory, because the folder has one owner.
//!
//! Only acknowledged tasks ever stand here; the bodies stay on disk.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use engine::{Allowance, ClaimOrder, Definitions, Task, Timestamp};

use super::marks::Marks;
use super::turns::{Age, Round, Turns};

/// A task's key in the tree, shared between the orders it stands in.
pub(super) type TaskKey = Arc<[u8]>;

/// Where a task stands in the order of what is due.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) due: Timestamp,
    pub(super) tenant: String,
    pub(super) queue: Queue,
}

/// What tasks have in common that are passed over together: a lane that is closed, a definition
/// that this process does not understand.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Queue {
    pub(super) lane: String,
    workflow: String,
    definition: u32,
}

impl Slot {
    pub(super) fn of(task: &Task) -> Self {
        Self {
            due: task.due,
            tenant: task.tenant.clone(),
            queue: Queue {
                lane: task.lane.clone(),
                workflow: task.workflow.clone(),
                definition: task.definition,
            },
        }
    }
}

/// What may be handed out: what is left of the allowance, to a process that knows these definitions.
#[derive(Clone, Copy)]
pub(super) struct Admission<'a> {
    pub(super) left: &'a Allowance,
    pub(super) known: &'a Definitions,
}

impl Admission<'_> {
    pub(super) fn admits(self, queue: &Queue, suspect: bool) -> bool {
        self.left.admits_lane(&queue.lane, suspect)
            && self.known.understand(&queue.workflow, queue.definition)
    }
}

/// What a claim handed out.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub(super) key: TaskKey,
    pub(super) fence: u64,
    pub(super) lost: u32,
}

/// What waits, and what is in hand.
#[derive(Debug)]
pub(super) struct DueIndex {
    turns: Turns,
    claims: HashMap<TaskKey, Claim>,
    leases: BTreeSet<(Timestamp, TaskKey)>,
    /// Claims that ended with their process, of tasks that had any.
    lost: HashMap<TaskKey, u32>,
    marks: Marks,
    last_fence: u64,
}

#[derive(Debug)]
struct Claim {
    fence: u64,
    lease_until: Timestamp,
    slot: Slot,
    /// The lease ran out and the task stands in its line again; until someone else takes it,
    /// the claim still settles.
    lapsed: bool,
}

impl DueIndex {
    /// An empty order whose fences are above those of every earlier epoch.
    pub(super) fn of_epoch(epoch: u64, marks: Marks) -> Self {
        Self {
            turns: Turns::default(),
            claims: HashMap::new(),
            leases: BTreeSet::new(),
            lost: HashMap::new(),
            marks,
            last_fence: epoch << 32,
        }
    }

    /// Enters a task as it was found in the folder: its last holder may have died.
    pub(super) fn restore(&mut self, key: TaskKey, task: &Task) {
        let lost = self.marks.lost(&key).max(task.lost);
        self.enter(key, &Slot::of(task), lost);
    }

    /// Everything was restored: from here on what is in hand is marked.
    pub(super) fn begin(&mut self) -> std::io::Result<()> {
        let suspects = self.lost.iter().map(|(key, lost)| (key, *lost));
        self.marks.begin(suspects)
    }

    /// Enters a task as it was armed.
    pub(super) fn arm(&mut self, key: TaskKey, task: &Task) {
        self.enter(key, &Slot::of(task), task.lost);
    }

    fn enter(&mut self, key: TaskKey, slot: &Slot, lost: u32) {
        if lost > 0 {
            self.lost.insert(key.clone(), lost);
        }
        self.turns.put(key, slot, lost > 0);
    }

    /// Takes a task that stands in no line; answers the fence.
    pub(super) fn take(&mut self, key: TaskKey, slot: Slot, lease_until: Timestamp) -> Taken {
        self.last_fence += 1;
        let fence = self.last_fence;
        let lost = self.lost.get(&key).copied().unwrap_or(0);
        self.marks.in_hand(&key, lost);
        self.leases.insert((lease_until, key.clone()));
        let claim = Claim {
            fence,
            lease_until,
            slot,
            lapsed: false,
        };
        self.claims.insert(key.clone(), claim);
        Taken { key, fence, lost }
    }

    /// Takes a task along with the change that arms it.
    pub(super) fn take_armed(&mut self, key: TaskKey, task: &Task, until: Timestamp) -> Taken {
        if task.lost > 0 {
            self.lost.insert(key.clone(), task.lost);
        }
        self.take(key, Slot::of(task), until)
    }

    /// Removes a task from every order and forgets who held it.
    pub(super) fn withdraw(&mut self, key: &TaskKey, slot: Option<&Slot>) {
        if let Some(claim) = self.claims.remove(key) {
            self.leases.remove(&(claim.lease_until, key.clone()));
            self.unqueue(key, &claim.slot);
        } else if let Some(slot) = slot {
            self.unqueue(key, slot);
        }
        self.lost.remove(key);
        self.marks.clear(key);
    }

    pub(super) fn is_held(&self, key: &[u8], fence: u64) -> bool {
        let claim = self.claims.get(key);
        claim.is_some_and(|claim| claim.fence == fence)
    }

    /// What may be handed out, in turn.
    pub(super) fn claim(&mut self, order: &ClaimOrder) -> Vec<Taken> {
        self.lapse(order.now);
        let lease_until = order.now + order.lease;
        self.turns.wake(order.now);
        let mut left = order.allowance.clone();
        let mut taken = Vec::new();
        let first = order.allowance.overdue_first.min(order.limit);
        let passes = [
            (Age::Overdue, first),
            (Age::Fresh, order.limit),
            (Age::Overdue, order.limit),
        ];
        for (age, most) in passes {
            let mut round = Round::begin();
            while taken.len() < most && (age == Age::Fresh || left.overdue > 0) {
                let admission = Admission {
                    left: &left,
                    known: &order.definitions,
                };
                let chosen = self.turns.next(&mut round, order.now, admission, age);
                let Some(chosen) = chosen else { break };
                let slot = chosen.slot;
                left.spend(&slot.queue.lane, &slot.tenant, slot.due, chosen.suspect);
                self.claims.remove(&chosen.key);
                taken.push(self.take(chosen.key, slot, lease_until));
            }
        }
        self.marks.hand_over();
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

    /// Gives a task back to its line, if the claim is still the newest.
    pub(super) fn release(&mut self, key: &[u8], fence: u64) {
        if let Some((key, claim)) = self.remove_claim(key, fence) {
            let lost = self.lost.get(&key).copied().unwrap_or(0);
            self.marks.given_back(&key, lost);
            self.turns.put(key, &claim.slot, lost > 0);
        }
    }

    /// Hands over the marks of what was taken and withdrawn along with changes.
    pub(super) fn hand_over_marks(&mut self) {
        self.marks.hand_over();
    }

    /// Nothing that is in hand counts as lost: the process ends knowingly.
    pub(super) fn end_knowingly(&mut self) {
        for key in self.claims.keys() {
            let lost = self.lost.get(key).copied().unwrap_or(0);
            self.marks.given_back(key, lost);
        }
        self.marks.hand_over();
    }

    /// When the next allowed task can be claimed.
    pub(super) fn next_due(&self, allowance: &Allowance, known: &Definitions) -> Option<Timestamp> {
        let admission = Admission {
            left: allowance,
            known,
        };
        let queued = self.turns.next_due(admission);
        let leased = self.leases.iter().find(|(_, key)| {
            let suspect = self.lost.contains_key(key);
            self.claims.get(key).is_some_and(|claim| {
                let slot = &claim.slot;
                admission.admits(&slot.queue, suspect)
                    && allowance.admits_tenant(&slot.tenant)
                    && allowance.admits_due(slot.due)
            })
        });
        let leased = leased.map(|(until, _)| *until);
        queued.into_iter().chain(leased).min()
    }

    /// Puts tasks whose lease has ended back into their lines.
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
            let suspect = self.lost.contains_key(&key);
            self.turns.put(key, &claim.slot, suspect);
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
        let suspect = self.lost.contains_key(key);
        self.turns.remove(key, slot, suspect);
    }
}
