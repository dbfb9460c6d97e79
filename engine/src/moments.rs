//! Which of an instance's moments is the next: each that its workflow lists is heard once in a visit,
//! in the order of time, whenever it was learned. The record says which have been heard.

use crate::clock::Timestamp;
use crate::draft::{Draft, Instance};
use crate::task::{FAR_AWAY, Task, Work};
use crate::workflow::{StateOf, Workflow};

/// A moment that matters, and what is heard then.
type Moment<W> = (Timestamp, <W as Workflow>::Event);

/// The moments that matter to a workflow in this state, earliest first; none once it has ended.
fn moments<W: Workflow>(state: StateOf<W>, facts: &W::Facts) -> Vec<Moment<W>> {
    if W::ends(state) {
        return Vec::new();
    }
    let mut moments = W::deadlines(state, facts);
    moments.sort_by_key(|(at, _)| *at);
    moments
}

fn times<W: Workflow>(state: StateOf<W>, facts: &W::Facts) -> Vec<Timestamp> {
    let moments = moments::<W>(state, facts).into_iter();
    moments.map(|(at, _)| at).collect()
}

/// What is left of `all` when each of `taken` takes one of its kind away, the first first.
fn without(mut all: Vec<Timestamp>, taken: &[Timestamp]) -> Vec<Timestamp> {
    for one in taken {
        if let Some(place) = all.iter().position(|at| at == one) {
            all.remove(place);
        }
    }
    all
}

impl<W: Workflow> Instance<W> {
    /// The moments of this visit that have not been heard, earliest first.
    pub(crate) fn unheard(&self) -> Vec<Moment<W>> {
        let mut heard = self.record.heard.clone();
        let mut moments = moments::<W>(self.state, &self.facts);
        moments.retain(|(at, _)| {
            let place = heard.iter().position(|heard| heard == at);
            place.map(|place| heard.remove(place)).is_none()
        });
        moments
    }
}

impl<W: Workflow> Draft<W> {
    /// The first moment of this visit that has not been heard.
    pub(crate) fn next_moment(&self) -> Option<Timestamp> {
        let listed = times::<W>(self.state, &self.facts);
        without(listed, &self.record.heard).first().copied()
    }

    /// Keeps the deadline's task at the next moment, however state and facts came to be what they are.
    pub(crate) fn keep_deadline(&mut self) {
        let before = self.before.as_ref();
        let moved = before.is_none_or(|before| before.record.visit != self.record.visit);
        let before = before.map(|before| times::<W>(before.state, &before.facts));
        let before = before.unwrap_or_default();
        // Records of former times do not say what is armed: it is the earliest.
        if self.record.deadline.is_none() && self.record.heard.is_empty() {
            self.record.deadline = before.first().copied();
        }
        if moved {
            self.record.heard.clear();
        } else if !self.record.heard.is_empty() {
            // What is listed no more need not be remembered.
            let gone = without(before, &times::<W>(self.state, &self.facts));
            self.record.heard = without(std::mem::take(&mut self.record.heard), &gone);
        }
        // What was put by comes back with the retry of whoever looked at it, or with a move.
        let is_put_by = self.record.deadline == Some(FAR_AWAY) && self.record.hold.is_some();
        let next = self.next_moment();
        if (moved || !is_put_by) && next != self.record.deadline {
            self.move_deadline(next);
        }
    }

    /// Puts the deadline's task to this moment, or takes it away.
    pub(crate) fn move_deadline(&mut self, next: Option<Timestamp>) {
        match next {
            Some(due) => {
                let task = self.task(Work::Deadline, due);
                self.arm_task(Task {
                    lane: "deadline".to_owned(),
                    ..task
                });
            }
            None if self.record.deadline.is_some() => self.drop_task(&Work::Deadline),
            None => {}
        }
        self.record.deadline = next;
    }
}
