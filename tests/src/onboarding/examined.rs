//! A look at the provider's Meta app, as an operator orders it.

use engine::{Actor, Engine, EngineError, InstanceId, NewInstance, Note, SubjectId};
use workflows::preflight::{Facts, Preflight};
use workflows::values::AppId;

use super::meta::APP;

pub(super) async fn order(engine: &Engine) -> Result<(), EngineError> {
    let new = NewInstance::<Preflight> {
        id: InstanceId::new("pfl_1"),
        subject: SubjectId::new("house"),
        facts: Facts {
            app: AppId::new(APP),
            asked_at: engine.now(),
            ended_at: None,
            findings: Vec::new(),
        },
        parent: None,
        note: Note::plain("asked_for", Actor::Operator),
    };
    match engine.create(new, Vec::new()).await {
        Ok(_) | Err(EngineError::Exists(_)) => Ok(()),
        Err(other) => Err(other),
    }
}
