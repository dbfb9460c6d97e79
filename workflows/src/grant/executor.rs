//! Carries out a grant's commands: finds out whose it is, and gives it to an onboarding, which proves it by a token
//! of Meta's before anything is bound.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use engine::{
    Actor, Engine, EngineError, EngineHandle, Executor, Instance, InstanceId, Job, Outcome, Reason,
    SealError, Timestamp,
};

use super::Grant;
use super::facts::{AccountNumber, Offer};
use super::hear::Event;
use super::machine::Command;
use super::matching::{Match, Matching, Standing};
use crate::directory::{Directory, MetaApp};
use crate::minting::{Unminted, Wanted, mint};
use crate::onboarding::{self, Granted, Onboarding, State, waits_for_grant};
use crate::ports::graph::{GraphApi, GraphError, Reaction};
use crate::ports::provider::ProviderApi;

/// How soon is looked again whether a browser's code has led anywhere.
const BROWSER_PAUSE: Duration = Duration::from_secs(10);

/// How soon an unreachable Graph is looked for again.
const OUTAGE_PAUSE: Duration = Duration::from_secs(20);

/// Performs a grant's commands.
pub struct GrantExecutor {
    graph: Arc<dyn GraphApi>,
    provider: Arc<dyn ProviderApi>,
    directory: Directory,
    engine: EngineHandle,
}

impl GrantExecutor {
    /// An executor that asks Meta, and speaks to onboardings through `engine`.
    pub fn new(
        graph: Arc<dyn GraphApi>,
        provider: Arc<dyn ProviderApi>,
        directory: Directory,
        engine: EngineHandle,
    ) -> Self {
        Self {
            graph,
            provider,
            directory,
            engine,
        }
    }

    async fn match_grant(
        &self,
        engine: &Engine,
        job: &Job<Grant>,
    ) -> Result<Outcome<Event>, EngineError> {
        let facts = &job.facts;
        let matching = Matching { engine, facts };
        match matching.standing().await? {
            Standing::Bound(onboarding) => return Ok(Outcome::Done(Event::FoundBound(onboarding))),
            Standing::Busy => return Ok(let_browser_go_first(job.now)),
            Standing::Open => {}
        }
        let Some(app) = self.directory.meta_app(&facts.app).await? else {
            let why = Reason::new("app_unknown", "the Meta app is not set up here any more");
            return Ok(nobody(why));
        };
        let numbers = match self.numbers(&app, job).await {
            Ok(numbers) => numbers,
            Err(outcome) => return Ok(*outcome),
        };
        Ok(Outcome::Done(match matching.find(&numbers).await? {
            Match::One(onboarding) => Event::FoundPinned {
                onboarding,
                numbers,
            },
            Match::Kept(onboarding) => Event::FoundBound(onboarding),
            Match::Nobody(why, candidates) => Event::FoundNobody {
                why,
                candidates,
                numbers,
            },
        }))
    }

    /// The account's numbers, as the client's own token shows them: the provider's need not see them.
    async fn numbers(
        &self,
        app: &MetaApp,
        job: &Job<Grant>,
    ) -> Result<Vec<AccountNumber>, Box<Outcome<Event>>> {
        let facts = &job.facts;
        let Some(business) = &facts.business else {
            let text = "Meta does not say whose portfolio the account belongs to, so no token can be asked for";
            return Err(Box::new(nobody(Reason::new("owner_unknown", text))));
        };
        let wanted = Wanted {
            waba: &facts.waba,
            business,
            solution: facts.solution.as_deref(),
        };
        let minted = mint((self.provider.as_ref(), self.graph.as_ref()), app, wanted).await;
        let numbers = match minted {
            Ok(minted) => self.graph.phone_numbers(&facts.waba, &minted.access).await,
            Err(Unminted::NotSetUp(why) | Unminted::NotGranted(why)) => {
                return Err(Box::new(nobody(why)));
            }
            Err(Unminted::Failed(error)) => Err(error),
        };
        let numbers = numbers.map_err(|error| Box::new(failed(&error, job.now)))?;
        Ok(numbers
            .into_iter()
            .map(|number| AccountNumber {
                id: number.id,
                display: number.display,
            })
            .collect())
    }

    async fn assign_grant(
        &self,
        engine: &Engine,
        job: &Job<Grant>,
    ) -> Result<Outcome<Event>, EngineError> {
        let facts = &job.facts;
        let (Some(offer), Some(business)) = (&facts.offer, &facts.business) else {
            let text = "Meta does not say whose portfolio the account belongs to, so no token can be asked for";
            let why = Reason::new("owner_unknown", text);
            return Ok(facts.offer.as_ref().map_or_else(
                || Outcome::Done(Event::LookAgain(Actor::System)),
                |offer| refused(offer, why),
            ));
        };
        let taker = match engine.read::<Onboarding>(&offer.onboarding).await {
            Ok(taker) => taker,
            Err(EngineError::NotFound(_) | EngineError::Seal(SealError::Erased)) => {
                return Ok(refused(offer, gone(&offer.onboarding)));
            }
            Err(other) => return Err(other),
        };
        let told = heard_of(&taker, job, offer);
        if let Some(lost) = told.and_then(|told| told.lost.as_ref()) {
            return Ok(refused(offer, lost.reason()));
        }
        let bound = taker.facts.bound.as_ref();
        let has_it = bound.is_some_and(|bound| bound.waba == facts.waba);
        if told.is_some() || (has_it && !waits_for_grant(taker.state) && !is_over(taker.state)) {
            return Ok(Outcome::Done(Event::Taken(offer.onboarding.clone())));
        }
        if matches!(taker.state, State::EsCompleted | State::TokenExchanged) {
            // A code came first, and may be this account's.
            return Ok(Outcome::Done(Event::LookAgain(Actor::System)));
        }
        let granted = Granted {
            grant: job.id.to_string(),
            waba: facts.waba.clone(),
            business: business.clone(),
            seen_at: facts.granted_at,
            offered_at: offer.at,
            by: offer.by,
            lost: None,
        };
        let event = onboarding::Event::GrantMatched(granted);
        match engine.submit::<Onboarding>(&offer.onboarding, event).await {
            Ok(_) => Ok(Outcome::Done(Event::Taken(offer.onboarding.clone()))),
            Err(EngineError::Refused(_) | EngineError::Archived(_)) => {
                Ok(refused(offer, not_taken(&offer.onboarding)))
            }
            Err(other) => Err(other),
        }
    }
}

#[async_trait]
impl Executor<Grant> for GrantExecutor {
    async fn perform(&self, command: Command, job: &Job<Grant>) -> Outcome<Event> {
        let Some(engine) = self.engine.engine() else {
            let text = "this process is being taken apart";
            return retry(Reason::new("closing_down", text));
        };
        let performed = match command {
            Command::MatchGrant => self.match_grant(&engine, job).await,
            Command::AssignGrant => self.assign_grant(&engine, job).await,
        };
        performed.unwrap_or_else(|error| {
            let cause: &dyn std::error::Error = &error;
            tracing::error!(error = cause, instance.id = %job.id, "a grant could not be looked at");
            retry(Reason::new(
                "store_unavailable",
                "onboardings could not be read",
            ))
        })
    }
}

fn is_over(state: State) -> bool {
    matches!(state, State::Canceled | State::Canceling | State::Expired)
}

fn let_browser_go_first(now: Timestamp) -> Outcome<Event> {
    Outcome::Wait {
        until: now + BROWSER_PAUSE,
        why: Reason::new(
            "browser_at_work",
            "a code that came at the same time may be this account's",
        ),
        mover: Actor::Outside,
    }
}

fn retry(why: Reason) -> Outcome<Event> {
    Outcome::Retry {
        why,
        after: None,
        otherwise: None,
    }
}

fn nobody(why: Reason) -> Outcome<Event> {
    Outcome::Done(event_of(why))
}

fn event_of(why: Reason) -> Event {
    Event::FoundNobody {
        why,
        candidates: Vec::new(),
        numbers: Vec::new(),
    }
}

fn refused(offer: &Offer, why: Reason) -> Outcome<Event> {
    let onboarding = offer.onboarding.clone();
    Outcome::Done(Event::Refused { onboarding, why })
}

/// What the onboarding heard of this very offer.
fn heard_of<'a>(
    taker: &'a Instance<Onboarding>,
    job: &Job<Grant>,
    offer: &Offer,
) -> Option<&'a Granted> {
    let matched = taker.facts.matched.as_ref();
    matched.filter(|told| told.grant == job.id.as_str() && told.offered_at == offer.at)
}

fn gone(onboarding: &InstanceId) -> Reason {
    let text = format!("{onboarding} is not there any more");
    Reason::new("onboarding_gone", text)
}

fn not_taken(onboarding: &InstanceId) -> Reason {
    let text = format!("{onboarding} went on without this account");
    Reason::new("not_taken", text)
}

/// What a failure on the way to the account's numbers comes to.
fn failed(error: &GraphError, now: Timestamp) -> Outcome<Event> {
    let why = Reason::new(error.fingerprint(), error.to_string());
    match &error.reaction {
        Reaction::Limited { wait } => Outcome::Wait {
            until: now + *wait,
            why,
            mover: Actor::Outside,
        },
        Reaction::NotSent => Outcome::Wait {
            until: now + OUTAGE_PAUSE,
            why: why.clone(),
            mover: Actor::Outside,
        }
        .blamed_on_lane(why),
        Reaction::Unanswered | Reaction::Transient | Reaction::NotVisible => Outcome::Retry {
            why: why.clone(),
            after: None,
            otherwise: Some(event_of(why)),
        },
        Reaction::TokenDead => {
            let text = format!("Meta takes no token for this account: {error}");
            nobody(Reason::new("system_token_dead", text))
        }
        _ => nobody(why),
    }
}
