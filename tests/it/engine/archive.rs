//! What ended long ago is put away: it can be read and checked, and hears nothing any more.

use std::time::Duration;

use engine::{
    ArchiveEnded, Chore, Documents, Engine, EngineError, Expected, Fault, Filter, InstanceId,
    NewInstance, PageOrder, SealJournals, Store, SubjectId, Verifier,
};

use super::errand::{Errand, Event, Facts};
use super::stage::{Stage, born, hears, history, new, read};

const DAY: Duration = Duration::from_hours(24);

fn chore(archive_days: u32, erase_days: u32) -> ArchiveEnded {
    let span = |days: u32| (days > 0).then(|| DAY * days);
    ArchiveEnded {
        archive_after: span(archive_days),
        erase_after: span(erase_days),
    }
}

async fn ended(engine: &Engine, name: &str, lines: usize) -> InstanceId {
    let facts = Facts {
        place: Some(format!("place of {name}")),
        ..Facts::default()
    };
    let id = born(engine, name, facts).await;
    for _ in 0..lines {
        hears(engine, &id, Event::Remark("so")).await;
    }
    hears(engine, &id, Event::Canceled).await;
    id
}

async fn is_sound(stage: &Stage) {
    let verifier = Verifier::new(stage.store.clone(), stage.vault.clone());
    assert_eq!(verifier.verify(None).await.unwrap().told, []);
}

#[tokio::test]
async fn what_ended_long_ago_leaves_the_live_indexes_and_can_still_be_read_and_checked() {
    let stage = Stage::new();
    let engine = stage.process();
    let old = ended(&engine, "old", 3).await;
    let live = born(&engine, "live", Facts::default()).await;
    SealJournals.run(&engine).await.unwrap();
    let before = history(&engine, &old).await;
    stage.clock.advance(DAY * 91);
    let told = chore(90, 0).run(&engine).await.unwrap();
    assert_eq!(told, "1 instances archived, 0 clients erased");
    let again = chore(90, 0).run(&engine).await.unwrap();
    assert_eq!(again, "0 instances archived, 0 clients erased");

    assert!(stage.store.journal(&old, 0, 9).await.unwrap().is_empty());
    let after = history(&engine, &old).await;
    assert_eq!(after[..before.len()], before);
    assert_eq!(after.last().unwrap(), "archived");
    assert!(read(&engine, &old).await.facts.place.is_some());
    let filter = Filter {
        labels: vec![("place".to_owned(), "place of old".to_owned())],
        ..Filter::default()
    };
    let page = PageOrder {
        limit: 9,
        after: None,
    };
    assert!(engine.find(&filter, &page).await.unwrap().items.is_empty());
    is_sound(&stage).await;
    SealJournals.run(&engine).await.unwrap();
    is_sound(&stage).await;
    hears(&engine, &live, Event::Start).await;
}

#[tokio::test]
async fn what_was_put_away_hears_nothing_any_more() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = ended(&engine, "old", 0).await;
    stage.clock.advance(DAY * 91);
    chore(90, 0).run(&engine).await.unwrap();
    let refused = engine.submit::<Errand>(&id, Event::Start).await;
    assert!(
        matches!(refused, Err(EngineError::Archived(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_long_history_is_condensed_and_what_is_left_of_it_is_proved() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = ended(&engine, "long", 600).await;
    SealJournals.run(&engine).await.unwrap();
    stage.clock.advance(DAY * 91);
    chore(90, 0).run(&engine).await.unwrap();
    let kept = engine.journal(&id, 0, 1_000).await.unwrap();
    assert_eq!(kept.len(), 400);
    assert_eq!(kept.last().unwrap().sequence, 603);
    is_sound(&stage).await;
}

#[tokio::test]
async fn what_ended_longer_ago_still_is_erased_and_its_history_holds() {
    let stage = Stage::new();
    let engine = stage.process();
    let own = InstanceId::new("client_1");
    ended(&engine, "client_1", 2).await;
    stage.clock.advance(DAY * 91);
    chore(90, 365).run(&engine).await.unwrap();
    SealJournals.run(&engine).await.unwrap();
    let before = history(&engine, &own).await;
    stage.clock.advance(DAY * 300);
    let told = chore(90, 365).run(&engine).await.unwrap();
    assert_eq!(told, "0 instances archived, 1 clients erased");
    assert!(engine.read::<Errand>(&own).await.is_err());
    let after = history(&engine, &own).await;
    assert_eq!(after[..before.len()], before);
    assert_eq!(after[before.len()..], ["erased"]);
    let page = engine.journal(&own, 1, 2).await.unwrap();
    let page: Vec<u64> = page.iter().map(|line| line.sequence).collect();
    assert_eq!(page, [2, 3], "it is read in pages like any other");
    is_sound(&stage).await;
}

#[tokio::test]
async fn an_archived_history_that_is_taken_away_is_missed() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = ended(&engine, "old", 1).await;
    stage.clock.advance(DAY * 91);
    chore(90, 0).run(&engine).await.unwrap();
    let gone = Documents::removal("archive", id.as_str(), Expected::Any);
    engine.documents().write(vec![gone]).await.unwrap();
    let verifier = Verifier::new(stage.store.clone(), stage.vault.clone());
    let told = verifier.verify(None).await.unwrap().told;
    let found: Vec<_> = told
        .iter()
        .map(|found| (&found.instance, found.fault))
        .collect();
    assert_eq!(found, [(&Some(id), Fault::HistoryCut)]);
}

#[tokio::test]
async fn a_clients_data_is_erased_when_the_last_of_its_instances_is_long_over() {
    let stage = Stage::new();
    let engine = stage.process();
    let first = ended(&engine, "first", 0).await;
    let last = born(&engine, "last", Facts::default()).await;
    let house = NewInstance {
        subject: SubjectId::house(),
        ..new("housework", Facts::default())
    };
    let house = engine.create(house, Vec::new()).await.unwrap().record.id;
    hears(&engine, &house, Event::Canceled).await;
    stage.clock.advance(DAY * 300);
    hears(&engine, &last, Event::Canceled).await;
    stage.clock.advance(DAY * 100);
    let told = chore(0, 365).run(&engine).await.unwrap();
    assert_eq!(told, "0 instances archived, 0 clients erased");
    read(&engine, &first).await;
    stage.clock.advance(DAY * 300);
    let told = chore(0, 365).run(&engine).await.unwrap();
    assert_eq!(told, "0 instances archived, 1 clients erased");
    for id in [&first, &last] {
        assert!(engine.read::<Errand>(id).await.is_err());
    }
    read(&engine, &house).await;
}
