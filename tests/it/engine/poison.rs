//! What takes the process down is parked for a person after a few restarts, and nothing else is.

use std::path::{Path, PathBuf};
use std::process::Command as Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use adapters::sled::{SledOptions, SledStore};
use adapters::vault::{MasterKey, Vault};
use async_trait::async_trait;
use engine::{Act, Engine, Executor, Job, Outcome, Owner, RunnerOptions, Store, SystemClock};

use super::errand::{Command, Errand, Event, Facts, State};
use super::stage::{Stage, born, history, hold, operator, started, state};

const FOLDER: &str = "GANGWAY_POISONED_FOLDER";
const KEY: &str = "GANGWAY_POISONED_KEY";
const LIFE: &str = "GANGWAY_POISONED_LIFE";
const INNOCENTS: usize = 12;

/// Ends the process at the closing of the errand named `poison`.
struct Fragile {
    life: u32,
    entered: AtomicUsize,
    alone: AtomicUsize,
}

impl Fragile {
    fn living(life: u32) -> Arc<Self> {
        Arc::new(Self {
            life,
            entered: AtomicUsize::new(0),
            alone: AtomicUsize::new(0),
        })
    }

    async fn close(&self, job: &Job<Errand>) -> Outcome<Event> {
        let poison = job.id.as_str() == "poison";
        if self.life == 0 {
            // All of them are under way when the process dies.
            self.entered.fetch_add(1, Ordering::SeqCst);
            while !poison || self.entered.load(Ordering::SeqCst) <= INNOCENTS {
                tokio::task::yield_now().await;
            }
        }
        if poison {
            std::process::abort();
        }
        assert_eq!(
            self.alone.fetch_add(1, Ordering::SeqCst),
            0,
            "suspects run alone"
        );
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        self.alone.fetch_sub(1, Ordering::SeqCst);
        Outcome::Done(Event::Closed)
    }
}

#[async_trait]
impl Executor<Errand> for Fragile {
    async fn perform(&self, command: Command, job: &Job<Errand>) -> Outcome<Event> {
        match command {
            Command::Make => Outcome::Done(Event::Made("made".to_owned())),
            Command::Close => self.close(job).await,
        }
    }
}

async fn open(folder: &Path, key: &str, life: u32) -> (Arc<SledStore>, Engine) {
    let store = SledStore::open(folder, SledOptions::default());
    let store = store.await.unwrap();
    let vault = Vault::new(MasterKey::from_base64(key).unwrap(), Vec::new());
    let shared: Arc<dyn Store> = store.clone();
    let clock = Arc::new(SystemClock::default());
    let owner = Owner::new(format!("life_{life}"));
    let builder = Engine::builder(shared, clock, Arc::new(vault), owner);
    let engine = builder.workflow::<Errand>(Fragile::living(life)).build();
    (store, engine)
}

fn names() -> Vec<String> {
    let innocents = (0..INNOCENTS).map(|number| format!("innocent_{number:02}"));
    innocents.chain(["poison".to_owned()]).collect()
}

/// Runs until everything has ended or is parked.
async fn run(engine: &Engine) {
    let at_rest = async {
        let mut changes = engine.watch();
        loop {
            let mut moving = 0;
            for name in names() {
                let record = engine.record(&engine::InstanceId::new(name)).await.unwrap();
                let record = record.unwrap();
                moving += usize::from(!record.ended && record.hold.is_none());
            }
            if moving == 0 {
                return;
            }
            changes.recv().await.ok();
        }
    };
    engine.run(RunnerOptions::default(), at_rest).await;
}

/// The half that dies; without a folder there is nothing to do.
#[tokio::test]
async fn a_process_that_a_turn_ends() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let life = std::env::var(LIFE).unwrap().parse().unwrap();
    let (store, engine) = open(&folder, &std::env::var(KEY).unwrap(), life).await;
    if life == 0 {
        let facts = Facts {
            eager: true,
            ..Facts::default()
        };
        for name in names() {
            born(&engine, &name, facts.clone()).await;
        }
    }
    run(&engine).await;
    store.close().await.unwrap();
}

#[tokio::test]
async fn an_instance_that_ends_the_process_is_parked_and_those_beside_it_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let key = MasterKey::random().to_base64();
    let live = |life: u32| {
        let mut child = Child::new(std::env::current_exe().unwrap());
        child.args(["--exact", "engine::poison::a_process_that_a_turn_ends"]);
        child.env(FOLDER, folder.path()).env(KEY, key.as_str());
        child.env(LIFE, life.to_string());
        child.output().unwrap()
    };
    let lives: Vec<_> = (0..20)
        .map(live)
        .take_while(|one| !one.status.success())
        .collect();
    assert_eq!(
        lives.len(),
        5,
        "so many processes died before it was parked"
    );
    let (store, engine) = open(folder.path(), &key, 99).await;
    for name in names() {
        let id = engine::InstanceId::new(&name);
        if name == "poison" {
            assert_eq!(hold(&engine, &id).await, "Parked process_ended Operator");
            let told = history(&engine, &id).await;
            assert_eq!(told.last().unwrap(), "process_ended");
        } else {
            assert_eq!(state(&engine, &id).await, State::Done, "{name}");
            assert!(
                !history(&engine, &id)
                    .await
                    .contains(&"try_failed".to_owned())
            );
        }
    }
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_retry_by_an_operator_begins_the_count_anew() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = started(&engine, "a").await;
    let dies = |stage: &Stage| stage.memory.lose_claims();
    stage
        .world
        .answers(Outcome::Done(Event::Made("made".to_owned())));
    for _ in 0..5 {
        let gate = stage.world.holds_next_of(Command::Close);
        let mut turns = Box::pin(engine.work_off());
        tokio::select! {
            _ = &mut turns => panic!("it is held"),
            () = gate.entered() => {}
        }
        drop(turns);
        dies(&stage);
    }
    engine.work_off().await.unwrap();
    assert_eq!(hold(&engine, &id).await, "Parked process_ended Operator");
    operator(&engine, &id, Act::RetryNow).await;
    engine.work_off().await.unwrap();
    assert_eq!(state(&engine, &id).await, State::Done);
}

#[tokio::test]
async fn deaths_in_a_once_only_command_are_counted_across_its_checks() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = started(&engine, "a").await;
    let mut performed = 0;
    while !hold(&engine, &id).await.starts_with("Parked") && performed < 20 {
        let gate = stage.world.holds_next_of(Command::Make);
        let mut turns = Box::pin(engine.work_off());
        tokio::select! {
            _ = &mut turns => break,
            () = gate.entered() => performed += 1,
        }
        drop(turns);
        stage.memory.lose_claims();
    }
    assert!(hold(&engine, &id).await.starts_with("Parked"));
    assert_eq!(performed, 3, "its tries end before its deaths do");
}

#[tokio::test]
async fn an_instance_of_which_the_guard_itself_dies_is_parked_all_the_same() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = started(&engine, "a").await;
    stage
        .world
        .answers(Outcome::Done(Event::Made("made".to_owned())));
    for deaths in 0..6 {
        let gate = match deaths {
            5 => stage.world.holds_next_write("process_ended"),
            _ => stage.world.holds_next_of(Command::Close),
        };
        let mut turns = Box::pin(engine.work_off());
        tokio::select! {
            _ = &mut turns => panic!("it is held"),
            () = gate.entered() => {}
        }
        drop(turns);
        stage.memory.lose_claims();
    }
    let _held = stage.world.holds_next_write("process_ended");
    engine.work_off().await.unwrap();
    assert_eq!(hold(&engine, &id).await, "Parked process_ended Operator");
    operator(&engine, &id, Act::RetryNow).await;
    engine.work_off().await.unwrap();
    assert_eq!(state(&engine, &id).await, State::Done);
}

#[tokio::test]
async fn a_turn_that_panics_is_tried_as_its_policy_says_and_then_parked() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = started(&engine, "a").await;
    stage
        .world
        .answers(Outcome::Done(Event::Made("made".to_owned())));
    stage.world.panics_from_now();
    let parked = async {
        while !hold(&engine, &id).await.starts_with("Parked") {
            stage.clock.advance(std::time::Duration::from_secs(61));
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
        }
    };
    engine.run(RunnerOptions::default(), parked).await;
    assert_eq!(hold(&engine, &id).await, "Parked panicked Operator");
    let asked = stage.world.asked();
    assert_eq!(asked.iter().filter(|what| **what == "close").count(), 5);
}
