//! A once-only command is announced before it is performed, and never repeated blindly.

use engine::testing::Fault;
use engine::{Act, Actor, Finding};

use super::errand::State;
use super::stage::{Stage, hold, operator, read, started, state, unknown, why};

#[tokio::test]
async fn what_was_announced_and_died_is_checked_and_not_made_again() {
    let stage = Stage::new();
    let first = stage.process();
    let id = started(&first, "a").await;
    // The announcement is the next commit; the outcome is the one after it, and the process dies there.
    stage.store.fall_at(2, Fault::BeforeApplying);
    tokio::select! {
        biased;
        () = stage.store.fallen() => {}
        () = async { first.work_off().await.ok(); std::future::pending::<()>().await } => {}
    }
    drop(first);
    assert_eq!(stage.world.asked(), ["make"]);
    stage.store.rise();
    let second = stage.process();
    assert_eq!(read(&second, &id).await.facts.announced, 1);
    stage.after_secs(&second, 61).await;
    assert_eq!(stage.world.asked(), ["check", "close"]);
    assert_eq!(read(&second, &id).await.facts.made.unwrap(), "found");
    assert_eq!(state(&second, &id).await, State::Done);
}

#[tokio::test]
async fn what_never_happened_is_made_after_the_check() {
    let stage = Stage::new();
    let engine = stage.process();
    stage.world.answers(unknown());
    let id = started(&engine, "a").await;
    engine.work_off().await.unwrap();
    stage.after_secs(&engine, 60).await;
    assert_eq!(stage.world.asked(), ["make", "check", "make", "close"]);
    assert_eq!(stage.world.times_made(&id), 1);
    assert_eq!(read(&engine, &id).await.facts.announced, 2);
}

#[tokio::test]
async fn a_try_and_the_look_for_it_are_one_try() {
    let stage = Stage::new();
    let engine = stage.process();
    for _ in 0..2 {
        stage.world.answers(unknown());
    }
    let id = started(&engine, "a").await;
    for _ in 0..3 {
        stage.after_secs(&engine, 60).await;
    }
    let asked = ["make", "check", "make", "check", "make", "close"];
    assert_eq!(stage.world.asked(), asked, "the third of three tries");
    assert_eq!(state(&engine, &id).await, State::Done);
}

#[tokio::test]
async fn while_nobody_knows_it_is_looked_for_again_and_burns_no_try() {
    let stage = Stage::new();
    let engine = stage.process();
    stage.world.answers(unknown());
    for _ in 0..10 {
        stage.world.finds(Finding::NotKnown {
            why: why(),
            after: None,
        });
    }
    let id = started(&engine, "a").await;
    for _ in 0..11 {
        stage.after_secs(&engine, 60).await;
    }
    assert_eq!(stage.world.asked()[1..], ["check"; 10]);
    assert_eq!(hold(&engine, &id).await, "Waiting so_planned Outside");
    stage.after_secs(&engine, 60).await;
    assert_eq!(state(&engine, &id).await, State::Done);
    assert_eq!(stage.world.times_made(&id), 1);
}

#[tokio::test]
async fn what_a_check_cannot_find_out_a_person_is_asked() {
    let stage = Stage::new();
    let engine = stage.process();
    stage.world.answers(unknown());
    stage.world.finds(Finding::Ask {
        whom: Actor::Partner,
        why: why(),
    });
    let id = started(&engine, "a").await;
    for _ in 0..3 {
        stage.after_secs(&engine, 3600).await;
    }
    assert_eq!(stage.world.asked(), ["make", "check"]);
    assert_eq!(hold(&engine, &id).await, "Parked so_planned Partner");
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_an_unknown_one() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = started(&engine, "a").await;
    let gate = stage.world.holds_next();
    tokio::join!(async { engine.work_off().await.unwrap() }, async {
        gate.entered().await;
        stage.clock.advance(std::time::Duration::from_secs(31));
    });
    assert_eq!(hold(&engine, &id).await, "Retrying no_answer System");
    stage.after_secs(&engine, 60).await;
    assert_eq!(stage.world.asked()[..2], ["make", "check"]);
}

#[tokio::test]
async fn what_nobody_can_tell_is_looked_for_ever_more_rarely_and_then_a_person_is_asked() {
    let stage = Stage::new();
    let engine = stage.process();
    stage.world.answers(unknown());
    for _ in 0..2_000 {
        stage.world.finds(Finding::NotKnown {
            why: why(),
            after: None,
        });
    }
    let id = started(&engine, "a").await;
    for _ in 0..720 {
        stage.after_secs(&engine, 5).await;
    }
    let looks = stage.world.asked().len();
    assert!((60..=200).contains(&looks), "{looks} looks in an hour");
    stage.after_secs(&engine, 60).await;
    assert_eq!(hold(&engine, &id).await, "Parked so_planned Operator");
    stage.world.asked();
    stage.after_secs(&engine, 86_400).await;
    assert!(stage.world.asked().is_empty(), "it is parked");
    operator(&engine, &id, Act::RetryNow).await;
    engine.work_off().await.unwrap();
    assert_eq!(stage.world.asked(), ["check"], "it may have happened still");
}
