//! Why an instance is waiting: said of each, found by it, counted by it.

use engine::{Act, Actor, Engine, Filter, InstanceId, Outcome, PageOrder};

use super::errand::{Event, Facts};
use super::stage::{Stage, born, hears, operator, read, started, why};

/// Kind, code and mover of the wait, and its fingerprint.
async fn wait(engine: &Engine, id: &InstanceId) -> String {
    let record = read(engine, id).await.record;
    let waiting = record.waiting(engine.now());
    waiting.map_or("none".to_owned(), |waiting| {
        let kind = waiting.kind.as_str();
        let mover = waiting.mover.as_str();
        format!(
            "{kind} {} {mover}, {}",
            waiting.reason.code, waiting.fingerprint
        )
    })
}

async fn found(engine: &Engine, filter: Filter, limit: usize) -> Vec<String> {
    let mut page = PageOrder { limit, after: None };
    let mut ids = Vec::new();
    loop {
        let found = engine.find(&filter, &page).await.unwrap();
        assert!(found.items.len() <= limit);
        ids.extend(found.items.into_iter().map(|record| record.id.to_string()));
        match found.next {
            Some(next) => page.after = Some(next),
            None => return ids,
        }
    }
}

fn by_mover(mover: Actor) -> Filter {
    Filter {
        mover: Some(mover),
        ..Filter::default()
    }
}

fn by_code(code: &str) -> Filter {
    Filter {
        waiting_for: Some(code.to_owned()),
        ..Filter::default()
    }
}

fn retry() -> Outcome<Event> {
    Outcome::Retry {
        why: why(),
        after: None,
        otherwise: None,
    }
}

#[tokio::test]
async fn every_stop_on_the_way_says_what_for_and_who_moves_it() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = born(&engine, "a", Facts::default()).await;
    assert_eq!(
        wait(&engine, &id).await,
        "awaiting start client, errand:waiting:-:start"
    );
    hears(&engine, &id, Event::Start).await;
    assert_eq!(
        wait(&engine, &id).await,
        "working make system, errand:working:make:make"
    );
    for _ in 0..3 {
        stage.world.answers(retry());
    }
    engine.work_off().await.unwrap();
    let held = "errand:working:make:so_planned";
    assert_eq!(
        wait(&engine, &id).await,
        format!("retrying so_planned system, {held}")
    );
    stage.after_secs(&engine, 60).await;
    stage.after_secs(&engine, 60).await;
    assert_eq!(
        wait(&engine, &id).await,
        format!("parked so_planned operator, {held}")
    );
    operator(&engine, &id, Act::Pause).await;
    let paused = "paused operator operator, errand:working:make:paused";
    assert_eq!(wait(&engine, &id).await, paused);
    operator(&engine, &id, Act::Resume).await;
    assert_eq!(
        wait(&engine, &id).await,
        format!("parked so_planned operator, {held}")
    );
    operator(&engine, &id, Act::RetryNow).await;
    engine.work_off().await.unwrap();
    assert_eq!(wait(&engine, &id).await, "none");
}

#[tokio::test]
async fn instances_are_found_by_what_they_wait_for_and_by_who_moves_them() {
    let stage = Stage::new();
    let engine = stage.process();
    for name in ["a", "b", "c"] {
        born(&engine, name, Facts::default()).await;
    }
    let held = started(&engine, "d").await;
    stage.world.answers(Outcome::Ask {
        whom: Actor::Operator,
        why: why(),
    });
    engine.work_off().await.unwrap();
    operator(&engine, &InstanceId::new("b"), Act::Pause).await;
    started(&engine, "e").await;
    for limit in [1, 2, 10] {
        assert_eq!(
            found(&engine, by_mover(Actor::Client), limit).await,
            ["c", "a"]
        );
        assert_eq!(
            found(&engine, by_mover(Actor::Operator), limit).await,
            ["d", "b"]
        );
    }
    assert_eq!(
        found(&engine, by_mover(Actor::System), 10).await,
        [""; 0],
        "e passes through"
    );
    assert_eq!(found(&engine, by_code("start"), 10).await, ["c", "a"]);
    assert_eq!(found(&engine, by_code("so_planned"), 10).await, ["d"]);
    let fingerprint = read(&engine, &held).await.record.waiting(engine.now());
    let filter = Filter {
        fingerprint: Some(fingerprint.unwrap().fingerprint),
        ..by_mover(Actor::Operator)
    };
    assert_eq!(found(&engine, filter.clone(), 10).await, ["d"]);
    operator(&engine, &held, Act::RetryNow).await;
    assert_eq!(
        found(&engine, filter, 10).await,
        [""; 0],
        "it waits no more"
    );
}

#[tokio::test]
async fn waits_are_counted_exactly_and_passing_through_costs_no_index() {
    let stage = Stage::new();
    let engine = stage.process();
    for name in ["a", "b", "c"] {
        born(&engine, name, Facts::default()).await;
    }
    let moving = InstanceId::new("a");
    hears(&engine, &moving, Event::Start).await;
    let labels = read(&engine, &moving).await.record.labels;
    assert!(labels.iter().all(|label| label.name != "fingerprint"));
    operator(&engine, &InstanceId::new("b"), Act::Pause).await;
    let tally = engine.tally().await.unwrap();
    let counted = |code: &str| -> u64 {
        let cells = tally.iter();
        let of_code =
            cells.filter(|(cell, _)| cell.wait.as_ref().is_some_and(|wait| wait.code == code));
        of_code.map(|(_, count)| count).sum()
    };
    assert_eq!(
        (counted("start"), counted("operator"), counted("make")),
        (1, 1, 0)
    );
    assert_eq!(tally.iter().map(|(_, count)| count).sum::<u64>(), 3);
}

#[tokio::test]
async fn a_wait_begins_when_it_began_however_often_it_is_written() {
    let stage = Stage::new();
    let engine = stage.process();
    let began = engine.now();
    let id = born(&engine, "a", Facts::default()).await;
    stage.after_secs(&engine, 3600).await;
    hears(&engine, &id, Event::Remark("still here")).await;
    let waiting = read(&engine, &id)
        .await
        .record
        .waiting(engine.now())
        .unwrap();
    assert_eq!(waiting.since, began);
}
