//! Time that leaps: leases and timers stay right, nothing runs twice, and after a downtime what is
//! overdue is spread while fresh work goes at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use adapters::vault::{MasterKey, Vault};
use async_trait::async_trait;
use engine::testing::MemoryStore;
use engine::{Clock, Engine, Owner, RunnerOptions, Timestamp};
use tokio::sync::watch;

use super::errand::{Errand, State};
use super::fairness::{BACKLOG, Counting, backlog, ends, owed};
use super::stage::{Hands, Stage, World, read, started, state};

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
