//! A backup of a store that is written to all the while is one exact moment of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use adapters::sled::{SledOptions, SledStore};
use engine::{Change, Expected, Item, PutDocument, Store};

/// Documents that every change writes together; they lie at both ends of the store.
const ENDS: [&str; 2] = ["first", "zlast"];

fn put(space: &str, key: String, number: u64) -> PutDocument {
    PutDocument {
        space: space.to_owned(),
        key,
        expected: Expected::Any,
        // At times too long for one place.
        body: Some(
            number
                .to_be_bytes()
                .repeat(if number.is_multiple_of(3) { 1 } else { 700 }),
        ),
        expires_at: None,
    }
}

async fn write(store: &SledStore, number: u64) {
    let mut documents: Vec<_> = ENDS.map(|end| put(end, "n".to_owned(), number)).into();
    documents.push(put("middle", format!("paper {}", number % 500), number));
    if number.is_multiple_of(3) {
        let mut removal = put("middle", format!("paper {}", (number + 250) % 500), number);
        removal.body = None;
        documents.push(removal);
    }
    let change = Change {
        documents,
        ..Change::default()
    };
    store.commit(change).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_is_one_exact_moment() {
    let folder = tempfile::tempdir().unwrap();
    let opened = SledStore::open(folder.path(), SledOptions::default());
    let store = opened.await.unwrap();
    for number in 0..500 {
        write(&store, number).await;
    }
    let (acknowledged, stop) = (
        Arc::new(AtomicU64::new(499)),
        Arc::new(AtomicBool::new(false)),
    );
    let writer = tokio::spawn({
        let (store, acknowledged, stop) = (store.clone(), acknowledged.clone(), stop.clone());
        async move {
            let mut number = 500;
            while !stop.load(Ordering::SeqCst) {
                write(&store, number).await;
                acknowledged.store(number, Ordering::SeqCst);
                number += 1;
            }
        }
    });
    for _ in 0..5 {
        let before = acknowledged.load(Ordering::SeqCst);
        let mut image = store.image().await.unwrap();
        let begun = acknowledged.load(Ordering::SeqCst) + 1;
        let second = store.image().await;
        assert!(second.is_err(), "one at a time");
        let (mut items, mut rounds) = (Vec::new(), 0);
        loop {
            let more = image.next(7).await.unwrap();
            rounds += 1;
            if more.is_empty() {
                break;
            }
            items.extend(more);
            while rounds == 10 && acknowledged.load(Ordering::SeqCst) < begun + 20 {
                tokio::task::yield_now().await;
            }
        }
        let moment = of(&items, "first", "n");
        assert!(
            (before..=begun).contains(&moment),
            "{before} {moment} {begun}"
        );
        assert_eq!(of(&items, "zlast", "n"), moment, "both ends of one change");
        for number in 0..500 {
            // The newest write of this paper up to the moment, and whether it was removed since.
            let last = (0..=moment).rev().find(|n| n % 500 == number);
            let gone = (0..=moment)
                .rev()
                .find(|n| n % 3 == 0 && (n + 250) % 500 == number);
            let expected = last.filter(|last| gone.is_none_or(|gone| gone < *last));
            let found = found(&items, "middle", &format!("paper {number}"));
            assert_eq!(found, expected, "paper {number} at {moment}");
        }
    }
    stop.store(true, Ordering::SeqCst);
    writer.await.unwrap();
    store.close().await.unwrap();
}

fn of(items: &[Item], space: &str, key: &str) -> u64 {
    found(items, space, key).unwrap()
}

/// The number that a document's body repeats.
fn found(items: &[Item], space: &str, key: &str) -> Option<u64> {
    items.iter().find_map(|item| match item {
        Item::Document {
            space: found,
            document,
        } if found == space && document.key == key => {
            let (number, _) = document.body.split_first_chunk::<8>().unwrap();
            Some(u64::from_be_bytes(*number))
        }
        _ => None,
    })
}
