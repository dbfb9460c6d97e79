//! Turns under way in one runner: found by the runtime's name for them and by the task they carry out.

use std::collections::HashMap;

use tokio::task::Id;

use crate::hand::Hand;
use crate::task::{Claimed, Settled, TaskId};

/// Turns under way, so that their leases can be renewed and given back.
#[derive(Default)]
pub(crate) struct InFlight {
    turns: HashMap<Id, UnderWay>,
    /// The newest turn of each task.
    newest: HashMap<TaskId, Id>,
}

/// One turn.
pub(crate) struct UnderWay {
    pub(crate) hand: Hand,
    pub(crate) part: Part,
}

/// What is done with the task in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// It is carried out.
    Turn,
    /// Its turn panicked, which is written down as its workflow has it.
    Note,
    /// That panicked too: its bare record is parked.
    LastWord,
}

impl InFlight {
    pub(crate) fn len(&self) -> usize {
        self.turns.len()
    }

    pub(crate) fn begin(&mut self, id: Id, turn: UnderWay) {
        self.newest.insert(turn.hand.settled().task, id);
        self.turns.insert(id, turn);
    }

    pub(crate) fn end(&mut self, id: Id) -> Option<UnderWay> {
        let turn = self.turns.remove(&id)?;
        let task = turn.hand.settled().task;
        if self.newest.get(&task) == Some(&id) {
            self.newest.remove(&task);
        }
        Some(turn)
    }

    /// Whether a turn has this very task in hand; it goes on under the new claim.
    pub(crate) fn retake(&self, claimed: &Claimed) -> bool {
        let newest = self.newest.get(&claimed.task.id());
        let turn = newest.and_then(|id| self.turns.get(id));
        let Some(turn) = turn.filter(|turn| turn.hand.holds(&claimed.task)) else {
            return false;
        };
        turn.hand.retake(claimed.clone());
        true
    }

    /// The claims of all.
    pub(crate) fn claims(&self) -> Vec<Settled> {
        self.turns
            .values()
            .map(|turn| turn.hand.settled())
            .collect()
    }
}
