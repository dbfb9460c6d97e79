//! One partner's ten thousand due tasks do not delay another's single one, and shares and rates hold.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use engine::{
    Change, Clock, Engine, Executor, InstanceId, Job, Limits, Outcome, Rate, RunnerOptions, Store,
    Task, Work,
};

use super::errand::{Command, Errand, Event, Facts};
use super::stage::{Stage, born, read};

/// Counts how many were with it at once.
#[derive(Default)]
pub(super) struct Counting {
    inside: Mutex<BTreeMap<String, usize>>,
    most: Mutex<BTreeMap<String, usize>>,
}

#[async_trait]
impl Executor<Errand> for Counting {
    async fn perform(&self, command: Command, job: &Job<Errand>) -> Outcome<Event> {
        let tenant = job.facts.tenant.clone().unwrap();
        {
            let mut inside = self.inside.lock().unwrap();
            let count = inside.entry(tenant.clone()).or_default();
            *count += 1;
            let mut most = self.most.lock().unwrap();
            let known = most.entry(tenant.clone()).or_default();
            *known = (*known).max(*count);
        }
        for _ in 0..5 {
            tokio::task::yield_now().await;
        }
        *self.inside.lock().unwrap().get_mut(&tenant).unwrap() -= 1;
        match command {
            Command::Make => Outcome::Done(Event::Made("made".to_owned())),
            Command::Close => Outcome::Done(Event::Closed),
        }
    }
}

pub(super) async fn owed(engine: &Engine, tenant: &str, number: usize) -> InstanceId {
    let facts = Facts {
        eager: true,
        tenant: Some(tenant.to_owned()),
        ..Facts::default()
    };
    born(engine, &format!("{tenant}_{number:05}"), facts).await
}

/// What a partner with a large backlog has due.
pub(super) const BACKLOG: usize = 10_000;

/// Ten thousand due tasks of one tenant. Their instances are gone, so that a turn is soon over.
pub(super) async fn backlog(stage: &Stage, tenant: &str) {
    let task = |number| Task {
        instance: InstanceId::new(format!("gone_{number:05}")),
        work: Work::Command("make".to_owned()),
        due: stage.clock.now(),
        visit: 1,
        lane: format!("hands:{tenant}"),
        tenant: tenant.to_owned(),
        attempt: 0,
        first_tried: None,
        intent: false,
        lost: 0,
        workflow: "errand".to_owned(),
        definition: 1,
    };
    let change = Change {
        tasks: (0..BACKLOG).map(task).collect(),
        ..Change::default()
    };
    stage.memory.commit(change).await.unwrap();
}

/// Resolves once the errand has ended; time passes meanwhile if `step` says so.
pub(super) async fn ends(stage: &Stage, engine: &Engine, id: &InstanceId, step: Duration) {
    while !read(engine, id).await.record.ended {
        stage.clock.advance(step);
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn ten_thousand_due_tasks_of_one_partner_do_not_delay_anothers_single_one() {
    let stage = Stage::new();
    let counting = Arc::new(Counting::default());
    let engine = stage.process_with(counting.clone());
    backlog(&stage, "large").await;
    stage.clock.advance(Duration::from_secs(1));
    let small = owed(&engine, "small", 0).await;
    let ended = ends(&stage, &engine, &small, Duration::ZERO);
    engine.run(RunnerOptions::default(), ended).await;
    let before = BACKLOG - stage.memory.owed();
    assert!(
        before < BACKLOG / 20,
        "{before} of the other's came before its end"
    );
}

#[tokio::test]
async fn a_tenant_has_no_more_under_way_than_its_share() {
    let stage = Stage::new();
    let counting = Arc::new(Counting::default());
    let engine = stage.process_with(counting.clone());
    let mut last = None;
    for number in 0..100 {
        last = Some(owed(&engine, "large", number).await);
    }
    let options = RunnerOptions {
        limits: Limits {
            per_tenant: 7,
            ..Limits::default()
        },
        ..RunnerOptions::default()
    };
    let ended = ends(&stage, &engine, last.as_ref().unwrap(), Duration::ZERO);
    engine.run(options, ended).await;
    assert_eq!(counting.most.lock().unwrap()["large"], 7);
}

#[tokio::test]
async fn what_is_overdue_gets_its_turn_however_much_is_fresh() {
    let stage = Stage::new();
    let engine = stage.process_with(Arc::new(Counting::default()));
    let overdue = owed(&engine, "t", 0).await;
    stage.clock.advance(Duration::from_hours(3));
    let options = RunnerOptions {
        limits: Limits {
            concurrency: 4,
            ..Limits::default()
        },
        ..RunnerOptions::default()
    };
    let mut fresh = Vec::new();
    for number in 1..300 {
        fresh.push(owed(&engine, "t", number).await);
    }
    let ended = ends(&stage, &engine, &overdue, Duration::ZERO);
    engine.run(options, ended).await;
    let mut before = 0;
    for id in fresh {
        before += usize::from(read(&engine, &id).await.record.ended);
    }
    assert!(before < 60, "{before} of 299 fresh ones came before it");
}

#[tokio::test]
async fn a_tenant_begins_no_faster_than_its_rate_and_holds_up_nobody() {
    let stage = Stage::new();
    let engine = stage.process_with(Arc::new(Counting::default()));
    let start = stage.clock.now();
    let mut last = None;
    for number in 0..60 {
        last = Some(owed(&engine, "large", number).await);
    }
    let small = owed(&engine, "small", 0).await;
    let options = RunnerOptions {
        limits: Limits {
            tenant_rate: Some(Rate {
                per_second: 10,
                burst: 4,
            }),
            ..Limits::default()
        },
        ..RunnerOptions::default()
    };
    let story = async {
        ends(&stage, &engine, &small, Duration::ZERO).await;
        assert_eq!(stage.clock.now(), start);
        ends(
            &stage,
            &engine,
            last.as_ref().unwrap(),
            Duration::from_millis(20),
        )
        .await;
    };
    engine.run(options, story).await;
    // Two turns each, of which four may begin at once.
    let floor = Duration::from_millis((60 * 2 - 4) * 100);
    let took = stage.clock.now().since(start);
    assert!(took >= floor, "{took:?} of at least {floor:?}");
    assert!(took < floor * 2, "{took:?} of about {floor:?}");
}

#[tokio::test]
async fn a_lane_begins_no_faster_than_its_rate() {
    let stage = Stage::new();
    let counting = Arc::new(Counting::default());
    let engine = stage.process_with(counting.clone());
    let start = stage.clock.now();
    let mut last = None;
    for number in 0..60 {
        last = Some(owed(&engine, "t", number).await);
    }
    let rate = Rate {
        per_second: 10,
        burst: 4,
    };
    let options = RunnerOptions {
        limits: Limits {
            rates: [("hands".to_owned(), rate)].into(),
            ..Limits::default()
        },
        ..RunnerOptions::default()
    };
    let ended = ends(
        &stage,
        &engine,
        last.as_ref().unwrap(),
        Duration::from_millis(20),
    );
    engine.run(options, ended).await;
    let took = stage.clock.now().since(start).as_secs_f64();
    // Each errand passes the lane twice.
    let floor = (120.0 - 4.0) / 10.0;
    assert!(took >= floor - 0.2, "{took} s, at least {floor}");
    assert!(took <= floor * 1.5, "{took} s, about {floor}");
}
