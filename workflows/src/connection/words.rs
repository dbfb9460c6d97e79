//! What Meta's words mean to a live number. They come in any order: an older one undoes nothing that a
//! newer one of its kind said, and what Graph can be asked about is only a reason to look sooner.

use std::time::Duration;

use engine::{Actor, Heard, Note, Reason, Timestamp};

use super::facts::{Facts, LOOK_AGAIN, LOOK_PAUSE, Warning};
use super::hear::{HeardHere, known, lost, restored, unmoved};
use super::machine::{Input, State};
use super::standing::Disconnection;
use crate::words::{Alert, Ban, Decision, Said};

/// When all numbers of an app are in doubt at once, their tokens are seen to within this span.
const IN_DOUBT: Duration = Duration::from_mins(10);

/// Hears one word of Meta's.
pub(super) fn hear(
    facts: &Facts,
    state: State,
    (said, at): (&Said, Timestamp),
    now: Timestamp,
) -> HeardHere {
    let kind = kind_of(said);
    // Meta's times are whole seconds. What was before the hand-over the number has been looked at since.
    let since = facts.heard.get(kind).copied();
    let since = since.unwrap_or(facts.handed_over_at);
    if matches!(state, State::Closing | State::Closed) || at.seconds() < since.seconds() {
        return Heard::ignored();
    }
    let mut next = facts.clone();
    next.heard.insert(kind.to_owned(), at);
    match said {
        Said::PartnerRemoved { .. }
        | Said::AppUninstalled
        | Said::Offboarded
        | Said::AccountDeleted => lost(&next, state, gone(said, at)),
        Said::Reconnected if state == State::Disconnected => {
            let note = Note::plain("account_reconnected", Actor::Outside);
            restored(next, note, now)
        }
        Said::Reconnected => noted(
            sooner(next, now),
            "account_reconnected",
            "the phone is back",
        ),
        Said::Banned { state: ban, date } => banned(next, state, (ban, date.as_deref()), (at, now)),
        Said::AccountReviewed { decision } => reviewed(next, state, decision, now),
        Said::NameReviewed {
            decision, reason, ..
        } => named(next, state, (decision, reason.as_deref()), (at, now)),
        Said::Violation { kind } => {
            let kind = kind.as_deref().unwrap_or("a kind that it does not name");
            let text = format!("Meta accuses the account of a violation: {kind}");
            warned(sooner(next, now), "violation", text, at)
        }
        Said::Restricted { kinds } => {
            let text = format!("Meta restricts the account: {}", kinds.join(", "));
            warned(sooner(next, now), "restriction", text, at)
        }
        Said::Alert(alert) => alerted(next, alert, at),
        Said::Certified { status, reasons } => {
            let text = format!("{status} {}", reasons.join(", "));
            noticed(sooner(next, now), "verification", &text)
        }
        Said::QualityChanged { limit, daily } => {
            let text = limit.as_ref().or(daily.as_ref());
            noticed(next, "messaging_limit", text.map_or("", |text| text))
        }
        Said::CapabilityChanged { daily, .. } => {
            noticed(next, "conversations_a_day", daily.as_deref().unwrap_or(""))
        }
        Said::Country { country } => noticed(next, "country", country.as_deref().unwrap_or("")),
        _ => Heard::ignored(),
    }
}

/// The app may have been taken from this client among others: its token tells, in a while of its own.
pub(super) fn doubted(facts: &Facts, state: State, now: Timestamp) -> HeardHere {
    if !matches!(state, State::Settling | State::Live | State::Blocked) {
        return Heard::ignored();
    }
    let mut next = facts.clone();
    let soon = now + facts.spread(IN_DOUBT);
    next.next_tending = facts.next_tending.min(soon);
    let text = "somebody removed the app, and Meta does not say who";
    noted(next, "app_doubted", text)
}

/// Which words make each other old.
fn kind_of(said: &Said) -> &'static str {
    match said {
        Said::PartnerRemoved { .. }
        | Said::AppUninstalled
        | Said::Offboarded
        | Said::Reconnected
        | Said::AccountDeleted => "grant",
        Said::Banned { .. } => "ban",
        Said::AccountReviewed { .. } => "review",
        Said::NameReviewed { .. } => "name",
        Said::Violation { .. } => "violation",
        Said::Restricted { .. } => "restriction",
        Said::Alert(_) => "alert",
        Said::Certified { .. } => "verification",
        Said::QualityChanged { .. } => "quality",
        Said::CapabilityChanged { .. } => "capability",
        Said::Country { .. } => "country",
        _ => "other",
    }
}

fn gone(said: &Said, at: Timestamp) -> Disconnection {
    let (reason, text, by) = match said {
        Said::PartnerRemoved {
            reason,
            initiated_by,
        } => {
            let reason = reason.as_deref().unwrap_or("ACCESS_REMOVED");
            let text = why_removed(reason);
            (reason.to_lowercase(), text, initiated_by.as_deref())
        }
        Said::Offboarded => (
            "account_offboarded".to_owned(),
            "The client's phone left the account, mostly for a new one.",
            None,
        ),
        Said::AccountDeleted => (
            "account_deleted".to_owned(),
            "The client's WhatsApp account was deleted at Meta.",
            None,
        ),
        _ => (
            "app_removed".to_owned(),
            "The client removed this app's permissions at Meta.",
            Some("USER"),
        ),
    };
    Disconnection {
        reason,
        text: text.to_owned(),
        by: by.map(str::to_lowercase),
        at,
    }
}

/// Meta's reasons for a number of the WhatsApp Business app that left (Meta: account update webhook).
fn why_removed(reason: &str) -> &'static str {
    match reason {
        "ACCOUNT_DISCONNECTED" => {
            "The client disconnected the number in the WhatsApp Business app."
        }
        "BUSINESS_DOWNGRADE" => "The client went from the WhatsApp Business app to WhatsApp.",
        "CHANGE_NUMBER" => "The client changed the number in the WhatsApp Business app.",
        "COMPANION_INACTIVITY" => "The number was not used here for about 30 days.",
        "PRIMARY_INACTIVITY" => {
            "The client's phone was not used for about 14 days, so Meta disconnected the number."
        }
        "USER_RE_REGISTERED" => "The client registered the number on a phone again.",
        _ => "The client's account, or this number of it, is no longer shared with us.",
    }
}

fn banned(
    mut next: Facts,
    state: State,
    (ban, date): (&Ban, Option<&str>),
    (at, now): (Timestamp, Timestamp),
) -> HeardHere {
    let dated = date.map(|date| format!(" ({date})")).unwrap_or_default();
    match ban {
        Ban::Disabled => {
            let text = format!("Meta has banned the account{dated}; the client can appeal.");
            let why = Reason::new("account_banned", text.clone());
            next.banned = Some(Disconnection {
                reason: "account_banned".to_owned(),
                text,
                by: None,
                at,
            });
            next.next_look = now + LOOK_AGAIN;
            let note = Note::because("banned", Actor::Outside, why);
            match state {
                State::Settling | State::Live => Heard::moved(next, Input::Banned, note),
                // It is gone anyway, or banned: that much is known.
                _ => Heard::noted(Some(next), note),
            }
        }
        Ban::Reinstated => {
            next.warnings.remove("ban");
            let note = Note::plain("reinstated", Actor::Outside);
            if state == State::Blocked {
                return restored(next, note, now);
            }
            next.banned = None;
            Heard::noted(Some(next), note)
        }
        Ban::Scheduled => {
            let text = format!("Meta will ban the account{dated} unless the client appeals");
            warned(next, "ban", text, at)
        }
        Ban::Other(word) => noticed(next, "ban", word),
    }
}

fn reviewed(mut next: Facts, state: State, decision: &Decision, now: Timestamp) -> HeardHere {
    let word = match decision {
        Decision::Approved => "approved",
        Decision::Rejected => "rejected",
        Decision::Pending => "pending",
        Decision::Deferred => "deferred",
        Decision::Other(word) => word,
    };
    next.noticed
        .insert("account_review".to_owned(), word.to_lowercase());
    let note = Note::because(
        "account_reviewed",
        Actor::Outside,
        Reason::new("account_review", word),
    );
    changed(sooner(next, now), state, note)
}

fn named(
    mut next: Facts,
    state: State,
    (decision, reason): (&Decision, Option<&str>),
    (at, now): (Timestamp, Timestamp),
) -> HeardHere {
    let shown = match decision {
        Decision::Approved => Some("APPROVED"),
        Decision::Rejected => Some("DECLINED"),
        Decision::Pending => Some("PENDING_REVIEW"),
        Decision::Deferred | Decision::Other(_) => None,
    };
    if let Some(shown) = shown {
        next.name_status = Some(shown.to_owned());
    }
    let text = reason.unwrap_or("Meta gives no reason");
    if *decision == Decision::Rejected {
        let warning = Warning {
            text: format!("Meta declined the display name: {text}"),
            at,
        };
        next.warnings.insert("name".to_owned(), warning);
    } else {
        next.warnings.remove("name");
    }
    let why = Reason::new(shown.unwrap_or("not_decided").to_lowercase(), text);
    let note = Note::because("name_reviewed", Actor::Outside, why);
    changed(sooner(next, now), state, note)
}

fn alerted(mut next: Facts, alert: &Alert, at: Timestamp) -> HeardHere {
    let kind = alert.kind.as_deref().unwrap_or("an alert without a name");
    let warns = matches!(alert.severity.as_deref(), Some("CRITICAL" | "WARNING"));
    if warns && alert.active {
        let text = format!("Meta warns of {kind}");
        return warned(next, &format!("alert:{kind}"), text, at);
    }
    next.warnings.remove(&format!("alert:{kind}"));
    noticed(next, "alert", kind)
}

/// The number is looked at as soon as that may be again.
fn sooner(mut next: Facts, now: Timestamp) -> Facts {
    let again = next.looked_at.map_or(now, |at| now.max(at + LOOK_PAUSE));
    next.next_look = next.next_look.min(again);
    next
}

/// Something may have changed that the onboarding is to hear. What is at work is left to end.
fn changed(next: Facts, state: State, note: Note) -> HeardHere {
    if next.told.as_ref() == Some(&next.standing()) {
        return Heard::noted(Some(next), note);
    }
    known(next, unmoved(state), note)
}

fn warned(mut next: Facts, kind: &str, text: String, at: Timestamp) -> HeardHere {
    let why = Reason::new("warning", text.clone());
    next.warnings.insert(kind.to_owned(), Warning { text, at });
    Heard::noted(Some(next), Note::because("warned", Actor::Outside, why))
}

fn noticed(mut next: Facts, what: &str, text: &str) -> HeardHere {
    next.noticed.insert(what.to_owned(), text.to_owned());
    noted(next, "noticed", &format!("{what}: {text}"))
}

fn noted(next: Facts, what: &str, text: &str) -> HeardHere {
    let why = Reason::new(what, text);
    Heard::noted(Some(next), Note::because(what, Actor::Outside, why))
}
