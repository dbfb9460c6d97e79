//! An export: everything a store holds as one file that any store takes in again.
//!
//! Frames follow each other: a header, chunks of items, a trailer with counts and digest. Each ends
//! with a mark that covers it and all before it, so that a chunk that is damaged, missing or moved
//! is told from a whole one. What was sealed stays sealed: the keys that open it are not inside.

mod resume;

use std::io::{self, Read};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::clock::Timestamp;
use crate::codec::{decode, encode};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::image::{Contents, Counts, Image, Item};
use crate::store::{Store, StoreError};

pub use resume::Resumed;

/// What every export begins with.
const MAGIC: &[u8; 16] = b"gangway export\r\n";

/// The arrangement of frames; another one is refused.
const FORMAT: u32 = 1;

const HEADER: u8 = b'H';
const CHUNK: u8 = b'C';
const TRAILER: u8 = b'T';

/// Items of one chunk: what is read, kept in memory and made durable together.
const CHUNK_ITEMS: usize = 256;

/// No honest frame is longer: a chunk of the largest values there may be.
const FRAME_LIMIT: u32 = 256 * 1024 * 1024;

/// Covers a frame and all frames before it.
type Mark = [u8; 32];

/// Where an export comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The arrangement of frames.
    pub format: u32,
    /// The moment whose contents these are.
    pub made_at: Timestamp,
    /// The program that made it.
    pub made_by: String,
    /// What kind of store it was made from.
    pub source: String,
}

impl Header {
    /// A header of today's format.
    pub fn new(made_at: Timestamp, made_by: &str, source: &str) -> Self {
        Self {
            format: FORMAT,
            made_at,
            made_by: made_by.to_owned(),
            source: source.to_owned(),
        }
    }
}

/// What an export comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trailer {
    /// Items of each kind.
    pub counts: Counts,
    /// Chunks between header and trailer.
    pub chunks: u64,
    /// The digest of all items, whatever their order.
    pub digest: String,
}

/// Why a file is not taken for an export.
#[derive(Debug, Error)]
pub enum ExportError {
    /// It is something else.
    #[error("this is not an export")]
    NotAnExport,
    /// A later version made it: use that one.
    #[error("the format {0} of this export is not known to this version")]
    Format(u32),
    /// It ends early: find the whole file, or make another.
    #[error(
        "the export ends after {chunks} whole chunks ({items} items); what follows and the end are missing"
    )]
    Torn {
        /// Chunks that are whole.
        chunks: u64,
        /// Items in them.
        items: u64,
    },
    /// It was changed, or something in it was lost or moved: find another copy.
    #[error("the export is damaged in chunk {chunk}: its checksum does not match")]
    Damaged {
        /// The first chunk that cannot be trusted; one more than there are means the trailer.
        chunk: u64,
    },
    /// It cannot be read from where it lies.
    #[error("the export cannot be read")]
    Io(#[from] io::Error),
}

/// Makes an export of a store as it stands, piece by piece.
pub struct Exporter {
    image: Box<dyn Image>,
    header: Option<Header>,
    frames: Frames,
    contents: Contents,
    chunks: u64,
    trailer: Option<Trailer>,
}

impl Exporter {
    /// Fixes the moment: whatever is written from here on is not part of it.
    pub async fn begin(store: &dyn Store, header: Header) -> Result<Self, StoreError> {
        Ok(Self {
            image: store.image().await?,
            header: Some(header),
            frames: Frames::default(),
            contents: Contents::default(),
            chunks: 0,
            trailer: None,
        })
    }

    /// The next bytes of the file; nothing once it is whole.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        if let Some(header) = self.header.take() {
            let mut bytes = MAGIC.to_vec();
            bytes.extend(self.frames.write(HEADER, &encode(&header)));
            return Ok(Some(bytes));
        }
        if self.trailer.is_some() {
            return Ok(None);
        }
        let items = self.image.next(CHUNK_ITEMS).await?;
        if items.is_empty() {
            let trailer = Trailer {
                counts: self.contents.counts(),
                chunks: self.chunks,
                digest: self.contents.digest(),
            };
            let bytes = self.frames.write(TRAILER, &encode(&trailer));
            self.trailer = Some(trailer);
            return Ok(Some(bytes));
        }
        self.chunks += 1;
        self.contents.add_all(&items);
        Ok(Some(self.frames.write(CHUNK, &encode(&items))))
    }

    /// What it came to, once it is whole.
    pub fn trailer(&self) -> Option<&Trailer> {
        self.trailer.as_ref()
    }
}

impl Engine {
    /// Begins an export of everything in the store as it stands now.
    pub async fn export(&self, made_by: &str, source: &str) -> Result<Exporter, EngineError> {
        let header = Header::new(self.now(), made_by, source);
        Ok(Exporter::begin(self.store(), header).await?)
    }
}

/// The mark so far, carried from frame to frame.
#[derive(Default)]
struct Frames {
    mark: Mark,
}

impl Frames {
    fn write(&mut self, kind: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).expect("a chunk is far smaller than 4 GiB");
        let mut bytes = vec![kind];
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(payload);
        bytes.extend_from_slice(&self.advance(kind, payload));
        bytes
    }

    fn advance(&mut self, kind: u8, payload: &[u8]) -> Mark {
        let mut hash = Sha256::new();
        hash.update(self.mark);
        hash.update([kind]);
        hash.update((payload.len() as u64).to_be_bytes());
        hash.update(payload);
        self.mark = hash.finalize().into();
        self.mark
    }
}

/// Reads an export and trusts nothing in it before its mark.
pub struct ExportReader<R> {
    from: R,
    frames: Frames,
    header: Header,
    /// Names this export among others.
    name: String,
    /// Where the last whole frame ends.
    whole: u64,
    contents: Contents,
    chunks: u64,
    trailer: Option<Trailer>,
}

impl<R: Read> ExportReader<R> {
    /// Reads the header.
    pub fn open(mut from: R) -> Result<Self, ExportError> {
        let mut magic = [0; MAGIC.len()];
        if !fill(&mut from, &mut magic)? || magic != *MAGIC {
            return Err(ExportError::NotAnExport);
        }
        let mut frames = Frames::default();
        let frame = read_frame(&mut from, &mut frames, 0)?;
        let (HEADER, payload) = frame.ok_or(ExportError::NotAnExport)? else {
            return Err(ExportError::NotAnExport);
        };
        let header: Header = content(&payload, 0)?;
        if header.format != FORMAT {
            return Err(ExportError::Format(header.format));
        }
        let whole = MAGIC.len() + framed(&payload);
        Ok(Self {
            from,
            header,
            whole: whole as u64,
            name: hex::encode(&frames.mark[..8]),
            frames,
            contents: Contents::default(),
            chunks: 0,
            trailer: None,
        })
    }

    /// Where it comes from.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Names this export: no two have the same.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The items of the next chunk; nothing once the trailer was read and agrees with them all.
    pub fn next_chunk(&mut self) -> Result<Option<Vec<Item>>, ExportError> {
        if self.trailer.is_some() {
            return Ok(None);
        }
        let at = self.chunks + 1;
        let torn = ExportError::Torn {
            chunks: self.chunks,
            items: self.contents.counts().total(),
        };
        match read_frame(&mut self.from, &mut self.frames, at)? {
            None => Err(torn),
            Some((CHUNK, payload)) => {
                self.whole += framed(&payload) as u64;
                let items: Vec<Item> = content(&payload, at)?;
                self.contents.add_all(&items);
                self.chunks = at;
                Ok(Some(items))
            }
            Some((TRAILER, payload)) => {
                self.whole += framed(&payload) as u64;
                let trailer: Trailer = content(&payload, at)?;
                let whole = Trailer {
                    counts: self.contents.counts(),
                    chunks: self.chunks,
                    digest: self.contents.digest(),
                };
                if trailer != whole {
                    return Err(ExportError::Damaged { chunk: at });
                }
                self.trailer = Some(trailer);
                Ok(None)
            }
            Some(_) => Err(ExportError::Damaged { chunk: at }),
        }
    }

    /// What it comes to, once it was read to the end.
    pub fn trailer(&self) -> Option<&Trailer> {
        self.trailer.as_ref()
    }

    /// Reads to the end; answers what it comes to if every chunk is whole.
    pub fn check(mut self) -> Result<Trailer, ExportError> {
        while self.next_chunk()?.is_some() {}
        Ok(self.trailer.expect("the last chunk is behind the trailer"))
    }
}

/// A frame whose mark matches; nothing where the file ends within it.
fn read_frame(
    from: &mut impl Read,
    frames: &mut Frames,
    chunk: u64,
) -> Result<Option<(u8, Vec<u8>)>, ExportError> {
    let mut start = [0; 5];
    if !fill(from, &mut start)? {
        return Ok(None);
    }
    let [kind, length @ ..] = start;
    let length = u32::from_be_bytes(length);
    if length > FRAME_LIMIT {
        return Err(ExportError::Damaged { chunk });
    }
    let mut payload = Vec::new();
    let wanted = u64::from(length);
    let found = from.by_ref().take(wanted).read_to_end(&mut payload)?;
    let mut mark = Mark::default();
    if found as u64 != wanted || !fill(from, &mut mark)? {
        return Ok(None);
    }
    let before = frames.mark;
    if frames.advance(kind, &payload) != mark {
        frames.mark = before;
        return Err(ExportError::Damaged { chunk });
    }
    Ok(Some((kind, payload)))
}

/// The bytes of a frame around this payload: its kind, its length and its mark.
fn framed(payload: &[u8]) -> usize {
    1 + size_of::<u32>() + payload.len() + size_of::<Mark>()
}

/// Fills the buffer; false where the file ends before.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match from.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn content<T: DeserializeOwned>(payload: &[u8], chunk: u64) -> Result<T, ExportError> {
    decode(payload).map_err(|_| ExportError::Damaged { chunk })
}
