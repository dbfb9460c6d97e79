//! Entities of one kind: in memory for reading, in a sled tree for the next start.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

use super::cover::Cover;

/// Something the world keeps.
pub(crate) trait Entity: Serialize + DeserializeOwned {
    /// The name of its tree.
    const KIND: &'static str;
    /// What finds it.
    fn key(&self) -> &str;
}

/// Where a world lies while it runs.
pub(super) struct Disk {
    pub(super) database: sled::Db,
    pub(super) cover: Cover,
    pub(super) flusher: Flusher,
}

/// Writes to disk what changed since it last did.
#[derive(Clone)]
pub(crate) struct Flusher {
    database: sled::Db,
    /// How many changes there have been.
    changes: Arc<AtomicU64>,
    /// How many of them are on disk; whoever holds the lock writes for all who wait.
    written: Arc<Mutex<u64>>,
    lasting: bool,
}

impl Flusher {
    pub(super) fn new(database: sled::Db, lasting: bool) -> Self {
        Self {
            database,
            changes: Arc::default(),
            written: Arc::default(),
            lasting,
        }
    }

    /// Returns once every change made before the call would survive a kill.
    pub(crate) async fn flush(&self) {
        let wanted = self.changes.load(Ordering::SeqCst);
        if !self.lasting {
            return;
        }
        let mut written = self.written.lock().await;
        if *written >= wanted {
            return;
        }
        let included = self.changes.load(Ordering::SeqCst);
        let database = self.database.clone();
        // Not `flush_async`: with many at once its futures of sled 0.34 are never woken.
        let flushed = tokio::task::spawn_blocking(move || database.flush()).await;
        match flushed {
            Ok(Ok(_)) => *written = included,
            Ok(Err(error)) => {
                tracing::error!(%error, "the simulator could not write its world to disk");
            }
            Err(error) => tracing::error!(%error, "writing the simulator's world broke off"),
        }
    }
}

/// All entities of one kind, ordered by key.
pub(crate) struct Kept<E> {
    rows: BTreeMap<String, E>,
    tree: sled::Tree,
    cover: Cover,
    changes: Arc<AtomicU64>,
}

impl<E: Entity> Kept<E> {
    /// Loads what the last run left; a row that no longer reads is dropped with a warning.
    pub(super) fn open(disk: &Disk) -> Result<Self, sled::Error> {
        let tree = disk.database.open_tree(E::KIND)?;
        let mut rows = BTreeMap::new();
        for row in &tree {
            let (_, bytes) = row?;
            let plain = disk.cover.open(E::KIND, &bytes).unwrap_or_default();
            let Ok(entity) = serde_json::from_slice::<E>(&plain) else {
                tracing::warn!(kind = E::KIND, "a simulated entity no longer reads");
                continue;
            };
            rows.insert(entity.key().to_owned(), entity);
        }
        Ok(Self {
            rows,
            tree,
            cover: disk.cover.clone(),
            changes: Arc::clone(&disk.flusher.changes),
        })
    }

    pub(crate) fn get(&self, key: &str) -> Option<&E> {
        self.rows.get(key)
    }

    pub(crate) fn contains(&self, key: &str) -> bool {
        self.rows.contains_key(key)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &E> {
        self.rows.values()
    }

    pub(crate) fn put(&mut self, entity: E) {
        self.store(&entity);
        self.rows.insert(entity.key().to_owned(), entity);
    }

    /// Changes the entity and keeps the change; nothing where there is none.
    pub(crate) fn change<T>(&mut self, key: &str, change: impl FnOnce(&mut E) -> T) -> Option<T> {
        let mut entity = self.rows.remove(key)?;
        let answer = change(&mut entity);
        self.store(&entity);
        self.rows.insert(key.to_owned(), entity);
        Some(answer)
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<E> {
        if let Err(error) = self.tree.remove(self.cover.name(E::KIND, key)) {
            tracing::error!(kind = E::KIND, %error, "a simulated entity could not be removed");
        }
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.rows.remove(key)
    }

    fn store(&self, entity: &E) {
        let bytes = serde_json::to_vec(entity).expect("an entity of the world is plain data");
        let name = self.cover.name(E::KIND, entity.key());
        if let Err(error) = self.tree.insert(name, self.cover.seal(E::KIND, &bytes)) {
            tracing::error!(kind = E::KIND, %error, "a simulated entity could not be stored");
        }
        self.changes.fetch_add(1, Ordering::SeqCst);
    }
}
