//! Which definitions a process understands, so that what a newer process wrote is left to it.

use std::collections::BTreeMap;

use crate::task::Task;

/// The workflows of a process with the version of each one's definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definitions(BTreeMap<String, u32>);

impl Definitions {
    /// Adds a workflow.
    #[must_use]
    pub fn with(mut self, workflow: &str, version: u32) -> Self {
        self.0.insert(workflow.to_owned(), version);
        self
    }

    /// The version of a workflow's definition here, if the workflow is known.
    pub fn version(&self, workflow: &str) -> Option<u32> {
        self.0.get(workflow).copied()
    }

    /// Every workflow with its version.
    pub fn all(&self) -> impl Iterator<Item = (&str, u32)> {
        self.0
            .iter()
            .map(|(workflow, version)| (workflow.as_str(), *version))
    }

    /// Whether what was written under this definition is read here. A nameless workflow is anybody's:
    /// whoever takes its task finds out.
    pub fn understand(&self, workflow: &str, definition: u32) -> bool {
        workflow.is_empty()
            || self
                .version(workflow)
                .is_some_and(|known| definition <= known)
    }

    /// Whether a task is one that this process can carry out.
    pub fn cover(&self, task: &Task) -> bool {
        self.understand(&task.workflow, task.definition)
    }
}
