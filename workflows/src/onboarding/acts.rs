//! What operators may do to an onboarding: call it off, with what was set up taken back; let it hear
//! what only they can say; change harmless facts; go back to an earlier milestone.

use engine::{
    Actor, Field, FieldKind, Heard, Note, Offer, Offered, Reason, Said, Timestamp, UNDO, WrongField,
};
use serde_json::{Value, json};

use super::MetaWindow;
use super::event::{Edits, Event};
use super::facts::Facts;
use super::hear::{HeardHere, learned, moved, restart};
use super::machine::{Input, State};

/// The straight line from a link to a partner who knows.
pub(super) const MILESTONES: [State; 6] = [
    State::LinkIssued,
    State::EsCompleted,
    State::TokenExchanged,
    State::WabaSubscribed,
    State::NumberRegistered,
    State::PartnerNotified,
];

/// Registrations that may stand in Meta's window even with an operator's leave: one below its block.
const REGISTRATIONS_EVER: usize = 9;

const METADATA_ENTRIES_MAX: usize = 50;
const METADATA_BYTES_MAX: usize = 10_240;

/// What is wrong with a partner's notes, as a code and a sentence.
pub fn metadata_fault(metadata: &Value) -> Option<(&'static str, &'static str)> {
    match metadata.as_object().map(serde_json::Map::len) {
        None => Some(("wrong_type", "must be an object of your own notes")),
        Some(entries) if entries > METADATA_ENTRIES_MAX => {
            Some(("too_large", "may have at most 50 entries"))
        }
        Some(_) if metadata.to_string().len() > METADATA_BYTES_MAX => {
            Some(("too_large", "may be at most 10 KiB as JSON"))
        }
        Some(_) => None,
    }
}

/// What an operator may say in this state.
pub(super) fn offers(state: State, facts: &Facts) -> Vec<Offer> {
    let mut offers = Vec::new();
    let mut add = |act, name, means, fields| {
        offers.push(Offer {
            act,
            name,
            means,
            fields,
        });
    };
    if state == State::NeedsAsset {
        let means = "What Meta granted is looked at again.";
        add(Offered::RetryNow, "assets_recheck", means, Vec::new());
    }
    match state {
        State::NumberRegistered | State::PartnerNotified | State::Expired | State::Canceled => {}
        State::Canceling => {
            let means = "It ends at once, and what could not be taken back stays.";
            add(Offered::Cancel, "cancel", means, Vec::new());
        }
        _ => {
            let means = "The link dies and the partner is told. This cannot be undone.";
            add(Offered::Cancel, "cancel", means, undo_field(facts));
        }
    }
    if state == State::NeedsOtp {
        let means = "Meta sends another one-time password to the number.";
        add(Offered::Submit, "otp_wanted", means, Vec::new());
    }
    let wants_link = matches!(state, State::LinkIssued | State::NeedsSignup);
    if wants_link && facts.link.revoked_at.is_none() {
        let means = "The link stops working at once. A new one can be made.";
        add(Offered::Submit, "link_revoked", means, Vec::new());
    }
    let used = facts.register_attempts.len() >= facts.registrations_max()
        && facts.register_blocked_until.is_none();
    let left = facts.registrations_max() < REGISTRATIONS_EVER;
    if is_registering(state) && used && left {
        let means = "One more registration is tried now. Meta blocks a number at ten in 72 hours.";
        add(Offered::Submit, "registration_allowed", means, Vec::new());
    }
    if !matches!(state, State::Canceling | State::Canceled) {
        let means = "What the partner sees changes; nothing is done at Meta.";
        add(Offered::Edit, "edit", means, editable(facts));
    }
    offers
}

/// Where a registration may be at work.
fn is_registering(state: State) -> bool {
    matches!(state, State::WabaSubscribed | State::CreditShared)
}

fn undo_field(facts: &Facts) -> Vec<Field> {
    let undo = Field {
        name: UNDO,
        label: "First take back our app's subscription to the client's WhatsApp account",
        kind: FieldKind::Flag,
        required: false,
        value: None,
    };
    // A live number is never deregistered by us, and lives by the subscription.
    let offered = facts.can_undo() && facts.registered_at.is_none();
    offered.then_some(undo).into_iter().collect()
}

fn editable(facts: &Facts) -> Vec<Field> {
    let order = &facts.order;
    let text = |name, label, chars_max, value: &Option<String>| Field {
        name,
        label,
        kind: FieldKind::Text { chars_max },
        required: false,
        value: Some(json!(value)),
    };
    vec![
        text("external_id", "Partner’s own id", 255, &order.external_id),
        text(
            "client_account",
            "Client account",
            255,
            &order.client_account,
        ),
        text("locale", "Language of the page", 35, &order.locale),
        Field {
            name: "metadata",
            label: "Partner’s notes (JSON)",
            kind: FieldKind::Object,
            required: false,
            value: Some(order.metadata.clone()),
        },
    ]
}

/// The event that an offer taken up comes to.
pub(super) fn said(
    state: State,
    _facts: &Facts,
    said: &Said<'_>,
) -> Result<Event, Vec<WrongField>> {
    Ok(match (said.offer.act, said.offer.name) {
        (Offered::RetryNow, _) => Event::AssetsRecheck { actor: said.actor },
        (Offered::Cancel, _) => Event::Canceled {
            actor: said.actor,
            reason: said.reason.text.clone(),
            undo: said.flag(UNDO) && state != State::Canceling,
        },
        (Offered::Submit, "otp_wanted") => Event::OtpWanted,
        (Offered::Submit, "registration_allowed") => Event::RegistrationAllowed,
        (Offered::Submit, _) => Event::LinkRevoked { actor: said.actor },
        (Offered::Edit, _) => Event::Edited(edits(said)?),
    })
}

fn edits(said: &Said<'_>) -> Result<Edits, Vec<WrongField>> {
    let text = |name: &str| {
        let value = said.fields.get(name)?;
        Some(
            value
                .as_str()
                .filter(|text| !text.is_empty())
                .map(str::to_owned),
        )
    };
    let metadata = said.fields.get("metadata").map(|value| match value {
        Value::Null => json!({}),
        value => value.clone(),
    });
    if let Some((code, message)) = metadata.as_ref().and_then(metadata_fault) {
        return Err(vec![WrongField {
            field: "metadata".to_owned(),
            code,
            message: message.to_owned(),
        }]);
    }
    Ok(Edits {
        external_id: text("external_id"),
        client_account: text("client_account"),
        locale: text("locale"),
        metadata,
    })
}

/// Hears what operators, and a partner who calls off, bring about.
pub(super) fn hear(facts: &Facts, state: State, event: Event) -> HeardHere {
    match event {
        Event::Canceled {
            actor,
            reason,
            undo,
        } => {
            let reason = Reason::new("canceled", reason);
            if undo && facts.can_undo() {
                let note = Note::because("undo_wanted", actor, reason);
                return moved(facts, Input::UndoWanted, note, forget_visit);
            }
            let note = Note::because("canceled", actor, reason);
            moved(facts, Input::Canceled, note, forget_secrets)
        }
        Event::Unsubscribed => {
            let note = Note::plain("unsubscribed", Actor::System);
            moved(facts, Input::Unsubscribed, note, |facts| {
                facts.subscribed_at = None;
                forget_secrets(facts);
            })
        }
        Event::SubscriptionKept => {
            let text = "another number of the same account is connected and needs it";
            let why = Reason::new("account_shared", text);
            let note = Note::because("subscription_kept", Actor::System, why);
            moved(facts, Input::Unsubscribed, note, forget_secrets)
        }
        Event::RegistrationAllowed if is_registering(state) => {
            let note = Note::plain("registration_allowed", Actor::Operator);
            moved(facts, Input::RegistrationAllowed, note, |facts| {
                facts.registrations_allowed += 1;
            })
        }
        Event::Edited(edits) => edited(facts, edits),
        _ => Heard::ignored(),
    }
}

fn edited(facts: &Facts, edits: Edits) -> HeardHere {
    let old = &facts.order;
    let external_id = edits.external_id.unwrap_or_else(|| old.external_id.clone());
    let account = edits.client_account;
    let account = account.unwrap_or_else(|| old.client_account.clone());
    let locale = edits.locale.unwrap_or_else(|| old.locale.clone());
    let metadata = edits.metadata.unwrap_or_else(|| old.metadata.clone());
    let same = external_id == old.external_id
        && account == old.client_account
        && locale == old.locale
        && metadata == old.metadata;
    if same {
        return Heard::ignored();
    }
    learned(facts, Note::plain("edited", Actor::Operator), |facts| {
        facts.order.external_id = external_id;
        facts.order.client_account = account;
        facts.order.locale = locale;
        facts.order.metadata = metadata;
    })
}

/// The client's part is over; what is still to be done at Meta needs the token.
fn forget_visit(facts: &mut Facts) {
    facts.code = None;
    facts.otp = None;
    facts.browser = None;
}

/// Nothing more is done at Meta.
pub(super) fn forget_secrets(facts: &mut Facts) {
    forget_visit(facts);
    facts.token = None;
}

fn has_no_way_back(from: State) -> Option<Reason> {
    let (code, text) = match from {
        State::Canceled | State::Canceling => (
            "canceled",
            "it was called off and its secrets are forgotten",
        ),
        State::Expired => ("expired", "a new link revives it, not a way back"),
        _ => return None,
    };
    Some(Reason::new(code, text))
}

/// The facts for doing a milestone's work anew.
pub(super) fn rewound(
    facts: &Facts,
    from: State,
    to: State,
    now: Timestamp,
) -> Result<Facts, Reason> {
    let refuse = |code: &str, text: &str| Err(Reason::new(code, text));
    if let Some(why) = has_no_way_back(from) {
        return Err(why);
    }
    let mut next = facts.clone();
    match to {
        State::LinkIssued if facts.registered_at.is_some() => {
            return refuse(
                "number_live",
                "the number is live; another one needs an onboarding of its own",
            );
        }
        State::LinkIssued if !facts.link.is_alive(now) => {
            return refuse("link_dead", "its link is over; make a new one first");
        }
        State::EsCompleted => {
            return refuse(
                "code_spent",
                "the client's code works once and was given to Meta; go back to the link for a new one",
            );
        }
        State::LinkIssued => {
            restart(&mut next);
            next.code = None;
            next.granted.clear();
            next.bound = None;
        }
        _ if facts.token.is_none() => {
            return refuse(
                "token_missing",
                "its token is gone; only the client can give another",
            );
        }
        State::TokenExchanged => {
            next.bound = None;
            next.subscribed_at = None;
        }
        _ if facts.bound.is_none() => return refuse("number_unbound", "no number is bound"),
        State::WabaSubscribed if facts.subscribed_at.is_none() => {
            return refuse("not_subscribed", "the app's subscription was not seen");
        }
        State::NumberRegistered if facts.registered_at.is_none() => {
            return refuse("not_registered", "the number was not seen registered");
        }
        _ => {}
    }
    // That Meta has the number registered stays true, whatever is gone over again.
    if to != State::NumberRegistered {
        next.can_send = None;
        next.connection = None;
    }
    next.otp = None;
    next.unsent_at = None;
    next.name_awaited_at = None;
    next.trouble = None;
    next.completed_at = None;
    Ok(next)
}

/// Meta's own block is never reached, whatever operators allow.
const _: () = assert!(MetaWindow::REGISTER_CAP < REGISTRATIONS_EVER);
