//! Failed tries pause and end; limits burn none; a named person stands where time cannot help.

use std::time::Duration;

use engine::{Actor, Expected, HoldKind, Outcome, PutDocument, Reason, TEXT_LIMIT, Tries};

use super::errand::{Event, State};
use super::stage::{Stage, hears, history, hold, read, started, state, why};

fn failed(otherwise: Option<Event>) -> Outcome<Event> {
    Outcome::Retry {
        why: why(),
        after: None,
        otherwise,
    }
}

#[tokio::test]
async fn tries_pause_and_then_an_operator_is_asked() {
    let stage = Stage::new();
    let engine = stage.process();
    for _ in 0..3 {
        stage.world.answers(failed(None));
    }
    let id = started(&engine, "a").await;
    engine.work_off().await.unwrap();
    assert_eq!(hold(&engine, &id).await, "Retrying so_planned System");
    stage.clock.advance(Duration::from_millis(999));
    engine.work_off().await.unwrap();
    assert_eq!(
        stage.world.asked(),
        ["make"],
        "no try is on the heels of another"
    );
    stage.after_secs(&engine, 10).await;
    assert_eq!(stage.world.asked(), ["make"], "the second try");
    stage.after_secs(&engine, 20).await;
    assert_eq!(stage.world.asked(), ["make"], "the third try");
    assert_eq!(hold(&engine, &id).await, "Parked so_planned Operator");
    stage.after_secs(&engine, 86_400).await;
    assert!(
        stage.world.asked().is_empty(),
        "nothing runs by itself any more"
    );
    let told = history(&engine, &id).await;
    assert_eq!(told[2..], ["try_failed", "tries_exhausted"]);
}

#[tokio::test]
async fn a_failure_told_at_any_length_is_told_as_far_as_it_fits_and_counted() {
    let stage = Stage::new();
    let engine = stage.process();
    let endless = Reason::new("c".repeat(10_000), "\u{00e9}".repeat(100_000));
    for _ in 0..3 {
        stage.world.answers(Outcome::Retry {
            why: endless.clone(),
            after: None,
            otherwise: None,
        });
    }
    let id = started(&engine, "a").await;
    for _ in 0..3 {
        stage.after_secs(&engine, 61).await;
    }
    assert_eq!(stage.world.asked(), ["make"; 3]);
    let told = read(&engine, &id).await.record.hold.unwrap();
    assert_eq!((told.kind, told.attempt), (HoldKind::Parked, 3));
    assert_eq!(told.reason.text, "\u{00e9}".repeat(TEXT_LIMIT / 2));
    assert!(endless.code.starts_with(&told.reason.code));
}

#[tokio::test]
async fn an_outcome_whose_documents_are_not_as_expected_is_a_try_that_failed() {
    let stage = Stage::new();
    let engine = stage.process();
    let made = Outcome::Done(Event::Made("made".to_owned()));
    stage.world.answers(made);
    for _ in 0..5 {
        stage.world.answers(Outcome::DoneWith {
            event: Event::Closed,
            documents: vec![PutDocument {
                space: "papers".to_owned(),
                key: "a".to_owned(),
                expected: Expected::Version(7),
                body: None,
                expires_at: None,
            }],
        });
    }
    let id = started(&engine, "a").await;
    for _ in 0..6 {
        stage.after_secs(&engine, 61).await;
    }
    assert_eq!(stage.world.asked()[1..], ["close"; 5]);
    assert_eq!(hold(&engine, &id).await, "Parked document_moved Operator");
}

#[test]
fn pauses_are_drawn_from_the_whole_span_above_a_small_floor() {
    let tries = Tries {
        attempts: 10,
        first: Duration::from_secs(10),
        longest: Duration::from_secs(40),
        within: None,
    };
    for (failed, span) in [(0, 10), (1, 20), (2, 40), (9, 40)] {
        let drawn: Vec<u64> = (0..2_000).map(|_| tries.pause(failed).as_secs()).collect();
        let (least, most) = (drawn.iter().min().unwrap(), drawn.iter().max().unwrap());
        assert!((1..=2).contains(least), "{least} s of {span}");
        assert!((span - 1..=span).contains(most), "{most} s of {span}");
        let mean = drawn.iter().sum::<u64>() / 2_000;
        assert!(mean.abs_diff(span / 2) <= 2, "{mean} s of {span}");
    }
}

#[tokio::test]
async fn tries_end_when_they_have_taken_too_long_and_waits_do_not_count() {
    let stage = Stage::new();
    let engine = stage.process();
    stage
        .world
        .answers(Outcome::Done(Event::Made("made".to_owned())));
    let id = started(&engine, "a").await;
    let long = |wait: u64| Outcome::Retry {
        why: why(),
        after: Some(Duration::from_secs(wait)),
        otherwise: None,
    };
    stage.world.answers(long(3_500));
    engine.work_off().await.unwrap();
    // A day of waiting is nobody's failure.
    stage.world.answers(Outcome::Wait {
        until: stage.in_secs(90_000),
        why: why(),
        mover: Actor::Outside,
    });
    stage.after_secs(&engine, 3_500).await;
    stage.world.answers(long(3_600));
    stage.after_secs(&engine, 90_000).await;
    assert_eq!(hold(&engine, &id).await, "Retrying so_planned System");
    stage.world.answers(long(1));
    stage.after_secs(&engine, 3_600).await;
    assert_eq!(hold(&engine, &id).await, "Parked so_planned Operator");
}

#[tokio::test]
async fn the_other_side_may_ask_for_a_longer_pause() {
    let stage = Stage::new();
    let engine = stage.process();
    stage.world.answers(Outcome::Retry {
        why: why(),
        after: Some(Duration::from_mins(15)),
        otherwise: None,
    });
    started(&engine, "a").await;
    engine.work_off().await.unwrap();
    stage.after_secs(&engine, 899).await;
    assert_eq!(stage.world.asked(), ["make"]);
    stage.after_secs(&engine, 1).await;
    assert_eq!(stage.world.asked(), ["make", "close"]);
}

#[tokio::test]
async fn what_else_was_planned_is_heard_when_tries_run_out() {
    let stage = Stage::new();
    let engine = stage.process();
    for _ in 0..3 {
        stage.world.answers(failed(Some(Event::GaveUp)));
    }
    let id = started(&engine, "a").await;
    for _ in 0..3 {
        stage.after_secs(&engine, 60).await;
    }
    assert_eq!(state(&engine, &id).await, State::Gone);
    assert_eq!(hold(&engine, &id).await, "none");
}

#[tokio::test]
async fn waiting_burns_no_try_and_fills_no_history() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = started(&engine, "a").await;
    for _ in 0..20 {
        let until = stage.in_secs(60);
        stage.world.answers(Outcome::Wait {
            until,
            why: why(),
            mover: Actor::Outside,
        });
        engine.work_off().await.unwrap();
        assert_eq!(hold(&engine, &id).await, "Waiting so_planned Outside");
        stage.clock.advance(Duration::from_mins(1));
    }
    engine.work_off().await.unwrap();
    assert_eq!(state(&engine, &id).await, State::Done);
    let told = history(&engine, &id).await;
    assert_eq!(told, ["born", "started", "waits", "made", "closed"]);
}

#[tokio::test]
async fn a_named_person_is_asked_and_nothing_runs_meanwhile() {
    let stage = Stage::new();
    let engine = stage.process();
    stage.world.answers(Outcome::Ask {
        whom: Actor::Partner,
        why: why(),
    });
    let id = started(&engine, "a").await;
    stage.after_secs(&engine, 86_400).await;
    assert_eq!(stage.world.asked(), ["make"]);
    assert_eq!(hold(&engine, &id).await, "Parked so_planned Partner");
}

#[tokio::test]
async fn an_outcome_that_the_table_does_not_take_asks_an_operator() {
    let stage = Stage::new();
    let engine = stage.process();
    stage.world.answers(Outcome::Done(Event::Closed));
    let id = started(&engine, "a").await;
    engine.work_off().await.unwrap();
    assert_eq!(hold(&engine, &id).await, "Parked outcome_refused Operator");
}

#[tokio::test]
async fn an_outcome_that_means_nothing_asks_an_operator() {
    let stage = Stage::new();
    let engine = stage.process();
    stage.world.answers(Outcome::Done(Event::Nothing));
    let id = started(&engine, "a").await;
    engine.work_off().await.unwrap();
    assert_eq!(hold(&engine, &id).await, "Parked outcome_ignored Operator");
}

#[tokio::test]
async fn what_is_learned_without_a_move_ends_the_trying() {
    let stage = Stage::new();
    let engine = stage.process();
    stage.world.answers(failed(None));
    stage.world.answers(Outcome::Done(Event::Remark("looked")));
    let id = started(&engine, "a").await;
    engine.work_off().await.unwrap();
    stage.after_secs(&engine, 60).await;
    let now = read(&engine, &id).await;
    assert_eq!(
        (now.record.owes, now.facts.heard),
        (None, vec!["looked".to_owned()])
    );
    assert_eq!(hold(&engine, &id).await, "none", "no try is due any more");
}

#[tokio::test]
async fn a_repeatable_command_that_nobody_answered_is_simply_repeated() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = started(&engine, "a").await;
    stage
        .world
        .answers(Outcome::Done(Event::Made("once".to_owned())));
    stage.world.answers(Outcome::Unknown { why: why() });
    engine.work_off().await.unwrap();
    stage.after_secs(&engine, 60).await;
    assert_eq!(stage.world.asked(), ["make", "close", "close"]);
    assert_eq!(state(&engine, &id).await, State::Done);
}

#[tokio::test]
async fn an_outcome_from_before_a_cancellation_is_dropped() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = started(&engine, "a").await;
    let gate = stage.world.holds_next();
    tokio::join!(async { engine.work_off().await.unwrap() }, async {
        gate.entered().await;
        hears(&engine, &id, Event::Canceled).await;
        gate.open();
    });
    assert_eq!(state(&engine, &id).await, State::Gone);
    assert_eq!(history(&engine, &id).await, ["born", "started", "canceled"]);
    assert!(engine.tasks(&id).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_outcome_from_before_a_new_beginning_is_dropped() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = started(&engine, "a").await;
    let gate = stage.world.holds_next();
    stage
        .world
        .answers(Outcome::Done(Event::Made("stale".to_owned())));
    tokio::join!(async { engine.work_off().await.unwrap() }, async {
        gate.entered().await;
        hears(&engine, &id, Event::Canceled).await;
        hears(&engine, &id, Event::Start).await;
        gate.open();
    });
    assert_eq!(state(&engine, &id).await, State::Working);
    stage.after_secs(&engine, 61).await;
    assert_eq!(state(&engine, &id).await, State::Done);
    assert_eq!(read(&engine, &id).await.facts.made.unwrap(), "made");
    assert_eq!(stage.world.asked(), ["make", "check", "make", "close"]);
    assert_eq!(stage.world.times_made(&id), 1);
}

#[tokio::test]
async fn an_event_in_the_middle_of_a_try_loses_neither() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = started(&engine, "a").await;
    let gate = stage.world.holds_next();
    tokio::join!(async { engine.work_off().await.unwrap() }, async {
        gate.entered().await;
        hears(&engine, &id, Event::Remark("meanwhile")).await;
        gate.open();
    });
    let end = read(&engine, &id).await;
    assert_eq!((end.state, end.facts.heard.len()), (State::Done, 1));
    assert_eq!(stage.world.times_made(&id), 1);
}
