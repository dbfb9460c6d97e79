//! Onboarding: from a link to a live number, with the partner told.

mod acts;
mod answers;
mod client_trouble;
mod client_view;
mod event;
mod executor;
mod facts;
mod hear;
mod machine;
mod notices;
mod view;

use std::time::Duration;

use engine::{
    Actor, Awaited, Care, Conduct, Effect, Heard, Hold, InstanceId, Label, Offer, Reason, Said,
    Timestamp, Tries, Workflow, WrongField,
};
use serde_json::{Value, json};

pub use acts::metadata_fault;
pub use client_view::{Surroundings, client_view, extras};
pub use event::{Edits, Event};
pub use executor::OnboardingExecutor;
pub use facts::{Bound, Claim, Facts, Journey, Link, Order, Trouble};
pub use machine::{Command, Input, Machine, State};
pub use view::{onboarding_view, partner_words, status};

use crate::values::mask_phone_number;

/// The kind of lane of everything that calls Graph: one for each Meta app, which fails and is limited
/// by itself.
pub const GRAPH_LANE: &str = "graph";

/// Enough for every outage that is not told as one.
const TRIES_MAX: u32 = 40;

/// Spans that Meta fixes.
pub struct MetaWindow;

impl MetaWindow {
    /// A number must be registered within this many days of the signup (Meta: register API).
    pub const REGISTRATION_DAYS: u64 = 14;
    /// Registrations of one number are counted in a moving window of this length (Meta: registration).
    pub const REGISTER_WINDOW: Duration = Duration::from_hours(72);
    /// Our cap within that window, well below Meta's ten.
    pub const REGISTER_CAP: usize = 6;
    /// How soon a registration that could not be sent is tried again.
    pub const UNSENT_PAUSE: Duration = Duration::from_secs(15);
    /// A code lives 30 s; one this old could no longer be answered in time.
    pub const CODE_USABLE: Duration = Duration::from_secs(27);
}

/// The workflow of one client's onboarding.
#[derive(Clone, Copy, Debug)]
pub struct Onboarding;

impl Workflow for Onboarding {
    const NAME: &'static str = "onboarding";
    const VERSION: u32 = 1;

    type Machine = Machine;
    type Facts = Facts;
    type Event = Event;

    fn first(_facts: &Facts) -> Option<Command> {
        None
    }

    fn hear(facts: &Facts, state: State, event: Event, now: Timestamp) -> Heard<Self> {
        hear::hear(facts, state, event, now)
    }

    fn deadlines(state: State, facts: &Facts) -> Vec<(Timestamp, Event)> {
        match state {
            State::LinkIssued | State::NeedsSignup => {
                vec![(facts.link.expires_at, Event::LinkExpired)]
            }
            State::TokenExchanged
            | State::WabaSubscribed
            | State::NeedsAsset
            | State::NeedsOtp
            | State::NeedsPin => facts
                .es_completed_at
                // A number that is live already is past Meta's window.
                .filter(|_| facts.registered_at.is_none())
                .map(|at| {
                    let days = Duration::from_secs(MetaWindow::REGISTRATION_DAYS * 86_400);
                    (at + days, Event::WindowClosed)
                })
                .into_iter()
                .collect(),
            _ => Vec::new(),
        }
    }

    fn labels(state: State, facts: &Facts, hold: Option<&Hold>) -> Vec<Label> {
        let order = &facts.order;
        let mut labels = vec![
            Label::shared("tenant", order.partner.as_str()),
            Label::shared("link", facts.link.id.as_str()),
            Label::shared("status", status(state, facts, hold)),
            Label::shared("mode", if order.livemode { "live" } else { "test" }),
        ];
        if let Some(external) = &order.external_id {
            labels.push(Label::shared("external_id", external.as_str()));
        }
        if let Some(bound) = &facts.bound {
            labels.push(Label::shared("waba", bound.waba.as_str()));
            labels.push(Label::shared("phone", bound.phone.as_str()));
        }
        labels
    }

    fn conduct(command: Command, facts: &Facts) -> Conduct {
        let tries = |first_ms: u64, longest: Duration, within: Duration| Tries {
            attempts: TRIES_MAX,
            first: Duration::from_millis(first_ms),
            longest,
            within: Some(within),
        };
        let (secs, hours) = (Duration::from_secs, Duration::from_hours);
        let (care, tries, express) = match command {
            Command::ExchangeCode => (Care::Once, tries(300, secs(2), secs(60)), true),
            // Each try counts against Meta's limit, so the first pauses are long enough for a minute's
            // outage to leave some; our cap ends them.
            Command::RegisterNumber => (Care::Once, tries(8_000, secs(600), hours(24)), false),
            _ => (Care::Repeatable, tries(3_000, secs(300), hours(6)), false),
        };
        Conduct {
            lane: match command {
                Command::ExchangeCode => "express".to_owned(),
                Command::TellPartner => "partner".to_owned(),
                _ => format!("{GRAPH_LANE}:{}", facts.order.app),
            },
            care,
            tries,
            limit: Duration::from_secs(45),
            express,
        }
    }

    fn due(command: Command, facts: &Facts, now: Timestamp) -> Timestamp {
        let unsent = facts.unsent_at.filter(|_| command == Command::CheckNumber);
        unsent.map_or(now, |at| now.max(at + MetaWindow::UNSENT_PAUSE))
    }

    fn awaits(state: State, facts: &Facts) -> Option<Awaited> {
        let because = |mover: Actor, code: &str, text: &str, until: Option<Timestamp>| {
            // The code says what is to be done; what went wrong is told beside it.
            let (text, mover) = match &facts.trouble {
                Some(trouble) => (trouble.text.as_str(), trouble.mover),
                None => (text, mover),
            };
            // A fresh link is waited for as a matter of course; whatever comes later is not.
            let cause = (state != State::LinkIssued).then(|| match &facts.trouble {
                Some(trouble) => trouble.code.clone(),
                None => code.to_owned(),
            });
            Some(Awaited {
                mover,
                reason: Reason::new(code, text),
                until,
                cause,
            })
        };
        let link_end = Some(facts.link.expires_at);
        match state {
            State::LinkIssued if facts.claim.is_some() => because(
                Actor::Client,
                "code_missing",
                "the browser told of a finished signup and brought no code",
                link_end,
            ),
            State::LinkIssued if facts.opened_at.is_some() => because(
                Actor::Client,
                "finish_signup",
                "the client has opened the link and not finished Meta's signup",
                link_end,
            ),
            State::LinkIssued => because(
                Actor::Client,
                "open_link",
                "nobody has opened the link yet",
                link_end,
            ),
            State::NeedsSignup => because(
                Actor::Client,
                "sign_up_again",
                "the client has to sign up with Meta once more",
                link_end,
            ),
            State::NeedsAsset => because(
                Actor::Client,
                "choose_account",
                "Meta granted no account or number that may be connected",
                None,
            ),
            State::NeedsOtp => because(
                Actor::Client,
                "enter_code",
                "the client has to enter the code that Meta sent to the number",
                None,
            ),
            State::NeedsPin => because(
                Actor::Client,
                "enter_pin",
                "the client has to enter the number's two-step PIN",
                None,
            ),
            _ => None,
        }
    }

    fn ends(state: State) -> bool {
        matches!(
            state,
            State::PartnerNotified | State::Expired | State::Canceled
        )
    }

    fn intend(facts: &Facts, command: Command, now: Timestamp) -> Option<Facts> {
        (command == Command::RegisterNumber).then(|| {
            let mut next = facts.clone();
            let from = now - MetaWindow::REGISTER_WINDOW;
            next.register_attempts.retain(|at| *at > from);
            if next.register_attempts.len() < MetaWindow::REGISTER_CAP {
                next.registrations_allowed = 0;
            }
            next.register_attempts.push(now);
            next
        })
    }

    fn told(child: &InstanceId, workflow: &str, _state: &str) -> Option<Event> {
        (workflow == "delivery").then(|| Event::DeliveryEnded(child.clone()))
    }

    fn must_keep(event: &Event) -> bool {
        matches!(event, Event::CodeExchanged { .. })
    }

    fn seal_off(facts: &mut Facts, state: State, hold: Option<&Hold>, now: Timestamp) {
        view::number_what_is_seen(facts, state, hold, now);
    }

    fn offers(state: State, facts: &Facts) -> Vec<Offer> {
        acts::offers(state, facts)
    }

    fn said(state: State, facts: &Facts, said: &Said<'_>) -> Result<Event, Vec<WrongField>> {
        acts::said(state, facts, said)
    }

    fn milestones() -> &'static [State] {
        &acts::MILESTONES
    }

    fn rewound(facts: &Facts, from: State, to: State, now: Timestamp) -> Result<Facts, Reason> {
        acts::rewound(facts, from, to, now)
    }

    fn effect(command: Command, facts: &Facts) -> Effect {
        acts::effect(command, facts)
    }

    fn redacted(facts: &Facts) -> Value {
        let number = facts.bound.as_ref().and_then(|bound| {
            let display = bound.display_phone_number.as_deref()?;
            Some(mask_phone_number(display))
        });
        json!({
            "partner": facts.order.partner,
            "app": facts.order.app,
            "external_id": facts.order.external_id,
            "client_account": facts.order.client_account,
            "locale": facts.order.locale,
            "metadata": facts.order.metadata,
            "link": { "id": facts.link.id, "expires_at": facts.link.expires_at.to_rfc3339(),
                      "revoked_at": facts.link.revoked_at.map(Timestamp::to_rfc3339) },
            "opened_at": facts.opened_at.map(Timestamp::to_rfc3339),
            "journey": facts.journey.as_ref().map(|journey| json!({
                "kind": journey.kind, "step": journey.step, "error_code": journey.error_code,
                "session_id": journey.session_id, "at": journey.at.to_rfc3339() })),
            "claim": facts.claim.as_ref().map(|claim| json!({
                "event": claim.event, "waba_id": claim.waba, "phone_number_id": claim.phone,
                "business_id": claim.business })),
            "es_completed_at": facts.es_completed_at.map(Timestamp::to_rfc3339),
            "code": facts.code.as_ref().map(|_| "sealed"),
            "token": facts.token.as_ref().map(|_| "sealed"),
            "token_expires_at": facts.token_expires_at.map(Timestamp::to_rfc3339),
            "pin": facts.pin.as_ref().map(|_| "sealed"),
            "subscribed_at": facts.subscribed_at.map(Timestamp::to_rfc3339),
            "registered_at": facts.registered_at.map(Timestamp::to_rfc3339),
            "completed_at": facts.completed_at.map(Timestamp::to_rfc3339),
            "granted": facts.granted,
            "bound": facts.bound.as_ref().map(|bound| json!({
                "business_id": bound.business, "waba_id": bound.waba, "phone_number_id": bound.phone,
                "number": number, "name_status": bound.name_status, "coexistence": bound.coexistence })),
            "registrations_allowed": facts.registrations_allowed,
            "register_attempts": facts.register_attempts.iter().map(|at| at.to_rfc3339()).collect::<Vec<_>>(),
            "can_send": facts.can_send,
            "trouble": facts.trouble.as_ref().map(|trouble| json!({
                "code": trouble.code, "text": trouble.text, "mover": trouble.mover, "at": trouble.at.to_rfc3339() })),
            "sequence": facts.sequence,
        })
    }
}
