//! What an older release left owed, resting or in doubt, under the names of a newer one.

use std::time::Duration;

use engine::{Actor, Change, Clock, Doubt, Expected, PutRecord, Record};

use super::depot::{Depot, Mood, hears};
use super::parcel::{Heard, covering, first, third, unpacking};

#[tokio::test]
async fn what_an_older_release_owed_is_done_once_claimed() {
    let depot = Depot::new();
    let id = depot.first_release_leaves("p", true).await;
    let engine = depot.process::<third::Parcel>();
    engine.work_off().await.unwrap();
    assert_eq!(depot.asked(), ["wrap"]);
    let stored = depot.stored(&id).await;
    assert_eq!((stored.definition, stored.state.as_str()), (3, "done"));
    assert_eq!(depot.owed(&id).await, []);
}

#[tokio::test]
async fn an_attempt_that_an_older_release_announced_is_looked_into() {
    let depot = Depot::new();
    let id = depot.first_release_leaves("p", true).await;
    let older = depot.process_that::<first::Parcel>(Mood::Falls);
    let turn = tokio::spawn(async move { older.work_off().await });
    while depot.asked().is_empty() {
        tokio::task::yield_now().await;
    }
    turn.abort();
    depot.clock.advance(Duration::from_mins(2));
    let engine = depot.process::<third::Parcel>();
    hears::<third::Parcel>(&engine, &id, Heard::Remark("hello")).await;
    engine.work_off().await.unwrap();
    assert_eq!(depot.asked(), ["check wrap"], "it may have happened");
    assert_eq!(depot.stored(&id).await.state, "done");
}

#[tokio::test]
async fn what_rested_under_an_older_release_rests_on_under_todays_names() {
    let depot = Depot::new();
    let id = depot.first_release_leaves("p", true).await;
    let older = depot.process_that::<first::Parcel>(Mood::Asks);
    older.work_off().await.unwrap();
    assert_eq!(depot.asked(), ["pack"]);
    let engine = depot.process::<third::Parcel>();
    hears::<third::Parcel>(&engine, &id, Heard::Remark("hello")).await;
    engine.work_off().await.unwrap();
    assert_eq!(depot.asked(), Vec::<String>::new(), "the partner is asked");
    let stored = depot.stored(&id).await;
    assert_eq!(stored.owes.as_deref(), Some("wrap"));
    assert_eq!(stored.hold.unwrap().mover, Actor::Partner);
}

#[tokio::test]
async fn what_is_owed_no_more_is_not_waited_for() {
    let depot = Depot::new();
    let id = depot.first_release_leaves("p", true).await;
    let older = depot.process_that::<first::Parcel>(Mood::Fails);
    older.work_off().await.unwrap();
    let engine = depot.process::<unpacking::Parcel>();
    hears::<unpacking::Parcel>(&engine, &id, Heard::Remark("hello")).await;
    let stored = depot.stored(&id).await;
    assert_eq!((stored.owes, stored.due, stored.hold), (None, None, None));
    assert_eq!(depot.owed(&id).await, []);
}

#[tokio::test]
async fn what_may_have_happened_under_an_older_release_is_looked_for_under_todays_name() {
    let depot = Depot::new();
    let engine = depot.process::<third::Parcel>();
    let id = depot.first_release_leaves("p", false).await;
    let record = depot.stored(&id).await;
    // As a way back leaves it.
    let record = Record {
        version: record.version + 1,
        doubts: vec![Doubt {
            command: "pack".to_owned(),
            until: depot.clock.now(),
        }],
        ..record
    };
    let change = Change {
        records: vec![PutRecord {
            expected: Expected::Version(record.version - 1),
            record,
        }],
        ..Change::default()
    };
    depot.store.commit(change).await.unwrap();
    hears::<third::Parcel>(&engine, &id, Heard::Ordered).await;
    engine.work_off().await.unwrap();
    assert_eq!(depot.asked(), ["check wrap"]);
}

#[tokio::test]
async fn a_renamed_debt_takes_its_doubt_along_and_no_other_doubt_is_forgotten() {
    let depot = Depot::new();
    let id = depot.first_release_leaves("p", true).await;
    let older = depot.process_that::<first::Parcel>(Mood::Falls);
    let turn = tokio::spawn(async move { older.work_off().await });
    while depot.asked().is_empty() {
        tokio::task::yield_now().await;
    }
    turn.abort();
    depot.clock.advance(Duration::from_mins(2));
    let engine = depot.process::<covering::Parcel>();
    engine.work_off().await.unwrap();
    assert_eq!(depot.asked(), ["check cover"]);
    assert_eq!(depot.stored(&id).await.state, "done");
}
