//! Onboarding: from a link to a live number, with the partner told.

mod acts;
mod answers;
mod awaiting;
mod client_steps;
mod client_trouble;
mod client_view;
mod client_words;
mod connected;
mod effects;
mod event;
mod executor;
mod facts;
mod flow;
mod grants;
mod hear;
mod journey;
mod login;
mod machine;
mod months;
mod notices;
mod pinned;
mod pins;
mod redacted;
mod solutions;
mod told_by_meta;
mod view;
mod windows;

use std::time::Duration;

use engine::{
    Awaited, Care, Conduct, Effect, Heard, Hold, InstanceId, Label, Offer, Reason, Said, Timestamp,
    Tries, Workflow, WrongField,
};
use serde_json::Value;

pub use acts::metadata_fault;
pub use client_view::{Surroundings, client_view};
pub use event::{Edits, Event};
pub use executor::OnboardingExecutor;
pub use facts::{
    Adding, Bound, Claim, Credit, Facts, Link, NameWord, Order, Sync, Syncs, Trouble,
    VerificationWord,
};
pub use grants::Granted;
pub use journey::Journey;
pub use login::{LoginOptions, LoginSettings, extras};
pub use machine::{Command, Input, Machine, State};
pub(crate) use pinned::{CLAIMED, PINNED, Pin, waits_for_grant};
pub use view::{onboarding_view, partner_words, status};
pub use windows::MetaWindow;

pub use crate::numbers::Standing;

/// The kind of lane of everything that calls Graph: one for each Meta app, which fails and is limited
/// by itself.
pub const GRAPH_LANE: &str = "graph";

/// Enough for every outage that is not told as one.
const TRIES_MAX: u32 = 40;

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
        let waiting = pinned::labels(state, facts).into_iter();
        labels.extend(waiting.map(|(name, value)| Label::shared(name, value)));
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
            // Meta takes each of these once: the chats in a day, the others for good.
            Command::RequestContacts | Command::RequestHistory => {
                (Care::Once, tries(3_000, secs(1_800), hours(24)), false)
            }
            Command::ShareCredit | Command::AddNumber => {
                (Care::Once, tries(3_000, secs(300), hours(6)), false)
            }
            Command::AssignUser => (Care::Checked, tries(3_000, secs(300), hours(6)), false),
            Command::MintToken => (Care::Repeatable, tries(3_000, secs(60), hours(6)), false),
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
        awaiting::awaits(state, facts)
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
