//! Documents: guarded by versions, listed by key within their space.

use std::slice::from_ref;

use super::trial::{StoreUnderTest, Trial, document, filing, first};
use crate::clock::Timestamp;
use crate::store::{Change, CommitError, Document, Expected, Footing, PageOrder, PutDocument};

async fn read(trial: &mut Trial<'_>, key: &str) -> Option<Document> {
    let found = trial.step().await.document("papers", key).await;
    found.expect("the store answers")
}

pub(super) async fn versions_guard_documents(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    let first = document("a", Expected::Absent, b"first");
    trial.write(filing(from_ref(&first))).await;
    let again = trial.commit(filing(&[first])).await;
    let is_moved = |outcome: &Result<_, CommitError>| {
        matches!(outcome, Err(CommitError::DocumentMoved { space, key })
            if space == "papers" && key == "a")
    };
    assert!(is_moved(&again));
    let second = document("a", Expected::Version(1), b"second");
    trial.write(filing(from_ref(&second))).await;
    assert!(is_moved(&trial.commit(filing(&[second])).await));
    let any = document("a", Expected::Any, b"third");
    assert!(is_moved(
        &trial.commit(filing(&[any.clone(), any.clone()])).await
    ));
    trial.write(filing(&[any])).await;
    let expected = Document {
        key: "a".to_owned(),
        version: 3,
        body: b"third".to_vec(),
        expires_at: Some(Timestamp::from_millis(7)),
    };
    assert_eq!(read(&mut trial, "a").await, Some(expected));
    let removal = PutDocument {
        body: None,
        ..document("a", Expected::Version(3), b"")
    };
    trial.write(filing(from_ref(&removal))).await;
    assert_eq!(read(&mut trial, "a").await, None);
    assert!(is_moved(&trial.commit(filing(&[removal])).await));
    trial
        .write(filing(&[document("a", Expected::Absent, b"new")]))
        .await;
    assert_eq!(read(&mut trial, "a").await.map(|d| d.version), Some(1));
}

pub(super) async fn what_a_change_rests_on_must_stand(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    let resting = |key: &str, version| Change {
        rests_on: vec![Footing {
            space: "papers".to_owned(),
            key: "ground".to_owned(),
            version,
        }],
        ..filing(&[document(key, Expected::Absent, b"built")])
    };
    let is_moved = |outcome: &Result<_, CommitError>| {
        matches!(outcome, Err(CommitError::DocumentMoved { space, key })
            if space == "papers" && key == "ground")
    };
    assert!(is_moved(&trial.commit(resting("a", 1)).await));
    let ground = document("ground", Expected::Absent, b"ground");
    trial.write(filing(&[ground])).await;
    trial.write(resting("a", 1)).await;
    let ground = read(&mut trial, "ground").await;
    assert_eq!(ground.map(|ground| ground.version), Some(1));
    let moved = document("ground", Expected::Version(1), b"moved");
    // It is asked before anything of the change itself is written.
    let mut both = resting("b", 1);
    both.documents.push(moved);
    trial.write(both).await;
    assert!(is_moved(&trial.commit(resting("c", 1)).await));
    assert_eq!(read(&mut trial, "c").await, None);
    trial.write(resting("c", 2)).await;
}

pub(super) async fn keys_are_listed_in_order_within_their_space(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    let keys = ["b/2", "a", "b", "b/10", "b/1", "b\0", "c", "b/\u{10ffff}"];
    for key in keys {
        let mut other = document(key, Expected::Absent, b"other");
        other.space = String::from("paper");
        let long = vec![1; 5_000];
        let here = document(key, Expected::Absent, &long);
        trial.write(filing(&[here, other])).await;
    }
    let all = listed(&mut trial, "", 3).await;
    let mut sorted = keys.to_vec();
    sorted.sort_unstable();
    assert_eq!(all, sorted);
    let under = listed(&mut trial, "b/", 2).await;
    assert_eq!(under, ["b/1", "b/10", "b/2", "b/\u{10ffff}"]);
    assert!(listed(&mut trial, "d", 2).await.is_empty());
    let elsewhere = trial.step().await.scan("pape", "", &first(9)).await;
    assert!(elsewhere.expect("the store answers").items.is_empty());
}

async fn listed(trial: &mut Trial<'_>, prefix: &str, limit: usize) -> Vec<String> {
    let mut keys = Vec::new();
    let mut after = None;
    loop {
        let order = PageOrder { limit, after };
        let page = trial.step().await.scan("papers", prefix, &order).await;
        let page = page.expect("the store answers");
        assert!(page.items.len() <= limit);
        keys.extend(page.items.into_iter().map(|document| document.key));
        after = page.next;
        if after.is_none() {
            return keys;
        }
    }
}
