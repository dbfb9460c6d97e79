//! Whose a grant may be: the onboardings that have the account, are about to have it, or name it beforehand.
//!
//! It reads and decides; a browser's claim is only ever held against a match, never for one.

use std::time::Duration;

use engine::{Engine, EngineError, Filter, Instance, InstanceId, PageOrder, Reason, SealError};

use super::BROWSERS_CHANCE;
use super::facts::{AccountNumber, Facts};
use crate::onboarding::{CLAIMED, Onboarding, PINNED, Pin, State, waits_for_grant};

/// Onboardings under one key that are looked at: a number, an account or a portfolio has a few.
const LOOKED_AT_MAX: usize = 100;

/// A code that came with Meta's word was given within this of it.
const SAME_SIGNUP: Duration = Duration::from_mins(10);

/// How long a browser's road that is under way is let go first.
const PRECEDENCE: Duration = Duration::from_mins(3);

/// What is known before anything is asked of Meta.
pub(super) enum Standing {
    /// This onboarding has it by the very signup that Meta tells of.
    Bound(InstanceId),
    /// A code is at work whose account is not known yet.
    Busy,
    /// Nobody has it by this signup.
    Open,
}

/// Whose it is.
pub(super) enum Match {
    /// This one waits for it.
    One(InstanceId),
    /// This one has had it since before, and nobody waits for it.
    Kept(InstanceId),
    /// Nobody can be told.
    Nobody(Reason, Vec<InstanceId>),
}

/// Looks over onboardings on behalf of a grant.
pub(super) struct Matching<'a> {
    pub(super) engine: &'a Engine,
    pub(super) facts: &'a Facts,
}

impl Matching<'_> {
    /// Whether the browser's road has led, or may yet lead, to the account.
    pub(super) async fn standing(&self) -> Result<Standing, EngineError> {
        let granted_at = self.facts.granted_at;
        // Also one that was called off since: whoever did so knows of the account.
        for holder in self.bound().await? {
            let signed_up = holder.facts.es_completed_at;
            if signed_up.is_some_and(|at| at + SAME_SIGNUP > granted_at) {
                return Ok(Standing::Bound(holder.record.id));
            }
        }
        let now = self.engine.now();
        if now.since(self.facts.seen_at) > BROWSERS_CHANCE + PRECEDENCE {
            return Ok(Standing::Open);
        }
        let filter = Filter {
            workflow: Some("onboarding".to_owned()),
            states: vec!["es_completed".to_owned(), "token_exchanged".to_owned()],
            ..Filter::default()
        };
        let at_work = self.opened(&filter).await?;
        let busy = at_work.iter().any(|onboarding| {
            let fresh = now.since(onboarding.record.entered_at) < PRECEDENCE;
            fresh && onboarding.facts.bound.is_none() && self.is_ours(onboarding)
        });
        Ok(if busy { Standing::Busy } else { Standing::Open })
    }

    /// Whose it is, where no code brought it.
    pub(super) async fn find(&self, numbers: &[AccountNumber]) -> Result<Match, EngineError> {
        let holders = self.holders().await?;
        let candidates = self.candidates(numbers).await?;
        let ids = || candidates.iter().map(|found| found.record.id.clone());
        let nobody = |code: &str, text: &str| {
            let why = Reason::new(code, text);
            Ok(Match::Nobody(why, ids().collect()))
        };
        let [only] = candidates.as_slice() else {
            if candidates.len() > 1 {
                let text =
                    "more than one onboarding names this account, its number or its portfolio";
                return nobody("several_candidates", text);
            }
            return match holders.into_iter().next() {
                Some(holder) => Ok(Match::Kept(holder.record.id)),
                None => nobody(
                    "nobody_pinned",
                    "no onboarding names this account, its number or its portfolio beforehand",
                ),
            };
        };
        let partner = &only.facts.order.partner;
        let elsewhere = |other: &Instance<Onboarding>| other.facts.order.partner != *partner;
        if holders.iter().any(elsewhere) {
            let text = "the account is connected through another partner too";
            return nobody("account_bound_elsewhere", text);
        }
        let claims = self.claims().await?;
        if claims.iter().any(|claim| claim.record.id != only.record.id) {
            let text = "one onboarding names this account, and the browser of another did too";
            return nobody("claimed_by_another_browser", text);
        }
        Ok(Match::One(only.record.id.clone()))
    }

    /// The onboardings that have the account.
    async fn holders(&self) -> Result<Vec<Instance<Onboarding>>, EngineError> {
        let mut found = self.bound().await?;
        let let_go = |state| matches!(state, State::Canceled | State::Canceling | State::Expired);
        found.retain(|holder| !let_go(holder.state));
        Ok(found)
    }

    /// The onboardings that bound the account, whatever became of them. One that signs up anew has at best what it
    /// had before.
    async fn bound(&self) -> Result<Vec<Instance<Onboarding>>, EngineError> {
        let mut found = self.labelled("waba", self.facts.waba.to_string()).await?;
        found.retain(|onboarding| {
            let anew = waits_for_grant(onboarding.state) || onboarding.state == State::EsCompleted;
            let bound = onboarding.facts.bound.as_ref();
            !anew && bound.is_some_and(|bound| bound.waba == self.facts.waba)
        });
        Ok(found)
    }

    /// The onboardings whose browsers named the account; they prove nothing.
    pub(super) async fn claims(&self) -> Result<Vec<Instance<Onboarding>>, EngineError> {
        self.labelled(CLAIMED, self.facts.waba.to_string()).await
    }

    /// The onboardings that name the account beforehand, and nothing that contradicts it.
    async fn candidates(
        &self,
        numbers: &[AccountNumber],
    ) -> Result<Vec<Instance<Onboarding>>, EngineError> {
        let digits: Vec<String> = numbers.iter().filter_map(AccountNumber::digits).collect();
        let business = self.facts.business.as_ref();
        let mut pins = vec![Pin::Account(&self.facts.waba)];
        pins.extend(business.map(Pin::Portfolio));
        pins.extend(digits.iter().map(|digits| Pin::Number(digits)));
        let mut found: Vec<Instance<Onboarding>> = Vec::new();
        for pin in &pins {
            for onboarding in self.labelled(PINNED, pin.key()).await? {
                let known = |other: &Instance<Onboarding>| other.record.id == onboarding.record.id;
                let agrees = onboarding.facts.order.pins().all(|pin| pins.contains(&pin));
                if agrees && self.may_wait(&onboarding) && !found.iter().any(known) {
                    found.push(onboarding);
                }
            }
        }
        Ok(found)
    }

    /// Whether it can be waiting for what Meta granted: it was there before the grant, and still is.
    fn may_wait(&self, onboarding: &Instance<Onboarding>) -> bool {
        let facts = &onboarding.facts;
        // Meta tells the time in seconds.
        let beforehand = facts.created_at.seconds() <= self.facts.granted_at.seconds();
        beforehand && waits_for_grant(onboarding.state) && facts.link.revoked_at.is_none()
    }

    fn is_ours(&self, onboarding: &Instance<Onboarding>) -> bool {
        onboarding.facts.order.app == self.facts.app
    }

    async fn labelled(
        &self,
        name: &str,
        value: String,
    ) -> Result<Vec<Instance<Onboarding>>, EngineError> {
        let filter = Filter {
            workflow: Some("onboarding".to_owned()),
            labels: vec![(name.to_owned(), value)],
            ..Filter::default()
        };
        let mut found = self.opened(&filter).await?;
        found.retain(|onboarding| self.is_ours(onboarding));
        Ok(found)
    }

    async fn opened(&self, filter: &Filter) -> Result<Vec<Instance<Onboarding>>, EngineError> {
        let page = PageOrder {
            limit: LOOKED_AT_MAX,
            after: None,
        };
        let mut opened = Vec::new();
        for record in self.engine.find(filter, &page).await?.items {
            match self.engine.open::<Onboarding>(record).await {
                Ok(onboarding) => opened.push(onboarding),
                // Its client was erased meanwhile.
                Err(EngineError::Seal(SealError::Erased)) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(opened)
    }
}
