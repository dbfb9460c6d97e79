//! Every store keeps the contract; sled with a restart between every two steps.

use std::sync::Arc;

use adapters::sled::{OpenError, SledOptions, SledStore};
use async_trait::async_trait;
use engine::Store;
use engine::testing::MemoryStore;
use engine::testing::contract::{self, StoreUnderTest};
use tempfile::TempDir;
use tokio::sync::Mutex;

struct Memory;

#[async_trait]
impl StoreUnderTest for Memory {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(MemoryStore::default())
    }

    async fn reopen(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        store
    }
}

#[derive(Default)]
struct Folder {
    opened: Mutex<Option<(TempDir, Arc<SledStore>)>>,
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
        drop(store);
        let mut opened = self.opened.lock().await;
        let (folder, store) = opened.take().unwrap();
        store.close().await.unwrap();
        let store = open(&folder).await;
        *opened = Some((folder, store.clone()));
        store
    }
}

async fn open(folder: &TempDir) -> Arc<SledStore> {
    let opened = SledStore::open(folder.path(), SledOptions::default());
    opened.await.unwrap()
}

/// Blob files are never synced, so that none may come to be.
fn expect_no_blobs(folder: &TempDir) {
    let blobs = std::fs::read_dir(folder.path().join("blobs"));
    assert_eq!(blobs.map_or(0, Iterator::count), 0);
}

#[tokio::test]
async fn the_store_in_memory_keeps_the_contract() {
    contract::all(&Memory).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_in_a_folder_keeps_the_contract_across_restarts() {
    contract::all(&Folder::default()).await;
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
    std::fs::write(folder.path().join("blobs").join("1"), b"x").unwrap();
    let refused = SledStore::open(folder.path(), SledOptions::default()).await;
    assert!(matches!(refused, Err(OpenError::Corrupt(_))));
}
