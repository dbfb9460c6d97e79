//! What a turn has in hand: its claim, whose fence moves when the claim is taken anew.

use std::sync::{Arc, Mutex, MutexGuard};

use crate::task::{Claimed, Settled, Task};

/// The claim of one turn, shared with the runner that renews it and gives it back.
#[derive(Clone, Debug)]
pub(crate) struct Hand(Arc<Mutex<Claimed>>);

impl Hand {
    pub(crate) fn holding(claimed: Claimed) -> Self {
        Self(Arc::new(Mutex::new(claimed)))
    }

    /// The task as it stands under the newest claim.
    pub(crate) fn task(&self) -> Task {
        self.claimed().task.clone()
    }

    /// Whether it has this very task in hand.
    pub(crate) fn holds(&self, task: &Task) -> bool {
        self.claimed().task == *task
    }

    /// Processes that ended with the task in hand.
    pub(crate) fn lost(&self) -> u32 {
        self.claimed().lost
    }

    /// The claim that a change disposes of.
    pub(crate) fn settled(&self) -> Settled {
        let claimed = self.claimed();
        Settled {
            task: claimed.task.id(),
            fence: claimed.fence,
        }
    }

    /// The task was armed and claimed anew; the claim before is void.
    pub(crate) fn retake(&self, claimed: Claimed) {
        *self.claimed() = claimed;
    }

    fn claimed(&self) -> MutexGuard<'_, Claimed> {
        self.0.lock().expect("nobody panics with a claim in hand")
    }
}
