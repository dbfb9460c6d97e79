//! Subjects of the installation itself: what is sealed for them belongs to no client, and whoever
//! destroyed their keys would close the whole store.

use crate::instance::{InstanceId, SubjectId};

const HOUSE: &str = "house";

/// The key of histories: a client may be erased, that something happened may not.
const JOURNAL: &str = "journal";

/// What is remembered of the tables that ran.
const DEFINITIONS: &str = "definitions";

impl SubjectId {
    /// The installation itself: its data and its own instances are never erased.
    pub fn house() -> Self {
        Self::new(HOUSE)
    }

    pub(crate) fn of_journals() -> Self {
        Self::new(JOURNAL)
    }

    pub(crate) fn of_definitions() -> Self {
        Self::new(DEFINITIONS)
    }

    /// Whether its key is never destroyed.
    pub(crate) fn is_installation(&self) -> bool {
        [HOUSE, JOURNAL, DEFINITIONS].contains(&self.as_str())
    }

    /// Whether an instance of this name may stand under it: a client's always may, and the
    /// house has instances of its own, but none is named for it.
    pub(crate) fn takes(&self, id: &InstanceId) -> bool {
        let is_house = self.as_str() == HOUSE && id.as_str() != HOUSE;
        !self.is_installation() || is_house
    }
}
