//! Time that leaps: leases and timers stay right, nothing runs twice, and after a downtime what is
//! overdue is spread while fresh work goes at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use adapters::vault::{MasterKey, Vault};
use async_trait::async_trait;
use engine::testing::MemoryStore;
use engine::{
    Actor, Clock, Engine, InstanceId, Item, Outcome, Owner, ResumeStalled, RunnerOptions, Schedule,
    Store as _, Task, Times, Timestamp, Work, run_schedules, schedule_states,
};
use tokio::sync::watch;

use super::errand::{Errand, Event, Facts, State};
use super::fairness::{BACKLOG, Counting, backlog, ends, owed};
use super::stage::{Hands, Stage, World, born, hears, history, read, started, state, why};

/// A clock that leaps as the machine's does: whoever sleeps is not woken by it.
struct Leaping {
    now_ms: AtomicI64,
    moved: watch::Sender<()>,
}

#[async_trait]
impl Clock for Leaping {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now_ms.load(Ordering::SeqCst))
    }

    async fn sleep_until(&self, moment: Timestamp) {
        let mut moved = self.moved.subscribe();
        while self.now() < moment {
            moved.changed().await.ok();
        }
    }
}

#[tokio::test]
async fn a_leap_forward_runs_nothing_twice() {
    let clock = Arc::new(Leaping {
        now_ms: AtomicI64::new(1_795_000_000_000),
        moved: watch::Sender::new(()),
    });
    let world = Arc::new(World::default());
    let vault = Arc::new(Vault::new(MasterKey::random(), Vec::new()));
    let shelves = Arc::new(MemoryStore::default());
    let engine = Engine::builder(shelves, clock.clone(), vault, Owner::new("one"))
        .workflow::<Errand>(Arc::new(Hands(world.clone())))
        .build();
    let id = started(&engine, "a").await;
    let gate = world.holds_next();
    let story = async {
        gate.entered().await;
        clock.now_ms.fetch_add(3_600_000, Ordering::SeqCst);
        // Whatever pokes the runner makes it look at the time.
        let other = started(&engine, "b").await;
        while state(&engine, &other).await != State::Done {
            tokio::task::yield_now().await;
        }
        gate.open();
        while state(&engine, &id).await != State::Done {
            tokio::task::yield_now().await;
        }
    };
    engine.run(RunnerOptions::default(), story).await;
    assert_eq!(world.times_made(&id), 1);
    let asked = world.asked();
    assert_eq!(asked.iter().filter(|what| **what == "make").count(), 2);
    assert!(!asked.contains(&"check"), "{asked:?}");
}

#[tokio::test]
async fn time_set_back_in_the_middle_of_a_turn_takes_it_from_nobody() {
    let stage = Stage::new();
    let (one, other) = (stage.process(), stage.process());
    let id = started(&one, "a").await;
    let gate = stage.world.holds_next();
    let story = async {
        gate.entered().await;
        stage.clock.set(stage.clock.now() - Duration::from_hours(5));
        for _ in 0..20 {
            // The runner renews as if nothing had happened.
            stage.clock.advance(Duration::from_secs(1));
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            assert_eq!(other.work_off().await.unwrap(), 0);
        }
        gate.open();
        while state(&one, &id).await == State::Working {
            tokio::task::yield_now().await;
        }
    };
    one.run(RunnerOptions::default(), story).await;
    assert_eq!(stage.world.times_made(&id), 1);
    assert_eq!(read(&one, &id).await.facts.announced, 1);
}

#[tokio::test]
async fn after_a_downtime_what_is_overdue_is_spread_and_fresh_work_goes_at_once() {
    let stage = Stage::new();
    let counting = Arc::new(Counting::default());
    let engine = stage.process_with(counting.clone());
    backlog(&stage, "t").await;
    stage.clock.advance(Duration::from_hours(3));
    let began = stage.clock.now();
    let gone = || BACKLOG - stage.memory.owed();
    let story = async {
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
        let fresh = owed(&engine, "t", 0).await;
        ends(&stage, &engine, &fresh, Duration::ZERO).await;
        assert_eq!(stage.clock.now(), began, "it waited for nobody");
        for tenth in 1..=30 {
            stage.clock.advance(Duration::from_millis(100));
            for _ in 0..300 {
                tokio::task::yield_now().await;
            }
            let most = 200 + tenth * 20;
            assert!(
                gone() <= most,
                "{} begun after {tenth} tenths of {most}",
                gone()
            );
        }
        assert!(gone() > 700, "{} begun in three seconds", gone());
    };
    engine.run(RunnerOptions::default(), story).await;
}

/// An errand that waits so long for its making.
async fn waits(stage: &Stage, engine: &Engine, name: &str, secs: u64) -> InstanceId {
    stage.world.answers(Outcome::Wait {
        until: stage.in_secs(secs),
        why: why(),
        mover: Actor::Outside,
    });
    let id = started(engine, name).await;
    engine.work_off().await.unwrap();
    id
}

/// Word from a child, sent now.
fn word(stage: &Stage, parent: &InstanceId) -> Item {
    Item::Task(Task {
        instance: parent.clone(),
        work: Work::Told {
            child: InstanceId::new("parent-child"),
            workflow: "errand".to_owned(),
            state: "done".to_owned(),
        },
        due: stage.clock.now(),
        visit: 0,
        lane: "told".to_owned(),
        tenant: String::new(),
        attempt: 0,
        first_tried: None,
        intent: false,
        lost: 0,
        workflow: String::new(),
        definition: 0,
    })
}

#[tokio::test]
async fn waits_are_as_long_as_they_were_meant_when_a_clock_that_was_ahead_is_set_right() {
    let stage = Stage::new();
    let today = stage.clock.now();
    stage.clock.advance(Duration::from_hours(24 * 365));
    let engine = stage.process();
    let late = waits(&stage, &engine, "late", 300).await;
    let parent = InstanceId::new("parent");
    let sent = word(&stage, &parent);
    let times = Times::new("0 * * * * *").unwrap();
    let chore = Schedule::new("stalled", times, Arc::new(ResumeStalled));
    run_schedules(stage.process(), vec![chore], async {
        while schedule_states(&engine).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;

    stage.clock.set(today);
    let engine = stage.process();
    let early = waits(&stage, &engine, "early", 900).await;
    let facts = Facts {
        sends: true,
        ..Facts::default()
    };
    born(&engine, "parent", facts).await;
    let made = Event::Made("made".to_owned());
    stage.world.answers(Outcome::Done(made));
    stage.world.answers(Outcome::Quiet {
        why: why(),
        mover: Actor::Outside,
    });
    stage.world.answers(Outcome::Wait {
        until: stage.in_secs(9_000),
        why: why(),
        mover: Actor::Outside,
    });
    hears(&engine, &parent, Event::Start).await;
    engine.work_off().await.unwrap();
    stage.store.take_in(vec![sent]).await.unwrap();
    engine.begin().await.unwrap();
    stage.after_secs(&engine, 299).await;
    assert_eq!(state(&engine, &parent).await, State::Done);
    assert_eq!(state(&engine, &late).await, State::Working);
    stage.after_secs(&engine, 1).await;
    assert_eq!(state(&engine, &late).await, State::Done);
    let lines = history(&engine, &late).await;
    assert!(lines.contains(&"set_right".to_owned()), "{lines:?}");
    assert_eq!(state(&engine, &early).await, State::Working, "as it was");
    stage.after_secs(&engine, 600).await;
    assert_eq!(state(&engine, &early).await, State::Done);
}
