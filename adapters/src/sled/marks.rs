//! Which tasks are in hand, in a small file beside the store, for the process that comes after a crash.
//!
//! The file is never synced: the kernel keeps what a dead process wrote, and a power cut kills nobody's
//! process for what a task did. Nothing that must not be lost may be kept here. Marks are gathered and
//! handed over together, before anyone acts on what was claimed.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::due::TaskKey;

const NAME: &str = "in-hand";

/// Far more than a process performs at once; what finds no place is not guarded.
const PLACES: u16 = 4096;
const PLACE_BYTES: usize = 16;
const DIGEST_BYTES: usize = 12;

const IN_HAND: u8 = 1;
const GIVEN_BACK: u8 = 2;

type Digest = [u8; DIGEST_BYTES];

/// One place for each task in hand, and for each whose holders died.
#[derive(Debug)]
pub(super) struct Marks {
    file: File,
    places: HashMap<TaskKey, u16>,
    free: Vec<u16>,
    /// The file as it shall be, and which part of it is not written yet.
    image: Vec<u8>,
    unwritten: Range<usize>,
    /// What the file said when it was opened.
    found: HashMap<Digest, u32>,
}

impl Marks {
    /// Reads what the last process left, and begins anew.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join(NAME);
        let left = match std::fs::read(&path) {
            Ok(left) => left,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let places = left.chunks_exact(PLACE_BYTES);
        let found: HashMap<Digest, u32> = places.filter_map(read_place).collect();
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        Ok(Self {
            file,
            places: HashMap::new(),
            free: (0..PLACES).rev().collect(),
            image: vec![0; usize::from(PLACES) * PLACE_BYTES],
            unwritten: 0..0,
            found,
        })
    }

    /// How many holders of the task died; kept in the file while the task stands.
    pub(super) fn lost(&mut self, key: &TaskKey) -> u32 {
        if self.found.is_empty() {
            return 0;
        }
        self.found.get(&digest(key)).copied().unwrap_or(0)
    }

    /// Every task was asked for: what nobody asked for is forgotten.
    pub(super) fn begin<'k>(
        &mut self,
        suspects: impl Iterator<Item = (&'k TaskKey, u32)>,
    ) -> io::Result<()> {
        self.found.clear();
        self.file.set_len(0)?;
        self.file.set_len(u64::from(PLACES) * PLACE_BYTES as u64)?;
        for (key, lost) in suspects {
            self.given_back(key, lost);
        }
        self.hand_over();
        Ok(())
    }

    /// Someone holds the task.
    pub(super) fn in_hand(&mut self, key: &TaskKey, lost: u32) {
        self.write(key, lost, IN_HAND);
    }

    /// Nobody holds the task; if its holders died before, that is remembered.
    pub(super) fn given_back(&mut self, key: &TaskKey, lost: u32) {
        if lost == 0 {
            self.clear(key);
        } else {
            self.write(key, lost, GIVEN_BACK);
        }
    }

    /// The task is done with.
    pub(super) fn clear(&mut self, key: &TaskKey) {
        if let Some(place) = self.places.remove(key) {
            self.free.push(place);
            self.put(place, &[0; PLACE_BYTES]);
        }
    }

    fn write(&mut self, key: &TaskKey, lost: u32, state: u8) {
        let known = self.places.get(key).copied();
        let Some(place) = known.or_else(|| self.free.pop()) else {
            return;
        };
        self.places.insert(key.clone(), place);
        let mut bytes = [0; PLACE_BYTES];
        bytes[..DIGEST_BYTES].copy_from_slice(&digest(key));
        let lost = u16::try_from(lost).unwrap_or(u16::MAX);
        bytes[DIGEST_BYTES..DIGEST_BYTES + 2].copy_from_slice(&lost.to_be_bytes());
        bytes[DIGEST_BYTES + 2] = state;
        self.put(place, &bytes);
    }

    fn put(&mut self, place: u16, bytes: &[u8; PLACE_BYTES]) {
        let at = usize::from(place) * PLACE_BYTES;
        let end = at + PLACE_BYTES;
        self.image[at..end].copy_from_slice(bytes);
        self.unwritten = if self.unwritten.is_empty() {
            at..end
        } else {
            self.unwritten.start.min(at)..self.unwritten.end.max(end)
        };
    }

    /// Gives to the kernel what has changed since the last time, in one write.
    pub(super) fn hand_over(&mut self) {
        let range = std::mem::take(&mut self.unwritten);
        if range.is_empty() {
            return;
        }
        let at = range.start as u64;
        if let Err(error) = self.file.write_all_at(&self.image[range], at) {
            // Work goes on unguarded: a full disk shows itself at the next commit.
            tracing::warn!(%error, "what is in hand is not marked");
        }
    }
}

fn read_place(bytes: &[u8]) -> Option<(Digest, u32)> {
    let (digest, rest) = bytes.split_first_chunk::<DIGEST_BYTES>()?;
    let lost = u32::from(u16::from_be_bytes([rest[0], rest[1]]));
    match rest[2] {
        IN_HAND => Some((*digest, lost + 1)),
        GIVEN_BACK => Some((*digest, lost)),
        _ => None,
    }
}

fn digest(key: &[u8]) -> Digest {
    let whole = Sha256::digest(key);
    let mut digest = [0; DIGEST_BYTES];
    digest.copy_from_slice(&whole[..DIGEST_BYTES]);
    digest
}
