//! Delivery: one notice to one endpoint of a partner, at least once, with its tries.

mod announce;
mod executor;
mod machine;

use std::time::Duration;

use engine::{
    Actor, Again, Awaited, Care, Conduct, Effect, Heard, Hold, Label, Note, Offer, Offered, Reason,
    Said, Timestamp, Tries, Undo, Workflow, WrongField,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use announce::{Announcement, NOTICE_TYPES, births};
pub use executor::DeliveryExecutor;
pub use machine::{Command, Input, Machine, State};

use crate::app::{AttemptView, DeliveryView};
use crate::values::{PartnerId, Secret};

/// Pauses before the tries, as Standard Webhooks advises: at once, then up to a day later.
pub const PAUSES: [Duration; 10] = [
    Duration::ZERO,
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(14),
    Duration::from_hours(20),
    Duration::from_hours(24),
];

/// The kind of lane of every endpoint.
pub const ENDPOINT_LANE: &str = "endpoint";

/// Tries kept for people to read; older ones are forgotten first.
const ATTEMPTS_KEPT: usize = 20;

/// What a delivery knows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// `whd_…`.
    pub id: String,
    /// Whose endpoint.
    pub partner: PartnerId,
    /// `whe_…`, or `notify_url` for an address of one onboarding alone.
    pub endpoint: String,
    /// Where to, as it stood at birth.
    pub url: String,
    /// Signs instead of the endpoint's secrets, for an address of one onboarding alone.
    pub own_secret: Option<Secret>,
    /// The notice's type.
    pub kind: String,
    /// `evt_…`: the same over all endpoints and tries.
    pub webhook_id: String,
    /// The JSON body, byte for byte what is signed.
    pub body: String,
    /// The onboarding it tells of.
    pub onboarding: Option<String>,
    /// The tries so far.
    #[serde(default)]
    pub attempts: Vec<AttemptView>,
    /// Tries of this round; sending again starts a new round.
    pub tried: usize,
    /// When the next try is due.
    pub next_at: Option<Timestamp>,
    /// When it was born.
    pub created_at: Timestamp,
}

/// What a delivery can hear.
#[derive(Clone, Debug)]
pub enum Event {
    /// The endpoint took it.
    Accepted(AttemptView),
    /// It did not.
    Failed {
        /// The try.
        attempt: AttemptView,
        /// When the next one is due; none is left without it.
        next_at: Option<Timestamp>,
    },
    /// Send it again.
    Redelivered {
        /// Who asks.
        actor: Actor,
    },
    /// Try no more.
    Canceled {
        /// Who stops it.
        actor: Actor,
    },
}

/// The workflow of one delivery.
#[derive(Clone, Copy, Debug)]
pub struct Delivery;

impl Workflow for Delivery {
    const NAME: &'static str = "delivery";
    const VERSION: u32 = 1;

    type Machine = Machine;
    type Facts = Facts;
    type Event = Event;

    fn first(_facts: &Facts) -> Option<Command> {
        Some(Command::Send)
    }

    fn hear(facts: &Facts, _state: State, event: Event, _now: Timestamp) -> Heard<Self> {
        let mut next = facts.clone();
        let (input, note) = match event {
            Event::Accepted(attempt) => {
                next.attempted(attempt, None);
                (Input::Accepted, Note::plain("accepted", Actor::Partner))
            }
            Event::Failed { attempt, next_at } => {
                let why = Reason::new("not_taken", describe(&attempt));
                next.attempted(attempt, next_at);
                let (input, what) = match next_at {
                    Some(_) => (Input::TryFailed, "try_failed"),
                    None => (Input::GaveUp, "gave_up"),
                };
                (input, Note::because(what, Actor::Partner, why))
            }
            Event::Redelivered { actor } => {
                next.tried = 0;
                next.next_at = None;
                (Input::Redelivered, Note::plain("redelivered", actor))
            }
            Event::Canceled { actor } => {
                next.next_at = None;
                (Input::Canceled, Note::plain("canceled", actor))
            }
        };
        Heard::moved(next, input, note)
    }

    fn labels(_state: State, facts: &Facts, _hold: Option<&Hold>) -> Vec<Label> {
        let mut labels = vec![
            Label::shared("tenant", facts.partner.as_str()),
            Label::shared("endpoint", facts.endpoint.as_str()),
        ];
        if let Some(onboarding) = &facts.onboarding {
            labels.push(Label::shared("parent", onboarding.as_str()));
            labels.push(Label::shared(
                "notice",
                format!("{onboarding}:{}", facts.kind),
            ));
        }
        labels
    }

    fn conduct(_command: Command, facts: &Facts) -> Conduct {
        Conduct {
            lane: facts.lane(),
            care: Care::Repeatable,
            tries: Tries {
                within: None,
                attempts: u32::MAX,
                first: Duration::from_secs(5),
                longest: Duration::from_mins(5),
            },
            limit: Duration::from_secs(40),
            express: false,
        }
    }

    fn due(_command: Command, facts: &Facts, now: Timestamp) -> Timestamp {
        facts.next_at.unwrap_or(now)
    }

    fn awaits(_state: State, _facts: &Facts) -> Option<Awaited> {
        None
    }

    fn ends(state: State) -> bool {
        state != State::Posting
    }

    fn offers(state: State, _facts: &Facts) -> Vec<Offer> {
        let (act, name, means) = match state {
            State::Posting => (
                Offered::Cancel,
                "cancel",
                "The endpoint is tried no more. The notice can be sent again later.",
            ),
            _ => (
                Offered::Submit,
                "redeliver",
                "The notice is sent once more, with all its tries.",
            ),
        };
        vec![Offer {
            act,
            name,
            means,
            fields: Vec::new(),
        }]
    }

    fn said(_state: State, _facts: &Facts, said: &Said<'_>) -> Result<Event, Vec<WrongField>> {
        let actor = said.actor;
        Ok(match said.offer.act {
            Offered::Cancel => Event::Canceled { actor },
            _ => Event::Redelivered { actor },
        })
    }

    fn effect(_command: Command, facts: &Facts) -> Effect {
        Effect {
            does: "posts the notice to the partner's endpoint",
            happened: !facts.attempts.is_empty(),
            again: Again::Repeats("the endpoint gets the same notice, under the same id"),
            undo: Undo::Impossible("what the endpoint was sent stays sent"),
        }
    }

    fn redacted(facts: &Facts) -> Value {
        json!({
            "partner": facts.partner,
            "endpoint": facts.endpoint,
            "url": facts.url,
            "type": facts.kind,
            "webhook_id": facts.webhook_id,
            "onboarding": facts.onboarding,
            "attempts": facts.attempts,
            "next_at": facts.next_at.map(Timestamp::to_rfc3339),
        })
    }
}

impl Facts {
    /// One lane for each endpoint; addresses that onboardings brought share their host's.
    fn lane(&self) -> String {
        let own = self.own_secret.is_some();
        let host = self.url.split('/').nth(2).filter(|_| own);
        let name = host.unwrap_or(&self.endpoint);
        format!("{ENDPOINT_LANE}:{name}")
    }

    fn attempted(&mut self, attempt: AttemptView, next_at: Option<Timestamp>) {
        self.attempts.push(attempt);
        if self.attempts.len() > ATTEMPTS_KEPT {
            self.attempts.remove(0);
        }
        self.tried += 1;
        self.next_at = next_at;
    }
}

/// The partner's view of a delivery.
pub fn delivery_view(state: State, facts: &Facts) -> DeliveryView {
    DeliveryView {
        object: "webhook_delivery",
        id: facts.id.clone(),
        kind: facts.kind.clone(),
        endpoint_id: facts.endpoint.clone(),
        url: facts.url.clone(),
        status: match state {
            State::Posting => "pending",
            State::Delivered => "delivered",
            State::Exhausted | State::Canceled => "failed",
        }
        .to_owned(),
        onboarding_id: facts.onboarding.clone(),
        attempts: facts.attempts.clone(),
        next_attempt_at: facts.next_at.map(Timestamp::to_rfc3339),
        created_at: facts.created_at.to_rfc3339(),
    }
}

fn describe(attempt: &AttemptView) -> String {
    match attempt.status {
        Some(status) => format!("the endpoint answered {status}"),
        None => attempt.answer.clone(),
    }
}
