//! Opening the folder: who owns it, what must be synced before the first acknowledgement, what is due.
//!
//! All of it blocks; the store calls it off the async threads.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::sled::Db;
use engine::{StoreError, TallyKey, Task};
use thiserror::Error;

use super::due::DueIndex;
use super::layout::{begin_epoch, number};
use super::marks::Marks;
use super::syncer::sync;
use super::view::broken;
use super::{keys, values, view};

/// Called once with the reason when the disk has failed; the process should end.
pub type FailHook = Arc<dyn Fn(&str) + Send + Sync>;

/// How much the store may use, and whom it tells when it fails.
#[derive(Clone)]
pub struct SledOptions {
    /// Memory for pages that were read or written; sled's own default is 1 GiB.
    pub cache_bytes: u64,
    /// Changes made durable together; bigger groups only add latency.
    pub group_limit: usize,
    /// Changes that may wait; beyond, committers wait to hand theirs in.
    pub queue_limit: usize,
    /// Called once when a write or a sync has failed.
    pub on_fail: FailHook,
}

impl Default for SledOptions {
    fn default() -> Self {
        Self {
            cache_bytes: 256 * 1024 * 1024,
            group_limit: 96,
            queue_limit: 1024,
            on_fail: Arc::new(|_| ()),
        }
    }
}

/// Why the folder could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// One process at a time: stop the other one or choose another folder.
    #[error("another gangway process uses the folder {}", .0.display())]
    Locked(PathBuf),
    /// What is there cannot be read: restore a backup, or start with an empty folder.
    #[error("the data in the folder cannot be read: {0}")]
    Corrupt(String),
    /// The disk or its permissions need attention.
    #[error("the folder could not be opened: {0}")]
    Io(#[from] io::Error),
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Corrupt(what) => Self::Corrupt(what),
            StoreError::Unavailable(what) => Self::Io(io::Error::other(what)),
        }
    }
}

/// Long enough between two lines in the log when a large folder opens.
const TASKS_PER_PROGRESS_LINE: u64 = 100_000;

/// Where sled's own files live within the folder.
const HOME: &str = "sled";
const HOME_IN_THE_MAKING: &str = "sled.new";

/// Nothing is stored while sled's files are made.
const FIRST_CACHE_BYTES: u64 = 1024 * 1024;

/// An opened folder, before anyone uses it.
pub(super) struct Opened {
    pub(super) db: Db,
    pub(super) log: File,
    /// Keeps every other process out until it is dropped.
    pub(super) owner_lock: File,
    pub(super) due: DueIndex,
    pub(super) tally: BTreeMap<TallyKey, u64>,
}

pub(super) fn open(folder: &Path, cache_bytes: u64) -> Result<Opened, OpenError> {
    // A relative folder has an ancestor without a name, which cannot be synced.
    let folder = &std::path::absolute(folder)?;
    create_durably(folder)?;
    let owner_lock = lock(folder)?;
    let home = folder.join(HOME);
    if !home.exists() {
        make_home(folder, &home)?;
    }
    refuse_blobs(&home)?;
    tracing::info!(folder = %folder.display(), "opening the store");
    let db = match open_sled(&home, cache_bytes) {
        Err(OpenError::Corrupt(_)) if remove_half_made_snapshots(&home)? => {
            open_sled(&home, cache_bytes)?
        }
        opened => opened?,
    };
    let log = File::open(home.join("db"))?;
    sync_files(&home)?;
    let epoch = begin_epoch(&db)?;
    sync(&db, &log)?;
    let due = load_due(&db, epoch, Marks::open(folder)?)?;
    let tally = load_tally(&db)?;
    Ok(Opened {
        db,
        log,
        owner_lock,
        due,
        tally,
    })
}

/// Opens a folder for a look at its keys, whatever state they are in; nothing in it is changed.
pub(super) fn open_to_examine(folder: &Path, cache_bytes: u64) -> Result<(Db, File), OpenError> {
    let owner_lock = lock(folder)?;
    let home = folder.join(HOME);
    refuse_blobs(&home)?;
    Ok((open_sled(&home, cache_bytes)?, owner_lock))
}

fn open_sled(home: &Path, cache_bytes: u64) -> Result<Db, OpenError> {
    let config = ::sled::Config::new()
        .path(home)
        .cache_capacity(cache_bytes)
        .flush_every_ms(None);
    config.open().map_err(|error| refused(home, error))
}

/// Removes what a power cut during an earlier opening has left; says whether there was anything.
///
/// sled would rather read a snapshot that it had not finished than the log, which has everything.
fn remove_half_made_snapshots(home: &Path) -> io::Result<bool> {
    let mut removed = false;
    for entry in fs::read_dir(home)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_string_lossy().ends_with(".generating") {
            tracing::warn!(?name, "removing a snapshot that was never finished");
            fs::remove_file(entry.path())?;
            removed = true;
        }
    }
    Ok(removed)
}

/// Makes sled's files under another name and gives them theirs once they are safe.
///
/// sled does not open what a power cut has left of its first start; made aside, it is made anew.
fn make_home(folder: &Path, home: &Path) -> Result<(), OpenError> {
    let aside = folder.join(HOME_IN_THE_MAKING);
    if aside.exists() {
        fs::remove_dir_all(&aside)?;
    }
    let db = open_sled(&aside, FIRST_CACHE_BYTES)?;
    db.flush().map_err(|error| broken(&error))?;
    drop(db);
    // sled's own threads may hold its log for a moment longer.
    File::open(aside.join("db"))?.lock()?;
    sync_files(&aside)?;
    fs::rename(&aside, home)?;
    Ok(sync_folder(folder)?)
}

/// Creates the folder so that it is still there after a power cut.
fn create_durably(folder: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|at| !at.exists()).collect();
    fs::create_dir_all(folder)?;
    for created in missing {
        sync_folder(parent(created))?;
    }
    Ok(())
}

fn lock(folder: &Path) -> Result<File, OpenError> {
    let file = File::create(folder.join("owner.lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// sled never syncs its blob files; values are kept small so that none is ever made.
fn refuse_blobs(home: &Path) -> Result<(), OpenError> {
    let blobs = home.join("blobs");
    if blobs.is_dir() && fs::read_dir(blobs)?.next().is_some() {
        let what = "blobs/ is not empty, and what lies there is not safe from power cuts";
        return Err(OpenError::Corrupt(what.to_owned()));
    }
    Ok(())
}

fn refused(home: &Path, error: ::sled::Error) -> OpenError {
    match error {
        // sled has no error of its own for a folder that is in use.
        ::sled::Error::Io(error) if error.to_string().contains("could not acquire lock") => {
            OpenError::Locked(home.to_owned())
        }
        ::sled::Error::Io(error) => OpenError::Io(error),
        error => OpenError::Corrupt(error.to_string()),
    }
}

/// Syncs what sled leaves to chance when it makes a folder; without it some would not open again.
fn sync_files(home: &Path) -> io::Result<()> {
    for entry in fs::read_dir(home)? {
        File::open(entry?.path())?.sync_all()?;
    }
    sync_folder(home)?;
    sync_folder(parent(home))
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn parent(folder: &Path) -> &Path {
    match folder.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => folder,
    }
}

fn load_due(db: &Db, epoch: u64, marks: Marks) -> Result<DueIndex, OpenError> {
    let mut due = DueIndex::of_epoch(epoch, marks);
    let mut loaded = 0_u64;
    for found in db.scan_prefix([keys::TASK]) {
        let (key, head) = found.map_err(|error| broken(&error))?;
        let bytes = values::join(&key, &head, |key| view::get(db, key))?;
        let task: Task = view::decode(&key, &bytes)?;
        due.restore(key.as_ref().into(), &task);
        loaded += 1;
        if loaded.is_multiple_of(TASKS_PER_PROGRESS_LINE) {
            tracing::info!(loaded, "loading what is due");
        }
    }
    due.begin()?;
    Ok(due)
}

fn load_tally(db: &Db) -> Result<BTreeMap<TallyKey, u64>, OpenError> {
    let mut tally = BTreeMap::new();
    for found in db.scan_prefix([keys::TALLY]) {
        let (key, value) = found.map_err(|error| broken(&error))?;
        let cell: TallyKey = view::decode(&key, &key[1..])?;
        tally.insert(cell, number(&key, &value)?);
    }
    Ok(tally)
}
