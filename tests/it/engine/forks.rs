//! Two stores that were one: what is true in the one is no evidence in the other.

use std::sync::Arc;

use engine::testing::MemoryStore;
use engine::{Fault, InstanceId, Item, Store, Verifier};

use super::errand::{Event, Facts};
use super::stage::{Stage, born, hears};

#[tokio::test]
async fn a_line_from_a_copy_of_the_store_that_went_its_own_way_is_found_out() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = born(&engine, "a", Facts::default()).await;
    let mut image = stage.store.image().await.unwrap();
    let copy = Arc::new(MemoryStore::default());
    copy.take_in(image.next(100).await.unwrap()).await.unwrap();
    let fork = stage.moved_to(copy).process();
    let whole = |stage: &Stage| Verifier::new(stage.store.clone(), stage.vault.clone());
    let heard = [
        (&engine, Event::Remark("here")),
        (&fork, Event::MovedTo(None)),
    ];
    for (engine, event) in heard {
        hears(engine, &id, event).await;
        hears(engine, &id, Event::Remark("last")).await;
    }
    assert_eq!(whole(&stage).verify(None).await.unwrap().told, []);
    let theirs = fork.journal(&id, 1, 1).await.unwrap().remove(0);
    let instance = InstanceId::new("a");
    let ours = Item::Entry {
        instance: instance.clone(),
        entry: theirs,
    };
    stage.store.take_in(vec![ours]).await.unwrap();
    let told = whole(&stage).verify(None).await.unwrap().told;
    let found: Vec<_> = told.iter().map(|one| (&one.instance, one.fault)).collect();
    assert_eq!(found, [(&Some(instance), Fault::LineAltered)]);
}
