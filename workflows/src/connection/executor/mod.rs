//! Carries out the connection's commands: one file per conversation.
//!
//! Performers say what came of a call; what follows from it is the table's.

mod look;
mod take_over;
mod tell;
mod token;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use engine::{Actor, Documents, EngineHandle, Executor, Job, Outcome, Reason, Store, Timestamp};

use super::event::Event;
use super::machine::Command;
use super::{Connection, Facts};
use crate::directory::{Directory, MetaApp};
use crate::ports::graph::{Access, AppCredentials, GraphApi, GraphError, Reaction};
use crate::ports::provider::ProviderApi;

/// How soon an unreachable Graph is looked for again.
const OUTAGE_PAUSE: Duration = Duration::from_secs(20);

/// Performs the connection's commands.
pub struct ConnectionExecutor {
    graph: Arc<dyn GraphApi>,
    provider: Arc<dyn ProviderApi>,
    directory: Directory,
    store: Arc<dyn Store>,
    engine: EngineHandle,
}

impl ConnectionExecutor {
    /// An executor that calls Meta through both ports, and speaks to other instances through `engine`.
    pub fn new(
        graph: Arc<dyn GraphApi>,
        provider: Arc<dyn ProviderApi>,
        documents: Documents,
        store: Arc<dyn Store>,
        engine: EngineHandle,
    ) -> Self {
        Self {
            graph,
            provider,
            directory: Directory::new(documents),
            store,
            engine,
        }
    }

    async fn app(&self, facts: &Facts) -> Result<MetaApp, Reason> {
        match self.directory.meta_app(&facts.app).await {
            Ok(Some(app)) => Ok(app),
            Ok(None) => Err(Reason::new(
                "app_unknown",
                format!("the Meta app {} is not set up here any more", facts.app),
            )),
            Err(error) => {
                tracing::error!(%error, "a Meta app could not be read");
                Err(store_unavailable("the Meta app's record could not be read"))
            }
        }
    }
}

#[async_trait]
impl Executor<Connection> for ConnectionExecutor {
    async fn perform(&self, command: Command, job: &Job<Connection>) -> Outcome<Event> {
        match command {
            Command::TakeOver => self.take_over(job).await,
            Command::LookAtNumber => self.look_at_number(job).await,
            Command::TendToken => self.tend_token(job).await,
            Command::TellOnboarding => self.tell_onboarding(job).await,
        }
    }
}

fn credentials(app: &MetaApp) -> AppCredentials {
    AppCredentials {
        app_id: app.app_id.clone(),
        app_secret: app.app_secret.clone(),
    }
}

fn access(app: &MetaApp, facts: &Facts) -> Access {
    Access::of(&credentials(app), &facts.token)
}

/// What a failed call comes to where nothing more special is known: nobody need wait for a number that is
/// live, so that tries which run out end in a later look.
fn outcome_of(error: &GraphError, now: Timestamp, otherwise: Event) -> Outcome<Event> {
    let why = reason_of(error);
    match &error.reaction {
        Reaction::Limited { wait } | Reaction::PinGuessing { wait } => Outcome::Wait {
            until: now + *wait,
            why,
            mover: Actor::Outside,
        },
        Reaction::NotSent => Outcome::Wait {
            until: now + OUTAGE_PAUSE.mul_f64(0.5 + fastrand::f64() / 2.0),
            why: why.clone(),
            mover: Actor::Outside,
        }
        .blamed_on_lane(why),
        Reaction::Unanswered | Reaction::Transient => {
            retry(why.clone(), Some(otherwise)).blamed_on_lane(why)
        }
        Reaction::Misconfigured => Outcome::Ask {
            whom: Actor::Operator,
            why,
        },
        _ => Outcome::Done(otherwise),
    }
}

fn retry(why: Reason, otherwise: Option<Event>) -> Outcome<Event> {
    Outcome::Retry {
        why,
        after: None,
        otherwise,
    }
}

fn store_unavailable(text: &str) -> Reason {
    Reason::new("store_unavailable", text)
}

fn reason_of(error: &GraphError) -> Reason {
    let trace = error.trace.as_ref();
    let trace = trace.map(|trace| format!(" (Meta's trace {trace})"));
    let text = format!("{error}{}", trace.unwrap_or_default());
    Reason::new(error.fingerprint(), text)
}
