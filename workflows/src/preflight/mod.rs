//! A look at a partner's Meta app before clients meet it: what is wrong, and where in Meta's dashboard it
//! is mended. It changes nothing at Meta.

mod examine;
mod executor;
mod findings;
mod machine;
mod readiness;

use std::time::Duration;

use engine::{
    Actor, Awaited, Care, Conduct, Heard, Hold, Label, Note, Reason, Timestamp, Tries, Workflow,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use executor::PreflightExecutor;
pub use findings::{Finding, Verdict, findings_view};
pub use machine::{Command, Input, Machine, State};
pub(crate) use readiness::Readinesses;
pub use readiness::{Pause, Readiness};

use crate::values::AppId;

/// What a preflight knows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// The app that is looked at.
    pub app: AppId,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When it had seen everything.
    pub ended_at: Option<Timestamp>,
    /// What it saw.
    pub findings: Vec<Finding>,
}

/// What a preflight can hear.
#[derive(Clone, Debug)]
pub enum Event {
    /// Everything was looked at.
    Examined(Vec<Finding>),
}

/// The workflow of one preflight.
#[derive(Clone, Copy, Debug)]
pub struct Preflight;

impl Workflow for Preflight {
    const NAME: &'static str = "preflight";
    const VERSION: u32 = 1;

    type Machine = Machine;
    type Facts = Facts;
    type Event = Event;

    fn first(_facts: &Facts) -> Option<Command> {
        Some(Command::ExamineApp)
    }

    fn hear(facts: &Facts, _state: State, event: Event, now: Timestamp) -> Heard<Self> {
        let Event::Examined(findings) = event;
        let (input, note) = if findings::is_ready(&findings) {
            (Input::FoundReady, Note::plain("found_ready", Actor::System))
        } else {
            let wrong = findings::wrong(&findings).count();
            let text = format!("{wrong} of {} things are wrong", findings.len());
            let why = Reason::new("app_not_ready", text);
            let note = Note::because("found_wanting", Actor::System, why);
            (Input::FoundWanting, note)
        };
        let next = Facts {
            ended_at: Some(now),
            findings,
            ..facts.clone()
        };
        Heard::moved(next, input, note)
    }

    fn labels(_state: State, facts: &Facts, _hold: Option<&Hold>) -> Vec<Label> {
        vec![
            Label::shared("kind", "preflight"),
            Label::shared("app", facts.app.as_str()),
        ]
    }

    fn conduct(_command: Command, _facts: &Facts) -> Conduct {
        Conduct {
            lane: "preflight".to_owned(),
            care: Care::Repeatable,
            // Somebody waits for the answer: a Meta that stays silent is an answer too.
            tries: Tries {
                attempts: 4,
                first: Duration::from_secs(5),
                longest: Duration::from_mins(1),
                within: None,
            },
            limit: Duration::from_mins(2),
            express: false,
        }
    }

    fn awaits(_state: State, _facts: &Facts) -> Option<Awaited> {
        None
    }

    fn ends(state: State) -> bool {
        state != State::Examining
    }

    fn redacted(facts: &Facts) -> Value {
        json!({
            "app": facts.app,
            "asked_at": facts.asked_at.to_rfc3339(),
            "ended_at": facts.ended_at.map(Timestamp::to_rfc3339),
            "findings": findings_view(&facts.findings),
        })
    }
}
