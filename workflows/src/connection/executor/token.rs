//! The token: seen to work, made to live on before its end, asked for again where it does not work.

use engine::{Actor, Job, Outcome, Reason, Timestamp};

use super::{ConnectionExecutor, credentials, outcome_of, reason_of, retry};
use crate::connection::event::Event;
use crate::connection::{Connection, Disconnection};
use crate::directory::MetaApp;
use crate::ports::graph::{Access, GraphError, Reaction, TokenGrant};
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
        let grant = match self.inspected(&app, job, &job.facts.token).await {
            Ok(Inspected::Works(grant)) => grant,
            Ok(Inspected::Dead(why)) => return self.ask_again(&app, job, why).await,
            Err(error) => return failed(&error, job.now),
        };
        if !job.facts.token_ends_soon(grant.expires_at, job.now) {
            return kept(None, grant.expires_at, None);
        }
        let extended = self
            .provider
            .extend_token(&credentials(&app), &job.facts.token)
            .await;
        match extended {
            Ok(granted) => match self.inspected(&app, job, &granted.token).await {
                Ok(Inspected::Works(new)) => kept(Some(granted.token), new.expires_at, None),
                Ok(Inspected::Dead(why)) => kept(None, grant.expires_at, Some(why)),
                Err(error) => failed(&error, job.now),
            },
            Err(error) if is_refusal(&error) => {
                let end = grant.expires_at;
                self.replaced(&app, job, end, reason_of(&error)).await
            }
            Err(error) => failed(&error, job.now),
        }
    }

    /// The token works and cannot be made to live on: another one, or this as long as it lasts.
    async fn replaced(
        &self,
        app: &MetaApp,
        job: &Job<Connection>,
        end: Option<Timestamp>,
        why: Reason,
    ) -> Outcome<Event> {
        match self.granted_again(app, job).await {
            Some(Ok((token, expires_at))) if expires_at != end => {
                kept(Some(token), expires_at, None)
            }
            _ => kept(None, end, Some(why)),
        }
    }

    /// The token does not work: the one that Meta keeps of the client's grant, or none.
    async fn ask_again(&self, app: &MetaApp, job: &Job<Connection>, why: Reason) -> Outcome<Event> {
        match self.granted_again(app, job).await {
            Some(Ok((token, expires_at))) => kept(Some(token), expires_at, None),
            Some(Err(error)) if !is_refusal(&error) => failed(&error, job.now),
            _ => Outcome::Done(Event::TokenLost(Disconnection {
                reason: "token_dead".to_owned(),
                text: format!(
                    "Meta does not take the client's permission any more: {}.",
                    why.text
                ),
                by: None,
                at: job.now,
            })),
        }
    }

    /// The token that Meta keeps of the client's grant, if it works; nothing where nobody may ask for it
    /// or Meta's is dead too.
    async fn granted_again(
        &self,
        app: &MetaApp,
        job: &Job<Connection>,
    ) -> Option<Result<(Secret, Option<Timestamp>), GraphError>> {
        let business = job.facts.business.as_ref()?;
        let system = app.system_user_token.as_ref()?;
        let access = Access::of(&credentials(app), system);
        let granted = match self.provider.client_token(business, &access).await {
            Ok(granted) => granted,
            Err(error) => return Some(Err(error)),
        };
        match self.inspected(app, job, &granted.token).await {
            Ok(Inspected::Works(grant)) => Some(Ok((granted.token, grant.expires_at))),
            Ok(Inspected::Dead(_)) => None,
            Err(error) => Some(Err(error)),
        }
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
