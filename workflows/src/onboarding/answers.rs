//! What Meta's answers, and the client's proofs of a number, mean to an onboarding.

use engine::{Actor, Heard, Note, Reason, Timestamp};

use super::event::Event;
use super::facts::{Facts, Trouble};
use super::hear::{HeardHere, moved, restart, troubled};
use super::machine::{Input, State};
use super::{acts, flow, grants, solutions, windows};
use crate::numbers::Standing;

/// What everybody is told while Meta looks at a display name.
pub(super) const NAME_NOT_PROCESSED: &str =
    "Meta has not processed the display name; the number is registered once it has";

/// An account that Meta locked, or a wrong PIN: Meta says the same of both.
const LOCKED: &str = "graph_131031";

/// What Meta's answers mean.
pub(super) fn from_meta(facts: &Facts, state: State, event: Event, now: Timestamp) -> HeardHere {
    let by_system = |what: &str| Note::plain(what, Actor::System);
    match event {
        Event::CodeExchanged { token, expires_in } => {
            let note = by_system("code_exchanged");
            moved(facts, Input::CodeExchanged, note, |facts| {
                facts.code = None;
                facts.token = Some(token);
                facts.token_expires_at = expires_in.map(|span| now + span);
                facts.es_completed_at = facts.es_completed_at.or(Some(now));
                facts.trouble = None;
            })
        }
        Event::CodeLost(trouble) => {
            troubled(facts, Input::CodeLost, "code_lost", trouble, |facts| {
                facts.code = None;
                facts.es_completed_at = None;
                // A claim of a lost signup says nothing about the next one.
                facts.claim = None;
            })
        }
        Event::GrantMatched(_) | Event::TokenMinted { .. } | Event::GrantLost(_) => {
            grants::hear(facts, event)
        }
        Event::AssetsBound { .. } | Event::AssetsRefused { .. } | Event::AssetsRecheck { .. } => {
            assets(facts, event)
        }
        Event::Subscribed => moved(facts, Input::Subscribed, by_system("subscribed"), |facts| {
            facts.subscribed_at = Some(now);
        }),
        Event::Registered { .. } => registered(facts, event, now),
        Event::TokenLost(trouble) if state == State::Canceling => {
            // Without it nothing can be taken back, and nothing of ours works there any more.
            troubled(
                facts,
                Input::TokenLost,
                "token_lost",
                trouble,
                acts::forget_secrets,
            )
        }
        Event::TokenLost(trouble) if grants::may_seek(facts, state, &trouble) => {
            grants::seek(facts, trouble)
        }
        Event::TokenLost(trouble) => {
            troubled(facts, Input::TokenLost, "token_lost", trouble, restart)
        }
        Event::WindowClosed | Event::SyncWindowClosed | Event::SyncLost(_) => {
            too_late(facts, event, now)
        }
        Event::NumberChecked { .. }
        | Event::RegistrationsCounted(_)
        | Event::RegistrationUnsent(_)
        | Event::NameAwaited => registration(facts, event, now),
        other => match solutions::heard(facts, other, now) {
            Ok(heard) => heard,
            Err(other) => proof_of_number(facts, state, *other, now),
        },
    }
}

/// What was found before a registration, or instead of one.
fn registration(facts: &Facts, event: Event, now: Timestamp) -> HeardHere {
    match event {
        Event::NumberChecked { pin } => {
            let note = Note::plain("number_checked", Actor::System);
            moved(facts, Input::NumberChecked, note, |facts| {
                facts.pin = Some(pin);
                facts.pin_of = facts.bound.as_ref().map(|bound| bound.phone.clone());
                facts.pin_is_given = false;
            })
        }
        Event::RegistrationsCounted(standing) => counted(facts, standing),
        Event::RegistrationUnsent(trouble) => {
            let reason = Reason::new(trouble.code, trouble.text);
            let note = Note::because("registration_unsent", Actor::System, reason);
            moved(facts, Input::RegistrationPutOff, note, |facts| {
                facts.register_attempts.pop();
                facts.unsent_at = Some(now);
            })
        }
        Event::NameAwaited => {
            let reason = Reason::new("name_not_processed", NAME_NOT_PROCESSED);
            let note = Note::because("name_awaited", Actor::Outside, reason);
            moved(facts, Input::RegistrationPutOff, note, |facts| {
                facts.name_awaited_at = Some(now);
            })
        }
        _ => Heard::ignored(),
    }
}

/// Meta counts by number, whichever onboarding asked.
fn counted(facts: &Facts, standing: Standing) -> HeardHere {
    let many = standing.registrations.len();
    let reason = match standing.blocked_until {
        Some(until) => Reason::new(
            "register_limit",
            format!(
                "Meta blocks registrations of this number until {}",
                until.to_rfc3339()
            ),
        ),
        None => Reason::new(
            "registrations_in_window",
            format!("{many} registrations of this number were made in 72 hours"),
        ),
    };
    let note = Note::because("registrations_counted", Actor::System, reason);
    moved(facts, Input::RegistrationsCounted, note, |facts| {
        facts.register_attempts = standing.registrations;
        facts.register_blocked_until = standing.blocked_until;
    })
}

/// A span of Meta's is over: only another signup opens it again.
fn too_late(facts: &Facts, event: Event, now: Timestamp) -> HeardHere {
    match event {
        Event::SyncLost(trouble) => troubled(facts, Input::SyncLost, "sync_lost", trouble, restart),
        Event::SyncWindowClosed => {
            let what = "sync_window_closed";
            troubled(facts, Input::SyncLost, what, sync_closed(now), restart)
        }
        _ => {
            let trouble = window_closed(facts, now);
            troubled(
                facts,
                Input::WindowClosed,
                "window_closed",
                trouble,
                restart,
            )
        }
    }
}

/// PINs and one-time passwords: what the client gives and what Meta says of them.
fn proof_of_number(facts: &Facts, state: State, event: Event, now: Timestamp) -> HeardHere {
    let by_system = |what: &str| Note::plain(what, Actor::System);
    let by_client = |what: &str| Note::plain(what, Actor::Client);
    match event {
        Event::PinRefused(trouble) => {
            let suspected = (trouble.code == LOCKED).then_some(now);
            troubled(facts, Input::PinRefused, "pin_refused", trouble, |facts| {
                facts.lock_suspected_at = suspected;
            })
        }
        Event::PinGiven(pin) => moved(facts, Input::PinGiven, by_client("pin_given"), |facts| {
            facts.pin = Some(pin);
            facts.pin_of = facts.bound.as_ref().map(|bound| bound.phone.clone());
            facts.pin_is_given = true;
            facts.trouble = None;
        }),
        Event::OtpRequired => moved(facts, Input::OtpRequired, by_system("otp_required"), |_| {}),
        Event::OtpSent => moved(facts, Input::OtpSent, by_system("otp_sent"), |facts| {
            facts.otp_sent_at = Some(now);
        }),
        Event::OtpWanted if state == State::NeedsOtp => {
            moved(facts, Input::OtpWanted, by_client("otp_wanted"), |facts| {
                facts.trouble = None;
            })
        }
        Event::OtpGiven(otp) if facts.otp.as_ref() == Some(&otp) => Heard::ignored(),
        Event::OtpGiven(otp) => moved(facts, Input::OtpGiven, by_client("otp_given"), |facts| {
            facts.otp = Some(otp);
            facts.trouble = None;
        }),
        Event::OtpRefused(trouble) => {
            troubled(facts, Input::OtpRefused, "otp_refused", trouble, |facts| {
                facts.otp = None;
            })
        }
        Event::NumberVerified => {
            let note = by_system("number_verified");
            moved(facts, Input::NumberVerified, note, |facts| facts.otp = None)
        }
        _ => Heard::ignored(),
    }
}

fn window_closed(facts: &Facts, now: Timestamp) -> Trouble {
    let days = windows::registration_window(facts).as_secs() / 86_400;
    Trouble {
        code: "registration_window_closed".to_owned(),
        text: format!(
            "Meta lets a number be registered within {days} days of the signup; they have passed."
        ),
        mover: Actor::Client,
        at: now,
    }
}

/// Meta's own refusal and our deadline say the same.
pub(super) fn sync_closed(now: Timestamp) -> Trouble {
    Trouble {
        code: "sync_window_closed".to_owned(),
        text: "Meta hands over the app's contacts and chats within 24 hours of the signup; they have passed. The client disconnects in the WhatsApp Business app (Settings, Account, Business Platform) and signs up again.".to_owned(),
        mover: Actor::Client,
        at: now,
    }
}

fn assets(facts: &Facts, event: Event) -> HeardHere {
    match event {
        Event::AssetsBound {
            bound,
            granted,
            token_expires_at,
        } => {
            let mut next = facts.clone();
            if next
                .bound
                .as_ref()
                .is_none_or(|known| known.phone != bound.phone)
            {
                // They were another number's.
                next.register_attempts.clear();
                next.lock_suspected_at = None;
                next.register_blocked_until = None;
            }
            next.bound = Some(bound);
            next.granted = granted;
            next.token_expires_at = token_expires_at.or(next.token_expires_at);
            next.trouble = None;
            let note = match flow::mismatch(&next) {
                Some(why) => Note::because("assets_bound", Actor::System, why),
                None => Note::plain("assets_bound", Actor::System),
            };
            Heard::moved(next, Input::AssetsBound, note)
        }
        Event::AssetsRefused { trouble, granted } => troubled(
            facts,
            Input::AssetsRefused,
            "assets_refused",
            trouble,
            |facts| {
                facts.granted = granted;
                facts.bound = None;
                facts.claim = None;
            },
        ),
        Event::AssetsRecheck { actor } => {
            let note = Note::plain("assets_recheck", actor);
            moved(facts, Input::AssetsRecheck, note, |facts| {
                facts.trouble = None;
            })
        }
        _ => Heard::ignored(),
    }
}

fn registered(facts: &Facts, event: Event, now: Timestamp) -> HeardHere {
    let Event::Registered {
        display_phone_number,
        name_status,
        coexistence,
        can_send,
    } = event
    else {
        return Heard::ignored();
    };
    let note = Note::plain("registered", Actor::System);
    moved(facts, Input::Registered, note, |facts| {
        facts.registered_at = Some(now);
        facts.lock_suspected_at = None;
        facts.can_send = can_send;
        facts.trouble = None;
        if let Some(bound) = &mut facts.bound {
            bound.coexistence = bound.coexistence || coexistence;
            bound.display_phone_number = display_phone_number.or(bound.display_phone_number.take());
            bound.name_status = name_status.or(bound.name_status.take());
        }
    })
}
