//! Schedules: chores at calendar times, once per cluster, remembered across restarts.
//!
//! The schedule says when; what is done is handed in. A run that was missed runs once, late.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::clock::Timestamp;
use crate::documents::Draft;
use crate::engine::Engine;
use crate::instance::SubjectId;
use crate::ledger::EngineError;
use crate::store::Expected;

/// The space of documents that remember when each schedule runs next.
const SPACE: &str = "schedules";

/// A cron line that cannot be read: the operator mends the settings.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the cron line `{line}` cannot be read: {why}")]
pub struct CronError {
    line: String,
    why: String,
}

/// Something done at calendar times. Doing it twice must be harmless.
#[async_trait]
pub trait Chore: Send + Sync + 'static {
    /// Does it once; answers one line on what came of it.
    async fn run(&self, engine: &Engine) -> Result<String, EngineError>;
}

/// A chore with its times.
#[derive(Clone)]
pub struct Schedule {
    name: &'static str,
    line: String,
    times: Box<cron::Schedule>,
    chore: Arc<dyn Chore>,
}

/// What is remembered of a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleState {
    /// Its name.
    pub name: String,
    /// Its cron line, UTC.
    pub line: String,
    /// When it runs next.
    pub next_run: Timestamp,
    /// When it last ran.
    pub last_run: Option<Timestamp>,
    /// What came of the last run.
    pub last_result: Option<String>,
}

impl Schedule {
    /// A schedule from a cron line of six fields (seconds first), in UTC.
    pub fn new(name: &'static str, line: &str, chore: Arc<dyn Chore>) -> Result<Self, CronError> {
        let times = cron::Schedule::from_str(line).map_err(|error| CronError {
            line: line.to_owned(),
            why: error
                .to_string()
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" "),
        })?;
        Ok(Self {
            name,
            line: line.to_owned(),
            times: Box::new(times),
            chore,
        })
    }

    fn next_after(&self, moment: Timestamp) -> Timestamp {
        self.times
            .after(&moment.to_datetime())
            .next()
            .map_or(moment + Duration::from_hours(1), |next| {
                Timestamp::from_millis(next.timestamp_millis())
            })
    }
}

/// Runs schedules until `stop` resolves.
pub async fn run_schedules(
    engine: Engine,
    schedules: Vec<Schedule>,
    stop: impl Future<Output = ()>,
) {
    tokio::pin!(stop);
    loop {
        let mut wake = engine.now() + Duration::from_mins(1);
        for schedule in &schedules {
            match run_if_due(&engine, schedule).await {
                Ok(next) => wake = wake.min(next),
                Err(error) => {
                    tracing::error!(schedule = schedule.name, %error, "a schedule did not run");
                }
            }
        }
        tokio::select! {
            () = &mut stop => return,
            () = engine.clock().sleep_until(wake) => {}
        }
    }
}

/// What is remembered of the schedules, by name.
pub async fn schedule_states(engine: &Engine) -> Result<Vec<ScheduleState>, EngineError> {
    let page = crate::store::PageOrder {
        limit: 100,
        after: None,
    };
    let (found, _) = engine.documents().scan(SPACE, "", &page).await?;
    Ok(found.into_iter().map(|opened| opened.body).collect())
}

async fn run_if_due(engine: &Engine, schedule: &Schedule) -> Result<Timestamp, EngineError> {
    let now = engine.now();
    let stored = engine
        .documents()
        .get::<ScheduleState>(SPACE, schedule.name)
        .await?;
    let (expected, known) = match &stored {
        Some(opened) => (Expected::Version(opened.version), Some(&opened.body)),
        None => (Expected::Absent, None),
    };
    let due = known.is_some_and(|state| state.next_run <= now);
    let changed = known.is_none_or(|state| state.line != schedule.line);
    if !due && !changed {
        return Ok(known.map_or(now, |state| state.next_run));
    }
    let mut state = ScheduleState {
        name: schedule.name.to_owned(),
        line: schedule.line.clone(),
        next_run: schedule.next_after(now),
        last_run: known.and_then(|state| state.last_run),
        last_result: known.and_then(|state| state.last_result.clone()),
    };
    if due {
        state.last_run = Some(now);
    }
    // Whoever moves the document first runs the chore; the others find it moved.
    match remember(engine, &state, expected).await {
        Ok(()) => {}
        Err(EngineError::DocumentMoved { .. }) => return Ok(state.next_run),
        Err(other) => return Err(other),
    }
    if due {
        let result = schedule.chore.run(engine).await;
        if let Err(error) = &result {
            tracing::error!(schedule = schedule.name, %error, "a chore failed; its next run tries again");
        }
        let line = result.unwrap_or_else(|error| format!("failed: {error}"));
        tracing::debug!(schedule = schedule.name, result = line, "chore done");
        state.last_result = Some(line);
        // If it took so long that another process has run the next one, that run's word stands.
        let mine = stored.as_ref().map_or(1, |opened| opened.version + 1);
        match remember(engine, &state, Expected::Version(mine)).await {
            Ok(()) | Err(EngineError::DocumentMoved { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(state.next_run)
}

async fn remember(
    engine: &Engine,
    state: &ScheduleState,
    expected: Expected,
) -> Result<(), EngineError> {
    let subject = SubjectId::new("house");
    let puts = engine
        .documents()
        .seal(Draft {
            space: SPACE,
            key: &state.name,
            subject: &subject,
            expected,
            body: state,
            expires_at: None,
        })
        .await?;
    engine.documents().write(puts).await
}
