//! Onboarding: from a link to a live number, with the partner told.

mod acts;
mod answers;
mod client_steps;
mod client_trouble;
mod client_view;
mod client_words;
mod effects;
mod event;
mod executor;
mod facts;
mod flow;
mod hear;
mod machine;
mod months;
mod notices;
mod pins;
mod redacted;
mod solutions;
mod view;
mod windows;

use std::time::Duration;

use engine::{
    Actor, Awaited, Care, Conduct, Effect, Heard, Hold, InstanceId, Label, Offer, Reason, Said,
    Timestamp, Tries, Workflow, WrongField,
};
use serde_json::Value;

pub use acts::metadata_fault;
pub use client_view::{Surroundings, client_view, extras};
pub use event::{Edits, Event};
pub use executor::OnboardingExecutor;
pub use facts::{Adding, Bound, Claim, Credit, Facts, Journey, Link, Order, Sync, Syncs, Trouble};
pub use machine::{Command, Input, Machine, State};
pub use view::{onboarding_view, partner_words, status};
pub use windows::MetaWindow;

/// The lane of everything that calls Graph.
const GRAPH_LANE: &str = "graph";

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
        windows::deadlines(state, facts)
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

    fn conduct(command: Command, _facts: &Facts) -> Conduct {
        let tries = |attempts: u32, first_ms: u64, longest_s: u64| Tries {
            attempts,
            first: Duration::from_millis(first_ms),
            longest: Duration::from_secs(longest_s),
        };
        let (care, tries, express) = match command {
            Command::ExchangeCode => (Care::Once, tries(40, 300, 2), true),
            // Meta takes each of these once, or binds an account to what was asked first.
            Command::ShareCredit
            | Command::RequestContacts
            | Command::RequestHistory
            | Command::AddNumber => (Care::Once, tries(40, 2_000, 300), false),
            Command::AssignUser => (Care::Checked, tries(40, 2_000, 300), false),
            // Each try counts against Meta's limit, so the first pauses are long enough for a minute's
            // outage to leave some; our cap ends them.
            Command::RegisterNumber => (Care::Once, tries(40, 5_000, 600), false),
            _ => (Care::Repeatable, tries(40, 2_000, 300), false),
        };
        Conduct {
            lane: match command {
                Command::ExchangeCode => "express".to_owned(),
                Command::TellPartner => "partner".to_owned(),
                _ => GRAPH_LANE.to_owned(),
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
        let meta_end = windows::deadline(state, facts).map(|deadline| deadline.at);
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
                meta_end,
            ),
            State::NeedsOtp => because(
                Actor::Client,
                "enter_code",
                "the client has to enter the code that Meta sent to the number",
                meta_end,
            ),
            State::NeedsPin => because(
                Actor::Client,
                "enter_pin",
                "the client has to enter the number's two-step PIN",
                meta_end,
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
        effects::effect(command, facts)
    }

    fn redacted(facts: &Facts) -> Value {
        redacted::redacted(facts)
    }
}
