//! A chore runs once per cluster at its time; a run that was missed runs once, late.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use engine::{Chore, Engine, EngineError, Schedule, run_schedules, schedule_states};

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
    vec![Schedule::new("hourly", "0 0 * * * *", chore.clone()).unwrap()]
}

/// Time goes by in steps while these processes keep their schedules.
async fn keep(stage: &Stage, engines: &[&Engine], chore: &Arc<Counted>, steps: &[u64]) {
    let time = async {
        for secs in [0].iter().chain(steps) {
            stage.clock.advance(Duration::from_secs(*secs));
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
        }
    };
    let forever = std::future::pending::<()>;
    let first = run_schedules(engines[0].clone(), hourly(chore), forever());
    let last = run_schedules(engines[engines.len() - 1].clone(), hourly(chore), forever());
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
    assert_eq!(states[0].last_result.as_deref(), Some("run 3"));
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
    let refused = Schedule::new("odd", "every day", Arc::new(Counted::default()));
    let error = refused.err().unwrap().to_string();
    assert!(error.contains("every day"), "{error}");
}
