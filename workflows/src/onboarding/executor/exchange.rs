//! The exchange: a code of 30 seconds becomes a token, by one use only.

use engine::{Actor, Job, Outcome, Reason, Timestamp};

use super::{OnboardingExecutor, reason_of, trouble_of};
use crate::catalogue;
use crate::onboarding::event::Event;
use crate::onboarding::facts::Trouble;
use crate::onboarding::{MetaWindow, Onboarding};
use crate::ports::graph::{GraphError, Reaction};
use crate::preflight::Pause;

/// Meta's subcode for a code that was used before; 36007 is one that is too old (practice).
const CODE_USED: i64 = 36_009;

impl OnboardingExecutor {
    pub(super) async fn exchange_code(&self, job: &Job<Onboarding>) -> Outcome<Event> {
        let (Some(code), Some(arrived)) = (&job.facts.code, job.facts.code_at) else {
            return Outcome::Done(Event::CodeLost(expired(job.now)));
        };
        if job.now.since(arrived) >= MetaWindow::CODE_USABLE {
            return Outcome::Done(Event::CodeLost(expired(job.now)));
        }
        let app = match self.credentials(job).await {
            Ok(app) => app,
            Err(why) => {
                let lost = Trouble {
                    code: why.code,
                    text: why.text,
                    mover: Actor::Operator,
                    at: job.now,
                };
                return Outcome::Done(Event::CodeLost(lost));
            }
        };
        match self.graph.exchange_code(&app, code).await {
            Ok(granted) => Outcome::Done(Event::CodeExchanged {
                token: granted.token,
                expires_in: granted.expires_in,
            }),
            // Nothing left this machine, so the code is still good while it lives.
            Err(error) if error.reaction == Reaction::NotSent => Outcome::Retry {
                why: reason_of(&error),
                after: None,
                otherwise: Some(Event::CodeLost(expired(job.now))),
            },
            Err(error) => {
                let lost = match error.reaction {
                    Reaction::Unanswered => unanswered(job.now),
                    Reaction::CodeSpent if error.subcode == Some(CODE_USED) => used(job.now),
                    Reaction::CodeSpent => expired(job.now),
                    Reaction::Misconfigured => {
                        self.pause_links(job, &error).await;
                        trouble_of(&error, Actor::Operator, job.now)
                    }
                    Reaction::Denied => trouble_of(&error, Actor::Operator, job.now),
                    _ => trouble_of(&error, Actor::Client, job.now),
                };
                tracing::warn!(instance.id = %job.id, code = lost.code, "a code was lost");
                Outcome::Done(Event::CodeLost(lost))
            }
        }
    }
}

impl OnboardingExecutor {
    /// Meta refuses the app itself: whoever comes next would fail in the same way.
    async fn pause_links(&self, job: &Job<Onboarding>, error: &GraphError) {
        let reason = reason_of(error);
        let advice = catalogue::explain(error).map_or("", |entry| entry.operator_text);
        let pause = Pause {
            since: job.now,
            code: reason.code,
            text: format!("{} {advice}", error.message),
        };
        if let Err(error) = self.readinesses.pause(&job.facts.order.app, pause).await {
            tracing::error!(%error, "links of a refused app could not be held back");
        }
    }
}

/// The attempt was announced and its answer never heard: the code counts as spent.
pub(super) fn unanswered(now: Timestamp) -> Trouble {
    let reason = Reason::new(
        "code_unanswered",
        "Meta's answer to the code never arrived, and a code can be used only once.",
    );
    client_trouble(reason, now)
}

fn expired(now: Timestamp) -> Trouble {
    let reason = Reason::new(
        "code_expired",
        "Meta's code lives 30 seconds and could not be used in time.",
    );
    client_trouble(reason, now)
}

fn used(now: Timestamp) -> Trouble {
    let reason = Reason::new(
        "code_used",
        "Meta's code had been used before, and a code can be used only once.",
    );
    client_trouble(reason, now)
}

fn client_trouble(reason: Reason, now: Timestamp) -> Trouble {
    Trouble {
        code: reason.code,
        text: reason.text,
        mover: Actor::Client,
        at: now,
    }
}
