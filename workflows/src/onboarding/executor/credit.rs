//! A Solution Partner's credit line: its system user on the account, the line shared once, and seen to pay.
//!
//! All of it is done with the provider's own token; none of its failures says anything of the client's.

use engine::{Actor, Finding, Job, Outcome, Reason};

use super::{INVISIBLE_TRIES, OnboardingExecutor, outcome_of, reason_of, retry};
use crate::directory::MetaApp;
use crate::onboarding::Onboarding;
use crate::onboarding::event::Event;
use crate::onboarding::facts::{Bound, Credit};
use crate::onboarding::machine::State;
use crate::onboarding::months;
use crate::ports::graph::{Access, AppCredentials, GraphError, Reaction};
use crate::values::BusinessId;

/// What a Solution Partner's own side must be set up with.
struct Provider {
    business: BusinessId,
    user: String,
    access: Access,
    line: String,
    currency: String,
}

/// What an account is paid by.
enum Funding {
    Nothing,
    /// This share of ours.
    Ours(String),
    SomebodyElse,
}

impl OnboardingExecutor {
    /// What is to be done about credit before the number goes on; nothing where all is done.
    pub(super) async fn credit_step(
        &self,
        job: &Job<Onboarding>,
        bound: &Bound,
    ) -> Option<Outcome<Event>> {
        let partner = match self.directory.partner(&job.facts.order.partner).await {
            Ok(partner) => partner,
            Err(error) => {
                tracing::error!(%error, "a partner could not be read");
                let text = "the partner's record could not be read";
                return Some(retry(Reason::new("store_unavailable", text)));
            }
        };
        if partner.is_none_or(|partner| !partner.shares_credit()) {
            return None;
        }
        match &job.facts.credit {
            Some(credit) if credit.waba == bound.waba && credit.is_settled() => {
                // A PIN or a password led back to here.
                let again = job.state == State::WabaSubscribed;
                again.then(|| Outcome::Done(Event::CreditShared(credit.clone())))
            }
            _ => Some(Outcome::Done(Event::CreditWanted)),
        }
    }

    pub(super) async fn assign_user(&self, job: &Job<Onboarding>) -> Outcome<Event> {
        let (provider, bound) = match self.provider(job).await {
            Ok(found) => found,
            Err(outcome) => return *outcome,
        };
        let assigned = self.assign(&provider, bound).await;
        let funding = match assigned {
            Ok(()) => self.funding(&provider, bound).await,
            Err(error) => Err(error),
        };
        match funding {
            Err(error) => provider_outcome(&error, job),
            // A client that comes back may have it from last time.
            Ok(Funding::Ours(allocation)) => shared(bound, allocation, job),
            Ok(Funding::Nothing) => Outcome::Done(Event::UserAssigned { moves_at: None }),
            Ok(Funding::SomebodyElse) => match months::line_may_move_from(job.now) {
                None => Outcome::Done(Event::UserAssigned {
                    moves_at: Some(months::moved_line_pays_from(job.now)),
                }),
                Some(until) => Outcome::Wait {
                    until,
                    why: Reason::new(
                        "credit_switch_window",
                        "the account is paid by another provider, and Meta moves accounts between credit lines neither in the last three nor in the first four days of a month",
                    ),
                    mover: Actor::Outside,
                },
            },
        }
    }

    async fn assign(&self, provider: &Provider, bound: &Bound) -> Result<(), GraphError> {
        let (waba, access) = (&bound.waba, &provider.access);
        let users = self.graph.assigned_users(waba, &provider.business, access);
        if users.await?.contains(&provider.user) {
            return Ok(());
        }
        self.graph.assign_user(waba, &provider.user, access).await
    }

    async fn funding(&self, provider: &Provider, bound: &Bound) -> Result<Funding, GraphError> {
        let access = &provider.access;
        let Some(funding) = self.graph.waba_funding(&bound.waba, access).await? else {
            return Ok(Funding::Nothing);
        };
        let owner = match &bound.business {
            Some(owner) => Some(owner.clone()),
            None => self.graph.waba_owner(&bound.waba, access).await?,
        };
        let Some(owner) = owner else {
            return Ok(Funding::SomebodyElse);
        };
        for share in self
            .graph
            .credit_shares(&provider.line, &owner, access)
            .await?
        {
            if self.graph.share_credential(&share, access).await?.as_ref() == Some(&funding) {
                return Ok(Funding::Ours(share));
            }
        }
        Ok(Funding::SomebodyElse)
    }

    pub(super) async fn share_credit(&self, job: &Job<Onboarding>) -> Outcome<Event> {
        let (provider, bound) = match self.provider(job).await {
            Ok(found) => found,
            Err(outcome) => return *outcome,
        };
        let (line, currency) = (&provider.line, &provider.currency);
        let shared = self
            .graph
            .share_credit(line, &bound.waba, currency, &provider.access);
        match shared.await {
            Ok(allocation) => Outcome::Done(Event::CreditAttached(Credit {
                waba: bound.waba.clone(),
                allocation,
                verified_at: None,
                pays_from: job.facts.credit_moves_at,
            })),
            Err(error) if matches!(error.reaction, Reaction::Unanswered | Reaction::Transient) => {
                Outcome::Unknown {
                    why: reason_of(&error),
                }
            }
            Err(error) => provider_outcome(&error, job),
        }
    }

    /// Whether an announced share happened: the account is paid by a share of ours, or it is not.
    pub(super) async fn find_share(&self, job: &Job<Onboarding>) -> Finding<Event> {
        let Ok((provider, bound)) = self.provider(job).await else {
            return Finding::Ask {
                whom: Actor::Operator,
                why: Reason::new(
                    "credit_unknown",
                    "the credit line may have been shared, and the Meta app is no longer set up to look",
                ),
            };
        };
        match self.funding(&provider, bound).await {
            Ok(Funding::Ours(allocation)) => {
                let credit = credit_of(bound, allocation, job);
                Finding::Happened(Event::CreditShared(credit))
            }
            Ok(_) => Finding::DidNotHappen(Reason::new(
                "credit_not_shared",
                "the account is not paid by the credit line; it is shared again",
            )),
            Err(error) => Finding::NotKnown {
                why: reason_of(&error),
                after: match error.reaction {
                    Reaction::Limited { wait } => Some(wait),
                    _ => None,
                },
            },
        }
    }

    pub(super) async fn verify_credit(&self, job: &Job<Onboarding>) -> Outcome<Event> {
        let (provider, bound) = match self.provider(job).await {
            Ok(found) => found,
            Err(outcome) => return *outcome,
        };
        let Some(credit) = &job.facts.credit else {
            return Outcome::Done(Event::CreditWanted);
        };
        let access = &provider.access;
        let pays = self
            .graph
            .share_credential(&credit.allocation, access)
            .await;
        let paid_by = self.graph.waba_funding(&bound.waba, access).await;
        match (pays, paid_by) {
            (Err(error), _) | (_, Err(error)) => provider_outcome(&error, job),
            (Ok(Some(pays)), Ok(Some(paid_by))) if pays == paid_by => {
                shared(bound, credit.allocation.clone(), job)
            }
            // Until then the former provider pays; the number need not wait for it.
            (Ok(Some(_)), Ok(Some(_))) if credit.pays_from.is_some() => {
                Outcome::Done(Event::CreditShared(credit.clone()))
            }
            (Ok(_), Ok(_)) => {
                let why = Reason::new(
                    "credit_not_attached",
                    "Meta took the share of the credit line, and does not show the account as paid by it",
                );
                if job.attempt + 1 < INVISIBLE_TRIES {
                    retry(why)
                } else {
                    operator(why)
                }
            }
        }
    }

    /// The provider's side, or what is missing of it and who can mend that.
    async fn provider<'a>(
        &self,
        job: &'a Job<Onboarding>,
    ) -> Result<(Provider, &'a Bound), Box<Outcome<Event>>> {
        let app = match self.directory.meta_app(&job.facts.order.app).await {
            Ok(Some(app)) => app,
            Ok(None) => {
                let text = "the Meta app is not set up here any more";
                return Err(Box::new(operator(Reason::new("app_unknown", text))));
            }
            Err(error) => {
                tracing::error!(%error, "a Meta app could not be read");
                let text = "the Meta app's record could not be read";
                return Err(Box::new(retry(Reason::new("store_unavailable", text))));
            }
        };
        let bound = job.facts.bound.as_ref().ok_or_else(|| {
            let text = "no account is bound to share a credit line with";
            Box::new(operator(Reason::new("account_unbound", text)))
        })?;
        let id = app.app_id.clone();
        let provider = Provider::of(app).map_err(|(code, missing)| {
            let text = format!(
                "the Meta app {id} of a Solution Partner has {missing}: set it up again with what is missing, then retry"
            );
            Box::new(operator(Reason::new(code, text)))
        })?;
        Ok((provider, bound))
    }
}

impl Provider {
    /// The setup, or the code and the name of the first thing that it lacks.
    fn of(app: MetaApp) -> Result<Self, (&'static str, &'static str)> {
        let business = app
            .business_id
            .ok_or(("business_missing", "no `business_id`"))?;
        let (Some(user), Some(token)) = (app.system_user_id, app.system_user_token) else {
            let lacks = "no system user (`system_user_id` with `system_user_token`)";
            return Err(("system_user_missing", lacks));
        };
        let line = app
            .credit_line_id
            .ok_or(("credit_line_missing", "no `credit_line_id`"))?;
        let currency = app
            .waba_currency
            .ok_or(("waba_currency_missing", "no `waba_currency`"))?;
        let credentials = AppCredentials {
            app_id: app.app_id,
            app_secret: app.app_secret,
        };
        Ok(Self {
            business: BusinessId::new(business),
            user,
            access: Access::of(&credentials, &token),
            line,
            currency,
        })
    }
}

fn credit_of(bound: &Bound, allocation: String, job: &Job<Onboarding>) -> Credit {
    Credit {
        waba: bound.waba.clone(),
        allocation,
        verified_at: Some(job.now),
        pays_from: None,
    }
}

fn shared(bound: &Bound, allocation: String, job: &Job<Onboarding>) -> Outcome<Event> {
    Outcome::Done(Event::CreditShared(credit_of(bound, allocation, job)))
}

fn operator(why: Reason) -> Outcome<Event> {
    Outcome::Ask {
        whom: Actor::Operator,
        why,
    }
}

/// What a failure under the provider's token comes to: the client has no part in it.
fn provider_outcome(error: &GraphError, job: &Job<Onboarding>) -> Outcome<Event> {
    match error.reaction {
        Reaction::TokenDead => operator(Reason::new(
            "system_token_dead",
            format!("Meta does not take the provider's system user token any more ({error})"),
        )),
        Reaction::Locked => operator(reason_of(error)),
        Reaction::NotVisible if job.attempt + 1 >= INVISIBLE_TRIES => operator(Reason::new(
            "account_not_shared",
            format!("the provider's system user does not see the client's account ({error})"),
        )),
        _ => outcome_of(error, job.now),
    }
}
