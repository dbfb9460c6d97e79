//! What is written under the trace, and how it must look afterwards.
//!
//! Each change touches every family, so that a torn one shows.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use adapters::sled::{SledOptions, SledStore};
use engine::{
    Actor, Change, Entry, Expected, Filter, InstanceId, Label, PageOrder, PutDocument, PutEntry,
    PutRecord, Record, Store, SubjectId, Task, Timestamp, Work,
};

/// Tells the traced process where to write.
pub(super) const FOLDER: &str = "GANGWAY_POWERCUT_FOLDER";
/// Tells it how many writers write at once.
pub(super) const WRITERS: &str = "GANGWAY_POWERCUT_WRITERS";
/// The store's folder within the traced one.
pub(super) const STORE: &str = "data/store";
/// One line per acknowledged change.
pub(super) const ACKNOWLEDGED: &str = "acknowledged";

/// Openings of the store within one run; the last is not closed.
const ROUNDS: u64 = 3;
const CHANGES: u64 = 480;

pub(super) fn write(folder: &Path) {
    let writers: u32 = std::env::var(WRITERS).unwrap().parse().unwrap();
    let lines = Arc::new(File::create(folder.join(ACKNOWLEDGED)).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        for round in 0..ROUNDS {
            let store = open(&folder.join(STORE)).await;
            let share = CHANGES / ROUNDS / u64::from(writers);
            let versions = round * share + 1..=(round + 1) * share;
            let mut writing = Vec::new();
            for number in 0..writers {
                let (store, lines) = (Arc::clone(&store), Arc::clone(&lines));
                let versions = versions.clone();
                writing.push(tokio::spawn(async move {
                    for version in versions {
                        store.commit(change(number, version)).await.unwrap();
                        let line = format!("{number} {version}\n");
                        (&*lines).write_all(line.as_bytes()).unwrap();
                    }
                }));
            }
            for writer in writing {
                writer.await.unwrap();
            }
            if round + 1 < ROUNDS {
                store.close().await.unwrap();
            }
        }
    });
}

/// Every acknowledged version must be there, and whatever is there must be whole.
pub(super) fn check(folder: &Path, acknowledged: &BTreeMap<u32, u64>, told: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let opened = SledStore::open(folder, SledOptions::default()).await;
        let store = opened.unwrap_or_else(|error| panic!("{told}: does not open: {error}"));
        let all = PageOrder {
            limit: 1000,
            after: None,
        };
        let found = store.find(&Filter::default(), &all).await.unwrap().items;
        for (number, version) in acknowledged {
            let record = found.iter().find(|record| record.id == id(*number));
            let kept = record.map_or(0, |record| record.version);
            assert!(
                kept >= *version,
                "{told}: {number} was acknowledged at {version} and is at {kept}"
            );
        }
        for record in &found {
            check_whole(&*store, record, told).await;
        }
        let tally = store.tally().await.unwrap();
        let counted: u64 = tally.iter().map(|(_, count)| count).sum();
        assert_eq!(counted, found.len() as u64, "{told}: the tally is torn");
        for (cell, count) in tally {
            let standing = found.iter().filter(|record| record.state == cell.state);
            assert_eq!(standing.count() as u64, count, "{told}: {cell:?} is torn");
        }
        store.close().await.unwrap();
    });
}

async fn check_whole(store: &dyn Store, record: &Record, told: &str) {
    let number = record.id.as_str()[4..].parse().unwrap();
    let expected = change(number, record.version);
    assert_eq!(*record, expected.records[0].record, "{told}");
    let history = store.journal(&record.id, 0, 1000).await.unwrap();
    let lines: Vec<u64> = history.iter().map(|entry| entry.sequence).collect();
    let whole: Vec<u64> = (1..=record.version).collect();
    assert_eq!(lines, whole, "{told}: the history of {number} is torn");
    let tasks = store.tasks(&record.id).await.unwrap();
    assert_eq!(
        tasks, expected.tasks,
        "{told}: the tasks of {number} are torn"
    );
    let paper = store.document("papers", record.id.as_str()).await.unwrap();
    let body = paper.map(|paper| paper.body);
    assert_eq!(
        body, expected.documents[0].body,
        "{told}: its paper is torn"
    );
    let labels = vec![("at".to_owned(), record.version.to_string())];
    let filter = Filter {
        labels,
        ..Filter::default()
    };
    let all = PageOrder {
        limit: 1000,
        after: None,
    };
    let found = store.find(&filter, &all).await.unwrap().items;
    assert!(
        found.contains(record),
        "{told}: an index of {number} is torn"
    );
}

async fn open(folder: &Path) -> Arc<SledStore> {
    let opened = SledStore::open(folder, SledOptions::default());
    opened.await.unwrap()
}

pub(super) fn id(number: u32) -> InstanceId {
    InstanceId::new(format!("ins_{number}"))
}

/// What writer `number` writes as its change number `version`.
pub(super) fn change(number: u32, version: u64) -> Change {
    let now = Timestamp::from_millis(i64::try_from(version).unwrap());
    let record = record(number, version, now);
    let line = Entry {
        sequence: version,
        at: now,
        what: "moved".to_owned(),
        actor: Actor::System,
        from: None,
        to: Some(record.state.clone()),
        detail: None,
        root: None,
        mac: None,
    };
    let task = Task {
        instance: record.id.clone(),
        work: Work::Command("go on".to_owned()),
        due: now,
        visit: 1,
        lane: "graph".to_owned(),
        tenant: String::new(),
        attempt: 0,
        first_tried: None,
        lost: 0,
        intent: false,
        workflow: record.workflow.clone(),
        definition: record.definition,
    };
    let paper = PutDocument {
        space: "papers".to_owned(),
        key: record.id.to_string(),
        expected: Expected::Any,
        body: Some(noise(number, version, 300)),
        expires_at: None,
    };
    let expected = match version {
        1 => Expected::Absent,
        _ => Expected::Version(version - 1),
    };
    Change {
        journal: vec![PutEntry {
            instance: record.id.clone(),
            entry: line,
        }],
        records: vec![PutRecord { expected, record }],
        tasks: vec![task],
        documents: vec![paper],
        ..Change::default()
    }
}

fn record(number: u32, version: u64, now: Timestamp) -> Record {
    // Every seventh is long enough to be split over several keys.
    let length = if version.is_multiple_of(7) {
        9_000
    } else {
        400
    };
    Record {
        id: id(number),
        workflow: "errand".to_owned(),
        definition: 1,
        version,
        state: format!("State{}", version % 3),
        entered_at: now,
        visit: 1,
        owes: None,
        due: None,
        awaits: None,
        doubts: Vec::new(),
        deadline: None,
        heard: Vec::new(),
        ended: false,
        subject: SubjectId::new("sub"),
        facts: noise(number, version, length),
        labels: vec![
            Label::shared("at", version.to_string()),
            Label::unique("number", number.to_string()),
        ],
        hold: None,
        journal: version,
        head: None,
        tried: 0,
        tries_told: 0,
        archived_at: None,
        erased_at: None,
        parent: None,
        created_at: now,
        updated_at: now,
    }
}

fn noise(number: u32, version: u64, length: usize) -> Vec<u8> {
    let seed = u64::from(number) << 32 | version;
    let mut dice = fastrand::Rng::with_seed(seed);
    std::iter::repeat_with(|| dice.u8(..))
        .take(length)
        .collect()
}
