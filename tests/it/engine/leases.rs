//! Processes that share a store: one performs, the others wait, and what is dear survives a takeover.

use std::time::Duration;

use engine::{Finding, Outcome, RunnerOptions};

use super::errand::{Event, State};
use super::stage::{Stage, read, started, state, why};

#[tokio::test]
async fn what_one_process_holds_no_other_performs() {
    let stage = Stage::new();
    let (one, other) = (stage.process(), stage.process());
    let id = started(&one, "a").await;
    let gate = stage.world.holds_next();
    tokio::join!(async { one.work_off().await.unwrap() }, async {
        gate.entered().await;
        assert_eq!(other.work_off().await.unwrap(), 0);
        stage.clock.advance(Duration::from_secs(29));
        assert_eq!(other.work_off().await.unwrap(), 0);
        gate.open();
    });
    assert_eq!(stage.world.times_made(&id), 1);
    assert_eq!(state(&one, &id).await, State::Done);
}

/// One process stalls for longer than its lease, and another takes over and finds nothing out.
async fn taken_over(stage: &Stage, outcome: Outcome<Event>) -> State {
    let (one, other) = (stage.process(), stage.process());
    let id = started(&one, "a").await;
    let gate = stage.world.holds_next();
    stage.world.answers(outcome);
    stage.world.finds(Finding::NotKnown {
        why: why(),
        after: None,
    });
    tokio::join!(
        biased;
        async {
            gate.entered().await;
            // Both wake at once: the answer is there as soon as the limit.
            gate.open();
            stage.clock.advance(Duration::from_secs(61));
            assert_eq!(other.work_off().await.unwrap(), 1);
        },
        async { one.work_off().await.unwrap() }
    );
    assert_eq!(stage.world.asked()[..2], ["make", "check"]);
    read(&other, &id).await.state
}

#[tokio::test]
async fn an_outcome_after_a_takeover_is_dropped() {
    let stage = Stage::new();
    let late = Outcome::Done(Event::Made("late".to_owned()));
    assert_eq!(taken_over(&stage, late).await, State::Working);
}

#[tokio::test]
async fn what_must_be_kept_survives_a_takeover() {
    let stage = Stage::new();
    let grant = Outcome::Done(Event::Granted("dear".to_owned()));
    assert_eq!(taken_over(&stage, grant).await, State::Done);
}

#[tokio::test]
async fn many_processes_make_each_thing_once() {
    let stage = Stage::new();
    let engines = [stage.process(), stage.process(), stage.process()];
    let mut ids = Vec::new();
    for number in 0..30 {
        ids.push(started(&engines[number % 3], &format!("e{number:02}")).await);
    }
    let (a, b, c) = tokio::join!(
        engines[0].work_off(),
        engines[1].work_off(),
        engines[2].work_off()
    );
    assert_eq!(a.unwrap() + b.unwrap() + c.unwrap(), 60);
    for id in &ids {
        assert_eq!(state(&engines[0], id).await, State::Done);
        assert_eq!(stage.world.times_made(id), 1);
    }
}

#[tokio::test]
async fn the_runner_works_until_it_is_stopped_and_gives_back_what_it_cannot_finish() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = started(&engine, "a").await;
    let gate = stage.world.holds_next();
    let options = engine::RunnerOptions {
        grace: Duration::from_millis(10),
        ..engine::RunnerOptions::default()
    };
    engine.run(options, gate.entered()).await;
    assert_eq!(stage.world.asked(), ["make"]);
    let next = stage.process();
    next.work_off().await.unwrap();
    assert_eq!(stage.world.asked()[0], "check", "no lease had to end first");
    assert_eq!(state(&next, &id).await, State::Done);
}

#[tokio::test]
async fn a_stop_that_waits_long_for_a_turn_keeps_it_from_others_meanwhile() {
    let stage = Stage::new();
    let (one, other) = (stage.process(), stage.process());
    let id = started(&one, "a").await;
    let gate = stage.world.holds_next_write("made");
    let options = RunnerOptions {
        grace: Duration::from_hours(1),
        ..RunnerOptions::default()
    };
    let run = one.run(options, gate.entered());
    let meanwhile = async {
        while stage.world.asked().is_empty() {
            tokio::task::yield_now().await;
        }
        for _ in 0..3 {
            for _ in 0..9 {
                tokio::task::yield_now().await;
            }
            stage.clock.advance(Duration::from_secs(25));
        }
        for _ in 0..9 {
            tokio::task::yield_now().await;
        }
        assert_eq!(other.work_off().await.unwrap(), 0);
        gate.open();
    };
    tokio::join!(run, meanwhile);
    assert_eq!(state(&one, &id).await, State::Closing);
}

#[tokio::test]
async fn an_end_to_which_another_process_brings_an_instance_is_noticed() {
    let stage = Stage::new();
    let (one, other) = (stage.process(), stage.process());
    let id = started(&one, "a").await;
    let begun = read(&one, &id).await;
    let elsewhere = async {
        tokio::task::yield_now().await;
        other.work_off().await.unwrap();
        tokio::task::yield_now().await;
        stage.clock.advance(Duration::from_secs(5));
    };
    let (ended, ()) = tokio::join!(one.ended(&begun), elsewhere);
    assert_eq!(ended.unwrap().state, State::Done);
}
