//! A small workflow in several definitions under one name, as releases over the years would have it.
#![allow(
    unreachable_pub,
    reason = "rust-fsm makes a table as public as its letters"
)]
#![allow(
    clippy::unnecessary_wraps,
    reason = "every release's migration has the one signature"
)]

use std::time::Duration;

use engine::{Actor, Care, Conduct, Former, Label, Note, Timestamp, Tries, Unmigratable};
use serde_json::{Value, json};

/// The steps that every release since the second carries.
pub(super) fn step(from: u32, former: Former) -> Result<Former, Unmigratable> {
    let renamed = |name: String| match name.as_str() {
        "packing" => "wrapping".to_owned(),
        "pack" => "wrap".to_owned(),
        _ => name,
    };
    match from {
        1 => Ok(Former {
            state: renamed(former.state),
            owes: former.owes.map(renamed),
            in_doubt: former.in_doubt.into_iter().map(renamed).collect(),
            facts: json!({ "notes": [former.facts["note"]] }),
        }),
        2 => {
            let mut facts = former.facts;
            facts["weight"] = json!(facts["notes"].as_array().map(Vec::len));
            Ok(Former { facts, ..former })
        }
        _ => Err(Unmigratable(format!("no release wrote definition {from}"))),
    }
}

/// A release in which nothing is packed any more, and whoever was at it waits again.
pub(super) fn unpacked(_from: u32, former: Former) -> Result<Former, Unmigratable> {
    Ok(Former {
        state: "waiting".to_owned(),
        owes: None,
        ..former
    })
}

/// A release that renamed what is owed and did not think of what may have happened.
pub(super) fn renamed_in_passing(_from: u32, former: Former) -> Result<Former, Unmigratable> {
    Ok(Former {
        owes: former.owes.map(|_| "cover".to_owned()),
        ..former
    })
}

/// A release that forgot to say what became of what others wrote.
pub(super) fn forgotten(_from: u32, _former: Former) -> Result<Former, Unmigratable> {
    Err(Unmigratable("nobody thought of it".to_owned()))
}

#[derive(Clone, Debug)]
pub enum Heard {
    Ordered,
    Done,
    Remark(&'static str),
}

pub(super) fn note(what: &str) -> Note {
    Note::plain(what, Actor::System)
}

pub(super) fn with_remark(facts: &Value, remark: &str) -> Value {
    let mut facts = facts.clone();
    facts["remark"] = json!(remark);
    facts
}

/// Half an hour after the birth, whatever the state.
pub(super) fn deadline(facts: &Value) -> Option<Timestamp> {
    facts["until"].as_i64().map(Timestamp::from_millis)
}

pub(super) fn conduct() -> Conduct {
    Conduct {
        lane: "hands".to_owned(),
        care: Care::Once,
        tries: Tries {
            within: None,
            attempts: 3,
            first: Duration::from_secs(10),
            longest: Duration::from_mins(1),
        },
        limit: Duration::from_secs(30),
        express: false,
    }
}

pub(super) fn labels() -> Vec<Label> {
    vec![Label::shared("tenant", "t_1")]
}

/// One release: its definition, what the state at work and its command are called, its steps.
macro_rules! release {
    ($release:ident, $version:literal, $busy:ident, $command:ident, $step:path) => {
        pub(super) mod $release {
            use engine::{Awaited, Heard, Hold, Label, Timestamp, Workflow};
            use rust_fsm::state_machine;
            use serde_json::Value;
            use strum::{EnumString, IntoStaticStr, VariantArray};

            #[derive(
                Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray,
            )]
            #[strum(serialize_all = "snake_case")]
            pub enum State {
                Waiting,
                $busy,
                Done,
            }

            #[derive(
                Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray,
            )]
            #[strum(serialize_all = "snake_case")]
            pub enum Input {
                Order,
                Finish,
            }

            #[derive(
                Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray,
            )]
            #[strum(serialize_all = "snake_case")]
            pub enum Command {
                $command,
            }

            state_machine! {
                #[state_machine(state(super::State), input(super::Input), output(super::Command))]
                parcel(Waiting)

                Waiting => { Order => $busy [$command] },
                $busy => { Finish => Done },
            }

            #[derive(Debug)]
            pub struct Parcel;

            impl Workflow for Parcel {
                const NAME: &'static str = "parcel";
                const VERSION: u32 = $version;

                type Machine = parcel::Impl;
                type Facts = Value;
                type Event = super::Heard;

                fn first(_facts: &Value) -> Option<Command> {
                    None
                }

                fn hear(
                    facts: &Value,
                    _state: State,
                    event: super::Heard,
                    _now: Timestamp,
                ) -> Heard<Self> {
                    let facts = facts.clone();
                    match event {
                        super::Heard::Ordered => {
                            Heard::moved(facts, Input::Order, super::note("ordered"))
                        }
                        super::Heard::Done => {
                            Heard::moved(facts, Input::Finish, super::note("done"))
                        }
                        super::Heard::Remark(remark) => {
                            let facts = super::with_remark(&facts, remark);
                            Heard::noted(Some(facts), super::note("remark"))
                        }
                    }
                }

                fn deadlines(_state: State, facts: &Value) -> Vec<(Timestamp, super::Heard)> {
                    let at = super::deadline(facts);
                    at.map(|at| (at, super::Heard::Remark("late")))
                        .into_iter()
                        .collect()
                }

                fn labels(_state: State, _facts: &Value, _hold: Option<&Hold>) -> Vec<Label> {
                    super::labels()
                }

                fn conduct(_command: Command, _facts: &Value) -> engine::Conduct {
                    super::conduct()
                }

                fn awaits(_state: State, _facts: &Value) -> Option<Awaited> {
                    None
                }

                fn ends(state: State) -> bool {
                    state == State::Done
                }

                fn migrate(
                    from: u32,
                    former: engine::Former,
                ) -> Result<engine::Former, engine::Unmigratable> {
                    $step(from, former)
                }

                fn redacted(facts: &Value) -> Value {
                    facts.clone()
                }
            }
        }
    };
}

release!(first, 1, Packing, Pack, super::forgotten);
release!(second, 2, Wrapping, Wrap, super::step);
release!(third, 3, Wrapping, Wrap, super::step);
release!(unpacking, 2, Wrapping, Wrap, super::unpacked);
release!(covering, 2, Packing, Cover, super::renamed_in_passing);
release!(renamed_state, 1, Boxing, Pack, super::forgotten);
release!(renamed_command, 1, Packing, Cover, super::forgotten);
release!(without_migration, 2, Packing, Pack, super::forgotten);
