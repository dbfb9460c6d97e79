//! Tries are told beside the history, which they never fill.

use std::time::Duration;

use engine::{
    ATTEMPTS_KEPT, Act, Actor, ArchiveEnded, Chore, Engine, InstanceId, NewInstance, Outcome,
    Reason, SubjectId,
};

use super::errand::{Event, Facts};
use super::stage::{Stage, hears, history, new, operator, read, started};

/// What the last tries came to, oldest first.
async fn tries(engine: &Engine, id: &InstanceId) -> Vec<(u64, String)> {
    let record = read(engine, id).await.record;
    let tries = engine.attempts(&record).await.unwrap();
    tries
        .into_iter()
        .map(|one| (one.number, one.outcome))
        .collect()
}

#[tokio::test]
async fn ten_thousand_waits_leave_a_short_history_and_the_newest_tries() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = started(&engine, "a").await;
    for round in 0..10_000 {
        // Two reasons that take turns are no news either.
        let code = if round % 2 == 0 { "limit" } else { "outage" };
        stage.world.answers(Outcome::Wait {
            until: stage.in_secs(10),
            why: Reason::new(code, format!("round {round}")),
            mover: Actor::Outside,
        });
        engine.work_off().await.unwrap();
        stage.clock.advance(std::time::Duration::from_secs(10));
    }
    let record = read(&engine, &id).await.record;
    assert!(record.journal < 30, "{} lines", record.journal);
    assert_eq!(record.tried, 10_000);
    let tries = tries(&engine, &id).await;
    let numbers: Vec<u64> = tries.iter().map(|(number, _)| *number).collect();
    let kept: Vec<u64> = (10_000 - ATTEMPTS_KEPT + 1..=10_000).collect();
    assert_eq!(numbers, kept);
}

#[tokio::test]
async fn a_row_of_tries_is_told_with_what_each_came_to_and_a_success_at_once_is_not() {
    let stage = Stage::new();
    let engine = stage.process();
    let smooth = started(&engine, "smooth").await;
    engine.work_off().await.unwrap();
    assert_eq!(tries(&engine, &smooth).await, []);
    let rough = started(&engine, "rough").await;
    for _ in 0..2 {
        stage.world.answers(Outcome::Retry {
            why: Reason::new("refused", "it was refused"),
            after: None,
            otherwise: None,
        });
    }
    engine.work_off().await.unwrap();
    for _ in 0..4 {
        stage.after_secs(&engine, 60).await;
    }
    let told = tries(&engine, &rough).await;
    let told: Vec<_> = told.iter().map(|(n, what)| (*n, what.as_str())).collect();
    assert_eq!(told, [(1, "try_failed"), (2, "try_failed"), (3, "done")]);
    let lines = history(&engine, &rough).await;
    let failed = lines.iter().filter(|line| *line == "try_failed").count();
    assert_eq!(failed, 1, "the same failure is one line: {lines:?}");
}

#[tokio::test]
async fn every_time_a_person_is_asked_the_history_says_so() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = started(&engine, "a").await;
    for _ in 0..3 {
        stage.world.answers(Outcome::Ask {
            whom: Actor::Operator,
            why: Reason::new("strange", "somebody must look"),
        });
        engine.work_off().await.unwrap();
        operator(&engine, &id, Act::RetryNow).await;
    }
    let lines = history(&engine, &id).await;
    let parked = lines.iter().filter(|line| *line == "parked").count();
    assert_eq!(parked, 3, "{lines:?}");
}

#[tokio::test]
async fn an_instance_whose_id_continues_anothers_keeps_its_tries_to_itself() {
    let stage = Stage::new();
    let engine = stage.process();
    let (order, ship) = (InstanceId::new("order-1"), InstanceId::new("order-1/ship"));
    for id in [&order, &ship] {
        let new = NewInstance {
            subject: SubjectId::new(format!("client of {id}")),
            ..new(id.as_str(), Facts::default())
        };
        engine.create(new, Vec::new()).await.unwrap();
        hears(&engine, id, Event::Start).await;
        stage.world.answers(Outcome::Retry {
            why: Reason::new("refused", "it was refused"),
            after: None,
            otherwise: None,
        });
        engine.work_off().await.unwrap();
    }
    let one = [(1, "try_failed".to_owned())];
    assert_eq!(tries(&engine, &order).await, one);
    hears(&engine, &order, Event::Canceled).await;
    stage.clock.advance(Duration::from_hours(1));
    let chore = ArchiveEnded {
        archive_after: Some(Duration::ZERO),
        erase_after: None,
    };
    chore.run(&engine).await.unwrap();
    assert_eq!(tries(&engine, &order).await, []);
    assert_eq!(tries(&engine, &ship).await, one);
}
