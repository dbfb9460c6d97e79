//! One client's data is sealed under one key, whichever process gives birth to it.

use engine::Store as _;

use super::errand::Facts;
use super::stage::{Stage, born, read};

#[tokio::test]
async fn a_client_whom_another_process_knows_keeps_the_key_it_has() {
    let stage = Stage::new();
    let facts = |place: &str| Facts {
        place: Some(place.to_owned()),
        ..Facts::default()
    };
    let first = born(&stage.process(), "a", facts("here")).await;
    // It has no key at hand and takes the client for a new one, until the commit says otherwise.
    let second = born(&stage.process(), "b", facts("there")).await;

    let key = stage.store.document("subject_keys", "client_1").await;
    assert_eq!(key.unwrap().unwrap().version, 1);
    let later = stage.process();
    for (id, place) in [(first, "here"), (second, "there")] {
        let facts = read(&later, &id).await.facts;
        assert_eq!(facts.place.as_deref(), Some(place));
    }
}
