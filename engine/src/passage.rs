//! A turn's passage through its lane: counted when it begins, and counted out however it ends.

use std::sync::{Arc, Mutex, MutexGuard};

use crate::breaker::Word;
use crate::clock::{Clock, Timestamp};
use crate::lanes::{Held, Lanes, Limits};
use crate::task::{Claimed, Task};

/// The lanes of one process, shared by its turns.
#[derive(Clone)]
pub(crate) struct Crossing {
    lanes: Arc<Mutex<Lanes>>,
    clock: Arc<dyn Clock>,
}

/// Held by a turn; dropping it ends the turn's part in its lane, also when the turn panicked.
pub(crate) struct Passage {
    crossing: Crossing,
    claimed: Claimed,
}

impl Crossing {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let lanes = Lanes::new(Limits::default());
        Self {
            lanes: Arc::new(Mutex::new(lanes)),
            clock,
        }
    }

    pub(crate) fn enter(&self, claimed: &Claimed) -> Passage {
        self.lanes().started(claimed, self.clock.now());
        Passage {
            crossing: self.clone(),
            claimed: claimed.clone(),
        }
    }

    /// Tells the lane what a turn learned of its dependency; answers how it is held, if it is.
    pub(crate) fn heard(&self, task: &Task, word: Word) -> Option<Held> {
        self.lanes().heard(task, word, self.clock.now())
    }

    /// When the tries of a task began as far as its lane let any through.
    pub(crate) fn began(&self, task: &Task) -> Option<Timestamp> {
        let recovered = self.lanes().recovered_at(&task.lane);
        task.first_tried
            .map(|began| began.max(recovered.unwrap_or(began)))
    }

    pub(crate) fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes
            .lock()
            .expect("nothing panics while it counts in the lanes")
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        let now = self.crossing.clock.now();
        self.crossing.lanes().ended(&self.claimed, now);
    }
}
