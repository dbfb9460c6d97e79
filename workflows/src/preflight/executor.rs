//! Carries preflights out, and keeps what they found for everybody who makes links.

use std::sync::Arc;

use async_trait::async_trait;
use engine::{Documents, EngineError, Executor, Job, Outcome, Reason};

use super::examine::{Examined, Examiner};
use super::readiness::Readinesses;
use super::{Command, Event, Preflight};
use crate::directory::Directory;
use crate::ports::graph::GraphApi;
use crate::ports::provider::ProviderApi;

/// A Meta that stays silent for so many tries has said all it will say.
const SILENT_TRIES: u32 = 3;

/// Performs preflights.
pub struct PreflightExecutor {
    examiner: Examiner,
    directory: Directory,
    readinesses: Readinesses,
}

impl PreflightExecutor {
    /// An executor that asks through `graph` and `provider`, for an installation at `public_url`.
    pub fn new(
        graph: Arc<dyn GraphApi>,
        provider: Arc<dyn ProviderApi>,
        documents: Documents,
        public_url: String,
    ) -> Self {
        Self {
            examiner: Examiner {
                graph,
                provider,
                public_url,
            },
            directory: Directory::new(documents.clone()),
            readinesses: Readinesses::new(documents),
        }
    }

    async fn examine(&self, job: &Job<Preflight>) -> Result<Outcome<Event>, EngineError> {
        let app = self.directory.meta_app(&job.facts.app).await?;
        let is_last = job.attempt + 1 >= SILENT_TRIES;
        let findings = match self.examiner.examine(app.as_ref()).await {
            Examined::Seen(findings) => findings,
            // What was known of the app stays as it is.
            Examined::Silent(findings) if is_last => {
                return Ok(Outcome::Done(Event::Examined(findings)));
            }
            Examined::Silent(_) => {
                return Ok(Outcome::Retry {
                    why: Reason::new("meta_silent", "Meta does not answer at the moment"),
                    after: None,
                    otherwise: None,
                });
            }
        };
        let app = &job.facts.app;
        self.readinesses.seen(app, &findings, job.now).await?;
        Ok(Outcome::Done(Event::Examined(findings)))
    }
}

#[async_trait]
impl Executor<Preflight> for PreflightExecutor {
    async fn perform(&self, _command: Command, job: &Job<Preflight>) -> Outcome<Event> {
        self.examine(job).await.unwrap_or_else(|error| {
            let cause: &dyn std::error::Error = &error;
            tracing::error!(error = cause, "a preflight could not be kept");
            Outcome::Retry {
                why: Reason::new("store_unavailable", "the store did not answer"),
                after: None,
                otherwise: None,
            }
        })
    }
}
