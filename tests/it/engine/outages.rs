//! A store that fails for a moment makes no call happen twice and loses no outcome.

use std::time::Duration;

use engine::Engine;
use engine::testing::Fault;

use super::errand::{Event, Facts, State};
use super::stage::{Stage, born, hears, started, state};

/// Works off what is due while time goes by, for at most this many seconds.
async fn work_while_time_passes(stage: &Stage, engine: &Engine, secs: u32) {
    let time = async {
        for _ in 0..secs {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            stage.clock.advance(Duration::from_secs(1));
        }
    };
    let work = async {
        loop {
            engine.work_off().await.ok();
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = time => {}
        () = work => {}
    }
}

#[tokio::test]
async fn an_outcome_is_recorded_once_the_store_answers_again() {
    for fault in [Fault::BeforeApplying, Fault::AfterApplying] {
        let stage = Stage::new();
        let engine = stage.process();
        let id = started(&engine, "a").await;
        // First the announcement, then the outcome.
        stage.store.stumble_at(2, fault);
        work_while_time_passes(&stage, &engine, 10).await;
        assert_eq!(stage.world.asked(), ["make", "close"], "{fault:?}");
        assert_eq!(state(&engine, &id).await, State::Done);
    }
}

#[tokio::test]
async fn a_repeatable_outcome_is_not_performed_twice_for_the_store_s_sake() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = born(&engine, "a", Facts::default()).await;
    hears(&engine, &id, Event::Start).await;
    hears(&engine, &id, Event::Made("by hand".to_owned())).await;
    stage.store.stumble_at(1, Fault::BeforeApplying);
    work_while_time_passes(&stage, &engine, 10).await;
    assert_eq!(stage.world.asked(), ["close"]);
    assert_eq!(state(&engine, &id).await, State::Done);
}
