//! Whoever writes names what was read, and the second of two is told.

use super::trial::{StoreUnderTest, Trial, born, id, moved, next, put, record};
use crate::store::{CommitError, Expected};

pub(super) async fn of_two_writers_one_wins(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    trial.write(born(&record(1))).await;
    let mut mine = next(&record(1));
    mine.state = String::from("Mine");
    let mut theirs = next(&record(1));
    theirs.state = String::from("Theirs");
    trial.write(moved(&mine)).await;
    let second = trial.commit(moved(&theirs)).await;
    assert!(matches!(second, Err(CommitError::VersionMoved)));
    assert_eq!(trial.load(&id(1)).await, Some(mine));
}

pub(super) async fn absence_is_expected_too(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    let second = next(&record(1));
    let early = trial.commit(moved(&second)).await;
    assert!(matches!(early, Err(CommitError::VersionMoved)));
    trial.write(born(&record(1))).await;
    let again = trial.commit(born(&record(1))).await;
    assert!(matches!(again, Err(CommitError::VersionMoved)));
    trial.write(put(Expected::Any, &second)).await;
    trial.write(put(Expected::Any, &record(2))).await;
    assert_eq!(trial.load(&id(1)).await, Some(second));
    assert_eq!(trial.load(&id(2)).await, Some(record(2)));
}

pub(super) async fn a_record_is_named_once(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    let mut twice = put(Expected::Any, &record(1));
    twice.records.extend(moved(&next(&record(1))).records);
    let outcome = trial.commit(twice).await;
    assert!(matches!(outcome, Err(CommitError::VersionMoved)));
    assert_eq!(trial.load(&id(1)).await, None);
}
