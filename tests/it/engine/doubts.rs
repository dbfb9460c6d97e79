//! What may have happened is never forgotten: no event, no hand and no new beginning makes a once-only
//! command happen twice.

use std::sync::Arc;

use engine::{Act, ActError, Change, Engine, InstanceId, Outcome, Store, Task};

use super::errand::{Event, State};
use super::stage::{
    Gate, Stage, by_operator, hears, hold, operator, read, started, state, unknown, why,
};

fn failed() -> Outcome<Event> {
    Outcome::Retry {
        why: why(),
        after: None,
        otherwise: None,
    }
}

fn back_to(to: &str) -> Act {
    Act::Rewind { to: to.to_owned() }
}

async fn begins_anew(engine: &Engine, id: &InstanceId) {
    hears(engine, id, Event::Canceled).await;
    hears(engine, id, Event::Start).await;
}

async fn refusal(engine: &Engine, id: &InstanceId, act: Act) -> String {
    match engine.intervene(id, &by_operator(act)).await {
        Err(ActError::NotPossible(reason)) => reason.code,
        other => panic!("{other:?}"),
    }
}

async fn offered(engine: &Engine, id: &InstanceId) -> Vec<&'static str> {
    let possible = engine.possible(read(engine, id).await.record).await;
    let acts = possible.unwrap().into_iter();
    acts.map(|possible| possible.act).collect()
}

/// Has the gate's performer in the middle of its work while this is done.
async fn in_the_middle(engine: &Engine, gate: &Arc<Gate>, meanwhile: impl AsyncFnOnce()) {
    tokio::join!(async { engine.work_off().await.unwrap() }, async {
        gate.entered().await;
        meanwhile().await;
        gate.open();
    });
}

#[tokio::test]
async fn what_is_in_flight_at_a_new_beginning_is_looked_for_once_it_has_ended() {
    let stage = Stage::new();
    let (engine, beside) = (stage.process(), stage.process());
    let id = started(&engine, "a").await;
    let gate = stage.world.holds_next();
    in_the_middle(&engine, &gate, async || {
        begins_anew(&engine, &id).await;
        beside.work_off().await.unwrap();
        assert_eq!(stage.world.asked(), ["make"], "nobody looks too early");
    })
    .await;
    stage.after_secs(&engine, 61).await;
    assert_eq!(stage.world.asked(), ["check", "close"]);
    assert_eq!(stage.world.times_made(&id), 1);
    assert_eq!(state(&engine, &id).await, State::Done);
}

#[tokio::test]
async fn what_may_have_happened_before_a_new_beginning_is_looked_for() {
    let stage = Stage::new();
    let engine = stage.process();
    stage.world.answers(unknown());
    let id = started(&engine, "a").await;
    engine.work_off().await.unwrap();
    begins_anew(&engine, &id).await;
    stage.world.asked();
    engine.work_off().await.unwrap();
    assert_eq!(stage.world.asked()[0], "check");
}

#[tokio::test]
async fn what_is_known_not_to_have_happened_is_simply_done() {
    let stage = Stage::new();
    let engine = stage.process();
    stage.world.answers(failed());
    let id = started(&engine, "a").await;
    engine.work_off().await.unwrap();
    begins_anew(&engine, &id).await;
    stage.world.asked();
    engine.work_off().await.unwrap();
    assert_eq!(stage.world.asked(), ["make", "close"]);
}

#[tokio::test]
async fn an_outcome_that_is_kept_leaves_no_doubt() {
    let stage = Stage::new();
    let (engine, beside) = (stage.process(), stage.process());
    let id = started(&engine, "a").await;
    let gate = stage.world.holds_next();
    let granted = Event::Granted("token".to_owned());
    stage.world.answers(Outcome::Done(granted));
    stage.world.finds(engine::Finding::NotKnown {
        why: why(),
        after: None,
    });
    in_the_middle(&engine, &gate, async || {
        // Its process stood still, and another one looks for the attempt.
        stage.memory.lose_claims();
        beside.work_off().await.unwrap();
    })
    .await;
    assert_eq!(read(&engine, &id).await.facts.made.unwrap(), "token");
    stage.after_secs(&engine, 61).await;
    assert_eq!(state(&engine, &id).await, State::Done);
    assert!(read(&engine, &id).await.record.doubts.is_empty());
}

#[tokio::test]
async fn no_hand_begins_anew_what_is_in_flight() {
    let stage = Stage::new();
    let engine = stage.process();
    stage.world.answers(failed());
    let id = started(&engine, "a").await;
    engine.work_off().await.unwrap();
    assert_eq!(hold(&engine, &id).await, "Retrying so_planned System");
    stage.clock.advance(std::time::Duration::from_mins(1));
    let gate = stage.world.holds_next();
    in_the_middle(&engine, &gate, async || {
        for act in [Act::RetryNow, back_to("waiting")] {
            assert_eq!(refusal(&engine, &id, act).await, "under_way");
        }
        assert_eq!(offered(&engine, &id).await, ["pause", "cancel"]);
        stage.process().work_off().await.unwrap();
    })
    .await;
    assert_eq!(stage.world.times_made(&id), 1);
    assert_eq!(stage.world.asked(), ["make", "make", "close"]);
}

#[tokio::test]
async fn a_pause_and_its_end_begin_nothing_anew_while_it_is_in_flight() {
    let stage = Stage::new();
    let (engine, beside) = (stage.process(), stage.process());
    let id = started(&engine, "a").await;
    let gate = stage.world.holds_next();
    in_the_middle(&engine, &gate, async || {
        operator(&engine, &id, Act::Pause).await;
        operator(&engine, &id, Act::Resume).await;
        beside.work_off().await.unwrap();
    })
    .await;
    assert_eq!(stage.world.asked(), ["make", "close"]);
    assert_eq!(stage.world.times_made(&id), 1);
    assert_eq!(state(&engine, &id).await, State::Done);
}

#[tokio::test]
async fn a_retry_by_whoever_had_to_find_out_says_that_it_did_not_happen() {
    let stage = Stage::new();
    let engine = stage.process();
    stage.world.answers(unknown());
    stage.world.finds(engine::Finding::Ask {
        whom: engine::Actor::Operator,
        why: why(),
    });
    let id = started(&engine, "a").await;
    engine.work_off().await.unwrap();
    stage.after_secs(&engine, 60).await;
    operator(&engine, &id, Act::RetryNow).await;
    engine.work_off().await.unwrap();
    assert_eq!(stage.world.asked(), ["make", "check", "make", "close"]);
}

#[tokio::test]
async fn what_nobody_found_out_is_looked_for_after_a_new_beginning() {
    let stage = Stage::new();
    let engine = stage.process();
    stage.world.answers(unknown());
    stage.world.finds(engine::Finding::Ask {
        whom: engine::Actor::Operator,
        why: why(),
    });
    let id = started(&engine, "a").await;
    engine.work_off().await.unwrap();
    stage.after_secs(&engine, 60).await;
    begins_anew(&engine, &id).await;
    engine.work_off().await.unwrap();
    assert_eq!(stage.world.asked()[..3], ["make", "check", "check"]);
}

#[tokio::test]
async fn what_a_task_of_former_times_knew_is_not_forgotten() {
    let stage = Stage::new();
    let engine = stage.process();
    for act in [None, Some(Act::RetryNow), Some(Act::Pause)] {
        let id = started(&engine, &format!("{act:?}")).await;
        let task = engine.tasks(&id).await.unwrap().pop().unwrap();
        let change = Change {
            tasks: vec![Task {
                intent: true,
                ..task
            }],
            ..Change::default()
        };
        stage.store.commit(change).await.unwrap();
        if let Some(act) = act {
            let pauses = act == Act::Pause;
            operator(&engine, &id, act).await;
            if pauses {
                stage.after_secs(&engine, 60).await;
                operator(&engine, &id, Act::Resume).await;
            }
        }
        engine.work_off().await.unwrap();
        assert_eq!(stage.world.asked()[0], "check");
    }
}
