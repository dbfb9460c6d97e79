//! From its start to its end: an instance is started once under its id, and its end can be awaited.

use std::time::Duration;

use crate::draft::{Instance, NewInstance};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::workflow::Workflow;

/// Another process may bring it to its end, of which this one hears nothing.
const POLL: Duration = Duration::from_secs(5);

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
            let changes = async {
                while let Ok(changed) = watch.recv().await
                    && changed != *id
                {}
            };
            tokio::select! {
                () = changes => {}
                () = self.clock().sleep_until(self.now() + POLL) => {}
            }
        }
    }
}
