//! Whoever can write the store but has no key can change no history unseen.

use std::sync::Arc;

use adapters::sled::{SledOptions, SledStore};
use engine::{
    Anchor, Chore, Entry, Fault, Findings, InstanceId, Record, SealJournals, Store, Verifier,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::TempDir;

use super::errand::{Event, Facts};
use super::stage::{Stage, born, hears};

/// A folder with two histories, and the vault that knows their key.
struct Books {
    folder: TempDir,
    stage: Stage,
}

async fn open(folder: &TempDir) -> Arc<SledStore> {
    // A store that was closed may hold its folder for a moment more.
    let open = || async {
        let opened = SledStore::open(folder.path(), SledOptions::default()).await;
        opened.map_err(|error| error.to_string())
    };
    crate::app::until("the folder is free", open).await
}

/// Errands `a` and `b`, each with a few lines.
async fn books() -> (Books, Arc<SledStore>) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let stage = Stage::over(store.clone());
    let engine = stage.process();
    for name in ["a", "b"] {
        let id = born(&engine, name, Facts::default()).await;
        hears(&engine, &id, Event::Start).await;
        engine.work_off().await.unwrap();
    }
    (Books { folder, stage }, store)
}

impl Books {
    /// Makes a root with the engine that is running.
    async fn root(&self) -> String {
        SealJournals.run(&self.stage.process()).await.unwrap()
    }

    /// The check of a folder at rest.
    async fn findings(&self, anchor: Option<&Anchor>) -> Findings {
        let store = open(&self.folder).await;
        let verifier = Verifier::new(store.clone(), self.stage.vault.clone());
        let findings = verifier.verify(anchor).await.unwrap();
        store.close().await.unwrap();
        findings
    }

    fn raw<T>(&self, with: impl FnOnce(&sled::Db) -> T) -> T {
        let path = self.folder.path().join("sled");
        let mut tries = std::iter::repeat_with(|| sled::open(&path));
        let db = tries.find_map(Result::ok).unwrap();
        let done = with(&db);
        db.flush().unwrap();
        done
    }
}

fn line(instance: &str, sequence: u64) -> Vec<u8> {
    let length = u16::try_from(instance.len()).unwrap();
    let parts = [
        b"j".as_slice(),
        &length.to_be_bytes(),
        instance.as_bytes(),
        &sequence.to_be_bytes(),
    ];
    parts.concat()
}

fn record(instance: &str) -> Vec<u8> {
    [b"r", instance.as_bytes()].concat()
}

/// Changes a short value behind the store's back.
fn alter<T: DeserializeOwned + Serialize>(db: &sled::Db, key: &[u8], with: impl FnOnce(&mut T)) {
    let stored = db.get(key).unwrap().unwrap();
    let mut value: T = engine::decode(&stored[2..]).unwrap();
    with(&mut value);
    let stored = [&stored[..2], &engine::encode(&value)].concat();
    db.insert(key, stored).unwrap();
}

fn swap(db: &sled::Db, one: &[u8], other: &[u8]) {
    let (first, second) = (db.get(one).unwrap(), db.get(other).unwrap());
    db.insert(one, second.unwrap()).unwrap();
    db.insert(other, first.unwrap()).unwrap();
}

fn remove_all(db: &sled::Db, prefix: &[u8]) {
    for key in db.scan_prefix(prefix).keys() {
        db.remove(key.unwrap()).unwrap();
    }
}

/// Each kind of fault with the instance it was found on.
fn named(findings: &Findings) -> Vec<(Option<&str>, Fault)> {
    let told = findings.told.iter();
    told.map(|found| {
        let instance = found.instance.as_ref().map(InstanceId::as_str);
        (instance, found.fault)
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_touched_is_sound_with_and_without_roots() {
    let (books, store) = books().await;
    store.close().await.unwrap();
    let before = books.findings(None).await;
    assert_eq!(
        (before.instances, before.broken, before.unrooted),
        (2, 0, 2)
    );
    let store = open(&books.folder).await;
    let again = books.stage.moved_to(store.clone());
    for _ in 0..3 {
        SealJournals.run(&again.process()).await.unwrap();
        hears(
            &again.process(),
            &InstanceId::new("a"),
            Event::Remark("more"),
        )
        .await;
    }
    store.close().await.unwrap();
    let findings = books.findings(None).await;
    assert_eq!(findings.told, []);
    assert_eq!(
        (findings.roots, findings.unrooted, findings.unlinked),
        (3, 0, 0)
    );
    let newest = findings.newest.unwrap();
    assert_eq!((newest.number, newest.instances), (3, 2));
}

/// What a tamperer does to the tree, what is found, and on which instance.
type Row = (&'static str, fn(&sled::Db), Option<&'static str>, Fault);

const TAMPERED: &[Row] = &[
    (
        "a line is rewritten",
        |db| {
            alter::<Entry>(db, &line("a", 2), |entry| {
                "invented".clone_into(&mut entry.what);
            });
        },
        Some("a"),
        Fault::LineAltered,
    ),
    (
        "a line's time is changed",
        |db| {
            alter::<Entry>(db, &line("a", 2), |entry| {
                entry.at = engine::Timestamp::default();
            });
        },
        Some("a"),
        Fault::LineAltered,
    ),
    (
        "two lines change places",
        |db| swap(db, &line("a", 2), &line("a", 3)),
        Some("a"),
        Fault::LineOutOfPlace,
    ),
    (
        "two lines change places and numbers",
        |db| {
            swap(db, &line("a", 2), &line("a", 3));
            alter::<Entry>(db, &line("a", 2), |entry| entry.sequence = 2);
            alter::<Entry>(db, &line("a", 3), |entry| entry.sequence = 3);
        },
        Some("a"),
        Fault::LineAltered,
    ),
    (
        "a line is taken out of the middle",
        |db| drop(db.remove(line("a", 2)).unwrap().unwrap()),
        Some("a"),
        Fault::LineOutOfPlace,
    ),
    (
        "the last line is cut off",
        |db| drop(db.remove(line("a", 4)).unwrap().unwrap()),
        Some("a"),
        Fault::HistoryCut,
    ),
    (
        "the last line is cut off and the record agrees",
        |db| {
            db.remove(line("a", 4)).unwrap().unwrap();
            let head = engine::decode::<Entry>(&db.get(line("a", 3)).unwrap().unwrap()[2..]);
            let head = head.unwrap().mac;
            alter::<Record>(db, &record("a"), |record| {
                record.journal = 3;
                record.head = head;
            });
        },
        Some("a"),
        Fault::HistoryCut,
    ),
    (
        "the record is rolled back",
        |db| {
            let third = db.get(line("a", 3)).unwrap().unwrap();
            let third: Entry = engine::decode(&third[2..]).unwrap();
            alter::<Record>(db, &record("a"), |record| {
                record.journal = 3;
                record.head = third.mac;
                record.state = third.to.unwrap();
            });
        },
        Some("a"),
        Fault::HistoryCut,
    ),
    (
        "a line is invented at the end",
        |db| {
            let last = db.get(line("a", 4)).unwrap().unwrap();
            let last: Entry = engine::decode(&last[2..]).unwrap();
            let more = Entry {
                sequence: 5,
                ..last
            };
            let stored = [[0, 0].as_slice(), &engine::encode(&more)].concat();
            db.insert(line("a", 5), stored).unwrap();
            alter::<Record>(db, &record("a"), |record| record.journal = 5);
        },
        Some("a"),
        Fault::LineAltered,
    ),
    (
        "the record is put back into an earlier state",
        |db| {
            alter::<Record>(db, &record("a"), |record| {
                "waiting".clone_into(&mut record.state);
            });
        },
        Some("a"),
        Fault::StateAltered,
    ),
    (
        "the record names fewer lines than there are",
        |db| alter::<Record>(db, &record("a"), |record| record.journal = 3),
        Some("a"),
        Fault::HistoryCut,
    ),
    (
        "two instances exchange their histories",
        |db| (1..=4).for_each(|n| swap(db, &line("a", n), &line("b", n))),
        Some("a"),
        Fault::LineAltered,
    ),
    (
        "an instance is deleted with all it had",
        |db| {
            remove_all(db, &record("a"));
            remove_all(db, &line("a", 0)[..4]);
        },
        Some("a"),
        Fault::InstanceMissing,
    ),
    (
        "all links are stripped",
        |db| {
            for sequence in 1..=4 {
                alter::<Entry>(db, &line("a", sequence), |entry| entry.mac = None);
            }
            alter::<Record>(db, &record("a"), |record| record.head = None);
        },
        Some("a"),
        Fault::LineAltered,
    ),
    (
        "what the root lists is deleted",
        |db| remove_all(db, b"x\x00\x0djournal_heads"),
        None,
        Fault::RootAltered,
    ),
    (
        "the key of histories is deleted",
        |db| drop(db.remove(b"x\x00\x0csubject_keysjournal").unwrap().unwrap()),
        None,
        Fault::KeyMissing,
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_done_to_a_history_behind_the_engines_back_is_found_and_named() {
    for (what, tamper, instance, fault) in TAMPERED {
        let (books, store) = books().await;
        books.root().await;
        store.close().await.unwrap();
        books.raw(tamper);
        let findings = books.findings(None).await;
        let found = named(&findings);
        assert!(
            found.contains(&(*instance, *fault)),
            "{what}: {:?}",
            findings.told
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_that_was_cut_is_not_accepted_by_later_roots() {
    let (books, store) = books().await;
    books.root().await;
    store.close().await.unwrap();
    books.raw(|db| {
        remove_all(db, &record("a"));
        remove_all(db, &line("a", 0)[..4]);
    });
    let store = open(&books.folder).await;
    let again = books.stage.moved_to(store.clone());
    for _ in 0..2 {
        let told = SealJournals.run(&again.process()).await.unwrap();
        assert!(told.contains("1 discrepancies"), "{told}");
    }
    store.close().await.unwrap();
    let findings = books.findings(None).await;
    assert_eq!(named(&findings), [(Some("a"), Fault::InstanceMissing)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_root_that_is_taken_away_is_missed_by_later_lines_or_by_who_wrote_it_down() {
    let (books, store) = books().await;
    books.root().await;
    let told = books.root().await;
    let anchor: Anchor = told.split_whitespace().nth(1).unwrap().parse().unwrap();
    store.close().await.unwrap();
    assert_eq!(books.findings(Some(&anchor)).await.told, []);
    let newest = |db: &sled::Db| {
        let found = db.scan_prefix(b"x\x00\x0djournal_roots").next();
        found.unwrap().unwrap().0
    };
    // A root keeps what only its forerunner listed no longer, so that is put back as well.
    let kept = books.raw(|db| db.scan_prefix(b"x\x00\x12journal_root_index").next());
    assert!(kept.is_some());
    books.raw(|db| drop(db.remove(newest(db)).unwrap()));
    let findings = books.findings(Some(&anchor)).await;
    assert!(
        named(&findings).contains(&(None, Fault::RootAltered)),
        "{:?}",
        findings.told
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_says_which_root_was_there_when_it_was_written() {
    let (books, store) = books().await;
    books.root().await;
    let engine = books.stage.process();
    hears(&engine, &InstanceId::new("b"), Event::Remark("later")).await;
    let lines = store.journal(&InstanceId::new("b"), 4, 9).await.unwrap();
    assert_eq!(
        lines.iter().map(|line| line.root).collect::<Vec<_>>(),
        [Some(1)]
    );
    store.close().await.unwrap();
    books.raw(|db| remove_all(db, b"x\x00\x0djournal_roots"));
    let findings = books.findings(None).await;
    assert_eq!(named(&findings), [(Some("b"), Fault::RootAltered)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_is_rolled_back_beside_its_history_is_found_without_any_root() {
    let (books, store) = books().await;
    store.close().await.unwrap();
    books.raw(|db| alter::<Record>(db, &record("a"), |record| record.journal = 3));
    let findings = books.findings(None).await;
    assert_eq!(named(&findings), [(Some("a"), Fault::RecordRolledBack)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_root_is_made_over_what_cannot_be_compared_with_the_last_one() {
    let (books, store) = books().await;
    books.root().await;
    store.close().await.unwrap();
    books.raw(|db| remove_all(db, b"x\x00\x12journal_root_index"));
    let store = open(&books.folder).await;
    let again = books.stage.moved_to(store.clone());
    for _ in 0..2 {
        assert!(SealJournals.run(&again.process()).await.is_err());
    }
    store.close().await.unwrap();
    let findings = books.findings(None).await;
    assert_eq!(named(&findings), [(None, Fault::RootAltered)]);
}
