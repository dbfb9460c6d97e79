//! Keeps schedules: each run once per cluster, whatever becomes of the chores beside it.
//!
//! Whoever moves a schedule's document first runs its chore; the others find it moved.

use std::collections::HashMap;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};

use crate::clock::Timestamp;
use crate::engine::Engine;
use crate::ledger::EngineError;
use crate::planning::BEAT;
use crate::schedule::{Run, RunOutcome, Schedule};
use crate::schedule_book::{look_up, remember, rewrite};
use crate::store::Expected;

/// How long a stop waits for chores under way.
const GRACE: Duration = Duration::from_secs(5);

/// Keeps schedules until `stop` resolves. A chore that takes long holds up no other.
pub async fn run_schedules(
    engine: Engine,
    schedules: Vec<Schedule>,
    stop: impl Future<Output = ()>,
) {
    tokio::pin!(stop);
    let mut timetable = Timetable {
        engine,
        chores: JoinSet::new(),
        under_way: HashMap::new(),
    };
    loop {
        timetable.tell_what_goes_on().await;
        let wake = timetable.begin_what_is_due(&schedules).await;
        let engine = timetable.engine.clone();
        tokio::select! {
            biased;
            () = &mut stop => break,
            Some(ended) = timetable.chores.join_next_with_id() => timetable.ended(ended).await,
            () = engine.timetable_changed() => {}
            () = engine.clock().sleep_until(wake) => {}
        }
    }
    let finished = async {
        while let Some(ended) = timetable.chores.join_next_with_id().await {
            timetable.ended(ended).await;
        }
    };
    if tokio::time::timeout(GRACE, finished).await.is_err() {
        tracing::warn!("stopped before all chores had ended; they run again at their next time");
    }
}

/// The chores that this process has under way.
struct Timetable {
    engine: Engine,
    chores: JoinSet<()>,
    under_way: HashMap<Id, (&'static str, Run)>,
}

impl Timetable {
    /// Begins every chore that is due and not under way; answers when to look again.
    async fn begin_what_is_due(&mut self, schedules: &[Schedule]) -> Timestamp {
        let mut wake = self.engine.now() + BEAT;
        for schedule in schedules {
            let mut under_way = self.under_way.values();
            if under_way.any(|(name, _)| *name == schedule.name) {
                continue;
            }
            match begin_if_due(&self.engine, schedule).await {
                Ok((_, Some(run))) => {
                    let (engine, schedule, begun) =
                        (self.engine.clone(), schedule.clone(), run.clone());
                    let name = schedule.name;
                    let chore = self
                        .chores
                        .spawn(async move { carry_out(&engine, &schedule, run).await });
                    self.under_way.insert(chore.id(), (name, begun));
                }
                Ok((next, None)) => wake = wake.min(next),
                Err(error) => {
                    tracing::error!(schedule = schedule.name, %error, "a schedule was not kept");
                }
            }
        }
        wake
    }

    /// Others wait for what is under way here, as long as they hear of it.
    async fn tell_what_goes_on(&mut self) {
        let now = self.engine.now();
        for (schedule, run) in self.under_way.values_mut() {
            let seen = run.seen.unwrap_or(run.began);
            if now.since(seen).max(seen.since(now)) < BEAT {
                continue;
            }
            run.seen = Some(now);
            let told = rewrite(&self.engine, schedule, |state| state.go_on(run, now));
            if let Err(error) = told.await {
                tracing::warn!(schedule, %error, "others may take a chore for dead");
            }
        }
    }

    /// A chore has ended; one that panicked could not say so itself.
    async fn ended(&mut self, ended: Result<(Id, ()), JoinError>) {
        let error = match ended {
            Ok((id, ())) => {
                self.under_way.remove(&id);
                return;
            }
            Err(error) => error,
        };
        let Some((schedule, run)) = self.under_way.remove(&error.id()) else {
            return;
        };
        tracing::error!(schedule, %error, "a chore panicked; its next run tries again");
        let text = "it panicked".to_owned();
        conclude(&self.engine, schedule, run, (RunOutcome::Failed, text)).await;
    }
}

/// Begins a run if one is due; else answers when to look again.
async fn begin_if_due(
    engine: &Engine,
    schedule: &Schedule,
) -> Result<(Timestamp, Option<Run>), EngineError> {
    let now = engine.now();
    let stored = look_up(engine, schedule.name).await?;
    let (expected, known) = match &stored {
        Some(opened) => (Expected::Version(opened.version), Some(&opened.body)),
        None => (Expected::Absent, None),
    };
    let mut state = schedule.state(known, now);
    let run = schedule.advance(&mut state, now, engine.owner());
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

async fn carry_out(engine: &Engine, schedule: &Schedule, run: Run) {
    let came_to = match schedule.chore.run(engine).await {
        Ok(text) => {
            tracing::debug!(schedule = schedule.name, result = text, "chore done");
            (RunOutcome::Done, text)
        }
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
    conclude(engine, schedule.name, run, came_to).await;
}

async fn conclude(
    engine: &Engine,
    schedule: &str,
    run: Run,
    (outcome, text): (RunOutcome, String),
) {
    let took = engine.now().since(run.began);
    let ended = run.ended(outcome, text, took);
    let written = rewrite(engine, schedule, |state| state.conclude(ended.clone()));
    if let Err(error) = written.await {
        tracing::error!(schedule, %error, "what came of a chore is not remembered");
    }
}
