//! Everything can be read as it stood at one moment, and taken in by an empty store.

use super::trial::{
    StoreUnderTest, Trial, arming, born, document, entry, filing, first, id, labeled, next, parked,
    put, record, task,
};
use crate::clock::Timestamp;
use crate::export::{ExportReader, Exporter, Header};
use crate::image::{Contents, Counts, contents};
use crate::import::import;
use crate::instance::Label;
use crate::store::{Change, CommitError, Expected, Filter, Store};
use crate::testing::MemoryStore;

/// A change that every family takes part in.
fn everything(number: u32) -> Change {
    let labels = [
        Label::unique("place", format!("place of {number}")),
        Label::shared("odd", (number % 2).to_string()),
    ];
    let mut written = labeled(number, &labels);
    if number.is_multiple_of(3) {
        written = parked(written, "credit");
    }
    let mut change = born(&written);
    change.journal = vec![entry(&id(number), 1), entry(&id(number), 2)];
    change.tasks = vec![task(number, "call", i64::from(number) * 10)];
    // Some are too long for one place in any store.
    let length = usize::try_from(number % 4).unwrap_or_default() * 3_000;
    let body = vec![number.to_le_bytes()[0]; length];
    change.documents = vec![document(&format!("paper {number}"), Expected::Any, &body)];
    change
}

async fn fill(trial: &Trial<'_>, count: u32) {
    let mut all = Change::default();
    for mut change in (0..count).map(everything) {
        all.records.append(&mut change.records);
        all.journal.append(&mut change.journal);
        all.tasks.append(&mut change.tasks);
        all.documents.append(&mut change.documents);
    }
    let again = filing(&[document("paper 2", Expected::Any, b"again")]);
    for change in [all, put(Expected::Any, &next(&record(1))), again] {
        let written = trial.running().commit(change).await;
        written.expect("a change without fault is accepted");
    }
}

async fn exported(store: &dyn Store) -> Vec<u8> {
    let header = Header::new(Timestamp::from_millis(7), "the contract", "a trial");
    let exporter = Exporter::begin(store, header).await;
    let mut exporter = exporter.expect("the store answers");
    let mut file = Vec::new();
    while let Some(bytes) = exporter.next().await.expect("the store answers") {
        file.extend(bytes);
    }
    file
}

async fn taken_in(store: &dyn Store, file: &[u8]) {
    let export = ExportReader::open(file).expect("it is an export");
    let taken = import(store, export, 0, |_| Ok(())).await;
    taken.expect("what was exported is taken in");
}

async fn digest(store: &dyn Store) -> String {
    contents(store).await.expect("the store answers").digest()
}

pub(super) async fn an_image_is_one_moment(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::without_restarts(subject).await;
    fill(&trial, 40).await;
    let store = trial.running();
    let before = contents(store.as_ref()).await.expect("the store answers");
    let mut image = store.image().await.expect("the store answers");
    let mut read = Contents::default();
    for round in 0..100_u32 {
        // What is written meanwhile: new, changed, and removed, ahead of the reader and behind it.
        let number = round % 60;
        let paper = format!("paper {number}");
        let mut change = put(Expected::Any, &next(&record(number)));
        change.tasks = vec![task(number, "call", i64::from(round))];
        change.journal = vec![entry(&id(number), u64::from(round) + 10)];
        change.documents = vec![document(&paper, Expected::Any, &round.to_le_bytes())];
        if round % 3 == 0 {
            change.documents[0].body = None;
            change.drop_tasks = vec![task(number, "call", 0).id()];
            change.tasks.clear();
        }
        trial.write(change).await;
        let items = image.next(1 + round as usize % 7).await;
        read.add_all(&items.expect("the store answers"));
    }
    assert!(image.next(9).await.expect("the store answers").is_empty());
    assert_eq!(read.counts(), before.counts());
    assert_eq!(read.digest(), before.digest(), "nothing of what came later");
    drop(image);
    let after = contents(store.as_ref()).await.expect("the store answers");
    assert_ne!(after.digest(), before.digest());
}

pub(super) async fn what_was_exported_comes_to_the_same_in_another_store(
    subject: &dyn StoreUnderTest,
) {
    let mut trial = Trial::start(subject).await;
    fill(&trial, 300).await;
    let store = trial.step().await;
    let file = exported(store.as_ref()).await;
    let original = digest(store.as_ref()).await;
    drop(store);
    let memory = MemoryStore::default();
    taken_in(&memory, &file).await;
    assert_eq!(digest(&memory).await, original);
    let file = exported(&memory).await;
    let mut empty = Trial::start(subject).await;
    taken_in(empty.step().await.as_ref(), &file).await;
    let expected = Counts {
        documents: 300,
        records: 300,
        entries: 600,
        tasks: 300,
    };
    let found = contents(empty.step().await.as_ref()).await;
    let found = found.expect("the store answers");
    assert_eq!(found.counts(), expected);
    assert_eq!(found.digest(), original);
    taken_in(empty.step().await.as_ref(), &file).await;
    let again = digest(empty.step().await.as_ref()).await;
    assert_eq!(again, original, "taking it in twice is taking it in once");
}

pub(super) async fn what_was_taken_in_is_found_and_due(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    fill(&trial, 30).await;
    trial.write(arming(&[task(3, "call", 5_000)])).await;
    let store = trial.step().await;
    let (file, tally) = (exported(store.as_ref()).await, store.tally().await);
    drop(store);
    let mut empty = Trial::start(subject).await;
    taken_in(empty.step().await.as_ref(), &file).await;
    let mut expected = tally.expect("the store answers");
    expected.sort();
    let mut found = empty.step().await.tally().await.expect("the store answers");
    found.sort();
    assert_eq!(found, expected, "every cell is counted");
    let odd = Filter {
        labels: vec![("odd".to_owned(), "1".to_owned())],
        ..Filter::default()
    };
    let found = empty.step().await.find(&odd, &first(100)).await;
    // One gave its labels up by a later write.
    assert_eq!(found.expect("the store answers").items.len(), 14);
    let taken = labeled(99, &[Label::unique("place", "place of 5")]);
    let refused = empty.commit(born(&taken)).await;
    assert!(matches!(refused, Err(CommitError::LabelTaken(_))));
    let known = empty.commit(filing(&[document("paper 2", Expected::Version(2), b"x")]));
    known.await.expect("its version came along");
    let due: Vec<i64> = empty.claim(100).await.iter().map(due).collect();
    assert_eq!(due, [0, 10, 20, 40, 50, 60, 70, 80, 90, 100]);
}

fn due(claimed: &crate::task::Claimed) -> i64 {
    claimed.task.due.millis()
}
