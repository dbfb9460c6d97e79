//! Schedules: when a chore is due by the calendar, and what is remembered of it.
//!
//! It says when; what is done is handed in, and the timetable keeps it.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::clock::Timestamp;
use crate::engine::Engine;
use crate::ledger::EngineError;

/// A schedule that cannot be read: the operator mends the settings.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CronError {
    /// The line is no cron line.
    #[error("the cron line `{line}` cannot be read: {why}")]
    Line {
        /// The line.
        line: String,
        /// What is wrong with it.
        why: String,
    },
    /// There is no such time zone.
    #[error("`{0}` is no time zone; write one such as Europe/Berlin or UTC")]
    Zone(String),
}

/// Something done at calendar times. Doing it twice must be harmless.
#[async_trait]
pub trait Chore: Send + Sync + 'static {
    /// Does it once; answers one line on what came of it.
    async fn run(&self, engine: &Engine) -> Result<String, EngineError>;
}

/// What becomes of a run whose time passed while no process was there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// Nothing: the next one is soon enough.
    Skip,
    /// One late run stands for all that were missed.
    #[default]
    RunOnce,
    /// Each is made up for, one after the other.
    CatchUp,
}

/// When a chore runs.
#[derive(Clone, Debug)]
pub struct Times {
    line: String,
    cron: Box<cron::Schedule>,
    zone: Tz,
    missed: Missed,
}

/// A chore with its times.
#[derive(Clone)]
pub struct Schedule {
    pub(crate) name: &'static str,
    pub(crate) times: Times,
    pub(crate) chore: Arc<dyn Chore>,
}

/// What is remembered of a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleState {
    /// Its name.
    pub name: String,
    /// Its cron line of six fields, seconds first.
    pub line: String,
    /// The time zone in which the line is read.
    #[serde(default = "utc")]
    pub zone: String,
    /// What becomes of missed runs.
    #[serde(default)]
    pub missed: Missed,
    /// When it runs next, unless it is paused.
    pub next_run: Timestamp,
    /// Who stopped it, if somebody did.
    #[serde(default)]
    pub paused: Option<Wish>,
    /// Who wants it to run now.
    #[serde(default)]
    pub asked: Option<Wish>,
    /// The run under way.
    #[serde(default)]
    pub running: Option<Run>,
    /// The last runs, newest first.
    #[serde(default)]
    pub history: Vec<Run>,
}

/// Somebody's wish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Whose.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// When it was due.
    pub planned: Timestamp,
    /// When it began.
    pub began: Timestamp,
    /// When its process last said that it goes on.
    #[serde(default)]
    pub seen: Option<Timestamp>,
    /// How long it took, once it has ended.
    pub took: Option<Duration>,
    /// How it ended.
    pub outcome: RunOutcome,
    /// One line on what came of it.
    pub result: String,
    /// The process that ran it.
    pub process: String,
    /// Who asked for it, if it was not the calendar.
    pub asked_by: Option<String>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// It has not ended yet.
    UnderWay,
    /// It did what it is for.
    Done,
    /// It failed; the next one tries again.
    Failed,
    /// Nobody knows: its process ended first.
    Lost,
    /// Its time passed while no process was there, and it was let go.
    Skipped,
}

impl RunOutcome {
    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnderWay => "under_way",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Lost => "lost",
            Self::Skipped => "skipped",
        }
    }
}

impl Missed {
    /// The word used on the wire and in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::RunOnce => "run_once",
            Self::CatchUp => "catch_up",
        }
    }
}

impl Times {
    /// A cron line of six fields (seconds first), read in UTC; a missed run runs once, late.
    pub fn new(line: &str) -> Result<Self, CronError> {
        let cron = cron::Schedule::from_str(line).map_err(|error| {
            let why = error.to_string();
            CronError::Line {
                line: line.to_owned(),
                why: why.split_whitespace().collect::<Vec<_>>().join(" "),
            }
        })?;
        Ok(Self {
            line: line.to_owned(),
            cron: Box::new(cron),
            zone: Tz::UTC,
            missed: Missed::default(),
        })
    }

    /// The same line read in another time zone, named as in the tz database.
    pub fn in_zone(self, zone: &str) -> Result<Self, CronError> {
        let zone = zone.parse().map_err(|_| CronError::Zone(zone.to_owned()))?;
        Ok(Self { zone, ..self })
    }

    /// The same times with another rule for missed runs.
    #[must_use]
    pub fn when_missed(self, missed: Missed) -> Self {
        Self { missed, ..self }
    }

    pub(crate) fn missed(&self) -> Missed {
        self.missed
    }

    pub(crate) fn next_after(&self, moment: Timestamp) -> Timestamp {
        let local = moment.to_datetime().with_timezone(&self.zone);
        let next = self.cron.after(&local).next();
        // A line that names no future moment is looked at again now and then.
        next.map_or(moment + Duration::from_hours(1), |next| {
            Timestamp::from_millis(next.timestamp_millis())
        })
    }

    /// Whether a planned run lies so far ahead that only a clock that was ahead can have planned it.
    /// Clocks of processes that differ a little may be one run apart.
    pub(crate) fn are_far_from(&self, planned: Timestamp, now: Timestamp) -> bool {
        planned > self.next_after(self.next_after(now))
    }

    pub(crate) fn line(&self) -> &str {
        &self.line
    }

    pub(crate) fn zone(&self) -> &'static str {
        self.zone.name()
    }
}

impl Schedule {
    /// A chore at these times.
    pub fn new(name: &'static str, times: Times, chore: Arc<dyn Chore>) -> Self {
        Self { name, times, chore }
    }
}

impl ScheduleState {
    /// Whether its next run was planned under a clock that was ahead.
    pub(crate) fn sleeps_too_long(&self, now: Timestamp) -> bool {
        let times = Times::new(&self.line).and_then(|times| times.in_zone(&self.zone));
        times.is_ok_and(|times| times.are_far_from(self.next_run, now))
    }
}

fn utc() -> String {
    Tz::UTC.name().to_owned()
}
