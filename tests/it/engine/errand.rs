//! A small workflow that uses everything the engine offers: something is made once, then closed.
#![allow(
    unreachable_pub,
    reason = "rust-fsm makes a table as public as its letters"
)]

use std::time::Duration;

use engine::{
    Actor, Again, Awaited, Care, Conduct, Effect, Field, FieldKind, Heard, Hold, InstanceId, Label,
    Note, Offer, Offered, Reason, Said, Timestamp, Tries, Undo, Workflow, WrongField,
};
use rust_fsm::state_machine;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use strum::{EnumString, IntoStaticStr, VariantArray};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum State {
    Waiting,
    Working,
    Closing,
    Done,
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Input {
    Start,
    Finish,
    Close,
    GiveUp,
    Expire,
    Cancel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Command {
    Make,
    Close,
}

state_machine! {
    #[state_machine(state(super::State), input(super::Input), output(super::Command))]
    errand(Waiting)

    Waiting => {
        Start => Working [Make],
        Finish => Closing [Close],
        Expire => Gone,
        Cancel => Gone,
    },
    Working => {
        Finish => Closing [Close],
        GiveUp => Gone,
        Expire => Gone,
        Cancel => Gone,
    },
    Closing => {
        Close => Done,
        Expire => Gone,
        Cancel => Gone,
    },
    Gone => {
        Start => Working [Make],
    },
}

/// What a moment means once it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Alarm {
    Ends,
    IsNoted,
    MeansNothing,
    /// Is noted while nobody works, and ends the work.
    EndsWork,
    Panics,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Facts {
    pub(super) alarms: Vec<(Timestamp, Alarm)>,
    /// Held alone among all errands.
    pub(super) place: Option<String>,
    /// Sends a child out once it is made, and closes when the child has ended.
    pub(super) sends: bool,
    /// Begins by itself.
    pub(super) eager: bool,
    /// For whom it runs, and through whose hands.
    #[serde(default)]
    pub(super) tenant: Option<String>,
    /// Labels that any number of errands may carry.
    #[serde(default)]
    pub(super) marks: Vec<(String, String)>,
    /// What it does cannot wait, once its time has come.
    #[serde(default)]
    pub(super) hurries: bool,
    #[serde(default)]
    pub(super) not_before: Option<Timestamp>,
    pub(super) made: Option<String>,
    pub(super) heard: Vec<String>,
    /// Announcements of the once-only command.
    pub(super) announced: u32,
}

#[derive(Clone, Debug)]
pub(super) enum Event {
    Start,
    Made(String),
    /// As `Made`, and too dear to lose.
    Granted(String),
    /// Made, and the place is taken with it.
    MadeAt(String),
    Remark(&'static str),
    MovedTo(Option<String>),
    /// From now on this moment matters too.
    Wakes(Timestamp, Alarm),
    Closed,
    GaveUp,
    Canceled,
    Alarm(Alarm),
    ChildEnded,
    Nothing,
}

#[derive(Debug)]
pub(super) struct Errand;

impl Workflow for Errand {
    const NAME: &'static str = "errand";
    const VERSION: u32 = 1;

    type Machine = errand::Impl;
    type Facts = Facts;
    type Event = Event;

    fn first(facts: &Facts) -> Option<Command> {
        facts.eager.then_some(Command::Make)
    }

    fn hear(facts: &Facts, state: State, event: Event, _now: Timestamp) -> Heard<Self> {
        let mut next = facts.clone();
        let by_system = |what: &str| Note::plain(what, Actor::System);
        let (input, note) = match event {
            Event::Start => (Input::Start, Note::plain("started", Actor::Client)),
            Event::Made(what) | Event::Granted(what) => {
                next.made = Some(what);
                (Input::Finish, by_system("made"))
            }
            Event::MadeAt(place) => {
                next.place = Some(place);
                (Input::Finish, by_system("made"))
            }
            Event::Closed => (Input::Close, by_system("closed")),
            Event::GaveUp => (Input::GiveUp, by_system("gave_up")),
            Event::Canceled => (Input::Cancel, Note::plain("canceled", Actor::Operator)),
            Event::Alarm(Alarm::Panics) => panic!("the test planned it so"),
            Event::Alarm(Alarm::EndsWork) if state == State::Waiting => {
                next.heard.push("alarm".to_owned());
                return Heard::noted(Some(next), by_system("alarm"));
            }
            Event::Alarm(Alarm::Ends | Alarm::EndsWork) => (Input::Expire, by_system("expired")),
            Event::Wakes(at, alarm) => {
                next.alarms.push((at, alarm));
                return Heard::noted(Some(next), by_system("wakes"));
            }
            Event::ChildEnded if state == State::Closing => {
                (Input::Close, by_system("child_ended"))
            }
            Event::Remark(what) => {
                next.heard.push(what.to_owned());
                return Heard::noted(Some(next), by_system("remark"));
            }
            Event::MovedTo(place) => {
                next.place = place;
                return Heard::noted(Some(next), by_system("moved"));
            }
            Event::Alarm(Alarm::IsNoted) => {
                next.heard.push("alarm".to_owned());
                return Heard::noted(Some(next), by_system("alarm"));
            }
            Event::Alarm(Alarm::MeansNothing) | Event::ChildEnded | Event::Nothing => {
                return Heard::ignored();
            }
        };
        Heard::moved(next, input, note)
    }

    fn deadlines(_state: State, facts: &Facts) -> Vec<(Timestamp, Event)> {
        let alarms = facts.alarms.iter();
        alarms
            .map(|(at, alarm)| (*at, Event::Alarm(*alarm)))
            .collect()
    }

    fn labels(_state: State, facts: &Facts, _hold: Option<&Hold>) -> Vec<Label> {
        let place = facts
            .place
            .iter()
            .map(|place| Label::unique("place", place));
        let marks = facts.marks.iter();
        let marks = marks.map(|(name, value)| Label::shared(name, value));
        [Label::shared(
            "tenant",
            facts.tenant.as_deref().unwrap_or("t_1"),
        )]
        .into_iter()
        .chain(place)
        .chain(marks)
        .collect()
    }

    fn conduct(command: Command, facts: &Facts) -> Conduct {
        Conduct {
            lane: match &facts.tenant {
                Some(tenant) => format!("hands:{tenant}"),
                None => "hands".to_owned(),
            },
            care: match command {
                Command::Make => Care::Once,
                Command::Close => Care::Repeatable,
            },
            tries: Tries {
                within: Some(Duration::from_hours(1)),
                attempts: match command {
                    Command::Make => 3,
                    Command::Close => 5,
                },
                first: Duration::from_secs(10),
                longest: Duration::from_mins(1),
            },
            limit: Duration::from_secs(30),
            express: facts.hurries,
        }
    }

    fn due(_command: Command, facts: &Facts, now: Timestamp) -> Timestamp {
        facts.not_before.map_or(now, |moment| moment.max(now))
    }

    fn awaits(state: State, _facts: &Facts) -> Option<Awaited> {
        (state == State::Waiting).then(|| Awaited {
            mover: Actor::Client,
            reason: Reason::new("start", "somebody has to start it"),
            until: None,
            cause: None,
        })
    }

    fn ends(state: State) -> bool {
        matches!(state, State::Done | State::Gone)
    }

    fn intend(facts: &Facts, _command: Command, _now: Timestamp) -> Option<Facts> {
        Some(Facts {
            announced: facts.announced + 1,
            ..facts.clone()
        })
    }

    fn told(_child: &InstanceId, _workflow: &str, state: &str) -> Option<Event> {
        match state {
            "done" => Some(Event::ChildEnded),
            _ => Some(Event::Remark("a child is gone")),
        }
    }

    fn must_keep(event: &Event) -> bool {
        matches!(event, Event::Granted(_))
    }

    fn redacted(facts: &Facts) -> Value {
        json!({ "place": facts.place, "made": facts.made })
    }

    fn offers(state: State, facts: &Facts) -> Vec<Offer> {
        let offer = |act, name, fields| Offer {
            act,
            name,
            means: "what it says",
            fields,
        };
        let place = Field {
            name: "place",
            label: "Place",
            kind: FieldKind::Text { chars_max: 8 },
            required: false,
            value: Some(json!(facts.place)),
        };
        match state {
            State::Waiting => vec![
                offer(Offered::Submit, "start", Vec::new()),
                offer(Offered::Edit, "edit", vec![place]),
            ],
            State::Working | State::Closing => vec![offer(Offered::Cancel, "cancel", Vec::new())],
            State::Done | State::Gone => Vec::new(),
        }
    }

    fn said(_state: State, _facts: &Facts, said: &Said<'_>) -> Result<Event, Vec<WrongField>> {
        let place = said.fields.get("place").and_then(Value::as_str);
        Ok(match said.offer.act {
            Offered::Edit if place == Some("nowhere") => {
                return Err(vec![WrongField {
                    field: "place".to_owned(),
                    code: "invalid",
                    message: "must be somewhere".to_owned(),
                }]);
            }
            Offered::Edit => Event::MovedTo(place.map(str::to_owned)),
            Offered::Cancel => Event::Canceled,
            _ => Event::Start,
        })
    }

    fn milestones() -> &'static [State] {
        &[State::Waiting, State::Working, State::Closing, State::Done]
    }

    fn rewound(facts: &Facts, from: State, to: State, _now: Timestamp) -> Result<Facts, Reason> {
        if from == State::Gone {
            return Err(Reason::new("gone", "it is gone for good"));
        }
        let made = facts.made.clone().filter(|_| to == State::Closing);
        Ok(Facts {
            made,
            ..facts.clone()
        })
    }

    fn effect(command: Command, _facts: &Facts) -> Effect {
        let (does, again, undo) = match command {
            Command::Make => (
                "makes it",
                Again::CheckedFirst,
                Undo::Impossible("it stays made"),
            ),
            Command::Close => ("closes it", Again::Idempotent, Undo::Nothing),
        };
        Effect {
            does,
            happened: true,
            again,
            undo,
        }
    }
}
