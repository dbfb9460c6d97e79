//! What Meta's own word of a grant means to an onboarding: an account is matched to it, and its token is asked of
//! Meta without a code. A browser's claim counts for nothing here.

use engine::{Actor, Heard, Note, Reason, Timestamp};
use serde::{Deserialize, Serialize};

use super::event::Event;
use super::facts::{Facts, Syncs, Trouble};
use super::hear::{HeardHere, moved, restart, troubled};
use super::machine::{Input, State};
use crate::values::{BusinessId, WabaId};

/// Meta's word that the client took the app off its account: there is nothing left to ask a token of.
const APP_REMOVED: &str = "graph_190_458";

/// An account that Meta shared with the app, and that is held to be this client's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// The instance that watches over it, `gra_…`.
    pub grant: String,
    /// The account.
    pub waba: WabaId,
    /// The client's portfolio, of which the token is asked.
    pub business: BusinessId,
    /// When Meta's word of it was heard.
    pub seen_at: Timestamp,
    /// When it was held to be this client's; the same word again means nothing new.
    pub offered_at: Timestamp,
    /// Who says that it is this client's: the order by a pin, or an operator.
    pub by: Actor,
    /// What came of it, if Meta gave no token.
    #[serde(default)]
    pub lost: Option<Trouble>,
}

impl Facts {
    /// The account and portfolio of which a token may be asked without a code.
    pub(super) fn sought_of(&self) -> Option<(&WabaId, &BusinessId)> {
        if self.sought.is_some() {
            let bound = self.bound.as_ref()?;
            return Some((&bound.waba, bound.business.as_ref()?));
        }
        let matched = self.matched.as_ref()?;
        Some((&matched.waba, &matched.business))
    }

    /// The account that the present token was asked for, where no code brought it.
    pub(super) fn minted_for(&self) -> Option<&WabaId> {
        self.sought_of().map(|(waba, _)| waba)
    }
}

/// Hears of a grant and of what came of asking for its token.
pub(super) fn hear(facts: &Facts, event: Event) -> HeardHere {
    match event {
        Event::GrantMatched(granted) => matched(facts, granted),
        Event::TokenMinted { token, expires_at } => {
            let note = Note::plain("token_minted", Actor::System);
            moved(facts, Input::TokenMinted, note, |facts| {
                facts.token = Some(token);
                facts.token_expires_at = expires_at;
                facts.trouble = None;
            })
        }
        Event::GrantLost(trouble) => lost(facts, trouble),
        _ => Heard::ignored(),
    }
}

fn matched(facts: &Facts, granted: Granted) -> HeardHere {
    let heard = facts.matched.as_ref().is_some_and(|known| {
        known.grant == granted.grant && known.offered_at == granted.offered_at
    });
    if heard {
        return Heard::ignored();
    }
    let text = match granted.by {
        Actor::Operator => "an operator says that an account Meta shared is this client's",
        _ => "Meta shared the account that the order names",
    };
    let note = Note::because("grant_matched", granted.by, Reason::new("grant", text));
    moved(facts, Input::GrantMatched, note, |facts| {
        facts
            .claim
            .take_if(|claim| claim.waba.as_ref() != Some(&granted.waba));
        let finished = facts.claim.as_ref().map(|claim| claim.at);
        facts.es_completed_at = Some(finished.unwrap_or(granted.seen_at).min(granted.seen_at));
        facts.code = None;
        facts.code_at = None;
        facts.token = None;
        facts.syncs = Syncs::default();
        facts.adding = None;
        facts.sought = None;
        facts.trouble = None;
        facts.matched = Some(granted);
    })
}

fn lost(facts: &Facts, trouble: Trouble) -> HeardHere {
    // That the token died is what the client can mend; that Meta gives no other is no news to it.
    let told = match &facts.sought {
        Some(died) if trouble.mover == Actor::Client => died.clone(),
        _ => trouble.clone(),
    };
    troubled(facts, Input::GrantLost, "grant_lost", told, |facts| {
        if facts.sought.is_none()
            && let Some(matched) = &mut facts.matched
        {
            matched.lost = Some(trouble);
        }
        restart(facts);
    })
}

/// Whether Meta may have another token of a grant whose token died: asked once for a signup, and only for what
/// a token of this very onboarding had proved.
pub(super) fn may_seek(facts: &Facts, state: State, trouble: &Trouble) -> bool {
    let at_work = matches!(
        state,
        State::TokenExchanged
            | State::WabaSubscribed
            | State::CreditShared
            | State::SyncRequested
            | State::NeedsOtp
    );
    let bound = facts.bound.as_ref();
    let proved = bound.is_some_and(|bound| bound.business.is_some());
    at_work && proved && facts.sought.is_none() && trouble.code != APP_REMOVED
}

/// Asks Meta for another token; Meta's windows count from the signup as before.
pub(super) fn seek(facts: &Facts, trouble: Trouble) -> HeardHere {
    let note = Note::because("token_sought", Actor::System, trouble.reason());
    moved(facts, Input::TokenSought, note, |facts| {
        facts.token = None;
        facts.token_expires_at = None;
        facts.sought = Some(trouble);
    })
}
