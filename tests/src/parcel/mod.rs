//! A parcel from its order to its door: a workflow with once-only, checked and repeatable commands,
//! deadlines, a child, a unique label and ways back, for simulations.

mod courier;
mod hands;
mod machine;
mod scenario;

use std::collections::BTreeSet;
use std::time::Duration;

use engine::{
    Actor, Awaited, Care, Conduct, Field, FieldKind, Heard, Hold, InstanceId, Label, Note, Offer,
    Offered, Reason, Said, Timestamp, Tries, Workflow, WrongField,
};
use serde::{Deserialize, Serialize};

pub use courier::{Courier, CourierFacts};
pub use machine::{Command, Errand, Input, Machine, Ride, State, Turn};
pub(crate) use scenario::order;
pub use scenario::{Parcels, Step};

/// How long an order waits for money.
const PATIENCE: Duration = Duration::from_mins(15);

/// What the client adds to a gift.
const WISH: u8 = 2;

/// How long a courier may take before it is reminded.
const RIDE: Duration = Duration::from_mins(2);

/// What is special about a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Nothing.
    Plain,
    /// It is packed only once the client has added a wish.
    Gift,
    /// A gift that the client will not want after all.
    Unwanted,
    /// The way is long.
    Far,
}

/// What is known of a parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Until when it may be paid for.
    pub pay_until: Timestamp,
    /// The bench it is packed on; one parcel at a time.
    pub bench: Option<u8>,
    /// When the courier took it.
    pub shipped_at: Option<Timestamp>,
    /// Whether the courier was reminded.
    pub reminded: bool,
    /// What is special about it.
    pub kind: Kind,
    /// What the client said and added.
    pub heard: BTreeSet<u8>,
    /// Announcements of once-only commands.
    pub announced: u32,
    /// How often it was packed anew by an operator's order: each time another courier rides.
    pub rewound: u32,
}

/// What a parcel can hear.
#[derive(Clone, Debug)]
pub enum Event {
    /// The client wants to pay.
    Pay,
    /// The money has come.
    Charged,
    /// The client adds something.
    Changed(u8),
    /// It is packed.
    Packed,
    /// The courier has it.
    Shipped,
    /// It takes too long.
    Overdue,
    /// The courier was reminded.
    Reminded,
    /// The courier came back.
    Arrived,
    /// The client does not want it.
    Canceled,
    /// The money was given back.
    Refunded,
    /// The order is too old.
    Expired,
    /// The client orders again.
    Reopened,
    /// The client says something that moves nothing.
    Remark(u8),
    /// An operator chose another bench, or none.
    BenchChosen(Option<u8>),
}

/// The workflow of one parcel.
#[derive(Debug)]
pub struct Parcel;

impl Workflow for Parcel {
    const NAME: &'static str = "parcel";
    const VERSION: u32 = 1;

    type Machine = Machine;
    type Facts = Facts;
    type Event = Event;

    fn first(_facts: &Facts) -> Option<Command> {
        None
    }

    fn hear(facts: &Facts, state: State, event: Event, now: Timestamp) -> Heard<Self> {
        let mut next = facts.clone();
        let (input, what, actor) = match event {
            Event::Canceled if matches!(state, State::Refunding | State::CalledOff) => {
                return Heard::ignored();
            }
            Event::Changed(what) if facts.heard.contains(&what) => return Heard::ignored(),
            Event::Arrived if state != State::OnTheWay => return Heard::ignored(),
            Event::Remark(what) => {
                let fresh = next.heard.insert(what);
                let note = Note::plain("remark", Actor::Client);
                return if fresh {
                    Heard::noted(Some(next), note)
                } else {
                    Heard::ignored()
                };
            }
            Event::BenchChosen(bench) => {
                next.bench = bench;
                let note = Note::plain("bench_chosen", Actor::Operator);
                return Heard::noted(Some(next), note);
            }
            Event::Changed(what) => {
                next.heard.insert(what);
                (Input::Changed, "changed", Actor::Client)
            }
            Event::Shipped => {
                next.shipped_at = Some(now);
                (Input::Shipped, "shipped", Actor::System)
            }
            Event::Overdue => {
                next.reminded = true;
                (Input::Overdue, "overdue", Actor::System)
            }
            Event::Reopened => {
                next.pay_until = now + PATIENCE;
                (Input::Reopen, "reopened", Actor::Client)
            }
            Event::Pay => (Input::Pay, "pay", Actor::Client),
            Event::Charged => (Input::Charged, "charged", Actor::System),
            Event::Packed => (Input::Packed, "packed", Actor::System),
            Event::Reminded => (Input::Reminded, "reminded", Actor::System),
            Event::Arrived => (Input::Arrived, "arrived", Actor::Outside),
            Event::Canceled => (Input::Cancel, "canceled", Actor::Client),
            Event::Refunded => (Input::Refunded, "refunded", Actor::System),
            Event::Expired => (Input::Expire, "expired", Actor::System),
        };
        Heard::moved(next, input, Note::plain(what, actor))
    }

    fn deadlines(state: State, facts: &Facts) -> Vec<(Timestamp, Event)> {
        match state {
            State::Ordered => vec![
                (facts.pay_until - PATIENCE / 2, Event::Remark(u8::MAX)),
                (facts.pay_until, Event::Expired),
            ],
            State::OnTheWay if !facts.reminded => {
                let shipped = facts.shipped_at.into_iter();
                shipped.map(|at| (at + RIDE, Event::Overdue)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn labels(state: State, facts: &Facts, _hold: Option<&Hold>) -> Vec<Label> {
        let bench = facts.bench.filter(|_| state == State::Packing);
        let bench = bench.map(|bench| Label::unique("bench", bench.to_string()));
        let tenant = Label::shared("tenant", "shop");
        [tenant].into_iter().chain(bench).collect()
    }

    fn conduct(command: Command, _facts: &Facts) -> Conduct {
        let (lane, care) = match command {
            Command::Charge | Command::Refund => ("bank", Care::Once),
            Command::Ship => ("courier", Care::Checked),
            Command::Pack | Command::Remind => ("hands", Care::Repeatable),
        };
        Conduct {
            lane: lane.to_owned(),
            care,
            tries: Tries {
                within: None,
                attempts: 4,
                first: Duration::from_secs(5),
                longest: Duration::from_secs(40),
            },
            limit: Duration::from_secs(30),
            express: command == Command::Charge,
        }
    }

    fn awaits(state: State, facts: &Facts) -> Option<Awaited> {
        let (mover, code) = match state {
            State::Ordered => (Actor::Client, "money"),
            State::OnTheWay => (Actor::Outside, "courier"),
            _ => return None,
        };
        Some(Awaited {
            mover,
            reason: Reason::new(code, "waits for whoever it is with"),
            until: (state == State::Ordered).then_some(facts.pay_until),
            cause: None,
        })
    }

    fn ends(state: State) -> bool {
        matches!(state, State::Delivered | State::CalledOff | State::Expired)
    }

    fn intend(facts: &Facts, _command: Command, _now: Timestamp) -> Option<Facts> {
        Some(Facts {
            announced: facts.announced + 1,
            ..facts.clone()
        })
    }

    fn told(_child: &InstanceId, workflow: &str, state: &str) -> Option<Event> {
        (workflow == "courier" && state == "home").then_some(Event::Arrived)
    }

    fn must_keep(event: &Event) -> bool {
        matches!(event, Event::Charged)
    }

    fn redacted(facts: &Facts) -> serde_json::Value {
        serde_json::json!({ "bench": facts.bench, "heard": facts.heard })
    }

    fn offers(state: State, _facts: &Facts) -> Vec<Offer> {
        let offer = |act, name, fields| Offer {
            act,
            name,
            means: "what it says",
            fields,
        };
        let bench = Field {
            name: "bench",
            label: "Bench",
            kind: FieldKind::Choice(vec!["0", "1"]),
            required: false,
            value: None,
        };
        match state {
            State::Ordered => vec![
                offer(Offered::Submit, "pay", Vec::new()),
                offer(Offered::Edit, "edit", vec![bench]),
                offer(Offered::Cancel, "cancel", Vec::new()),
            ],
            State::Packing => vec![offer(Offered::Cancel, "cancel", Vec::new())],
            _ => Vec::new(),
        }
    }

    fn said(_state: State, _facts: &Facts, said: &Said<'_>) -> Result<Event, Vec<WrongField>> {
        let bench = said.fields.get("bench").and_then(|bench| bench.as_str());
        Ok(match said.offer.act {
            Offered::Edit => Event::BenchChosen(bench.and_then(|bench| bench.parse().ok())),
            Offered::Cancel => Event::Canceled,
            _ => Event::Pay,
        })
    }

    fn milestones() -> &'static [State] {
        &[
            State::Ordered,
            State::Packing,
            State::Shipping,
            State::OnTheWay,
        ]
    }

    fn rewound(facts: &Facts, from: State, to: State, _now: Timestamp) -> Result<Facts, Reason> {
        if to != State::Packing || !matches!(from, State::Shipping | State::OnTheWay) {
            return Err(Reason::new("no_way_back", "it can only be packed anew"));
        }
        Ok(Facts {
            rewound: facts.rewound + 1,
            shipped_at: None,
            reminded: false,
            ..facts.clone()
        })
    }
}
