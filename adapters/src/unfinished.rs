//! The mark of an import that has not come to its end: no process may run over half a store.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// How far an import into a folder has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unfinished {
    /// Names the export.
    pub(crate) export: String,
    /// Chunks that are in the store.
    pub(crate) chunks: u64,
}

impl Unfinished {
    /// The mark in a folder, if one stands there.
    pub(crate) fn read(folder: &Path) -> io::Result<Option<Self>> {
        match fs::read(place(folder)) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces the mark whole. It may lag behind the store, and never runs ahead of it.
    pub(crate) fn write(&self, folder: &Path) -> io::Result<()> {
        let fresh = place(folder).with_extension("new");
        let mut file = File::create(&fresh)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.sync_all()?;
        fs::rename(fresh, place(folder))?;
        File::open(folder)?.sync_all()
    }

    /// Takes the mark away: the import is whole.
    pub(crate) fn clear(folder: &Path) -> io::Result<()> {
        fs::remove_file(place(folder))?;
        File::open(folder)?.sync_all()
    }
}

fn place(folder: &Path) -> PathBuf {
    folder.join("import.unfinished")
}
