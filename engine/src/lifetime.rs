//! From its start to its end: an instance is started once under its id, and its end can be awaited.

use tokio::sync::broadcast::error::RecvError;

use crate::draft::{Instance, NewInstance};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::workflow::Workflow;

impl Engine {
    /// Starts an instance under this id, or finds the one that was started before: whoever crashed
    /// before the answer simply asks again.
    pub async fn start<W: Workflow>(
        &self,
        id: &str,
        facts: W::Facts,
    ) -> Result<Instance<W>, EngineError> {
        match self.create(NewInstance::new(id, facts), Vec::new()).await {
            Err(EngineError::Exists(id)) => self.read::<W>(&id).await,
            other => other,
        }
    }

    /// Resolves once the instance has ended, with what it came to. Somebody has to [`run`] it.
    ///
    /// [`run`]: Self::run
    pub async fn ended<W: Workflow>(
        &self,
        started: &Instance<W>,
    ) -> Result<Instance<W>, EngineError> {
        let id = &started.record.id;
        let mut watch = self.watch();
        loop {
            let instance = self.read::<W>(id).await?;
            if instance.record.ended {
                return Ok(instance);
            }
            loop {
                match watch.recv().await {
                    Ok(changed) if changed != *id => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => break,
                    // The engine keeps the sender for as long as this handle lives.
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        }
    }
}
