//! Every store keeps the contract; sled with a restart between every two steps.

use std::sync::Arc;

use adapters::sled::{OpenError, SledOptions, SledStore};
use async_trait::async_trait;
use engine::testing::MemoryStore;
use engine::testing::contract::{self, StoreUnderTest, Stored};
use engine::{Change, CommitError, InstanceId, Store, StoreError};
use tempfile::TempDir;
use tokio::sync::Mutex;

/// The store that was opened last, so that it can be damaged.
#[derive(Default)]
struct Memory(Mutex<Arc<MemoryStore>>);

#[async_trait]
impl StoreUnderTest for Memory {
    async fn open(&self) -> Arc<dyn Store> {
        let store = Arc::new(MemoryStore::default());
        *self.0.lock().await = store.clone();
        store
    }

    async fn kill(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        self.0.lock().await.lose_claims();
        store
    }

    async fn reopen(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        store
    }

    async fn damage(&self, _store: Arc<dyn Store>, what: &Stored) -> Arc<dyn Store> {
        let store = self.0.lock().await;
        store.damage(what);
        store.clone()
    }
}

struct Folder {
    restarts: bool,
    opened: Mutex<Option<(TempDir, Arc<SledStore>)>>,
}

impl Folder {
    fn new(restarts: bool) -> Self {
        Self {
            restarts,
            opened: Mutex::default(),
        }
    }
}

#[async_trait]
impl StoreUnderTest for Folder {
    async fn open(&self) -> Arc<dyn Store> {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder).await;
        let before = self.opened.lock().await.replace((folder, store.clone()));
        if let Some((folder, store)) = before {
            store.close().await.unwrap();
            expect_no_blobs(&folder);
        }
        store
    }

    async fn reopen(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        if !self.restarts {
            return store;
        }
        drop(store);
        let mut opened = self.opened.lock().await;
        let (folder, store) = opened.take().unwrap();
        store.close().await.unwrap();
        let store = open(&folder).await;
        *opened = Some((folder, store.clone()));
        store
    }

    /// What a process tells of its claims as it ends is taken back: it did not come to that.
    async fn kill(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        drop(store);
        let mut opened = self.opened.lock().await;
        let (folder, store) = opened.take().unwrap();
        let marks = folder.path().join("in-hand");
        let left = std::fs::read(&marks).unwrap();
        store.close().await.unwrap();
        std::fs::write(&marks, left).unwrap();
        let store = open(&folder).await;
        *opened = Some((folder, store.clone()));
        store
    }

    async fn damage(&self, store: Arc<dyn Store>, what: &Stored) -> Arc<dyn Store> {
        drop(store);
        let mut opened = self.opened.lock().await;
        let (folder, store) = opened.take().unwrap();
        store.close().await.unwrap();
        tamper(&folder, |db| {
            let before = db.insert(key_of(what), b"\0\0\x01\xc1").unwrap();
            assert!(before.is_some(), "{what:?} does not lie there");
        });
        let store = open(&folder).await;
        *opened = Some((folder, store.clone()));
        store
    }
}

/// Where a value lies in the folder.
fn key_of(what: &Stored) -> Vec<u8> {
    let part = |text: &str| {
        let length = u16::try_from(text.len()).unwrap().to_be_bytes();
        [&length[..], text.as_bytes()].concat()
    };
    match what {
        Stored::Record(id) => [b"r", id.as_str().as_bytes()].concat(),
        Stored::Entry(id, sequence) => {
            [b"j", &part(id.as_str())[..], &sequence.to_be_bytes()].concat()
        }
        Stored::Document { space, key } => [b"x", &part(space)[..], key.as_bytes()].concat(),
    }
}

async fn open(folder: &TempDir) -> Arc<SledStore> {
    // A store that was closed may hold its folder for a moment more.
    let open = || async {
        let opened = SledStore::open(folder.path(), SledOptions::default()).await;
        opened.map_err(|error| error.to_string())
    };
    crate::app::until("the folder is free", open).await
}

/// Blob files are never synced, so that none may come to be.
fn expect_no_blobs(folder: &TempDir) {
    let blobs = std::fs::read_dir(folder.path().join("sled/blobs"));
    assert_eq!(blobs.map_or(0, Iterator::count), 0);
}

#[tokio::test]
async fn the_store_in_memory_keeps_the_contract() {
    contract::all(&Memory::default()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_in_a_folder_keeps_the_contract_across_restarts() {
    contract::all(&Folder::new(true)).await;
}

/// What was just written is answered from memory, which a restart would hide.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_in_a_folder_keeps_the_contract_while_it_runs() {
    contract::all(&Folder::new(false)).await;
}

#[tokio::test]
async fn a_second_process_is_told_that_the_folder_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let second = SledStore::open(folder.path(), SledOptions::default()).await;
    assert!(matches!(second, Err(OpenError::Locked(_))));
    store.close().await.unwrap();
    open(&folder).await.close().await.unwrap();
}

#[tokio::test]
async fn a_folder_with_blob_files_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    open(&folder).await.close().await.unwrap();
    std::fs::write(folder.path().join("sled/blobs").join("1"), b"x").unwrap();
    let refused = SledStore::open(folder.path(), SledOptions::default()).await;
    assert!(matches!(refused, Err(OpenError::Corrupt(_))));
}

/// Changes a folder behind the store's back.
fn tamper(folder: &TempDir, with: impl FnOnce(&sled::Db)) {
    let db = sled::open(folder.path().join("sled")).unwrap();
    with(&db);
    db.flush().unwrap();
}

#[tokio::test]
async fn a_damaged_record_is_never_told_as_absence() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let id = InstanceId::new("ins_1");
    assert_eq!(store.load(&id).await.unwrap(), None);
    store.close().await.unwrap();
    for damage in [&b""[..], b"\0", b"\0\0", b"\0\0\x01\xc1", b"\0\x02\x01\x80"] {
        tamper(&folder, |db| drop(db.insert(b"rins_1", damage).unwrap()));
        let store = open(&folder).await;
        let loaded = store.load(&id).await;
        assert!(matches!(loaded, Err(StoreError::Corrupt(what)) if what.starts_with("record")));
        store.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_folder_with_a_damaged_task_does_not_open() {
    let folder = tempfile::tempdir().unwrap();
    open(&folder).await.close().await.unwrap();
    tamper(&folder, |db| {
        db.insert(b"t\0\x05ins_1x", b"").unwrap();
    });
    let refused = SledStore::open(folder.path(), SledOptions::default()).await;
    assert!(matches!(refused, Err(OpenError::Corrupt(what)) if what.starts_with("task")));
}

#[tokio::test]
async fn a_closed_store_says_that_it_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    store.close().await.unwrap();
    let loaded = store.load(&InstanceId::new("ins_1")).await;
    assert!(matches!(loaded, Err(StoreError::Unavailable(_))));
    let outcome = store.commit(Change::default()).await;
    assert!(matches!(
        outcome,
        Err(CommitError::Store(StoreError::Unavailable(_)))
    ));
}
