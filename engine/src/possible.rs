//! What an operator may do to an instance as it stands, with what each act needs.

use crate::clock::Timestamp;
use crate::engine::Engine;
use crate::instance::{HoldKind, InstanceId, Reason, Record};
use crate::ledger::EngineError;
use crate::offers::{Field, FieldKind, Offered};
use crate::plan::Scene;
use crate::rewind::{Visited, way_back};
use crate::workflow::{Letter, Workflow};

/// Lines of history read at once.
const PAGE: usize = 500;

/// An act that can be done now.
#[derive(Clone, Debug, PartialEq)]
pub struct Possible {
    /// Its name, as in an address.
    pub act: &'static str,
    /// Among the events to submit, which one.
    pub event: Option<&'static str>,
    /// What comes of it.
    pub means: &'static str,
    /// What it needs besides a reason.
    pub fields: Vec<Field>,
    /// Choices that were looked at and cannot be right, each with why.
    pub refused: Vec<(&'static str, Reason)>,
}

impl Engine {
    /// The states that an instance has been in.
    pub(crate) async fn visited(&self, id: &InstanceId) -> Result<Visited, EngineError> {
        let mut visited = Visited::new();
        let mut after = 0;
        loop {
            let lines = self.journal(id, after, PAGE).await?;
            let Some(last) = lines.last() else {
                return Ok(visited);
            };
            after = last.sequence;
            visited.extend(lines.into_iter().filter_map(|line| line.to));
        }
    }
}

/// Every act that can be done now.
pub(crate) async fn possible<W: Workflow>(
    engine: &Engine,
    record: Record,
) -> Result<Vec<Possible>, EngineError> {
    let scene = Scene::<W>::load(engine, record).await?;
    let mut acts = Vec::new();
    acts.extend(retry(&scene, engine.now()));
    acts.extend(pausing(&scene.instance.record));
    acts.extend(offered(&scene));
    acts.extend(rewinding(&scene, engine.now()));
    Ok(acts)
}

fn plain(act: &'static str, means: &'static str) -> Possible {
    Possible {
        act,
        event: None,
        means,
        fields: Vec::new(),
        refused: Vec::new(),
    }
}

fn retry<W: Workflow>(scene: &Scene<W>, now: Timestamp) -> Option<Possible> {
    let record = &scene.instance.record;
    let owes = record.owes.is_some() || scene.has_put_by();
    let able = owes && !record.ended && !record.is_paused() && !record.is_under_way(now);
    let in_doubt = record
        .owes
        .as_deref()
        .and_then(|name| record.in_doubt(name));
    let means = match &record.hold {
        Some(hold) if hold.retry_denies => {
            "Says that what may have happened did not: it is done now, with all its tries again."
        }
        _ if in_doubt.is_some() => {
            "What may have happened is looked for now; if it did not, it is done, with all its tries again."
        }
        _ => "What is waiting is done at once, with all its tries again.",
    };
    able.then(|| plain("retry_now", means))
}

fn pausing(record: &Record) -> Option<Possible> {
    if record.ended {
        return None;
    }
    if !record.is_paused() {
        let means = "Nothing more is done until someone resumes it. What is under way is finished, and deadlines still pass.";
        return Some(plain("pause", means));
    }
    let means = match record.held_beneath() {
        Some(hold) if hold.kind == HoldKind::Parked => {
            "It waits again for whoever was asked before the pause. Nothing is done by itself."
        }
        Some(hold) if hold.is_open_ended() => {
            "It waits again for what was under way elsewhere before the pause. Nothing is done twice."
        }
        Some(_) => "It goes on where it was paused: the next try comes when it is due.",
        None => "It goes on where it was paused.",
    };
    Some(plain("resume", means))
}

fn offered<W: Workflow>(scene: &Scene<W>) -> Vec<Possible> {
    let offers = W::offers(scene.instance.state, &scene.instance.facts);
    let possible = offers.into_iter().filter_map(|offer| {
        let (act, event) = match offer.act {
            Offered::RetryNow if scene.instance.record.owes.is_some() => return None,
            Offered::RetryNow => ("retry_now", None),
            Offered::Cancel => ("cancel", None),
            Offered::Submit => ("submit", Some(offer.name)),
            Offered::Edit => ("edit", None),
        };
        Some(Possible {
            act,
            event,
            means: offer.means,
            fields: offer.fields,
            refused: Vec::new(),
        })
    });
    possible.collect()
}

fn rewinding<W: Workflow>(scene: &Scene<W>, now: Timestamp) -> Option<Possible> {
    let (mut places, mut refused) = (Vec::new(), Vec::new());
    for milestone in W::milestones() {
        match way_back(&scene.instance, milestone.name(), &scene.visited, now) {
            Ok(_) => places.push(milestone.name()),
            Err(why)
                if matches!(
                    why.code.as_str(),
                    "never_visited" | "not_earlier" | "under_way"
                ) => {}
            Err(why) => refused.push((milestone.name(), why)),
        }
    }
    if places.is_empty() {
        return None;
    }
    let to = Field {
        name: "to",
        label: "Back to",
        kind: FieldKind::Choice(places),
        required: true,
        value: None,
    };
    Some(Possible {
        fields: vec![to],
        refused,
        ..plain(
            "rewind",
            "Begins again at an earlier milestone. Look at what it does again first.",
        )
    })
}
