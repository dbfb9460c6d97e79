//! What cannot wait runs ahead of every queue, and is not lost with whoever brought it.

use engine::testing::Fault;

use super::errand::{Event, Facts, State};
use super::stage::{Stage, born, hears, read, started, state};

fn hurried() -> Facts {
    Facts {
        hurries: true,
        ..Facts::default()
    }
}

#[tokio::test]
async fn what_cannot_wait_runs_before_what_was_due_earlier() {
    let stage = Stage::new();
    let engine = stage.process();
    for name in ["a", "b"] {
        started(&engine, name).await;
    }
    stage.clock.advance(std::time::Duration::from_secs(1));
    let id = born(&engine, "c", hurried()).await;
    hears(&engine, &id, Event::Start).await;
    let first = engine::Outcome::Done(Event::Made("first of all".to_owned()));
    stage.world.answers(first);
    engine.work_off().await.unwrap();
    let made = read(&engine, &id).await.facts.made;
    assert_eq!(made.as_deref(), Some("first of all"));
}

#[tokio::test]
async fn what_is_due_later_waits_for_its_time_however_it_hurries() {
    let stage = Stage::new();
    let engine = stage.process();
    let facts = Facts {
        not_before: Some(stage.in_secs(30)),
        ..hurried()
    };
    let id = born(&engine, "a", facts).await;
    hears(&engine, &id, Event::Start).await;
    stage.after_secs(&engine, 29).await;
    assert!(stage.world.asked().is_empty());
    stage.after_secs(&engine, 1).await;
    assert_eq!(stage.world.asked()[0], "make");
}

#[tokio::test]
async fn a_caller_that_goes_away_before_the_answer_loses_nothing() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = born(&engine, "a", hurried()).await;
    stage.store.fall_at(1, Fault::Unanswered);
    tokio::select! {
        biased;
        () = hears(&engine, &id, Event::Start) => panic!("it is not answered"),
        () = stage.store.fallen() => {}
    }
    stage.store.rise();
    engine.work_off().await.unwrap();
    assert_eq!(
        stage.world.asked()[0],
        "make",
        "and no lease was waited for"
    );
    assert_eq!(state(&engine, &id).await, State::Done);
}
