//! An account of what was written, kept apart from the store and the engine, and held against both.
//!
//! It complains the moment a promise is broken; it repairs and prevents nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use super::hub::Hub;
use crate::clock::Timestamp;
use crate::instance::{Actor, Entry, InstanceId, Owner, Record};
use crate::store::{Change, ClaimOrder, Committed, Store};
use crate::task::{Claimed, FAR_AWAY, Settled, Task, TaskId, Work};

/// A command that an instance owed in one of its visits.
type Owed = (InstanceId, u32, String);

/// The account.
pub(super) struct Audit {
    hub: Arc<Hub>,
    account: Mutex<Account>,
}

#[derive(Default)]
struct Account {
    claims: BTreeMap<TaskId, Claim>,
    owed: BTreeSet<Owed>,
    announced: BTreeSet<Owed>,
    lines: BTreeMap<(InstanceId, u64), Entry>,
    versions: BTreeMap<InstanceId, u64>,
    commands: BTreeMap<&'static str, Vec<&'static str>>,
}

/// The newest claim of a task.
struct Claim {
    fence: u64,
    owner: Owner,
    lease_until: Timestamp,
    /// Neither settled, nor released, nor replaced.
    stands: bool,
}

impl Audit {
    pub(super) fn new(hub: Arc<Hub>) -> Self {
        Self {
            hub,
            account: Mutex::default(),
        }
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.account
            .lock()
            .expect("nothing panics over the account")
    }

    /// A workflow is watched, with these commands.
    pub(super) fn knows(
        &self,
        workflow: &'static str,
        commands: impl Iterator<Item = &'static str>,
    ) {
        self.account().commands.insert(workflow, commands.collect());
    }

    /// Every watched workflow with its commands.
    pub(super) fn commands(&self) -> BTreeMap<&'static str, Vec<&'static str>> {
        self.account().commands.clone()
    }

    /// The instances that were ever written.
    pub(super) fn instances(&self) -> Vec<InstanceId> {
        self.account().versions.keys().cloned().collect()
    }

    /// What was acknowledged: every line of history, and the newest version of every record.
    pub(super) fn kept(
        &self,
    ) -> (
        BTreeMap<(InstanceId, u64), Entry>,
        BTreeMap<InstanceId, u64>,
    ) {
        let account = self.account();
        (account.lines.clone(), account.versions.clone())
    }

    /// A try begins: there must be a record of why.
    pub(super) fn performs(&self, record: &Record, command: &str, once: bool) {
        let owed = (record.id.clone(), record.visit, command.to_owned());
        let mut account = self.account();
        let account = &mut *account;
        if !account.owed.contains(&owed) {
            self.complain(
                &record.id,
                &format!("{command} is performed and was never owed"),
            );
        }
        if once && !account.announced.remove(&owed) {
            self.complain(&record.id, &format!("{command} is performed unannounced"));
        }
    }

    /// Claims were handed out.
    pub(super) fn claimed(&self, order: &ClaimOrder, found: &[Claimed]) {
        let mut account = self.account();
        for claimed in found {
            let id = claimed.task.id();
            if let Some(known) = account.claims.get(&id) {
                if known.stands && order.now < known.lease_until {
                    let text = format!("{} is handed out while {} has it", id.key, known.owner);
                    self.complain(&id.instance, &text);
                }
                if claimed.fence <= known.fence {
                    self.complain(
                        &id.instance,
                        &format!("the fence of {} did not rise", id.key),
                    );
                }
            }
            let lease_until = order.now + order.lease;
            account.has(claimed, &order.owner, lease_until);
        }
    }

    pub(super) fn renewed(&self, claims: &[Settled], lost: &[Settled], lease_until: Timestamp) {
        let mut account = self.account();
        for held in claims.iter().filter(|held| !lost.contains(held)) {
            match account.claims.get_mut(&held.task) {
                Some(claim) if claim.stands && claim.fence == held.fence => {
                    claim.lease_until = lease_until;
                }
                _ => self.complain(
                    &held.task.instance,
                    &format!("an old claim of {} was renewed", held.task.key),
                ),
            }
        }
    }

    pub(super) fn released(&self, claims: &[Settled]) {
        let mut account = self.account();
        for held in claims {
            if let Some(claim) = account.claims.get_mut(&held.task)
                && claim.fence == held.fence
            {
                claim.stands = false;
            }
        }
    }

    /// A change was applied, whether or not its writer ever hears of it.
    pub(super) async fn applied(
        &self,
        owner: &Owner,
        change: &Change,
        committed: &Committed,
        store: &dyn Store,
    ) {
        {
            let mut account = self.account();
            self.settles(&mut account, owner, change);
            let armed = change.tasks.iter().map(Task::id);
            for gone in armed.chain(change.drop_tasks.iter().cloned()) {
                if let Some(claim) = account.claims.get_mut(&gone) {
                    claim.stands = false;
                }
            }
            if let Some(within) = &change.claim {
                for claimed in &committed.claimed {
                    account.has(claimed, &within.owner, within.lease_until);
                    let task = &claimed.task;
                    if let Work::Command(name) = &task.work
                        && announces(change, &task.instance, name)
                    {
                        let announced = (task.instance.clone(), task.visit, name.clone());
                        account.announced.insert(announced);
                    }
                }
            }
            for put in &change.records {
                let record = &put.record;
                if let Some(owes) = &record.owes {
                    let owed = (record.id.clone(), record.visit, owes.clone());
                    account.owed.insert(owed);
                }
                let before = account.versions.insert(record.id.clone(), record.version);
                if record.version != before.unwrap_or_default() + 1 {
                    let text = format!("version {} follows {before:?}", record.version);
                    self.complain(&record.id, &text);
                }
            }
        }
        self.look_at(change, store).await;
    }

    /// At most one change disposes of a claim, and only while it is the newest.
    fn settles(&self, account: &mut Account, owner: &Owner, change: &Change) {
        for settled in &change.settle {
            let claim = account.claims.get_mut(&settled.task);
            match claim.filter(|claim| claim.fence == settled.fence && claim.stands) {
                Some(claim) => {
                    claim.stands = false;
                    if claim.owner != *owner {
                        let text = format!("{owner} settled what {} had", claim.owner);
                        self.complain(&settled.task.instance, &text);
                    }
                }
                None => self.complain(
                    &settled.task.instance,
                    &format!("an old claim of {} was settled", settled.task.key),
                ),
            }
        }
    }

    /// What must hold of the store itself after a change.
    async fn look_at(&self, change: &Change, store: &dyn Store) {
        for settled in &change.settle {
            let id = &settled.task;
            if change.tasks.iter().any(|task| task.id() == *id) {
                continue;
            }
            let standing = store.tasks(&id.instance).await.unwrap_or_default();
            if standing.iter().any(|task| task.id() == *id) {
                self.complain(
                    &id.instance,
                    &format!("{} was settled and still stands", id.key),
                );
            }
        }
        for put in &change.records {
            let record = &put.record;
            let Some(owes) = record.owes.as_ref().filter(|_| !record.ended) else {
                continue;
            };
            if is_asked(record) {
                continue;
            }
            let standing = store.tasks(&record.id).await.unwrap_or_default();
            let runs = standing.iter().any(|task| {
                task.work == Work::Command(owes.clone())
                    && task.visit == record.visit
                    && task.due < FAR_AWAY
            });
            if !runs {
                self.complain(
                    &record.id,
                    &format!("{owes} is owed, and nothing will run it"),
                );
            }
        }
    }

    /// The writer was told that the change is durable.
    pub(super) fn acknowledged(&self, change: &Change) {
        let mut account = self.account();
        for put in &change.journal {
            let place = (put.instance.clone(), put.entry.sequence);
            account.lines.insert(place, put.entry.clone());
        }
    }

    fn complain(&self, id: &InstanceId, what: &str) {
        self.hub.complain(format!("{id}: {what}"));
    }
}

impl Account {
    fn has(&mut self, claimed: &Claimed, owner: &Owner, lease_until: Timestamp) {
        let claim = Claim {
            fence: claimed.fence,
            owner: owner.clone(),
            lease_until,
            stands: true,
        };
        self.claims.insert(claimed.task.id(), claim);
    }
}

/// Whether a named person, or somebody outside, can move it.
pub(super) fn is_asked(record: &Record) -> bool {
    let hold = record.hold.as_ref();
    hold.is_some_and(|hold| hold.is_open_ended() && hold.mover != Actor::System)
}

/// Whether the change says that an attempt at this command begins.
fn announces(change: &Change, id: &InstanceId, command: &str) -> bool {
    let mut records = change.records.iter().map(|put| &put.record);
    let record = records.find(|record| record.id == *id);
    let doubt = record.and_then(|record| Some((record.in_doubt(command)?, record.updated_at)));
    doubt.is_some_and(|(doubt, now)| doubt.until > now)
}
