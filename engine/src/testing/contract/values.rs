//! Values up to the limits come back whole, beyond they are refused and nothing is written.

use super::trial::{
    StoreUnderTest, Trial, born, document, filing, id, labeled, moved, next, record,
};
use crate::clock::Timestamp;
use crate::instance::{InstanceId, Label, Record};
use crate::limits::{CHANGE_LIMIT, ID_LIMIT, KEY_LIMIT, VALUE_LIMIT};
use crate::store::{Change, CommitError, Expected};
use crate::task::Task;

fn noise(length: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        bytes.push(state.to_be_bytes()[0]);
    }
    bytes
}

pub(super) async fn long_values_come_back_whole(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    let mut standing = record(1);
    standing.facts = Vec::new();
    trial.write(born(&standing)).await;
    for length in [VALUE_LIMIT, 3_000, 4_096, 12_345, 0, 100_000] {
        standing = next(&standing);
        standing.facts = noise(length);
        let mut change = moved(&standing);
        let body = noise(length + 1);
        let body = &body[..length];
        change.documents = vec![document("long", Expected::Any, body)];
        trial.write(change).await;
        assert_eq!(trial.load(&id(1)).await, Some(standing.clone()));
        let found = trial.step().await.document("papers", "long").await;
        let found = found.expect("the store answers").expect("it was put");
        assert!(found.body == body, "{length} bytes came back changed");
    }
}

pub(super) async fn absurd_values_are_refused(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    let absurd_facts = Record {
        facts: vec![0; VALUE_LIMIT + 1],
        ..record(1)
    };
    let long = "x".repeat(KEY_LIMIT + 1);
    let too_many = CHANGE_LIMIT / VALUE_LIMIT + 1;
    let papers = (0..too_many).map(|n| {
        let body = vec![0; VALUE_LIMIT];
        document(&n.to_string(), Expected::Absent, &body)
    });
    let absurd_id = Record {
        id: InstanceId::new("i".repeat(ID_LIMIT + 1)),
        ..record(1)
    };
    let absurd = [
        born(&absurd_facts),
        born(&absurd_id),
        filing(&[document("a", Expected::Absent, &vec![0; VALUE_LIMIT + 1])]),
        filing(&[document(&long, Expected::Absent, b"")]),
        born(&labeled(1, &[Label::shared("name", long.clone())])),
        filing(&papers.collect::<Vec<_>>()),
    ];
    for change in absurd {
        let mut wide = Change {
            records: born(&record(2)).records,
            ..change
        };
        wide.records.extend(change.records);
        let outcome = trial.commit(wide).await;
        assert!(matches!(outcome, Err(CommitError::TooLarge(_))));
        assert_eq!(trial.load(&id(2)).await, None);
    }
    let longest = "y".repeat(KEY_LIMIT);
    let mut widest = labeled(3, &[Label::unique(&longest, longest.clone())]);
    widest.state.clone_from(&longest);
    widest.workflow.clone_from(&longest);
    trial.write(born(&widest)).await;
    assert_eq!(trial.load(&id(3)).await, Some(widest));
    let child = Record {
        id: InstanceId::new("i".repeat(ID_LIMIT)),
        parent: Some(id(3)),
        ended: true,
        ..record(4)
    };
    let told = Task::told(&child, Timestamp::from_millis(10));
    let mut ends = born(&child);
    ends.tasks.extend(told);
    trial.write(ends).await;
    assert_eq!(
        trial.load(&child.id).await,
        Some(child),
        "what is born can end"
    );
}
