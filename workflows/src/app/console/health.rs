//! What stands in the way of everything at once: dependencies that fail, and a clock that leaps.

use std::time::Duration;

use engine::{Actor, Jumps, LaneView, Record, Task, Timestamp};

use crate::app::App;
use crate::app::views::{HeldLane, HoldView};
use crate::delivery::ENDPOINT_LANE;
use crate::onboarding::GRAPH_LANE;

/// A leap of the clock is told for so long.
const LEAP_TOLD: Duration = Duration::from_hours(24);

impl App {
    /// The dependencies that are left alone at present because they fail.
    pub fn held_lanes(&self) -> Vec<HeldLane> {
        self.engine.lanes().iter().filter_map(held_lane).collect()
    }

    /// What was noticed of the machine's clock.
    pub fn clock_leaps(&self) -> Jumps {
        self.engine.clock().jumps()
    }

    /// Sentences that an operator should see on every page, if there is cause for any.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings: Vec<String> = self
            .held_lanes()
            .into_iter()
            .map(|held| format!("{} fails: {}. Its work waits.", held.dependency, held.text))
            .collect();
        let leaps = self.clock_leaps();
        if let Some(leap) = leaps.last
            && self.clock().outside().since(leap.at) < LEAP_TOLD
        {
            let direction = if leap.by_ms < 0 { "back" } else { "forward" };
            let seconds = leap.by_ms.unsigned_abs() / 1000;
            let mut text = format!("The machine's clock leapt {direction} by {seconds} s.");
            if !leaps.ahead.is_zero() {
                text.push_str(" Time passes slower here until it has caught up.");
            }
            warnings.push(text);
        }
        warnings
    }
}

fn held_lane(lane: &LaneView) -> Option<HeldLane> {
    let held = lane.held.as_ref()?;
    Some(HeldLane {
        lane: lane.lane.clone(),
        dependency: dependency(&lane.lane),
        code: held.why.code.clone(),
        text: held.why.text.trim_end_matches('.').to_owned(),
        since: held.since.to_rfc3339(),
        next_probe: held.next_probe.map(Timestamp::to_rfc3339),
        probes: held.probes,
    })
}

/// The dependency as people call it.
fn dependency(lane: &str) -> String {
    match lane.split_once(':') {
        Some((GRAPH_LANE, app)) => format!("Meta for app {app}"),
        Some((ENDPOINT_LANE, endpoint)) => format!("The endpoint {endpoint}"),
        _ => lane.to_owned(),
    }
}

/// What an instance waits for, if it is that its dependency is left alone: its task is due and does
/// not run.
pub(super) fn waits_for_lane(
    record: &Record,
    tasks: &[Task],
    held: &[HeldLane],
    now: Timestamp,
) -> Option<HoldView> {
    let owed = format!("command:{}", record.owes.as_ref()?);
    let task = tasks.iter().find(|task| task.work.key() == owed)?;
    let lane = held.iter().find(|held| held.lane == task.lane)?;
    (task.due <= now && !record.is_paused()).then(|| HoldView {
        kind: "waiting".to_owned(),
        advice: super::words::advice(&lane.code),
        code: lane.code.clone(),
        text: format!("{} fails: {}", lane.dependency, lane.text),
        since: lane.since.clone(),
        until: lane.next_probe.clone(),
        mover: Actor::Outside.as_str().to_owned(),
        attempt: task.attempt,
        fingerprint: format!("lane:{}:{}", lane.lane, lane.code),
    })
}
