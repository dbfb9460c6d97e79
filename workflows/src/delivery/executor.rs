//! Makes one try at a delivery and says when the next is due.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use engine::{Clock, Documents, Executor, Expected, Job, Outcome, Reason, Timestamp};

use super::{Command, Delivery, Event, PAUSES};
use crate::app::AttemptView;
use crate::directory::{Directory, Endpoint};
use crate::ports::notifier::{Answer, Notice, Notifier, Undelivered};
use crate::values::Secret;

/// Performs deliveries.
pub struct DeliveryExecutor {
    notifier: Arc<dyn Notifier>,
    clock: Arc<dyn Clock>,
    directory: Directory,
}

impl DeliveryExecutor {
    /// An executor that sends through `notifier`.
    pub fn new(notifier: Arc<dyn Notifier>, clock: Arc<dyn Clock>, documents: Documents) -> Self {
        Self {
            notifier,
            clock,
            directory: Directory::new(documents),
        }
    }

    /// The signing secrets and the address as they stand now; nothing if the endpoint is gone.
    async fn target(&self, job: &Job<Delivery>) -> Result<Option<(String, Vec<Secret>)>, Reason> {
        let facts = &job.facts;
        if let Some(secret) = &facts.own_secret {
            return Ok(Some((facts.url.clone(), vec![secret.clone()])));
        }
        let found = self
            .directory
            .endpoint(&facts.partner, &facts.endpoint)
            .await
            .map_err(|error| {
                tracing::error!(%error, "an endpoint could not be read");
                Reason::new("store_unavailable", "the endpoint could not be read")
            })?;
        Ok(found
            .map(|opened| opened.body)
            .filter(|endpoint| endpoint.enabled)
            .map(|endpoint| (endpoint.url.clone(), endpoint.signing(job.now))))
    }

    /// An endpoint that answers 410 wants no more notices.
    async fn disable(&self, job: &Job<Delivery>) {
        let facts = &job.facts;
        let found = self
            .directory
            .endpoint(&facts.partner, &facts.endpoint)
            .await;
        let Ok(Some(opened)) = found else { return };
        let disabled = Endpoint {
            enabled: false,
            ..opened.body
        };
        let expected = Expected::Version(opened.version);
        let written = match self
            .directory
            .put_endpoint(&facts.partner, &disabled, expected)
            .await
        {
            Ok(puts) => self.directory.write(puts).await,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            // The next notice to it meets the same 410 and tries again.
            tracing::warn!(%error, endpoint = facts.endpoint, "an endpoint that is gone was not disabled");
        }
    }
}

#[async_trait]
impl Executor<Delivery> for DeliveryExecutor {
    async fn perform(&self, _command: Command, job: &Job<Delivery>) -> Outcome<Event> {
        let (url, secrets) = match self.target(job).await {
            Ok(Some(target)) => target,
            Ok(None) => return gone(job, "the endpoint was removed or disabled"),
            Err(why) => {
                return Outcome::Retry {
                    why,
                    after: None,
                    otherwise: None,
                };
            }
        };
        let notice = Notice {
            id: job.facts.webhook_id.clone(),
            // The receiver holds it against its own clock, which a sandbox cannot move.
            at: self.clock.outside(),
            body: job.facts.body.clone(),
            url,
            secrets,
        };
        match self.notifier.send(&notice).await {
            Ok(answer) if (200..300).contains(&answer.status) => {
                Outcome::Done(Event::Accepted(attempt_of(&answer, job.now)))
            }
            Ok(answer) if answer.status == 410 => {
                self.disable(job).await;
                Outcome::Done(Event::Failed {
                    attempt: attempt_of(&answer, job.now),
                    next_at: None,
                })
            }
            Ok(answer) => {
                let failed = Outcome::Done(Event::Failed {
                    attempt: attempt_of(&answer, job.now),
                    next_at: next_try(job, answer.retry_after),
                });
                match answer.status {
                    429 | 500.. => failed.blamed_on_lane(Reason::new(
                        "endpoint_failing",
                        format!("the endpoint answers {}", answer.status),
                    )),
                    _ => failed,
                }
            }
            Err(Undelivered::Forbidden(why)) => gone(job, &why),
            Err(Undelivered::Unreachable(why)) => Outcome::Done(Event::Failed {
                attempt: unanswered(job.now, &why),
                next_at: next_try(job, None),
            })
            .blamed_on_lane(Reason::new("endpoint_unreachable", why)),
        }
    }
}

/// When the next try is due, with jitter so that a recovering endpoint is not met by all at once.
fn next_try(job: &Job<Delivery>, asked: Option<Duration>) -> Option<Timestamp> {
    let pause = *PAUSES.get(job.facts.tried + 1)?;
    let jitter = pause.mul_f64(fastrand::f64() / 10.0);
    Some(job.now + (pause + jitter).max(asked.unwrap_or_default()))
}

fn gone(job: &Job<Delivery>, why: &str) -> Outcome<Event> {
    Outcome::Done(Event::Failed {
        attempt: unanswered(job.now, why),
        next_at: None,
    })
}

fn attempt_of(answer: &Answer, now: Timestamp) -> AttemptView {
    AttemptView {
        at: now.to_rfc3339(),
        status: Some(answer.status),
        duration_ms: u64::try_from(answer.took.as_millis()).unwrap_or(u64::MAX),
        answer: answer.head.clone(),
    }
}

fn unanswered(now: Timestamp, why: &str) -> AttemptView {
    AttemptView {
        at: now.to_rfc3339(),
        status: None,
        duration_ms: 0,
        answer: why.to_owned(),
    }
}
