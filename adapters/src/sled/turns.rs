//! Whose turn it is: tasks in line by tenant and lane, so that what a claim costs depends on how many
//! tenants have something due, never on how much.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use engine::Timestamp;

use super::due::{Admission, Queue, Slot, TaskKey};

/// The place of a tenant with due tasks: how often it was served, since when it waits, its name.
type Place = (u64, Timestamp, Arc<str>);

/// Tasks in the order in which they are due.
type Line = BTreeSet<(Timestamp, TaskKey)>;

/// Everything that waits to be claimed.
///
/// Tenants take turns by the count of their turns. One that comes anew starts level with whoever was
/// served last: it neither waits for a backlog nor overtakes one for good.
#[derive(Debug, Default)]
pub(super) struct Turns {
    tenants: HashMap<Arc<str>, Tenant>,
    /// Tenants with something due, in the order of their turns.
    ready: BTreeSet<Place>,
    /// Tenants with nothing due yet, by the moment of their first task.
    later: BTreeSet<(Timestamp, Arc<str>)>,
    /// Tenants without tasks whose count is still ahead of the others.
    idle: BTreeSet<(u64, Arc<str>)>,
    level: u64,
}

#[derive(Debug, Default)]
struct Tenant {
    served: u64,
    /// Lines by what is passed over together: of tasks above suspicion, and of suspects.
    lines: [BTreeMap<Queue, Line>; 2],
    stands: Stands,
}

/// In which of the orders a tenant stands.
#[derive(Clone, Copy, Debug, Default)]
enum Stands {
    #[default]
    Nowhere,
    Ready(u64, Timestamp),
    Later(Timestamp),
    Idle,
}

/// Which tasks a search is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    Fresh,
    Overdue,
}

/// How far a claim has come in the order of turns.
pub(super) struct Round(Bound<Place>);

impl Round {
    pub(super) fn begin() -> Self {
        Self(Bound::Unbounded)
    }
}

/// A task that was chosen, taken out of its line.
pub(super) struct Chosen {
    pub(super) key: TaskKey,
    pub(super) slot: Slot,
    pub(super) suspect: bool,
}

impl Turns {
    pub(super) fn put(&mut self, key: TaskKey, slot: &Slot, suspect: bool) {
        if !self.tenants.contains_key(slot.tenant.as_str()) {
            let name: Arc<str> = slot.tenant.as_str().into();
            self.tenants.insert(name, Tenant::default());
        }
        let tenant = self.tenants.get_mut(slot.tenant.as_str());
        let tenant = tenant.expect("it was put there");
        let lines = &mut tenant.lines[usize::from(suspect)];
        match lines.get_mut(&slot.queue) {
            Some(line) => drop(line.insert((slot.due, key))),
            None => drop(lines.insert(slot.queue.clone(), Line::from([(slot.due, key)]))),
        }
        self.settle(&slot.tenant);
    }

    pub(super) fn remove(&mut self, key: &TaskKey, slot: &Slot, suspect: bool) {
        let Some(tenant) = self.tenants.get_mut(slot.tenant.as_str()) else {
            return;
        };
        let lines = &mut tenant.lines[usize::from(suspect)];
        let Some(line) = lines.get_mut(&slot.queue) else {
            return;
        };
        line.remove(&(slot.due, key.clone()));
        if line.is_empty() {
            lines.remove(&slot.queue);
        }
        self.settle(&slot.tenant);
    }

    /// Gives a turn to every tenant whose first task has come due.
    pub(super) fn wake(&mut self, now: Timestamp) {
        while let Some((head, name)) = self.later.first().cloned() {
            if head > now {
                break;
            }
            let served = self.tenants.get(&name).map_or(0, |tenant| tenant.served);
            self.stand(&name, Stands::Ready(served.max(self.level), head));
        }
    }

    /// Takes the next allowed task in this round, if there is one.
    pub(super) fn next(
        &mut self,
        round: &mut Round,
        now: Timestamp,
        admission: Admission<'_>,
        age: Age,
    ) -> Option<Chosen> {
        loop {
            let rest = (round.0.clone(), Bound::Unbounded);
            let place = self.ready.range(rest).next()?.clone();
            let (turn, _, name) = place.clone();
            round.0 = Bound::Excluded(place);
            let tenant = self.tenants.get_mut(&name)?;
            if tenant.head().is_none_or(|head| head > now) {
                // It lost its first task, or time was set back.
                let head = tenant.head().unwrap_or(now);
                self.stand(&name, Stands::Later(head));
                continue;
            }
            if !admission.left.admits_tenant(&name) {
                continue;
            }
            if let Some(chosen) = tenant.take(&name, now, admission, age) {
                self.serve(&name, turn);
                return Some(chosen);
            }
        }
    }

    /// When the first allowed task is due.
    pub(super) fn next_due(&self, admission: Admission<'_>) -> Option<Timestamp> {
        let head = |name: &Arc<str>| {
            let tenant = self.tenants.get(name)?;
            let open = admission.left.admits_tenant(name);
            open.then(|| tenant.admitted(admission)).flatten()
        };
        let ready = self.ready.iter().filter_map(|(_, _, name)| head(name));
        let mut earliest = ready.min();
        for (first, name) in &self.later {
            if earliest.is_some_and(|earliest| earliest <= *first) {
                break;
            }
            earliest = earliest.into_iter().chain(head(name)).min();
        }
        earliest
    }

    fn serve(&mut self, name: &Arc<str>, turn: u64) {
        self.level = self.level.max(turn);
        let Some(tenant) = self.tenants.get_mut(name) else {
            return;
        };
        tenant.served = turn + 1;
        let stands = match tenant.head() {
            Some(head) => Stands::Ready(turn + 1, head),
            None => Stands::Idle,
        };
        self.stand(name, stands);
        while let Some((served, name)) = self.idle.first().cloned() {
            if served > self.level {
                break;
            }
            self.idle.remove(&(served, name.clone()));
            self.tenants.remove(&name);
        }
    }

    /// Puts a tenant whose lines have changed where it belongs.
    fn settle(&mut self, name: &str) {
        let Some((name, tenant)) = self.tenants.get_key_value(name) else {
            return;
        };
        let stands = match (tenant.head(), tenant.stands) {
            (Some(_), Stands::Ready(..)) => return,
            (Some(head), Stands::Later(known)) if head == known => return,
            (Some(head), _) => Stands::Later(head),
            (None, _) => Stands::Idle,
        };
        let name = name.clone();
        self.stand(&name, stands);
    }

    fn stand(&mut self, name: &Arc<str>, stands: Stands) {
        let Some(tenant) = self.tenants.get_mut(name) else {
            return;
        };
        let served = tenant.served;
        match std::mem::replace(&mut tenant.stands, stands) {
            Stands::Nowhere => {}
            Stands::Ready(turn, since) => drop(self.ready.remove(&(turn, since, name.clone()))),
            Stands::Later(head) => drop(self.later.remove(&(head, name.clone()))),
            Stands::Idle => drop(self.idle.remove(&(served, name.clone()))),
        }
        match stands {
            Stands::Ready(turn, since) => drop(self.ready.insert((turn, since, name.clone()))),
            Stands::Later(head) => drop(self.later.insert((head, name.clone()))),
            Stands::Idle if served > self.level => {
                self.idle.insert((served, name.clone()));
            }
            // Forgotten: when it comes again it starts level with the others anyway.
            Stands::Idle | Stands::Nowhere => drop(self.tenants.remove(name)),
        }
    }
}

impl Tenant {
    fn lines(&self) -> impl Iterator<Item = (&Queue, &Line, bool)> {
        let lines = self.lines.iter().zip([false, true]);
        lines.flat_map(|(lines, suspect)| {
            let lines = lines.iter();
            lines.map(move |(queue, line)| (queue, line, suspect))
        })
    }

    fn head(&self) -> Option<Timestamp> {
        let firsts = self.lines().filter_map(|(_, line, _)| line.first());
        firsts.map(|(due, _)| *due).min()
    }

    /// The moment of its first task in an open lane.
    fn admitted(&self, admission: Admission<'_>) -> Option<Timestamp> {
        let open = self
            .lines()
            .filter(|(queue, _, suspect)| admission.admits(queue, *suspect));
        let heads = open.filter_map(|(_, line, _)| {
            let age = if admission.left.overdue > 0 {
                Age::Overdue
            } else {
                Age::Fresh
            };
            first(line, admission.left.fresh_from, age)
        });
        heads.map(|(due, _)| *due).min()
    }

    fn take(
        &mut self,
        name: &str,
        now: Timestamp,
        admission: Admission<'_>,
        age: Age,
    ) -> Option<Chosen> {
        let fresh_from = admission.left.fresh_from;
        let open = self
            .lines()
            .filter(|(queue, _, suspect)| admission.admits(queue, *suspect));
        let heads = open.filter_map(|(queue, line, suspect)| {
            first(line, fresh_from, age).map(|head| (head, queue, suspect))
        });
        let ((due, key), queue, suspect) = heads.min_by_key(|(head, ..)| *head)?;
        if *due > now || (age == Age::Overdue && *due >= fresh_from) {
            return None;
        }
        let (due, key, queue) = (*due, key.clone(), queue.clone());
        let by_lane = &mut self.lines[usize::from(suspect)];
        let standing = by_lane.get_mut(&queue)?;
        standing.remove(&(due, key.clone()));
        if standing.is_empty() {
            by_lane.remove(&queue);
        }
        let tenant = name.to_owned();
        Some(Chosen {
            key,
            slot: Slot { due, tenant, queue },
            suspect,
        })
    }
}

/// The first task of a line, or the first that is not overdue.
fn first(line: &Line, fresh_from: Timestamp, age: Age) -> Option<&(Timestamp, TaskKey)> {
    match age {
        Age::Overdue => line.first(),
        Age::Fresh => line.range((fresh_from, TaskKey::from([]))..).next(),
    }
}
