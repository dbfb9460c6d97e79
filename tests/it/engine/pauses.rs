//! A pause takes nothing away: what was waited for before it is waited for after it.

use std::time::Duration;

use engine::{Act, Actor, Engine, InstanceId, Outcome, RunnerOptions};

use super::errand::{Alarm, Event, Facts, State};
use super::stage::{
    Stage, born, hears, history, hold, operator, read, started, state, unknown, why,
};

fn failed() -> Outcome<Event> {
    Outcome::Retry {
        why: why(),
        after: None,
        otherwise: None,
    }
}

async fn paused_and_resumed(stage: &Stage, engine: &Engine, id: &InstanceId, secs: u64) {
    operator(engine, id, Act::Pause).await;
    stage.after_secs(engine, secs).await;
    operator(engine, id, Act::Resume).await;
    engine.work_off().await.unwrap();
}

#[tokio::test]
async fn what_goes_on_elsewhere_is_not_done_again() {
    let stage = Stage::new();
    let engine = stage.process();
    stage
        .world
        .answers(Outcome::Done(Event::Made("made".to_owned())));
    stage.world.answers(Outcome::Quiet {
        why: why(),
        mover: Actor::Outside,
    });
    let id = started(&engine, "a").await;
    engine.work_off().await.unwrap();
    paused_and_resumed(&stage, &engine, &id, 3600).await;
    assert_eq!(stage.world.asked(), ["make", "close"]);
    assert_eq!(hold(&engine, &id).await, "Waiting so_planned Outside");
}

#[tokio::test]
async fn a_limit_is_waited_for_to_its_end() {
    let stage = Stage::new();
    let engine = stage.process();
    stage.world.answers(Outcome::Wait {
        until: stage.in_secs(3600),
        why: why(),
        mover: Actor::Outside,
    });
    let id = started(&engine, "a").await;
    engine.work_off().await.unwrap();
    paused_and_resumed(&stage, &engine, &id, 600).await;
    assert_eq!(hold(&engine, &id).await, "Waiting so_planned Outside");
    stage.after_secs(&engine, 2999).await;
    assert_eq!(stage.world.asked(), ["make"]);
    stage.after_secs(&engine, 1).await;
    assert_eq!(stage.world.asked(), ["make", "close"]);
}

#[tokio::test]
async fn whoever_is_asked_is_still_asked() {
    let stage = Stage::new();
    let engine = stage.process();
    stage.world.answers(Outcome::Ask {
        whom: Actor::Partner,
        why: why(),
    });
    let id = started(&engine, "a").await;
    engine.work_off().await.unwrap();
    paused_and_resumed(&stage, &engine, &id, 3600).await;
    assert_eq!(hold(&engine, &id).await, "Parked so_planned Partner");
    assert_eq!(stage.world.asked(), ["make"]);
}

#[tokio::test]
async fn tries_that_were_made_stay_made() {
    let stage = Stage::new();
    let engine = stage.process();
    for _ in 0..3 {
        stage.world.answers(failed());
    }
    let id = started(&engine, "a").await;
    engine.work_off().await.unwrap();
    stage.after_secs(&engine, 60).await;
    assert_eq!(hold(&engine, &id).await, "Retrying so_planned System");
    paused_and_resumed(&stage, &engine, &id, 3600).await;
    assert_eq!(stage.world.asked(), ["make"; 3]);
    assert_eq!(hold(&engine, &id).await, "Parked so_planned Operator");
}

#[tokio::test]
async fn what_comes_of_a_try_in_the_middle_of_it_is_waited_for_afterward() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = started(&engine, "a").await;
    let gate = stage.world.holds_next();
    stage.world.answers(Outcome::Ask {
        whom: Actor::Partner,
        why: why(),
    });
    tokio::join!(async { engine.work_off().await.unwrap() }, async {
        gate.entered().await;
        operator(&engine, &id, Act::Pause).await;
        gate.open();
    });
    assert_eq!(hold(&engine, &id).await, "Paused operator Operator");
    operator(&engine, &id, Act::Resume).await;
    engine.work_off().await.unwrap();
    assert_eq!(hold(&engine, &id).await, "Parked so_planned Partner");
    assert_eq!(stage.world.asked(), ["make"]);
}

#[tokio::test]
async fn what_no_person_has_looked_at_stays_parked() {
    let stage = Stage::new();
    let engine = stage.process();
    let alarms = vec![(stage.in_secs(10), Alarm::Panics)];
    let facts = Facts {
        alarms,
        ..Facts::default()
    };
    let id = born(&engine, "a", facts).await;
    let parked = async {
        while !hold(&engine, &id).await.starts_with("Parked") {
            stage.clock.advance(Duration::from_secs(10));
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
        }
    };
    engine.run(RunnerOptions::default(), parked).await;
    paused_and_resumed(&stage, &engine, &id, 3600).await;
    assert_eq!(hold(&engine, &id).await, "Parked panicked Operator");
}

#[tokio::test]
async fn what_was_waited_for_before_a_move_is_over_after_the_pause() {
    let stage = Stage::new();
    let engine = stage.process();
    stage.world.answers(Outcome::Ask {
        whom: Actor::Partner,
        why: why(),
    });
    let id = started(&engine, "a").await;
    engine.work_off().await.unwrap();
    operator(&engine, &id, Act::Pause).await;
    hears(&engine, &id, Event::Made("by hand".to_owned())).await;
    operator(&engine, &id, Act::Resume).await;
    engine.work_off().await.unwrap();
    assert_eq!(state(&engine, &id).await, State::Done);
}

#[tokio::test]
async fn a_look_that_was_due_is_made_after_the_pause() {
    let stage = Stage::new();
    let engine = stage.process();
    stage.world.answers(unknown());
    let id = started(&engine, "a").await;
    engine.work_off().await.unwrap();
    paused_and_resumed(&stage, &engine, &id, 3600).await;
    assert_eq!(stage.world.asked(), ["make", "check", "make", "close"]);
    let told = history(&engine, &id).await;
    assert_eq!(told[2..5], ["try_failed", "paused", "resumed"]);
    assert_eq!(read(&engine, &id).await.state, State::Done);
}

#[tokio::test]
async fn what_ends_under_a_pause_is_not_paused_any_more() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = started(&engine, "a").await;
    operator(&engine, &id, Act::Pause).await;
    hears(&engine, &id, Event::Canceled).await;
    let ended = read(&engine, &id).await.record;
    assert!(ended.ended);
    assert_eq!(ended.hold, None, "nobody is asked to resume it");
}
