//! A dependency that fails is left alone: its lane is held, no try is burned, one probe at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use engine::{Engine, Executor, InstanceId, Job, LaneView, Outcome, Reason};

use super::errand::{Command, Errand, Event, State};
use super::fairness::owed;
use super::stage::{Stage, hold, read, state};

/// A dependency that is up or down; it counts who asks it.
#[derive(Default)]
struct Dependency {
    is_down: Mutex<Vec<&'static str>>,
    asked: AtomicUsize,
}

impl Dependency {
    fn down(&self, tenants: &[&'static str]) {
        *self.is_down.lock().unwrap() = tenants.to_vec();
    }

    fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::SeqCst)
    }
}

#[async_trait]
impl Executor<Errand> for Dependency {
    async fn perform(&self, command: Command, job: &Job<Errand>) -> Outcome<Event> {
        let tenant = job.facts.tenant.as_deref().unwrap();
        self.asked.fetch_add(1, Ordering::SeqCst);
        let down = self.is_down.lock().unwrap();
        // One that is ill itself is named so.
        if down.contains(&tenant) || down.iter().any(|ill| job.id.as_str() == *ill) {
            let why = Reason::new("shop_closed", "the shop does not answer");
            return Outcome::Retry {
                why: why.clone(),
                after: None,
                otherwise: None,
            }
            .blamed_on_lane(why);
        }
        match command {
            Command::Make => Outcome::Done(Event::Made("made".to_owned())),
            Command::Close => Outcome::Done(Event::Closed),
        }
    }
}

fn process(stage: &Stage) -> (Arc<Dependency>, Engine) {
    let dependency = Arc::new(Dependency::default());
    let engine = stage.process_with(dependency.clone());
    (dependency, engine)
}

fn lane(engine: &Engine, name: &str) -> LaneView {
    let lanes = engine.lanes();
    lanes.into_iter().find(|view| view.lane == name).unwrap()
}

async fn twenty(engine: &Engine, tenant: &str) -> Vec<InstanceId> {
    let mut ids = Vec::new();
    for number in 0..20 {
        ids.push(owed(engine, tenant, number).await);
    }
    ids
}

#[tokio::test]
async fn a_lane_whose_dependency_fails_is_held_and_burns_no_tries() {
    let stage = Stage::new();
    let (shop, engine) = process(&stage);
    let ids = twenty(&engine, "a").await;
    shop.down(&["a"]);
    engine.work_off().await.unwrap();
    assert_eq!(
        shop.asked(),
        5,
        "five failures of several instances are enough"
    );
    let view = lane(&engine, "hands:a");
    let held = view.held.unwrap();
    assert_eq!(held.why.code, "shop_closed");
    assert!(held.next_probe.unwrap() > engine.now());
    // Hours later everybody has as many tries left as before, or one less.
    let mut probes = 0;
    for _ in 0..240 {
        stage.after_secs(&engine, 60).await;
        let asked = shop.asked();
        assert!(asked <= 1, "probes go one at a time");
        probes += asked;
    }
    assert!(
        (40..=120).contains(&probes),
        "{probes} probes in four hours"
    );
    for id in &ids {
        let tasks = engine.tasks(id).await.unwrap();
        assert!(tasks.iter().all(|task| task.attempt <= 1));
        assert!(!hold(&engine, id).await.starts_with("Parked"));
    }
    shop.down(&[]);
    for _ in 0..10 {
        stage.after_secs(&engine, 60).await;
    }
    for id in &ids {
        assert_eq!(state(&engine, id).await, State::Done, "{id}");
    }
    assert!(lane(&engine, "hands:a").held.is_none());
}

#[tokio::test]
async fn another_dependency_goes_on_meanwhile() {
    let stage = Stage::new();
    let (shop, engine) = process(&stage);
    twenty(&engine, "a").await;
    shop.down(&["a"]);
    engine.work_off().await.unwrap();
    let others = twenty(&engine, "b").await;
    engine.work_off().await.unwrap();
    for id in &others {
        assert_eq!(state(&engine, id).await, State::Done);
    }
}

#[tokio::test]
async fn one_instance_that_is_ill_itself_holds_no_lane() {
    let stage = Stage::new();
    let (shop, engine) = process(&stage);
    let ill = owed(&engine, "a", 0).await;
    shop.down(&["a_00000"]);
    for _ in 0..10 {
        stage.after_secs(&engine, 61).await;
    }
    assert_eq!(hold(&engine, &ill).await, "Parked shop_closed Operator");
    assert!(lane(&engine, "hands:a").held.is_none());
    let well = owed(&engine, "a", 1).await;
    engine.work_off().await.unwrap();
    assert_eq!(state(&engine, &well).await, State::Done);
}

#[tokio::test]
async fn time_for_which_the_lane_was_held_does_not_end_the_trying() {
    let stage = Stage::new();
    let (shop, engine) = process(&stage);
    let ids = twenty(&engine, "a").await;
    shop.down(&["a"]);
    engine.work_off().await.unwrap();
    let mut tried = None;
    for id in &ids {
        if engine
            .tasks(id)
            .await
            .unwrap()
            .iter()
            .any(|task| task.attempt == 1)
        {
            tried = Some(id);
        }
    }
    let tried = tried.unwrap();
    // Longer than tries may take together; then the dependency is back, and this one alone is ill.
    stage.after_secs(&engine, 4_000).await;
    let ill: &'static str = Box::leak(tried.to_string().into_boxed_str());
    shop.down(&[ill]);
    let mut made = 0;
    for _ in 0..400 {
        stage.after_secs(&engine, 5).await;
        let held = read(&engine, tried).await.record.hold;
        made = made.max(held.map_or(0, |hold| hold.attempt));
    }
    assert!(lane(&engine, "hands:a").held.is_none());
    assert_eq!(hold(&engine, tried).await, "Parked shop_closed Operator");
    assert_eq!(made, 3, "all its tries are made after the outage");
}
