//! Carries out the onboarding's commands: one file per conversation.
//!
//! Performers say what came of a call; what follows from it is the table's.

mod assets;
mod choice;
mod counted;
mod credit;
mod exchange;
mod mint;
mod number;
mod otp;
mod register;
mod subscribe;
mod sync;
mod tell;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use engine::{
    Actor, Birth, Documents, EngineError, EngineHandle, Executor, Finding, Job, Moved, Outcome,
    Reason, Store,
};

use super::Onboarding;

use super::event::Event;
use super::facts::Trouble;
use super::machine::{Command, State};
use super::notices::notices_of;
use super::pins::Pins;
use super::view::onboarding_view;
use crate::connection;
use crate::delivery::{self, Announcement};
use crate::directory::Directory;
use crate::numbers::{Holders, Ledger};
use crate::ports::graph::{Access, AppCredentials, GraphApi, GraphError, Reaction, SyncKind};
use crate::ports::provider::ProviderApi;
use crate::preflight::Readinesses;

/// How soon an unreachable Graph is looked for again.
const OUTAGE_PAUSE: Duration = Duration::from_secs(20);

/// After this many tries what stays invisible is taken for not granted: sharing lags by seconds only.
const INVISIBLE_TRIES: u32 = 4;

/// Performs onboarding's commands.
pub struct OnboardingExecutor {
    graph: Arc<dyn GraphApi>,
    provider: Arc<dyn ProviderApi>,
    directory: Directory,
    pins: Pins,
    ledger: Ledger,
    holders: Holders,
    engine: EngineHandle,
    store: Arc<dyn Store>,
    readinesses: Readinesses,
}

impl OnboardingExecutor {
    /// An executor that calls Meta through `graph`, and on the provider's own account through `provider`; it
    /// speaks to grants through `engine`.
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
            directory: Directory::new(documents.clone()),
            pins: Pins::new(documents.clone()),
            ledger: Ledger::new(documents.clone()),
            readinesses: Readinesses::new(documents.clone()),
            holders: Holders::new(documents, store.clone()),
            engine,
            store,
        }
    }

    /// The client's token with its proof, which every conversation after the exchange needs.
    async fn access(&self, job: &Job<Onboarding>) -> Result<Access, Box<Outcome<Event>>> {
        let Some(token) = &job.facts.token else {
            return Err(Box::new(token_missing(job.now)));
        };
        match self.credentials(job).await {
            Ok(app) => Ok(Access::of(&app, token)),
            Err(why) => Err(Box::new(retry(why))),
        }
    }

    /// The same, for a look at what became of an earlier call.
    async fn access_to_look(&self, job: &Job<Onboarding>) -> Result<Access, Finding<Event>> {
        let Some(token) = &job.facts.token else {
            return Err(Finding::Ask {
                whom: Actor::Operator,
                why: Reason::new("token_missing", "there is no token to look with"),
            });
        };
        match self.credentials(job).await {
            Ok(app) => Ok(Access::of(&app, token)),
            Err(why) => Err(Finding::NotKnown { why, after: None }),
        }
    }

    async fn credentials(&self, job: &Job<Onboarding>) -> Result<AppCredentials, Reason> {
        let app = &job.facts.order.app;
        match self.directory.meta_app(app).await {
            Ok(Some(found)) => Ok(AppCredentials {
                app_id: found.app_id,
                app_secret: found.app_secret,
            }),
            Ok(None) => Err(Reason::new(
                "app_unknown",
                format!("the Meta app {app} is not set up here any more"),
            )),
            Err(error) => {
                tracing::error!(%error, "a Meta app could not be read");
                Err(Reason::new(
                    "store_unavailable",
                    "the Meta app's record could not be read",
                ))
            }
        }
    }
}

#[async_trait]
impl Executor<Onboarding> for OnboardingExecutor {
    async fn perform(&self, command: Command, job: &Job<Onboarding>) -> Outcome<Event> {
        match command {
            Command::ExchangeCode => self.exchange_code(job).await,
            Command::MintToken => self.give_back(job, self.mint_token(job).await).await,
            Command::CheckAssets => self.give_back(job, self.check_assets(job).await).await,
            Command::AddNumber => self.add_number(job).await,
            Command::SubscribeApp => self.subscribe_app(job).await,
            Command::CheckNumber => self.check_number(job).await,
            Command::AssignUser => self.assign_user(job).await,
            Command::ShareCredit => self.share_credit(job).await,
            Command::VerifyCredit => self.verify_credit(job).await,
            Command::RequestContacts => self.request_sync(job, SyncKind::Contacts).await,
            Command::RequestHistory => self.request_sync(job, SyncKind::History).await,
            Command::RegisterNumber => self.register_number(job).await,
            Command::RequestOtp => self.request_otp(job).await,
            Command::SubmitOtp => self.submit_otp(job).await,
            Command::TellPartner => self.tell_partner(job).await,
            Command::UnsubscribeApp => self.unsubscribe_app(job).await,
        }
    }

    async fn check(&self, command: Command, job: &Job<Onboarding>) -> Finding<Event> {
        match command {
            Command::RegisterNumber => self.find_registration(job).await,
            Command::ShareCredit => self.find_share(job).await,
            Command::AddNumber => self.find_added(job).await,
            Command::RequestContacts | Command::RequestHistory => sync::ask_again(),
            // A code is spent by one use, and nobody can ask Meta whether it was used.
            _ => Finding::Happened(Event::CodeLost(exchange::unanswered(job.now))),
        }
    }

    async fn children(&self, moved: &Moved<'_, Onboarding>) -> Result<Vec<Birth>, EngineError> {
        let mut births = Vec::new();
        births.extend(handed_over(moved));
        for kind in notices_of(moved) {
            let facts = moved.facts;
            let view = onboarding_view(moved.state, facts, moved.after.hold.as_ref());
            let announcement = Announcement {
                kind,
                at: moved.after.updated_at,
                // One change of one instance gives rise to a type at most once.
                cause: format!("{}/{}", facts.id, moved.after.version),
                partner: facts.order.partner.clone(),
                onboarding: Some(facts.id.clone()),
                data: serde_json::json!({ "onboarding": view }),
                own_url: facts.order.notify_url.clone(),
            };
            births.extend(delivery::births(&self.directory, &announcement).await?);
        }
        Ok(births)
    }
}

/// The connection that looks after the number from the moment on at which it is live.
fn handed_over(moved: &Moved<'_, Onboarding>) -> Option<Birth> {
    let name: &'static str = moved.state.into();
    let was_live = moved.before.is_some_and(|before| before.state == name);
    if moved.state != State::NumberRegistered || was_live {
        return None;
    }
    connection::birth(moved.facts, moved.after.version, moved.after.updated_at)
}

/// What a failed call comes to where nothing more special is known.
fn outcome_of(error: &GraphError, now: engine::Timestamp) -> Outcome<Event> {
    let why = reason_of(error);
    match &error.reaction {
        Reaction::Limited { wait } | Reaction::PinGuessing { wait } => Outcome::Wait {
            until: now + *wait,
            why,
            mover: Actor::Outside,
        },
        Reaction::TokenDead => {
            Outcome::Done(Event::TokenLost(trouble_of(error, Actor::Client, now)))
        }
        // Nobody is there: an outage burns no tries, however long it lasts.
        Reaction::NotSent => Outcome::Wait {
            until: now + OUTAGE_PAUSE.mul_f64(0.5 + fastrand::f64() / 2.0),
            why: why.clone(),
            mover: Actor::Outside,
        }
        .blamed_on_lane(why),
        Reaction::Unanswered | Reaction::Transient => retry(why.clone()).blamed_on_lane(why),
        Reaction::NotVisible => Outcome::Retry {
            why,
            // Sharing lags behind a signup by some seconds.
            after: Some(Duration::from_secs(5)),
            otherwise: None,
        },
        Reaction::Locked => Outcome::Ask {
            whom: Actor::Client,
            why,
        },
        _ => Outcome::Ask {
            whom: Actor::Operator,
            why,
        },
    }
}

fn retry(why: Reason) -> Outcome<Event> {
    Outcome::Retry {
        why,
        after: None,
        otherwise: None,
    }
}

fn reason_of(error: &GraphError) -> Reason {
    let trace = error
        .trace
        .as_ref()
        .map(|trace| format!(" (Meta's trace {trace})"))
        .unwrap_or_default();
    Reason::new(error.fingerprint(), format!("{error}{trace}"))
}

fn trouble_of(error: &GraphError, mover: Actor, now: engine::Timestamp) -> Trouble {
    let reason = reason_of(error);
    Trouble {
        code: reason.code,
        text: reason.text,
        mover,
        at: now,
    }
}

fn token_missing(now: engine::Timestamp) -> Outcome<Event> {
    Outcome::Done(Event::TokenLost(Trouble {
        code: "token_missing".to_owned(),
        text: "There is no token for this signup.".to_owned(),
        mover: Actor::Client,
        at: now,
    }))
}
