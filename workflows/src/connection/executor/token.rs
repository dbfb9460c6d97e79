//! The token: seen to work, made to live on before its end, asked for again where it does not work.

use engine::{Actor, Job, Outcome, Reason, Timestamp};

use super::{ConnectionExecutor, credentials, outcome_of, reason_of, retry};
use crate::connection::event::Event;
use crate::connection::facts::ends_soon;
use crate::connection::{Connection, Disconnection};
use crate::directory::MetaApp;
use crate::minting::{Minted, Unminted, Wanted, mint};
use crate::ports::graph::{GraphError, Reaction, TokenGrant};
use crate::values::Secret;

/// What looking at a token came to.
enum Inspected {
    /// It may be used for the account.
    Works(TokenGrant),
    /// It may not.
    Dead(Reason),
}

impl ConnectionExecutor {
    pub(super) async fn tend_token(&self, job: &Job<Connection>) -> Outcome<Event> {
        let app = match self.app(&job.facts).await {
            Ok(app) => app,
            Err(why) => return retry(why, None),
        };
        match self.inspected(&app, job, &job.facts.token).await {
            Ok(Inspected::Works(grant)) if ends_soon(grant.expires_at, job.now) => {
                self.live_on(&app, job, grant.expires_at).await
            }
            Ok(Inspected::Works(grant)) => kept(None, grant.expires_at, None),
            Ok(Inspected::Dead(why)) => self.ask_again(&app, job, why).await,
            Err(error) => failed(&error, job.now),
        }
    }

    /// A token for the time after this one's end, which must not have come.
    async fn live_on(
        &self,
        app: &MetaApp,
        job: &Job<Connection>,
        end: Option<Timestamp>,
    ) -> Outcome<Event> {
        let token = &job.facts.token;
        let extended = self.provider.extend_token(&credentials(app), token).await;
        let why = match extended {
            Ok(granted) => match self.inspected(app, job, &granted.token).await {
                Ok(Inspected::Works(new)) => {
                    return kept(Some(granted.token), new.expires_at, None);
                }
                Ok(Inspected::Dead(why)) => why,
                Err(error) => return failed(&error, job.now),
            },
            Err(error) if is_refusal(&error) => reason_of(&error),
            Err(error) => return failed(&error, job.now),
        };
        // What Meta keeps of the grant may be this very token.
        match self.granted_again(app, job).await {
            Some(Ok(minted)) if minted.expires_at != end => {
                kept(Some(minted.token), minted.expires_at, None)
            }
            _ => kept(None, end, Some(why)),
        }
    }

    /// The token does not work: the one that Meta keeps of the client's grant, or none.
    async fn ask_again(&self, app: &MetaApp, job: &Job<Connection>, why: Reason) -> Outcome<Event> {
        match self.granted_again(app, job).await {
            Some(Ok(minted)) => kept(Some(minted.token), minted.expires_at, None),
            Some(Err(Unminted::Failed(error))) if !is_refusal(&error) => failed(&error, job.now),
            _ => Outcome::Done(Event::TokenLost(Disconnection {
                reason: "token_dead".to_owned(),
                text: format!("The client's permission no longer works: {}.", why.text),
                by: None,
                at: job.now,
            })),
        }
    }

    /// The token that Meta keeps of the client's grant; nothing where the client's portfolio is not known.
    async fn granted_again(
        &self,
        app: &MetaApp,
        job: &Job<Connection>,
    ) -> Option<Result<Minted, Unminted>> {
        let wanted = Wanted {
            waba: &job.facts.waba,
            business: job.facts.business.as_ref()?,
            solution: job.facts.solution.as_deref(),
        };
        let ports = (self.provider.as_ref(), self.graph.as_ref());
        Some(mint(ports, app, wanted).await)
    }

    async fn inspected(
        &self,
        app: &MetaApp,
        job: &Job<Connection>,
        token: &Secret,
    ) -> Result<Inspected, GraphError> {
        let grant = self.graph.inspect_token(&credentials(app), token).await?;
        let dead = |code: &str, text: &str| Ok(Inspected::Dead(Reason::new(code, text)));
        if !grant.valid {
            return dead("token_invalid", "Meta says that the token is not valid");
        }
        // Where Meta names no accounts it only leaves out to say so.
        if !grant.wabas.is_empty() && !grant.wabas.contains(&job.facts.waba) {
            let text = "the token is valid and no longer good for the account";
            return dead("waba_not_granted", text);
        }
        Ok(Inspected::Works(grant))
    }
}

fn kept(
    token: Option<Secret>,
    expires_at: Option<Timestamp>,
    failing: Option<Reason>,
) -> Outcome<Event> {
    Outcome::Done(Event::TokenKept {
        token,
        expires_at,
        failing,
    })
}

/// Whether Meta answered and will answer the same again.
fn is_refusal(error: &GraphError) -> bool {
    !matches!(
        error.reaction,
        Reaction::NotSent
            | Reaction::Unanswered
            | Reaction::Transient
            | Reaction::Limited { .. }
            | Reaction::Misconfigured
    )
}

fn failed(error: &GraphError, now: Timestamp) -> Outcome<Event> {
    if error.reaction == Reaction::TokenDead {
        // It is our own that Meta refuses here: nothing is known of the client's.
        return Outcome::Ask {
            whom: Actor::Operator,
            why: reason_of(error),
        };
    }
    outcome_of(error, now, Event::TendFailed(reason_of(error)))
}
