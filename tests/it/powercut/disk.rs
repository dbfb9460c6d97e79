//! A disk that keeps what was synced, and of everything else what chance lets it keep.
//!
//! Bytes need a sync of their file, names a sync of their folder; `sync_file_range` counts for
//! nothing. A sync covers what had returned before it began.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::trace::Call;
use super::writer;

/// What a disk keeps or loses as one.
const PAGE_BYTES: usize = 4096;

/// Something that happened to the disk, or was said about it.
#[derive(Debug)]
pub(super) enum Act {
    CreateFile {
        path: PathBuf,
        file: usize,
    },
    CreateFolder {
        path: PathBuf,
    },
    Remove {
        path: PathBuf,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Write {
        file: usize,
        at: usize,
        bytes: Vec<u8>,
    },
    Truncate {
        file: usize,
        length: usize,
    },
    SyncFile {
        file: usize,
    },
    SyncFolder {
        path: PathBuf,
    },
    Ack {
        instance: u32,
        version: u64,
    },
}

/// An act between two lines of the trace.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) act: Act,
    pub(super) start: usize,
    pub(super) end: usize,
    /// The line from which on a power cut cannot undo it.
    pub(super) durable_from: usize,
}

/// All that happened below one folder.
#[derive(Default)]
pub(super) struct Disk {
    base: PathBuf,
    pub(super) steps: Vec<Step>,
    /// What each path names at the line that has been read so far.
    names: BTreeMap<PathBuf, usize>,
    /// Where the next plain `write` to a file goes.
    positions: BTreeMap<usize, usize>,
    files: usize,
}

impl Disk {
    pub(super) fn replay(calls: &[Call], base: &Path) -> Self {
        let mut disk = Self {
            base: base.to_owned(),
            ..Self::default()
        };
        for call in calls {
            for act in disk.acts(call) {
                disk.steps.push(Step {
                    act,
                    start: call.start,
                    end: call.end,
                    durable_from: usize::MAX,
                });
            }
        }
        disk.settle();
        disk
    }

    /// Each acknowledgement with its line, instance and version.
    pub(super) fn acknowledgements(&self) -> impl Iterator<Item = (usize, (u32, u64))> {
        self.steps.iter().filter_map(|step| match step.act {
            Act::Ack { instance, version } => Some((step.start, (instance, version))),
            _ => None,
        })
    }

    pub(super) fn is_write_to(&self, step: &Step, name: &str) -> bool {
        let Act::Write { file, .. } = step.act else {
            return false;
        };
        let path = self.base.join(writer::STORE).join(name);
        self.names.get(&path) == Some(&file)
    }

    /// What a call does, if it concerns anything below the base.
    fn acts(&mut self, call: &Call) -> Vec<Act> {
        let path = |at: usize| PathBuf::from(OsStr::from_bytes(&call.args[at]));
        let number = |at: usize| String::from_utf8_lossy(&call.args[at]).parse().unwrap();
        let concerns = call.args.iter().any(|arg| {
            let below = Path::new(OsStr::from_bytes(arg));
            below.starts_with(&self.base)
        });
        if !concerns {
            return Vec::new();
        }
        match call.name.as_str() {
            "openat" => self.open(
                path(0).join(path(1)),
                &String::from_utf8_lossy(&call.args[2]),
            ),
            "mkdir" => vec![Act::CreateFolder { path: path(0) }],
            "unlink" => self.remove(path(0)),
            "unlinkat" => self.remove(path(0).join(path(1))),
            "rename" => self.rename(path(0), path(1)),
            "write" if path(0) == self.base.join(writer::ACKNOWLEDGED) => acknowledge(call),
            "write" => self.append(&path(0), &call.args[1]),
            "pwrite64" => self.write(&path(0), number(3), &call.args[1]),
            "ftruncate" => self.truncate(&path(0), number(1)),
            "fsync" | "fdatasync" => vec![self.sync(path(0))],
            "sync_file_range" => Vec::new(),
            other => panic!("this disk does not know {other} on {}", path(0).display()),
        }
    }

    fn open(&mut self, path: PathBuf, flags: &str) -> Vec<Act> {
        if let Some(&file) = self.names.get(&path) {
            self.positions.insert(file, 0);
            let length = 0;
            let truncates = flags.contains("O_TRUNC");
            return truncates
                .then_some(Act::Truncate { file, length })
                .into_iter()
                .collect();
        }
        if !flags.contains("O_CREAT") {
            return Vec::new();
        }
        self.files += 1;
        let file = self.files;
        self.names.insert(path.clone(), file);
        vec![Act::CreateFile { path, file }]
    }

    fn remove(&mut self, path: PathBuf) -> Vec<Act> {
        self.names.remove(&path);
        vec![Act::Remove { path }]
    }

    fn rename(&mut self, from: PathBuf, to: PathBuf) -> Vec<Act> {
        move_names(&mut self.names, &from, &to);
        vec![Act::Rename { from, to }]
    }

    fn append(&mut self, path: &Path, bytes: &[u8]) -> Vec<Act> {
        let file = self.file(path);
        let position = self.positions.entry(file).or_insert(0);
        let at = *position;
        *position += bytes.len();
        self.write(path, at, bytes)
    }

    fn write(&self, path: &Path, at: usize, bytes: &[u8]) -> Vec<Act> {
        let file = self.file(path);
        let bytes = bytes.to_vec();
        vec![Act::Write { file, at, bytes }]
    }

    fn truncate(&self, path: &Path, length: usize) -> Vec<Act> {
        let file = self.file(path);
        vec![Act::Truncate { file, length }]
    }

    fn sync(&self, path: PathBuf) -> Act {
        match self.names.get(&path) {
            Some(&file) => Act::SyncFile { file },
            None => Act::SyncFolder { path },
        }
    }

    fn file(&self, path: &Path) -> usize {
        let file = self.names.get(path);
        *file.unwrap_or_else(|| panic!("{} was never created", path.display()))
    }

    /// Finds for each step the first sync that covers it.
    fn settle(&mut self) {
        let syncs: Vec<(usize, usize, usize)> = (0..self.steps.len())
            .filter(|&n| {
                let act = &self.steps[n].act;
                matches!(act, Act::SyncFile { .. } | Act::SyncFolder { .. })
            })
            .map(|n| (n, self.steps[n].start, self.steps[n].end))
            .collect();
        for n in 0..self.steps.len() {
            let step = &self.steps[n];
            let covers = |sync: usize| self.steps[sync].act.covers(&step.act);
            let covering = syncs
                .iter()
                .filter(|(sync, start, _)| *start > step.end && covers(*sync));
            if let Some(line) = covering.map(|(_, _, end)| *end).min() {
                self.steps[n].durable_from = line;
            }
        }
    }

    /// Writes the disk as a cut before line `cut` leaves it; `keep` decides about the unsynced.
    pub(super) fn write_image(&self, image: &Path, cut: usize, keep: &mut dyn FnMut() -> bool) {
        let mut names: BTreeMap<PathBuf, Option<usize>> = BTreeMap::new();
        let mut contents: BTreeMap<usize, Vec<u8>> = BTreeMap::new();
        for step in self.steps.iter().filter(|step| step.start < cut) {
            let is_durable = step.durable_from < cut;
            if let Act::Write { file, at, bytes } = &step.act {
                let content = contents.entry(*file).or_default();
                for (offset, page) in pages(*at, bytes) {
                    if is_durable || keep() {
                        overwrite(content, offset, page);
                    }
                }
            } else if is_durable || keep() {
                step.act.apply(&mut names, &mut contents);
            }
        }
        for (path, file) in names {
            let below = path.strip_prefix(&self.base).unwrap();
            let place = image.join(below);
            // A file whose folder was lost is lost with it.
            let _ = match file {
                None => std::fs::create_dir(place),
                Some(file) => std::fs::write(place, contents.remove(&file).unwrap_or_default()),
            };
        }
    }
}

impl Act {
    /// Whether this sync makes that act stay.
    fn covers(&self, act: &Act) -> bool {
        match (self, act) {
            (
                Self::SyncFile { file },
                Self::Write { file: other, .. } | Self::Truncate { file: other, .. },
            ) => file == other,
            (
                Self::SyncFolder { path },
                Self::CreateFile { path: other, .. }
                | Self::CreateFolder { path: other }
                | Self::Remove { path: other }
                | Self::Rename { to: other, .. },
            ) => other.parent() == Some(path),
            _ => false,
        }
    }

    fn apply(
        &self,
        names: &mut BTreeMap<PathBuf, Option<usize>>,
        contents: &mut BTreeMap<usize, Vec<u8>>,
    ) {
        match self {
            Self::CreateFile { path, file } => drop(names.insert(path.clone(), Some(*file))),
            Self::CreateFolder { path } => drop(names.insert(path.clone(), None)),
            Self::Remove { path } => drop(names.remove(path)),
            Self::Rename { from, to } => {
                move_names(names, from, to);
            }
            Self::Truncate { file, length } => {
                contents.entry(*file).or_default().resize(*length, 0);
            }
            _ => {}
        }
    }
}

/// Renames a file, or a folder with all that is in it.
fn move_names<T>(names: &mut BTreeMap<PathBuf, T>, from: &Path, to: &Path) {
    let moving: Vec<PathBuf> = names
        .keys()
        .filter(|name| name.starts_with(from))
        .cloned()
        .collect();
    for name in moving {
        let below = name.strip_prefix(from).unwrap();
        let moved = if below.as_os_str().is_empty() {
            to.to_owned()
        } else {
            to.join(below)
        };
        let file = names.remove(&name).unwrap();
        names.insert(moved, file);
    }
}

fn acknowledge(call: &Call) -> Vec<Act> {
    let line = String::from_utf8_lossy(&call.args[1]);
    let (instance, version) = line.trim().split_once(' ').unwrap();
    vec![Act::Ack {
        instance: instance.parse().unwrap(),
        version: version.parse().unwrap(),
    }]
}

/// Cuts a write where the disk's pages end.
fn pages(at: usize, bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut offset = at;
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let room = PAGE_BYTES - offset % PAGE_BYTES;
        let (page, tail) = rest.split_at(room.min(rest.len()));
        let piece = (offset, page);
        offset += page.len();
        rest = tail;
        Some(piece)
    })
}

fn overwrite(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[offset..end].copy_from_slice(bytes);
}
