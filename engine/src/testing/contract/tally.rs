//! The count of every cell is exact after any number of moves.

use std::collections::BTreeMap;

use super::trial::{StoreUnderTest, Trial, born, labeled, next, parked, put};
use crate::instance::Label;
use crate::store::{Expected, TallyKey};

pub(super) async fn cells_are_exact(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    let mut standing = BTreeMap::new();
    for number in 0..6 {
        let tenant = Label::shared("tenant", format!("t{}", number % 2));
        let mut record = labeled(number, &[tenant]);
        trial.write(born(&record)).await;
        for step in 0..number {
            record = next(&record);
            record.state = format!("State{}", step % 2);
            if step == 3 {
                record = parked(record, "credit");
            }
            trial.write(put(Expected::Any, &record)).await;
        }
        let refused = trial.commit(born(&record)).await;
        assert!(refused.is_err());
        standing.insert(record.id.clone(), record);
    }
    let mut expected: BTreeMap<TallyKey, u64> = BTreeMap::new();
    for record in standing.values() {
        *expected.entry(TallyKey::of(record)).or_insert(0) += 1;
    }
    let tally = trial.step().await.tally().await;
    let mut tally = tally.expect("the store answers");
    tally.sort();
    assert_eq!(tally, expected.into_iter().collect::<Vec<_>>());
}
