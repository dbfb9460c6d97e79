//! A master key is replaced while everything goes on: facts stay as they are, only keys are wrapped
//! anew.

use adapters::vault::{MasterKey, Vault};
use engine::{Chore, RewrapKeys, SealJournals, Store, SubjectId, Verifier};

use super::errand::{Event, Facts};
use super::stage::{Stage, born, hears, read};

async fn run(stage: &Stage) -> String {
    RewrapKeys.run(&stage.process()).await.unwrap()
}

#[tokio::test]
async fn after_a_rotation_the_old_master_key_may_go_and_nothing_else_was_rewritten() {
    let (first, second) = (MasterKey::random(), MasterKey::random());
    let before = Stage::new().under(Vault::new(first.clone(), Vec::new()));
    let engine = before.process();
    let id = born(&engine, "a", Facts::default()).await;
    hears(&engine, &id, Event::Remark("known under the first key")).await;
    SealJournals.run(&engine).await.unwrap();
    assert!(
        run(&before).await.contains("may be emptied"),
        "nothing to do is done"
    );
    let record = before.store.load(&id).await.unwrap().unwrap();

    let both = before.under(Vault::new(second.clone(), vec![first]));
    let told = run(&both).await;
    assert!(told.starts_with("all 3 keys"), "{told}");
    assert_eq!(both.store.load(&id).await.unwrap().unwrap(), record);

    let after = both.under(Vault::new(second, Vec::new()));
    let engine = after.process();
    assert_eq!(
        read(&engine, &id).await.facts.heard,
        ["known under the first key"]
    );
    hears(&engine, &id, Event::Start).await;
    let verifier = Verifier::new(after.store.clone(), after.vault.clone());
    assert_eq!(verifier.verify(None).await.unwrap().told, []);
}

#[tokio::test]
async fn a_rotation_takes_a_bounded_number_at_a_time_and_goes_on_where_it_was() {
    let (first, second) = (MasterKey::random(), MasterKey::random());
    let before = Stage::new().under(Vault::new(first.clone(), Vec::new()));
    let documents = before.process().documents();
    for number in 0..5_200 {
        let subject = SubjectId::new(format!("client_{number:05}"));
        documents.prepare(&subject).await.unwrap();
    }
    let both = before.under(Vault::new(second, vec![first]));
    let told = run(&both).await;
    assert!(told.contains("keep the old keys"), "{told}");
    // Another process, as after a crash.
    let told = run(&both).await;
    assert!(told.contains("may be emptied"), "{told}");
}

#[tokio::test]
async fn a_key_that_does_not_open_keeps_the_old_ones_needed_and_is_told() {
    let (lost, present) = (MasterKey::random(), MasterKey::random());
    let before = Stage::new().under(Vault::new(lost, Vec::new()));
    let engine = before.process();
    let subject = SubjectId::new("client_1");
    engine.documents().prepare(&subject).await.unwrap();
    let after = before.under(Vault::new(present, Vec::new()));
    let told = run(&after).await;
    assert!(told.contains("keep the old keys"), "{told}");
    assert!(told.contains("not in the settings"), "{told}");
    assert!(!told.contains("may be emptied"), "{told}");
}
