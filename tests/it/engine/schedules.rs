//! A chore runs once per cluster at its time; a run that was missed runs once, late.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use engine::{
    Chore, Clock, Engine, EngineError, Missed, RunOutcome, Schedule, ScheduleAct, ScheduleState,
    Times, Wish, change_schedule, run_schedules, schedule_states,
};

use super::stage::Stage;

#[derive(Default)]
struct Counted(AtomicUsize);

#[async_trait]
impl Chore for Counted {
    async fn run(&self, _engine: &Engine) -> Result<String, EngineError> {
        // Others get their turn in the middle of it.
        tokio::task::yield_now().await;
        let runs = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(format!("run {runs}"))
    }
}

fn hourly(chore: &Arc<Counted>) -> Vec<Schedule> {
    with(chore, Missed::RunOnce)
}

fn with(chore: &Arc<Counted>, missed: Missed) -> Vec<Schedule> {
    let times = Times::new("0 0 * * * *").unwrap().when_missed(missed);
    vec![Schedule::new("hourly", times, chore.clone())]
}

/// Time goes by in steps while these processes keep their schedules.
async fn keep(stage: &Stage, engines: &[&Engine], chore: &Arc<Counted>, steps: &[u64]) {
    keep_all(stage, engines, &hourly(chore), steps).await;
}

async fn keep_all(stage: &Stage, engines: &[&Engine], schedules: &[Schedule], steps: &[u64]) {
    let time = async {
        for secs in [0].iter().chain(steps) {
            stage.clock.advance(Duration::from_secs(*secs));
            for _ in 0..200 {
                tokio::task::yield_now().await;
            }
        }
    };
    let forever = std::future::pending::<()>;
    let first = run_schedules(engines[0].clone(), schedules.to_vec(), forever());
    let other = engines[engines.len() - 1].clone();
    let last = run_schedules(other, schedules.to_vec(), forever());
    tokio::select! {
        () = time => {}
        () = first => {}
        () = last => {}
    }
}

#[tokio::test]
async fn two_processes_run_a_chore_once() {
    let stage = Stage::new();
    let (one, other) = (stage.process(), stage.process());
    let chore = Arc::new(Counted::default());
    keep(&stage, &[&one, &other], &chore, &[3600, 3600, 3600]).await;
    assert_eq!(chore.0.load(Ordering::SeqCst), 3);
    let states = schedule_states(&one).await.unwrap();
    assert_eq!(states.len(), 1);
    assert_eq!(states[0].history[0].result, "run 3");
    assert_eq!(states[0].history.len(), 3, "each run is remembered once");
    assert!(states[0].next_run > one.now());
}

#[tokio::test]
async fn a_missed_run_runs_once_and_late() {
    let stage = Stage::new();
    let chore = Arc::new(Counted::default());
    keep(&stage, &[&stage.process()], &chore, &[]).await;
    stage.clock.advance(Duration::from_hours(10));
    keep(&stage, &[&stage.process()], &chore, &[60]).await;
    assert_eq!(chore.0.load(Ordering::SeqCst), 1);
}

#[test]
fn a_line_that_cannot_be_read_is_refused_by_name() {
    let error = Times::new("every day").unwrap_err().to_string();
    assert!(error.contains("every day"), "{error}");
    let times = Times::new("0 0 9 * * *").unwrap();
    let error = times.in_zone("Berlin").unwrap_err().to_string();
    assert!(
        error.contains("`Berlin`") && error.contains("Europe/Berlin"),
        "{error}"
    );
}

async fn known(engine: &Engine) -> ScheduleState {
    schedule_states(engine).await.unwrap().remove(0)
}

fn outcomes(state: &ScheduleState) -> Vec<RunOutcome> {
    state.history.iter().map(|run| run.outcome).collect()
}

async fn wishes(engine: &Engine, act: ScheduleAct) {
    let wish = Wish {
        by: "an operator".to_owned(),
        reason: "the test wants it".to_owned(),
        at: engine.now(),
    };
    let changed = change_schedule(engine, "hourly", act, wish).await.unwrap();
    assert!(changed.is_some());
}

/// Runs after ten hours in which no process was there, and what is remembered of them.
async fn after_ten_hours(missed: Missed) -> (usize, Vec<RunOutcome>) {
    let stage = Stage::new();
    let chore = Arc::new(Counted::default());
    let schedules = with(&chore, missed);
    keep_all(&stage, &[&stage.process()], &schedules, &[]).await;
    stage.clock.advance(Duration::from_hours(10));
    let engine = stage.process();
    keep_all(
        &stage,
        &[&engine],
        &schedules,
        &[1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    )
    .await;
    let runs = chore.0.load(Ordering::SeqCst);
    (runs, outcomes(&known(&engine).await))
}

#[tokio::test]
async fn a_missed_run_is_skipped_run_once_or_made_up_for() {
    let (runs, told) = after_ten_hours(Missed::Skip).await;
    assert_eq!((runs, told), (0, vec![RunOutcome::Skipped]));
    let (runs, told) = after_ten_hours(Missed::RunOnce).await;
    assert_eq!((runs, told), (1, vec![RunOutcome::Done]));
    let (runs, told) = after_ten_hours(Missed::CatchUp).await;
    assert_eq!((runs, told), (10, vec![RunOutcome::Done; 10]));
}

/// Panics each time.
struct Clumsy;

#[async_trait]
impl Chore for Clumsy {
    async fn run(&self, _engine: &Engine) -> Result<String, EngineError> {
        panic!("the test planned it so")
    }
}

/// Takes this long.
struct Slow(Duration, AtomicUsize);

#[async_trait]
impl Chore for Slow {
    async fn run(&self, engine: &Engine) -> Result<String, EngineError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        engine.clock().sleep_until(engine.now() + self.0).await;
        Ok("at last".to_owned())
    }
}

#[tokio::test]
async fn a_chore_that_panics_is_told_as_failed_and_lets_no_other_run_twice() {
    let stage = Stage::new();
    let engine = stage.process();
    let times = || Times::new("0 0 * * * *").unwrap();
    let slow = Arc::new(Slow(Duration::from_hours(3), AtomicUsize::new(0)));
    let schedules = [
        Schedule::new("clumsy", times(), Arc::new(Clumsy)),
        Schedule::new("slow", times(), slow.clone()),
    ];
    let minutes = [60; 170];
    keep_all(&stage, &[&engine], &schedules, &minutes).await;
    assert_eq!(slow.1.load(Ordering::SeqCst), 1, "it is still under way");
    let states = schedule_states(&engine).await.unwrap();
    assert_eq!(outcomes(&states[0]), [RunOutcome::Failed; 2]);
    assert_eq!(states[0].history[0].result, "it panicked");
    assert_eq!(outcomes(&states[1]), []);
}

#[tokio::test]
async fn a_run_that_is_skipped_for_the_one_before_it_says_so() {
    let stage = Stage::new();
    let engine = stage.process();
    let slow = Arc::new(Slow(Duration::from_mins(70), AtomicUsize::new(0)));
    let times = Times::new("0 0 * * * *").unwrap();
    let times = times.when_missed(Missed::Skip);
    let schedules = [Schedule::new("slow", times, slow)];
    let minutes = [60; 125];
    keep_all(&stage, &[&engine], &schedules, &minutes).await;
    assert_eq!(known(&engine).await.history.len(), 2);
    let skipped = known(&engine).await.history.remove(0);
    assert_eq!(skipped.outcome, RunOutcome::Skipped);
    assert_eq!(
        skipped.result,
        "the run before it had not ended at its time"
    );
}

#[tokio::test]
async fn a_run_whose_process_died_is_told_as_lost_and_holds_up_nobody_for_long() {
    let stage = Stage::new();
    let slow = Arc::new(Slow(Duration::from_mins(30), AtomicUsize::new(0)));
    let times = Times::new("0 * * * * *").unwrap();
    let schedules = [Schedule::new("slow", times, slow.clone())];
    keep_all(&stage, &[&stage.process()], &schedules, &[60]).await;
    let engine = stage.process();
    keep_all(&stage, &[&engine], &schedules, &[60, 60, 60]).await;
    assert_eq!(slow.1.load(Ordering::SeqCst), 2);
    assert_eq!(outcomes(&known(&engine).await), [RunOutcome::Lost]);
}

#[tokio::test]
async fn a_wish_waits_for_the_run_under_way() {
    let stage = Stage::new();
    let engine = stage.process();
    let slow = Arc::new(Slow(Duration::from_mins(30), AtomicUsize::new(0)));
    let times = Times::new("0 0 * * * *").unwrap();
    let schedules = [Schedule::new("hourly", times, slow.clone())];
    let story = async {
        stage.clock.advance(Duration::from_hours(1));
        while slow.1.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        wishes(&engine, ScheduleAct::Run).await;
        keep_all(&stage, &[&engine], &schedules, &[60; 29]).await;
        assert_eq!(slow.1.load(Ordering::SeqCst), 1);
        keep_all(&stage, &[&engine], &schedules, &[60; 2]).await;
        assert_eq!(slow.1.load(Ordering::SeqCst), 2);
    };
    let other = stage.process();
    run_schedules(other, schedules.to_vec(), story).await;
}

#[tokio::test]
async fn chores_keep_their_times_when_a_clock_that_was_ahead_is_set_right() {
    for missed in [Missed::Skip, Missed::RunOnce, Missed::CatchUp] {
        let stage = Stage::new();
        let chore = Arc::new(Counted::default());
        let schedules = with(&chore, missed);
        let today = stage.clock.now();
        stage.clock.advance(Duration::from_hours(24 * 365));
        let year = [3200, 3600];
        keep_all(&stage, &[&stage.process()], &schedules, &year).await;
        stage.clock.set(today);
        let before = chore.0.load(Ordering::SeqCst);
        let day = [3200, 3600, 3600];
        keep_all(&stage, &[&stage.process()], &schedules, &day).await;
        let runs = chore.0.load(Ordering::SeqCst) - before;
        assert_eq!(runs, 3, "{missed:?}");
    }
}

#[tokio::test]
async fn a_run_left_under_way_by_a_clock_that_was_ahead_holds_up_nobody() {
    let stage = Stage::new();
    let slow = Arc::new(Slow(Duration::from_hours(1000), AtomicUsize::new(0)));
    let times = Times::new("0 0 * * * *").unwrap();
    let times = times.when_missed(Missed::CatchUp);
    let schedules = [Schedule::new("slow", times, slow.clone())];
    let today = stage.clock.now();
    stage.clock.advance(Duration::from_hours(24 * 365));
    keep_all(&stage, &[&stage.process()], &schedules, &[3600]).await;
    stage.clock.set(today);
    keep_all(&stage, &[&stage.process()], &schedules, &[3600]).await;
    assert_eq!(slow.1.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn two_clocks_that_differ_a_little_do_not_make_a_chore_run_twice() {
    let stage = Stage::new();
    let chore = Arc::new(Counted::default());
    keep(&stage, &[&stage.process()], &chore, &[3600]).await;
    let behind = stage.clock.now() - Duration::from_mins(50);
    stage.clock.set(behind);
    keep(&stage, &[&stage.process()], &chore, &[600, 2400]).await;
    assert_eq!(chore.0.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_paused_schedule_lets_its_times_pass_and_still_runs_when_asked() {
    let stage = Stage::new();
    let engine = stage.process();
    let chore = Arc::new(Counted::default());
    keep(&stage, &[&engine], &chore, &[]).await;
    wishes(&engine, ScheduleAct::Pause).await;
    keep(&stage, &[&engine], &chore, &[3600, 3600]).await;
    assert_eq!(chore.0.load(Ordering::SeqCst), 0);
    wishes(&engine, ScheduleAct::Run).await;
    keep(&stage, &[&engine], &chore, &[0]).await;
    assert_eq!(chore.0.load(Ordering::SeqCst), 1, "asked for by a person");
    let run = known(&engine).await.history.remove(0);
    assert_eq!(run.asked_by.as_deref(), Some("an operator"));
    wishes(&engine, ScheduleAct::Resume).await;
    keep(&stage, &[&engine], &chore, &[0]).await;
    assert_eq!(
        chore.0.load(Ordering::SeqCst),
        1,
        "what passed is not made up for"
    );
    keep(&stage, &[&engine], &chore, &[3600]).await;
    assert_eq!(chore.0.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_wish_wakes_whoever_keeps_the_schedules() {
    let stage = Stage::new();
    let engine = stage.process();
    let chore = Arc::new(Counted::default());
    let story = async {
        while schedule_states(&engine).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        wishes(&engine, ScheduleAct::Run).await;
        while chore.0.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
    };
    run_schedules(engine.clone(), hourly(&chore), story).await;
    assert_eq!(outcomes(&known(&engine).await), [RunOutcome::Done]);
}

#[tokio::test]
async fn a_line_is_read_in_its_time_zone_across_the_change_of_the_clocks() {
    let stage = Stage::new();
    let engine = stage.process();
    let chore = Arc::new(Counted::default());
    let times = Times::new("0 30 8 * * *").unwrap();
    let times = times.in_zone("Europe/Berlin").unwrap();
    let schedules = [Schedule::new("hourly", times, chore)];
    let moments = [
        ("2027-03-27T00:00:00Z", "2027-03-27T07:30:00.000Z"),
        ("2027-03-28T00:00:00Z", "2027-03-28T06:30:00.000Z"),
    ];
    for (now, next) in moments {
        stage
            .clock
            .set(engine::Timestamp::parse_rfc3339(now).unwrap());
        keep_all(&stage, &[&engine], &schedules, &[]).await;
        assert_eq!(known(&engine).await.next_run.to_rfc3339(), next);
    }
}
