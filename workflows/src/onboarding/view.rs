//! The partner's view of an onboarding, and the number that rises when it changes.

use engine::{Actor, Hold, HoldKind, Reason, Timestamp, Workflow};
use sha2::{Digest, Sha256};

use super::facts::Facts;
use super::machine::State;
use super::{Onboarding, connected, flow, windows};
use crate::app::{
    DeadlineView, LastErrorView, LinkView, NextActionView, OnboardingView, ReadinessView,
    ResultView,
};
use crate::catalogue;

/// The closed set that partners switch on.
pub fn status(state: State, facts: &Facts, hold: Option<&Hold>) -> &'static str {
    let parked = hold.is_some_and(|hold| hold.kind == HoldKind::Parked);
    match state {
        State::LinkIssued if facts.opened_at.is_some() => "opened",
        State::LinkIssued => "pending",
        State::EsCompleted
        | State::TokenExchanged
        | State::WabaSubscribed
        | State::CreditShared
        | State::SyncRequested
        | State::NumberRegistered
        | State::Canceling
            if !parked =>
        {
            "in_progress"
        }
        State::PartnerNotified => "completed",
        State::Expired => "expired",
        State::Canceled => "canceled",
        _ => "action_required",
    }
}

/// The partner's object.
pub fn onboarding_view(state: State, facts: &Facts, hold: Option<&Hold>) -> OnboardingView {
    let bound = facts.bound.as_ref();
    let order = &facts.order;
    let name: &'static str = state.into();
    OnboardingView {
        object: "onboarding",
        id: facts.id.clone(),
        livemode: order.livemode,
        external_id: order.external_id.clone(),
        metadata: order.metadata.clone(),
        client_account: order.client_account.clone(),
        state: name.to_owned(),
        status: status(state, facts, hold).to_owned(),
        status_reason: status_reason(facts, hold),
        sequence: facts.sequence,
        link: LinkView {
            id: facts.link.id.clone(),
            url: None,
            expires_at: facts.link.expires_at.to_rfc3339(),
            revoked_at: facts.link.revoked_at.map(Timestamp::to_rfc3339),
        },
        result: ResultView {
            business_id: bound.and_then(|bound| bound.business.as_ref().map(ToString::to_string)),
            waba_id: bound.map(|bound| bound.waba.to_string()),
            phone_number_id: bound.map(|bound| bound.phone.to_string()),
            display_phone_number: bound.and_then(|bound| bound.display_phone_number.clone()),
            flow: bound.map(|bound| flow::name_of(bound.coexistence).to_owned()),
        },
        readiness: ReadinessView {
            subscribed: facts.subscribed_at.is_some(),
            registered: facts.registered_at.is_some(),
            name_status: bound.and_then(|bound| bound.name_status.clone()),
            can_send: facts.can_send,
            problems: connected::problems(facts),
        },
        next_action: next_action(state, facts, hold),
        deadline: deadline_view(state, facts),
        last_error: last_error(facts, hold),
        created_at: facts.created_at.to_rfc3339(),
        updated_at: facts.seen_at.to_rfc3339(),
        opened_at: facts.opened_at.map(Timestamp::to_rfc3339),
        completed_at: facts.completed_at.map(Timestamp::to_rfc3339),
    }
}

fn status_reason(facts: &Facts, hold: Option<&Hold>) -> Option<String> {
    if let Some(reason) = connected::status_reason(facts) {
        return Some(reason.to_owned());
    }
    if flow::mismatch(facts).is_some() {
        return Some("flow_mismatch".to_owned());
    }
    let code = |kind, reason: &Reason| for_partners(kind, reason).0;
    hold.map(|hold| code(hold.kind, &hold.reason))
        .or_else(|| Some(code(HoldKind::Parked, &facts.trouble.as_ref()?.reason())))
}

/// A reason in the words that partners are told.
pub fn partner_words(kind: HoldKind, reason: &Reason) -> Reason {
    let (code, text) = for_partners(kind, reason);
    Reason::new(code, text)
}

/// What partners are told of a reason: the catalogue's code and words rather than Meta's own, and
/// never what an operator typed.
fn for_partners(kind: HoldKind, reason: &Reason) -> (String, String) {
    if kind == HoldKind::Paused {
        let text = "An operator has paused this onboarding.".to_owned();
        return ("paused".to_owned(), text);
    }
    let known = |code: &str, text: &str| (code.to_owned(), text.to_owned());
    match reason.code.as_str() {
        "graph_unreachable" => known("meta_unreachable", "Meta cannot be reached."),
        "graph_unanswered" | "graph_unreadable" => {
            known("meta_unanswered", "Meta gave no usable answer.")
        }
        code => match catalogue::of_fingerprint(code) {
            Some(entry) => known(entry.partner_code, entry.meaning),
            None if code.starts_with("graph_") => known(
                "meta_refused",
                "Meta refused a request; the operator sees why.",
            ),
            None => (reason.code.clone(), reason.text.clone()),
        },
    }
}

fn next_action(state: State, facts: &Facts, hold: Option<&Hold>) -> Option<NextActionView> {
    let view = |actor: Actor, code: &str, message: &str, due: Option<Timestamp>| {
        Some(NextActionView {
            actor: actor.as_str().to_owned(),
            code: code.to_owned(),
            message: message.to_owned(),
            due_at: due.map(Timestamp::to_rfc3339),
        })
    };
    if let Some(asked) = connected::asked(state, facts) {
        return view(asked.mover, &asked.code, &asked.text, None);
    }
    if Onboarding::ends(state) {
        return (state == State::Expired).then(|| NextActionView {
            actor: Actor::Partner.as_str().to_owned(),
            code: "make_new_link".to_owned(),
            message: "The link has expired. Make a new one to revive the onboarding.".to_owned(),
            due_at: None,
        });
    }
    if let Some(hold) = hold {
        let (code, text) = for_partners(hold.kind, &hold.reason);
        return view(hold.mover, &code, &text, hold.until);
    }
    if let Some(awaited) = Onboarding::awaits(state, facts) {
        let (code, text) = for_partners(HoldKind::Parked, &awaited.reason);
        return view(awaited.mover, &code, &text, awaited.until);
    }
    let (code, message) = match state {
        State::EsCompleted => (
            "exchange_code",
            "The client's permission is being confirmed with Meta.",
        ),
        State::TokenExchanged => (
            "connect_account",
            "The WhatsApp account is being connected.",
        ),
        State::WabaSubscribed if facts.is_coexistence() => (
            "request_sync",
            "The WhatsApp Business app is being asked for its contacts and chats.",
        ),
        State::SyncRequested => (
            "confirm_coexistence",
            "The connection with the WhatsApp Business app is being confirmed.",
        ),
        State::WabaSubscribed | State::CreditShared => {
            ("register_number", "The number is being registered.")
        }
        State::Canceling => (
            "cancel",
            "It was called off, and what was set up is being taken back.",
        ),
        _ => (
            "tell_partner",
            "The completion is being told to the partner.",
        ),
    };
    view(Actor::System, code, message, None)
}

/// Meta's deadline for what is at work, as partner and client are shown it.
pub(super) fn deadline_view(state: State, facts: &Facts) -> Option<DeadlineView> {
    let deadline = windows::deadline(state, facts)?;
    Some(DeadlineView {
        code: deadline.code,
        at: deadline.at.to_rfc3339(),
        message: deadline.text.to_owned(),
    })
}

fn last_error(facts: &Facts, hold: Option<&Hold>) -> Option<LastErrorView> {
    let failing = hold.filter(|hold| matches!(hold.kind, HoldKind::Retrying | HoldKind::Parked));
    let view = |(code, message): (String, String), at: Timestamp| {
        Some(LastErrorView {
            code,
            message,
            at: at.to_rfc3339(),
        })
    };
    match (failing, &facts.trouble) {
        (Some(hold), _) => view(for_partners(hold.kind, &hold.reason), hold.since),
        (None, Some(trouble)) => view(
            for_partners(HoldKind::Parked, &trouble.reason()),
            trouble.at,
        ),
        (None, None) => None,
    }
}

/// Raises the sequence exactly when something a partner can see has changed.
pub(super) fn number_what_is_seen(
    facts: &mut Facts,
    state: State,
    hold: Option<&Hold>,
    now: Timestamp,
) {
    let mut view = onboarding_view(state, facts, hold);
    view.sequence = 0;
    view.updated_at.clear();
    let bytes = serde_json::to_vec(&view).expect("a view is plain data");
    let digest = hex::encode(Sha256::digest(&bytes));
    if digest != facts.seen {
        facts.seen = digest;
        facts.sequence += 1;
        facts.seen_at = now;
    }
}
