//! What cannot be read is told as that: never as absence, and never written over as if it were absent.

use super::trial::{
    StoreUnderTest, Stored, Trial, born, document, entry, filing, first, id, moved, next, record,
};
use crate::instance::Record;
use crate::store::{CommitError, Expected, Filter, StoreError};

/// Two instances, a line and two papers, one of these damaged.
async fn damaged<'a>(subject: &'a dyn StoreUnderTest, what: &Stored) -> Trial<'a> {
    let mut trial = Trial::start(subject).await;
    let mut standing = born(&record(1));
    standing.records.extend(born(&record(2)).records);
    standing.journal = vec![entry(&id(1), 1), entry(&id(2), 1)];
    standing.documents = vec![
        document("a", Expected::Absent, b"a"),
        document("b", Expected::Absent, b"b"),
    ];
    trial.write(standing).await;
    trial.damage(what).await;
    trial
}

fn is_corrupt<T>(answer: &Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Corrupt(_)))
}

pub(super) async fn a_damaged_record_is_never_told_as_absent(subject: &dyn StoreUnderTest) {
    let mut trial = damaged(subject, &Stored::Record(id(1))).await;
    let loaded = trial.step().await.load(&id(1)).await;
    assert!(is_corrupt(&loaded), "a damaged record: {loaded:?}");
    let found = trial.step().await.find(&Filter::default(), &first(9)).await;
    assert!(is_corrupt(&found), "it is missing from a list: {found:?}");
    for change in [born(&record(1)), moved(&next(&record(1)))] {
        let outcome = trial.commit(change).await;
        assert!(
            matches!(outcome, Err(CommitError::Store(StoreError::Corrupt(_)))),
            "it was written over: {outcome:?}"
        );
    }
    assert_eq!(trial.load(&id(2)).await, Some(record(2)), "its neighbor");
}

pub(super) async fn what_has_ended_is_not_read_to_find_what_is_live(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    let ended = |record: Record, ended| Record { ended, ..record };
    let mut standing = born(&ended(record(1), true));
    for number in 2..=4 {
        standing.records.extend(born(&record(number)).records);
    }
    trial.write(standing).await;
    trial.write(moved(&ended(next(&record(2)), true))).await;
    trial.write(moved(&ended(next(&record(3)), true))).await;
    let again = next(&next(&record(3)));
    trial.write(moved(&again)).await;
    for number in [1, 2] {
        trial.damage(&Stored::Record(id(number))).await;
    }
    let live = Filter {
        live: true,
        ..Filter::default()
    };
    let found = trial.step().await.find(&live, &first(9)).await;
    let found = found.expect("what has ended is not looked at").items;
    assert_eq!(found, [record(4), again]);
    let all = trial.step().await.find(&Filter::default(), &first(9)).await;
    assert!(is_corrupt(&all), "{all:?}");
}

pub(super) async fn a_damaged_line_is_never_left_out(subject: &dyn StoreUnderTest) {
    let mut trial = damaged(subject, &Stored::Entry(id(1), 1)).await;
    let history = trial.step().await.journal(&id(1), 0, 9).await;
    assert!(is_corrupt(&history), "a damaged line: {history:?}");
    let history = trial.step().await.journal(&id(2), 0, 9).await;
    let history = history.expect("the neighbor's history is whole");
    assert_eq!(history, [entry(&id(2), 1).entry]);
}

pub(super) async fn a_damaged_document_is_never_told_as_absent(subject: &dyn StoreUnderTest) {
    let damage = Stored::Document {
        space: "papers".to_owned(),
        key: "a".to_owned(),
    };
    let mut trial = damaged(subject, &damage).await;
    let read = trial.step().await.document("papers", "a").await;
    assert!(is_corrupt(&read), "a damaged document: {read:?}");
    let listed = trial.step().await.scan("papers", "", &first(9)).await;
    assert!(is_corrupt(&listed), "it is missing from a list: {listed:?}");
    let again = document("a", Expected::Absent, b"again");
    let outcome = trial.commit(filing(&[again])).await;
    assert!(outcome.is_err(), "it was written over");
    let read = trial.step().await.document("papers", "b").await;
    assert!(read.expect("its neighbor is whole").is_some());
}
