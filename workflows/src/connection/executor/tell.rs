//! Word to the onboarding: how its number stands. Said again, it means nothing there.

use engine::{EngineError, Job, Outcome, StoreError};

use super::{ConnectionExecutor, retry, store_unavailable};
use crate::connection::Connection;
use crate::connection::event::Event;
use crate::onboarding::{self, Onboarding};

impl ConnectionExecutor {
    pub(super) async fn tell_onboarding(&self, job: &Job<Connection>) -> Outcome<Event> {
        let standing = Box::new(job.facts.standing());
        let Some(engine) = self.engine.engine() else {
            return retry(store_unavailable("the engine is being taken apart"), None);
        };
        match self.is_spoken_for(job).await {
            Ok(false) => {}
            Ok(true) => return Outcome::Done(Event::Told(standing)),
            Err(error) => {
                tracing::error!(%error, "the successor of a connection could not be read");
                return retry(store_unavailable("the successor could not be read"), None);
            }
        }
        let told = onboarding::Event::ConnectionTold(standing.clone());
        match engine
            .submit::<Onboarding>(&job.facts.onboarding, told)
            .await
        {
            Ok(_) => Outcome::Done(Event::Told(standing)),
            // Nobody can be told any more.
            Err(EngineError::NotFound(_) | EngineError::Refused(_) | EngineError::Archived(_)) => {
                Outcome::Done(Event::Told(standing))
            }
            Err(error) => {
                let cause: &dyn std::error::Error = &error;
                tracing::error!(instance.id = %job.id, error = cause, "an onboarding was not told");
                retry(store_unavailable("the onboarding could not be told"), None)
            }
        }
    }
    /// Whether another connection of the same onboarding has taken over, as after a way back: then that one
    /// tells how the number stands.
    async fn is_spoken_for(&self, job: &Job<Connection>) -> Result<bool, StoreError> {
        let Some(successor) = &job.facts.superseded_by else {
            return Ok(false);
        };
        let successor = self.store.load(successor).await?;
        let onboarding = successor.and_then(|record| record.parent);
        Ok(onboarding.as_ref() == Some(&job.facts.onboarding))
    }
}
