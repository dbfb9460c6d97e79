//! Children born in the same change as their cause: the same subject, and a parent told of their end.
//!
//! Nothing here writes; the ledger does, with the cause.

use rust_fsm::StateMachineImpl;

use crate::draft::{Draft, NewInstance};
use crate::error::EngineError;
use crate::executor::{Birth, Executor};
use crate::instance::{Actor, InstanceId, Record};
use crate::ledger::Ledger;
use crate::registry::Registry;
use crate::seal::DataKey;
use crate::store::{Change, PutRecord};
use crate::task::Task;
use crate::workflow::{Note, Workflow};

/// What the children of one change share with their parent.
pub(crate) struct Births<'a> {
    pub(crate) parent: &'a InstanceId,
    /// The subject's key: at the parent's own birth it is not in the store yet.
    pub(crate) key: &'a DataKey,
}

impl Ledger {
    /// A birth as parts of another change: the same subject, its parent told of its end.
    pub(crate) async fn born<W: Workflow>(
        &self,
        executor: &dyn Executor<W>,
        birth: Birth,
        births: &Births<'_>,
        cause: &Record,
    ) -> Result<Change, EngineError> {
        let facts =
            serde_json::from_value(birth.facts).map_err(|error| EngineError::Unreadable {
                id: birth.id.clone(),
                why: format!("facts of a birth: {error}"),
            })?;
        let new = NewInstance {
            id: birth.id,
            subject: cause.subject.clone(),
            facts,
            parent: Some(births.parent.clone()),
            note: Note::plain("born", Actor::System),
        };
        let draft = Draft::<W>::of_birth(new, W::Machine::INITIAL_STATE, cause.updated_at);
        let finished = self.finish(executor, draft, births.key).await?;
        Ok(finished.change)
    }

    /// The change with everything that its children bring.
    pub(crate) async fn with_children(
        &self,
        registry: &Registry,
        mut change: Change,
        children: Vec<Birth>,
        births: &Births<'_>,
    ) -> Result<Change, EngineError> {
        let cause = change.records.first().map(|put| put.record.clone());
        for birth in children {
            let Some(cause) = &cause else { break };
            let same = |put: &PutRecord| put.record.id == birth.id;
            if change.records.iter().any(same) {
                return Err(EngineError::ChildExists(birth.id));
            }
            if let Some(standing) = self.store.load(&birth.id).await? {
                change.tasks.extend(repeated(standing, &birth, cause)?);
                continue;
            }
            let part = registry.born(self, birth, births, cause).await?;
            change.records.extend(part.records);
            change.journal.extend(part.journal);
            change.tasks.extend(part.tasks);
        }
        Ok(change)
    }
}

/// What is owed where the child stands already, as after a rewind: no second one, and if it has
/// ended, word of that once more, because nobody else will bring it.
fn repeated(standing: Record, birth: &Birth, parent: &Record) -> Result<Option<Task>, EngineError> {
    if standing.workflow != birth.workflow || standing.parent.as_ref() != Some(&parent.id) {
        return Err(EngineError::ChildExists(standing.id));
    }
    Ok(Task::told(&standing, parent.updated_at))
}
