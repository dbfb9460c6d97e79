//! Several releases of one small workflow over one store, one after the other and side by side.

use std::time::Duration;

use engine::{
    Act, ActError, Actor, BeginError, Change, Chore, Clock, Engine, EngineError, Fate, InstanceId,
    Intervention, Reason, ResumeStalled, TaskId, Work, Workflow,
};
use serde_json::json;

use super::depot::{Depot, born, hears};
use super::parcel::{
    Heard, first, renamed_command, renamed_state, second, third, without_migration,
};

#[tokio::test]
async fn a_record_of_two_releases_ago_is_read_and_written_under_todays_names() {
    let depot = Depot::new();
    let id = depot.first_release_leaves("p", true).await;
    let engine = depot.process::<third::Parcel>();
    let read = engine.read::<third::Parcel>(&id).await.unwrap();
    assert_eq!(read.state, third::State::Wrapping);
    assert_eq!(read.record.owes.as_deref(), Some("wrap"));
    assert_eq!(read.facts, json!({ "notes": ["fragile"], "weight": 1 }));
    assert_eq!(
        depot.stored(&id).await.definition,
        1,
        "reading writes nothing"
    );
    assert_eq!(depot.owed(&id).await, [("pack".to_owned(), 1)]);

    hears::<third::Parcel>(&engine, &id, Heard::Remark("hello")).await;
    let stored = depot.stored(&id).await;
    assert_eq!((stored.definition, stored.state.as_str()), (3, "wrapping"));
    assert_eq!(depot.owed(&id).await, [("wrap".to_owned(), 3)]);
    let history = depot.history(&id).await;
    assert_eq!(history, ["born", "ordered", "migrated", "remark"]);
    engine.work_off().await.unwrap();
    assert_eq!(depot.asked(), ["wrap"]);
    assert_eq!(depot.stored(&id).await.state, "done");
}

#[tokio::test]
async fn a_sweep_finds_what_an_older_release_left_without_a_task() {
    let depot = Depot::new();
    let id = depot.first_release_leaves("p", true).await;
    let lost = TaskId {
        instance: id.clone(),
        key: Work::Command("pack".to_owned()).key(),
    };
    let change = Change {
        drop_tasks: vec![lost],
        ..Change::default()
    };
    depot.store.commit(change).await.unwrap();
    let engine = depot.process::<third::Parcel>();
    let told = ResumeStalled.run(&engine).await.unwrap();
    assert!(told.contains("1 resumed"), "{told}");
    engine.work_off().await.unwrap();
    assert_eq!(depot.asked(), ["wrap"]);
}

#[tokio::test]
async fn a_deadline_of_an_older_release_still_comes() {
    let depot = Depot::new();
    let older = depot.process::<second::Parcel>();
    let until = (depot.clock.now() + Duration::from_mins(30)).millis();
    let facts = json!({ "notes": [], "until": until });
    let id = born::<second::Parcel>(&older, "p", facts).await;
    let engine = depot.process::<third::Parcel>();
    hears::<third::Parcel>(&engine, &id, Heard::Remark("early")).await;
    depot.clock.advance(Duration::from_mins(31));
    engine.work_off().await.unwrap();
    let read = engine.read::<third::Parcel>(&id).await.unwrap();
    assert_eq!(read.facts["remark"], "late");
}

#[tokio::test]
async fn an_older_process_leaves_alone_what_a_newer_one_wrote() {
    let depot = Depot::new();
    let (older, newer) = (
        depot.process::<second::Parcel>(),
        depot.process::<third::Parcel>(),
    );
    let id = born::<third::Parcel>(&newer, "p", json!({ "notes": [] })).await;
    hears::<third::Parcel>(&newer, &id, Heard::Ordered).await;
    assert_eq!(older.work_off().await.unwrap(), 0);
    depot.clock.advance(Duration::from_mins(5));
    assert_eq!(older.lag().await.unwrap(), Duration::ZERO);
    assert!(newer.lag().await.unwrap() > Duration::ZERO);
    let refused = older.read::<second::Parcel>(&id).await;
    assert!(matches!(
        refused,
        Err(EngineError::Newer { definition: 3, .. })
    ));
    let refused = older.submit::<second::Parcel>(&id, Heard::Done).await;
    assert!(matches!(refused, Err(EngineError::Newer { .. })));
    let reason = Reason::new("operator", "the test wants it");
    let by = Intervention::new(Act::RetryNow, Actor::Operator, reason);
    let refused = older.intervene(&id, &by).await;
    assert!(matches!(
        refused,
        Err(ActError::Engine(EngineError::Newer { .. }))
    ));
    let refused = older.inspect(depot.stored(&id).await).await;
    assert!(matches!(refused, Err(EngineError::Newer { .. })));
    assert_eq!(depot.asked(), Vec::<String>::new());
    newer.work_off().await.unwrap();
    assert_eq!(depot.asked(), ["wrap"]);
}

#[tokio::test]
async fn a_task_that_an_older_process_cannot_carry_out_is_given_up_once_and_for_all() {
    let depot = Depot::new();
    let (older, newer) = (
        depot.process::<second::Parcel>(),
        depot.process::<third::Parcel>(),
    );
    let id = born::<second::Parcel>(&older, "p", json!({ "notes": [] })).await;
    hears::<second::Parcel>(&older, &id, Heard::Ordered).await;
    hears::<third::Parcel>(&newer, &id, Heard::Remark("newer")).await;
    assert_eq!(depot.owed(&id).await, [("wrap".to_owned(), 2)]);
    assert_eq!(older.work_off().await.unwrap(), 1, "it had to look");
    assert_eq!(depot.owed(&id).await, [("wrap".to_owned(), 3)]);
    assert_eq!(
        older.work_off().await.unwrap(),
        0,
        "and does not look again"
    );
    assert_eq!(depot.asked(), Vec::<String>::new());
    newer.work_off().await.unwrap();
    assert_eq!(depot.asked(), ["wrap"]);
}

/// What a release says when it is started over what the first one left.
async fn refusal<W: Workflow<Event = Heard>>(depot: &Depot) -> String {
    let engine = depot.process::<W>();
    match engine.begin().await {
        Err(error @ BeginError::Refused(_)) => error.to_string(),
        other => panic!("it began: {other:?}"),
    }
}

#[tokio::test]
async fn a_table_that_no_longer_knows_what_is_stored_does_not_start() {
    let depot = Depot::new();
    for name in ["p_1", "p_2", "p_3", "p_4"] {
        depot.first_release_leaves(name, true).await;
    }
    depot.first_release_leaves("p_5", false).await;
    depot.process::<first::Parcel>().begin().await.unwrap();
    let began = "this version does not know what is stored: parcel 1: 4 in packing \
                 owing pack, 4 live: refused: ";
    let samples = " (p_4, p_3, p_2, …)";
    let told = refusal::<renamed_state::Parcel>(&depot).await;
    assert_eq!(told, format!("{began}unknown state packing{samples}"));
    let told = refusal::<renamed_command::Parcel>(&depot).await;
    assert_eq!(told, format!("{began}unknown command pack{samples}"));
    let told = refusal::<without_migration::Parcel>(&depot).await;
    let why = "migration: nobody thought of it";
    assert!(told.contains(&format!("{began}{why}{samples}")), "{told}");
    assert!(told.contains("1 in waiting"), "{told}");
    depot.process::<third::Parcel>().begin().await.unwrap();
}

#[tokio::test]
async fn a_report_tells_what_a_release_makes_of_every_instance() {
    let depot = Depot::new();
    depot.first_release_leaves("p_1", true).await;
    depot.first_release_leaves("p_2", false).await;
    let newer = depot.process::<third::Parcel>();
    born::<third::Parcel>(&newer, "p_3", json!({ "notes": [] })).await;
    let report = async |engine: Engine| {
        let survey = engine.survey().await.unwrap();
        let lines = survey.lines.iter().map(ToString::to_string);
        lines.collect::<Vec<_>>()
    };
    let second = report(depot.process::<second::Parcel>()).await;
    assert_eq!(
        second,
        [
            "parcel 1: 1 in packing owing pack, 1 live: migrated to wrapping, owing wrap (p_1)",
            "parcel 1: 1 in waiting, 1 live: migrated to waiting (p_2)",
            "parcel 3: 1 in waiting, 1 live: left alone: written by a newer definition (p_3)",
        ]
    );
    let survey = depot.process::<second::Parcel>().begin().await.unwrap();
    assert_eq!(
        survey.lines.len(),
        3,
        "newer ones keep nobody from starting"
    );
    let survey = depot.process::<first::Parcel>().survey().await.unwrap();
    let fates: Vec<&Fate> = survey.lines.iter().map(|line| &line.fate).collect();
    assert_eq!(fates, [&Fate::Current, &Fate::Current, &Fate::Newer]);
    let stored = depot.stored(&InstanceId::new("p_1")).await;
    assert_eq!(stored.definition, 1, "a report changes nothing");
}
