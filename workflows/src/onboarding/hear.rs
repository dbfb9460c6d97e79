//! What events mean to an onboarding: facts learned, and the letter for the table.

use engine::{Actor, Heard, Note, Reason, Timestamp};

use super::event::Event;
use super::facts::{Claim, Facts, Trouble};
use super::machine::{Input, State};
use super::{MetaWindow, Onboarding};
use crate::values::Secret;

type HeardHere = Heard<Onboarding>;

/// Hears one event.
pub(super) fn hear(facts: &Facts, state: State, event: Event, now: Timestamp) -> HeardHere {
    match event {
        Event::Opened { browser } => opened(facts, browser, now),
        Event::Journeyed(journey) => {
            let detail = journey.step.clone().or(journey.error_code.clone());
            let what = format!("journey_{}", journey.kind);
            let note = match detail {
                Some(step) => Note::because(&what, Actor::Client, Reason::new(&what, step)),
                None => Note::plain(&what, Actor::Client),
            };
            learned(facts, note, |facts| facts.journey = Some(journey))
        }
        Event::SignedUp { code, claim } => signed_up(facts, state, code, claim, now),
        Event::LinkRenewed { link, actor } => {
            let note = Note::plain("link_renewed", actor);
            let renew = |facts: &mut Facts| {
                facts.link = link;
                facts.browser = None;
            };
            if state == State::Expired {
                let renew = |facts: &mut Facts| {
                    renew(facts);
                    facts.opened_at = None;
                    facts.trouble = None;
                };
                moved(facts, Input::LinkRenewed, note, renew)
            } else {
                learned(facts, note, renew)
            }
        }
        Event::LinkRevoked { actor } if facts.link.revoked_at.is_none() => {
            learned(facts, Note::plain("link_revoked", actor), |facts| {
                facts.link.revoked_at = Some(now);
                facts.browser = None;
            })
        }
        Event::LinkRevoked { .. } => Heard::ignored(),
        Event::LinkExpired => {
            let note = Note::plain("link_expired", Actor::System);
            moved(facts, Input::LinkExpired, note, |facts| {
                facts.browser = None;
            })
        }
        Event::Canceled { actor, reason } => {
            let note = Note::because("canceled", actor, Reason::new("canceled", reason));
            moved(facts, Input::Canceled, note, forget_secrets)
        }
        Event::DeliveryEnded(_) | Event::PartnerTold { .. } => told(facts, state, &event, now),
        other => from_meta(facts, state, other, now),
    }
}

fn opened(facts: &Facts, browser: String, now: Timestamp) -> HeardHere {
    let what = if facts.browser.is_some() {
        "opened_elsewhere"
    } else {
        "opened"
    };
    learned(facts, Note::plain(what, Actor::Client), |facts| {
        facts.opened_at = facts.opened_at.or(Some(now));
        facts.browser = Some(browser);
    })
}

fn signed_up(
    facts: &Facts,
    state: State,
    code: Option<(Secret, String)>,
    claim: Option<Claim>,
    now: Timestamp,
) -> HeardHere {
    let fresh = code.filter(|(_, digest)| !facts.codes_heard.contains(digest));
    let known = |held: &Claim, new: &Claim| {
        Claim {
            at: held.at,
            ..new.clone()
        } == *held
    };
    let claim = claim.filter(|new| facts.claim.as_ref().is_none_or(|held| !known(held, new)));
    let mut next = facts.clone();
    let claimed = claim.is_some();
    if let Some(claim) = claim {
        next.claim = Some(claim);
    }
    let wants_code = matches!(
        state,
        State::LinkIssued | State::NeedsSignup | State::NeedsAsset
    );
    match fresh {
        Some((code, digest)) if wants_code => {
            next.code = Some(code);
            next.code_at = Some(now);
            next.codes_heard.push(digest);
            next.es_completed_at = Some(now);
            next.trouble = None;
            Heard::moved(
                next,
                Input::CodeReceived,
                Note::plain("code_received", Actor::Client),
            )
        }
        _ if claimed => claim_arrived(next, state, now),
        // A second code while the first is at work, or a repeat: nothing to do.
        _ => Heard::ignored(),
    }
}

fn claim_arrived(mut next: Facts, state: State, now: Timestamp) -> HeardHere {
    let note = Note::plain("claim_received", Actor::Client);
    let claimed = next.claim.as_ref().and_then(|claim| claim.waba.clone());
    match state {
        State::TokenExchanged => Heard::moved(next, Input::ClaimArrived, note),
        State::WabaSubscribed | State::NumberRegistered | State::PartnerNotified => {
            if claimed.is_some_and(|waba| !next.granted.contains(&waba)) {
                next.trouble = Some(not_granted(now));
                let why = Reason::new(
                    "waba_not_granted",
                    "the browser named an account that Meta did not grant",
                );
                let note = Note::because("claim_refused", Actor::Client, why);
                return Heard::noted(Some(next), note);
            }
            Heard::noted(Some(next), note)
        }
        _ => Heard::noted(Some(next), note),
    }
}

/// The browser named an account that the token does not grant: never bound, always told.
pub(super) fn not_granted(now: Timestamp) -> Trouble {
    Trouble {
        code: "waba_not_granted".to_owned(),
        text: "The browser named a WhatsApp account that Meta did not grant to this app. Nothing was connected."
            .to_owned(),
        mover: Actor::Operator,
        at: now,
    }
}

fn told(facts: &Facts, state: State, event: &Event, now: Timestamp) -> HeardHere {
    match event {
        Event::DeliveryEnded(_) if state == State::NumberRegistered => {
            let note = Note::plain("delivery_ended", Actor::System);
            moved(facts, Input::DeliveryEnded, note, |_| {})
        }
        Event::PartnerTold { how } => {
            let note = Note::because(
                "partner_told",
                Actor::System,
                Reason::new(*how, describe_telling(how)),
            );
            moved(facts, Input::PartnerTold, note, |facts| {
                facts.completed_at = Some(now);
            })
        }
        _ => Heard::ignored(),
    }
}

fn describe_telling(how: &str) -> &'static str {
    match how {
        "delivered" => "an endpoint of the partner took the notice",
        "exhausted" => "no endpoint of the partner took the notice in all its tries",
        _ => "the partner has no endpoint for this notice",
    }
}

/// What Meta's answers mean.
fn from_meta(facts: &Facts, state: State, event: Event, now: Timestamp) -> HeardHere {
    let by_system = |what: &str| Note::plain(what, Actor::System);
    match event {
        Event::CodeExchanged { token, expires_in } => {
            let note = by_system("code_exchanged");
            moved(facts, Input::CodeExchanged, note, |facts| {
                facts.code = None;
                facts.token = Some(token);
                facts.token_expires_at = expires_in.map(|span| now + span);
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
            })
        }
        Event::Registered { .. } => registered(facts, event, now),
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
                let same_number = facts
                    .bound
                    .as_ref()
                    .is_some_and(|held| held.phone == bound.phone);
                if facts.pin.is_none() || !same_number {
                    facts.pin = Some(pin);
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

/// What is known of a signup that has to be made again.
fn restart(facts: &mut Facts) {
    facts.token = None;
    facts.token_expires_at = None;
    facts.subscribed_at = None;
    facts.es_completed_at = None;
    facts.claim = None;
}

fn forget_secrets(facts: &mut Facts) {
    facts.code = None;
    facts.token = None;
    facts.otp = None;
    facts.browser = None;
}

fn troubled(
    facts: &Facts,
    input: Input,
    what: &str,
    trouble: Trouble,
    learn: impl FnOnce(&mut Facts),
) -> HeardHere {
    let reason = Reason::new(trouble.code.clone(), trouble.text.clone());
    let note = Note::because(what, Actor::System, reason);
    moved(facts, input, note, |facts| {
        learn(facts);
        facts.trouble = Some(trouble);
    })
}

fn moved(facts: &Facts, input: Input, note: Note, learn: impl FnOnce(&mut Facts)) -> HeardHere {
    let mut next = facts.clone();
    learn(&mut next);
    Heard::moved(next, input, note)
}

fn learned(facts: &Facts, note: Note, learn: impl FnOnce(&mut Facts)) -> HeardHere {
    let mut next = facts.clone();
    learn(&mut next);
    Heard::noted(Some(next), note)
}
