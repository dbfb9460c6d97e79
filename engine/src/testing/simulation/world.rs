//! What lies outside: it remembers every effect by its operation, through every death of a process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use super::hub::Hub;

/// The world that a scenario's executors act on, and all that was done to it.
pub struct World {
    hub: Arc<Hub>,
    effects: Mutex<BTreeMap<String, u32>>,
}

impl World {
    pub(super) fn new(hub: Arc<Hub>) -> Self {
        Self {
            hub,
            effects: Mutex::default(),
        }
    }

    fn effects(&self) -> MutexGuard<'_, BTreeMap<String, u32>> {
        self.effects.lock().expect("nothing panics in the world")
    }

    /// Something happens outside; answers how often it has happened now.
    pub fn does(&self, operation: impl Into<String>) -> u32 {
        let operation = operation.into();
        self.hub.note(format_args!("world {operation}"));
        let mut effects = self.effects();
        let times = effects.entry(operation).or_default();
        *times += 1;
        *times
    }

    /// Something happens outside that must never happen twice.
    pub fn does_once(&self, operation: impl Into<String>) {
        let operation = operation.into();
        if self.does(operation.clone()) > 1 {
            self.hub.complain(format!("{operation} happened twice"));
        }
    }

    /// How often something happened.
    pub fn times(&self, operation: &str) -> u32 {
        self.effects().get(operation).copied().unwrap_or_default()
    }

    /// Everything that happened, with how often.
    pub fn all(&self) -> BTreeMap<String, u32> {
        self.effects().clone()
    }
}
