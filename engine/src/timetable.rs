//! Keeps schedules: each run once per cluster, remembered across restarts, paused and asked for by people.
//!
//! Whoever moves a schedule's document first runs its chore; the others find it moved.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::clock::Timestamp;
use crate::documents::Draft;
use crate::engine::Engine;
use crate::instance::SubjectId;
use crate::ledger::EngineError;
use crate::schedule::{Missed, Run, RunOutcome, Schedule, ScheduleState, Wish};
use crate::store::{Expected, PageOrder};

/// The space of documents that remember the schedules.
const SPACE: &str = "schedules";

/// Runs that are remembered.
const HISTORY_MAX: usize = 20;

/// Far more than any installation has.
const SCHEDULES_MAX: usize = 100;

/// A run this late was missed: no process was there at its time.
const LATE: Duration = Duration::from_mins(2);

/// A run that has said nothing for so long is taken for dead where others wait for it.
const SILENT: Duration = Duration::from_mins(15);

/// How often a change is written anew because others wrote first.
const WRITES_MAX: usize = 8;

/// How long a stop waits for chores under way.
const GRACE: Duration = Duration::from_secs(5);

/// What a person may do to a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScheduleAct {
    /// Run it now, whatever the calendar says and even if it is paused.
    Run,
    /// Let its times pass.
    Pause,
    /// Keep its times again, from the next one on.
    Resume,
}

/// Keeps schedules until `stop` resolves. A chore that takes long holds up no other.
pub async fn run_schedules(
    engine: Engine,
    schedules: Vec<Schedule>,
    stop: impl Future<Output = ()>,
) {
    tokio::pin!(stop);
    let mut chores: JoinSet<&'static str> = JoinSet::new();
    let mut under_way = BTreeSet::new();
    loop {
        let mut wake = engine.now() + Duration::from_mins(1);
        let idle = schedules.iter().filter(|one| !under_way.contains(one.name));
        let idle: Vec<&Schedule> = idle.collect();
        for schedule in idle {
            match begin_if_due(&engine, schedule).await {
                Ok((_, Some(run))) => {
                    under_way.insert(schedule.name);
                    let (engine, schedule) = (engine.clone(), schedule.clone());
                    chores.spawn(async move {
                        carry_out(&engine, &schedule, run).await;
                        schedule.name
                    });
                }
                Ok((next, None)) => wake = wake.min(next),
                Err(error) => {
                    tracing::error!(schedule = schedule.name, %error, "a schedule was not kept");
                }
            }
        }
        tokio::select! {
            biased;
            () = &mut stop => break,
            Some(ended) = chores.join_next() => match ended {
                Ok(name) => drop(under_way.remove(name)),
                Err(error) => {
                    tracing::error!(%error, "a chore panicked");
                    // Which one is not told; each that still runs is kept apart by its document.
                    under_way.clear();
                }
            },
            () = engine.timetable_changed() => {}
            () = engine.clock().sleep_until(wake) => {}
        }
    }
    let finished = async { while chores.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, finished).await.is_err() {
        tracing::warn!("stopped before all chores had ended; they run again at their next time");
    }
}

/// What is remembered of the schedules, by name.
pub async fn schedule_states(engine: &Engine) -> Result<Vec<ScheduleState>, EngineError> {
    let page = PageOrder {
        limit: SCHEDULES_MAX,
        after: None,
    };
    let (found, _) = engine.documents().scan(SPACE, "", &page).await?;
    Ok(found.into_iter().map(|opened| opened.body).collect())
}

/// Does what a person wants with a schedule; answers how it stands then, or nothing if there is none.
pub async fn change_schedule(
    engine: &Engine,
    name: &str,
    act: ScheduleAct,
    wish: Wish,
) -> Result<Option<ScheduleState>, EngineError> {
    let changed = rewrite(engine, name, |state| {
        let wish = wish.clone();
        match act {
            ScheduleAct::Run => state.asked = Some(wish),
            ScheduleAct::Pause => state.paused = Some(wish),
            ScheduleAct::Resume => state.paused = None,
        }
    });
    let changed = changed.await?;
    engine.change_timetable();
    Ok(changed)
}

/// Begins a run if one is due; else answers when to look again.
async fn begin_if_due(
    engine: &Engine,
    schedule: &Schedule,
) -> Result<(Timestamp, Option<Run>), EngineError> {
    let now = engine.now();
    let stored = engine
        .documents()
        .get::<ScheduleState>(SPACE, schedule.name)
        .await?;
    let (expected, known) = match &stored {
        Some(opened) => (Expected::Version(opened.version), Some(&opened.body)),
        None => (Expected::Absent, None),
    };
    let mut state = schedule.state(known, now);
    let run = next_run(engine, schedule, &mut state, now);
    if known == Some(&state) {
        // One that waits for a run under way is not to be asked again and again.
        return Ok((state.next_run.max(now + Duration::from_secs(1)), None));
    }
    match remember(engine, &state, expected).await {
        Ok(()) => Ok((state.next_run, run)),
        Err(EngineError::DocumentMoved { .. }) => Ok((now, None)),
        Err(other) => Err(other),
    }
}

/// Moves the state on if something is due; answers the run that begins, if one does.
fn next_run(
    engine: &Engine,
    schedule: &Schedule,
    state: &mut ScheduleState,
    now: Timestamp,
) -> Option<Run> {
    let asked = state.asked.take();
    let planned = state.next_run;
    if asked.is_none() {
        let missed = schedule.times.missed();
        // What is made up for comes one after the other.
        let waits = missed == Missed::CatchUp && state.is_running(now);
        if planned > now || waits {
            return None;
        }
        state.next_run = schedule.times.next_after(match missed {
            Missed::CatchUp if state.paused.is_none() => planned,
            _ => now,
        });
        if state.paused.is_some() {
            return None;
        }
        if missed == Missed::Skip && now.since(planned) > LATE {
            let skipped = RunOutcome::Skipped;
            let text = "no process was there at its time".to_owned();
            let run = fresh(engine, planned, None);
            state.record(run.ended(skipped, text, Duration::ZERO));
            return None;
        }
    }
    if let Some(left) = state.running.take() {
        let text = "its process ended before it did".to_owned();
        state.record(left.ended(RunOutcome::Lost, text, Duration::ZERO));
    }
    let planned = asked.as_ref().map_or(planned, |wish| wish.at);
    let run = fresh(engine, planned, asked.map(|wish| wish.by));
    state.running = Some(run.clone());
    Some(run)
}

fn fresh(engine: &Engine, planned: Timestamp, asked_by: Option<String>) -> Run {
    Run {
        planned,
        began: engine.now(),
        took: None,
        outcome: RunOutcome::UnderWay,
        result: String::new(),
        process: engine.owner().to_string(),
        asked_by,
    }
}

async fn carry_out(engine: &Engine, schedule: &Schedule, run: Run) {
    let result = schedule.chore.run(engine).await;
    let (outcome, text) = match result {
        Ok(text) => (RunOutcome::Done, text),
        Err(error) => {
            let cause: &dyn std::error::Error = &error;
            tracing::error!(
                schedule = schedule.name,
                error = cause,
                "a chore failed; its next run tries again"
            );
            (RunOutcome::Failed, error.to_string())
        }
    };
    tracing::debug!(schedule = schedule.name, result = text, "chore done");
    let took = engine.now().since(run.began);
    let ended = run.clone().ended(outcome, text, took);
    let written = rewrite(engine, schedule.name, |state| {
        state.running.take_if(|running| *running == run);
        // It was given up for lost when the next one began beside it.
        let is_this = |known: &Run| (known.began, &known.process) == (run.began, &run.process);
        state
            .history
            .retain(|known| known.outcome != RunOutcome::Lost || !is_this(known));
        state.record(ended.clone());
    });
    if let Err(error) = written.await {
        tracing::error!(schedule = schedule.name, %error, "what came of a chore is not remembered");
    }
}

impl Run {
    fn ended(self, outcome: RunOutcome, result: String, took: Duration) -> Self {
        Self {
            outcome,
            result,
            took: (outcome != RunOutcome::Lost).then_some(took),
            ..self
        }
    }
}

impl ScheduleState {
    /// Whether a run is under way, as far as is known: one that has long been silent has ended.
    fn is_running(&self, now: Timestamp) -> bool {
        let running = self.running.as_ref();
        running.is_some_and(|run| now.since(run.began) < SILENT)
    }

    fn record(&mut self, run: Run) {
        self.history.insert(0, run);
        self.history.truncate(HISTORY_MAX);
    }
}

/// Changes what is remembered of a schedule, however often others write in between.
async fn rewrite(
    engine: &Engine,
    name: &str,
    change: impl Fn(&mut ScheduleState),
) -> Result<Option<ScheduleState>, EngineError> {
    let mut moved = None;
    for _ in 0..WRITES_MAX {
        let stored = engine.documents().get::<ScheduleState>(SPACE, name).await?;
        let Some(mut opened) = stored else {
            return Ok(None);
        };
        change(&mut opened.body);
        match remember(engine, &opened.body, Expected::Version(opened.version)).await {
            Ok(()) => return Ok(Some(opened.body)),
            Err(error @ EngineError::DocumentMoved { .. }) => moved = Some(error),
            Err(other) => return Err(other),
        }
    }
    moved.map_or(Ok(None), Err)
}

async fn remember(
    engine: &Engine,
    state: &ScheduleState,
    expected: Expected,
) -> Result<(), EngineError> {
    let subject = SubjectId::house();
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
