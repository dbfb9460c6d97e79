//! What Meta's answers, and the client's proofs of a number, mean to an onboarding.

use engine::{Actor, Heard, Note, Reason, Timestamp};

use super::event::Event;
use super::facts::{Facts, Trouble};
use super::hear::{HeardHere, moved, restart, troubled};
use super::machine::{Input, State};
use super::{MetaWindow, acts};

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
        Event::AssetsBound { .. } | Event::AssetsRefused { .. } | Event::AssetsRecheck { .. } => {
            assets(facts, event)
        }
        Event::Subscribed => moved(facts, Input::Subscribed, by_system("subscribed"), |facts| {
            facts.subscribed_at = Some(now);
        }),
        Event::NumberChecked => {
            let note = by_system("number_checked");
            moved(facts, Input::NumberChecked, note, |_| {})
        }
        Event::RegistrationUnsent(trouble) => {
            let note = Note::because(
                "registration_unsent",
                Actor::System,
                Reason::new(trouble.code, trouble.text),
            );
            moved(facts, Input::RegistrationUnsent, note, |facts| {
                facts.register_attempts.pop();
                facts.unsent_at = Some(now);
            })
        }
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
        Event::TokenLost(trouble) => {
            troubled(facts, Input::TokenLost, "token_lost", trouble, restart)
        }
        Event::WindowClosed => {
            let trouble = window_closed(now);
            troubled(
                facts,
                Input::WindowClosed,
                "window_closed",
                trouble,
                restart,
            )
        }
        other => proof_of_number(facts, state, other, now),
    }
}

/// PINs and one-time passwords: what the client gives and what Meta says of them.
fn proof_of_number(facts: &Facts, state: State, event: Event, now: Timestamp) -> HeardHere {
    let by_system = |what: &str| Note::plain(what, Actor::System);
    let by_client = |what: &str| Note::plain(what, Actor::Client);
    match event {
        Event::PinRefused(trouble) => {
            troubled(facts, Input::PinRefused, "pin_refused", trouble, |_| {})
        }
        Event::PinGiven(pin) => moved(facts, Input::PinGiven, by_client("pin_given"), |facts| {
            facts.pin = Some(pin);
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

fn window_closed(now: Timestamp) -> Trouble {
    Trouble {
        code: "registration_window_closed".to_owned(),
        text: format!(
            "Meta lets a number be registered within {} days of the signup; they have passed.",
            MetaWindow::REGISTRATION_DAYS
        ),
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
            pin,
        } => {
            let note = Note::plain("assets_bound", Actor::System);
            moved(facts, Input::AssetsBound, note, |facts| {
                if facts.pin.is_none() || facts.pin_of.as_ref() != Some(&bound.phone) {
                    facts.pin = Some(pin);
                    facts.pin_of = Some(bound.phone.clone());
                }
                facts.bound = Some(bound);
                facts.granted = granted;
                facts.token_expires_at = token_expires_at.or(facts.token_expires_at);
                facts.trouble = None;
            })
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
        facts.can_send = can_send;
        facts.trouble = None;
        if let Some(bound) = &mut facts.bound {
            bound.coexistence = bound.coexistence || coexistence;
            bound.display_phone_number = display_phone_number.or(bound.display_phone_number.take());
            bound.name_status = name_status.or(bound.name_status.take());
        }
    })
}
