//! Sealing: what is stored is encrypted under one data key per subject, wrapped by a master key.
//!
//! The cipher itself is an adapter; this room keeps the keys and says what is bound to what.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use thiserror::Error;
use zeroize::Zeroizing;

use crate::instance::SubjectId;
use crate::store::{Document, Expected, Footing, Page, PageOrder, PutDocument, Store, StoreError};

/// The space of documents that holds each subject's wrapped data key.
pub(crate) const KEYS: &str = "subject_keys";

/// Stands where a subject's wrapped key stood: no key begins like this.
const DESTROYED: &[u8] = &[0];

/// Unwrapped keys kept at hand; past this the cache starts afresh, so that memory stays flat.
const CACHED_MAX: usize = 10_000;

/// The key that seals one subject's data. Wiped from memory when dropped; never printed.
pub struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    /// Takes the key's bytes into keeping.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for the cipher alone.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey([sealed])")
    }
}

/// Why something sealed could not be opened.
#[derive(Clone, Debug, Error)]
pub enum SealError {
    /// The master key that wrapped it is not among those in the settings: add it.
    #[error("sealed under master key {0}, which is not in the settings")]
    UnknownMasterKey(String),
    /// It was changed, moved to another place, or sealed under another key: an operator must look.
    #[error("sealed data does not open: altered, or moved from another place")]
    Altered,
    /// The subject's key was destroyed; its data is gone on purpose.
    #[error("the data of this subject was erased")]
    Erased,
    /// The store could not answer for the key.
    #[error("the subject's key could not be read")]
    Store(#[source] Arc<StoreError>),
}

/// Authenticated encryption under data keys that a master key wraps.
pub trait Cipher: Send + Sync + 'static {
    /// Makes a fresh data key for the subject and wraps it under the current master key.
    fn mint(&self, subject: &SubjectId) -> (DataKey, Vec<u8>);

    /// The name of the master key that wraps at present.
    fn master_key(&self) -> String;

    /// The same data key wrapped under the current master key; nothing if it is already.
    fn rewrap(&self, subject: &SubjectId, wrapped: &[u8]) -> Result<Option<Vec<u8>>, SealError>;

    /// Opens a wrapped data key; it opens for the subject it was made for only.
    fn unwrap(&self, subject: &SubjectId, wrapped: &[u8]) -> Result<DataKey, SealError>;

    /// Seals `plain` so that it opens at this place only.
    fn seal(&self, key: &DataKey, place: &str, plain: &[u8]) -> Vec<u8>;

    /// Opens what was sealed at this place.
    fn open(
        &self,
        key: &DataKey,
        place: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError>;

    /// A digest under a data key, so that whoever lacks the key can make no other that fits.
    fn mac(&self, key: &DataKey, purpose: &str, bytes: &[u8]) -> [u8; 32];

    /// A keyed digest, so that a sensitive value can be looked up without being stored.
    fn digest(&self, purpose: &str, value: &[u8]) -> String;
}

/// Finds, makes and keeps the data keys of subjects.
pub struct Keyring {
    cipher: Arc<dyn Cipher>,
    store: Arc<dyn Store>,
    open: Mutex<HashMap<SubjectId, Kept>>,
}

/// What is at hand of a subject.
#[derive(Clone)]
enum Kept {
    Key(Arc<DataKey>, Version),
    /// Its key was destroyed while this process ran.
    Destroyed,
}

/// The version of a wrapped key's document.
type Version = u64;

/// A subject's key for a birth, and what makes sure of it: nothing is born under a key that is
/// destroyed at the same moment.
pub(crate) struct Ground {
    pub(crate) key: Arc<DataKey>,
    /// The key is new and is written beside its first use.
    pub(crate) fresh: Option<PutDocument>,
    /// The key must stand as it was found.
    pub(crate) standing: Option<Footing>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring")
    }
}

impl Keyring {
    /// A keyring over the store that holds the wrapped keys.
    pub fn new(cipher: Arc<dyn Cipher>, store: Arc<dyn Store>) -> Self {
        Self {
            cipher,
            store,
            open: Mutex::new(HashMap::new()),
        }
    }

    /// The subject's key; `Erased` if there is none.
    pub async fn key(&self, subject: &SubjectId) -> Result<Arc<DataKey>, SealError> {
        let found = self.find(subject).await?;
        found.map(|(key, _)| key).ok_or(SealError::Erased)
    }

    /// The subject's key, or a fresh one with the document that must be written beside its first use.
    /// A subject whose key was destroyed never gets another.
    pub async fn key_or_fresh(
        &self,
        subject: &SubjectId,
    ) -> Result<(Arc<DataKey>, Option<PutDocument>), SealError> {
        if let Some((key, _)) = self.find(subject).await? {
            return Ok((key, None));
        }
        let Ground { key, fresh, .. } = self.mint(subject);
        Ok((key, fresh))
    }

    /// The key under which an instance is born. Most who are born are the first of their subject: of
    /// one that is not at hand the commit finds that out, not a read.
    pub(crate) async fn ground(&self, subject: &SubjectId) -> Result<Ground, SealError> {
        if self.cached(subject).is_none() {
            return Ok(self.mint(subject));
        }
        self.known_ground(subject).await
    }

    /// The same once the commit has refused: the subject has another key than was thought.
    pub(crate) async fn ground_anew(&self, subject: &SubjectId) -> Result<Ground, SealError> {
        self.put_back(subject);
        self.known_ground(subject).await
    }

    /// Has the key at hand no longer; what is destroyed stays so.
    fn put_back(&self, subject: &SubjectId) {
        let mut open = self.open.lock().expect("no holder of the keyring panics");
        if let Some(Kept::Key(..)) = open.get(subject) {
            open.remove(subject);
        }
    }

    async fn known_ground(&self, subject: &SubjectId) -> Result<Ground, SealError> {
        let Some((key, version)) = self.find(subject).await? else {
            return Ok(self.mint(subject));
        };
        let standing = Footing {
            space: KEYS.to_owned(),
            key: subject.to_string(),
            version,
        };
        Ok(Ground {
            key,
            fresh: None,
            standing: Some(standing),
        })
    }

    async fn find(
        &self,
        subject: &SubjectId,
    ) -> Result<Option<(Arc<DataKey>, Version)>, SealError> {
        match self.cached(subject) {
            Some(Kept::Key(key, version)) => return Ok(Some((key, version))),
            Some(Kept::Destroyed) => return Err(SealError::Erased),
            None => {}
        }
        let Some(wrapped) = self.wrapped(subject).await? else {
            return Ok(None);
        };
        if wrapped.body == DESTROYED {
            return Err(SealError::Erased);
        }
        let key = Arc::new(self.cipher.unwrap(subject, &wrapped.body)?);
        self.keep_as(subject, &key, wrapped.version);
        Ok(Some((key, wrapped.version)))
    }

    async fn wrapped(&self, subject: &SubjectId) -> Result<Option<Document>, SealError> {
        let found = self.store.document(KEYS, subject.as_str()).await;
        found.map_err(|error| SealError::Store(Arc::new(error)))
    }

    pub(crate) fn master_key(&self) -> String {
        self.cipher.master_key()
    }

    /// Wrapped keys in the order of their subjects.
    pub(crate) async fn wrapped_page(
        &self,
        page: &PageOrder,
    ) -> Result<Page<Document>, StoreError> {
        self.store.scan(KEYS, "", page).await
    }

    /// A wrapped key under the current master key, to be written; nothing if it is, or is destroyed.
    pub(crate) fn rewrapped(&self, wrapped: &Document) -> Result<Option<PutDocument>, SealError> {
        if wrapped.body == DESTROYED {
            return Ok(None);
        }
        let subject = SubjectId::new(wrapped.key.clone());
        let anew = self.cipher.rewrap(&subject, &wrapped.body)?;
        let expected = Expected::Version(wrapped.version);
        Ok(anew.map(|anew| put(&subject, expected, anew)))
    }

    /// What destroys the subject's key for good; nothing if that was done.
    pub(crate) async fn destruction(
        &self,
        subject: &SubjectId,
    ) -> Result<Option<PutDocument>, SealError> {
        let expected = match self.wrapped(subject).await? {
            Some(wrapped) if wrapped.body == DESTROYED => return Ok(None),
            Some(wrapped) => Expected::Version(wrapped.version),
            None => Expected::Absent,
        };
        Ok(Some(put(subject, expected, DESTROYED.to_vec())))
    }

    /// A key that was wrapped elsewhere, for a subject that has none.
    pub(crate) fn adoption(subject: &SubjectId, wrapped: Vec<u8>) -> PutDocument {
        put(subject, Expected::Absent, wrapped)
    }

    /// Whether the subject's key was destroyed.
    pub(crate) async fn is_destroyed(&self, subject: &SubjectId) -> Result<bool, SealError> {
        let wrapped = self.wrapped(subject).await?;
        Ok(wrapped.is_some_and(|wrapped| wrapped.body == DESTROYED))
    }

    /// Wipes the subject's key from memory, whoever was about to put it there.
    pub(crate) fn forget(&self, subject: &SubjectId) {
        let mut open = self.open.lock().expect("no holder of the keyring panics");
        open.insert(subject.clone(), Kept::Destroyed);
    }

    /// A fresh key with the document that must be written beside its first use; refused then if the
    /// subject has one already.
    fn mint(&self, subject: &SubjectId) -> Ground {
        let (key, wrapped) = self.cipher.mint(subject);
        Ground {
            key: Arc::new(key),
            fresh: Some(put(subject, Expected::Absent, wrapped)),
            standing: None,
        }
    }

    /// Seals bytes at a place.
    pub fn seal(&self, key: &DataKey, place: &str, plain: &[u8]) -> Vec<u8> {
        self.cipher.seal(key, place, plain)
    }

    /// Opens bytes sealed at a place under a key in hand.
    pub(crate) fn open_with(
        &self,
        key: &DataKey,
        place: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.cipher.open(key, place, sealed)
    }

    /// Opens bytes sealed at a place for a subject.
    pub async fn open(
        &self,
        subject: &SubjectId,
        place: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let key = self.key(subject).await?;
        self.cipher.open(&key, place, sealed)
    }

    /// A digest of bytes under a data key.
    pub fn mac(&self, key: &DataKey, purpose: &str, bytes: &[u8]) -> [u8; 32] {
        self.cipher.mac(key, purpose, bytes)
    }

    /// A keyed digest of a sensitive value, for labels and look-ups.
    pub fn digest(&self, purpose: &str, value: &str) -> String {
        self.cipher.digest(purpose, value.as_bytes())
    }

    fn cached(&self, subject: &SubjectId) -> Option<Kept> {
        let open = self.open.lock().expect("no holder of the keyring panics");
        open.get(subject).cloned()
    }

    /// Keeps a fresh key at hand, once its document is durable.
    pub(crate) fn keep(&self, subject: &SubjectId, key: &Arc<DataKey>) {
        self.keep_as(subject, key, 1);
    }

    fn keep_as(&self, subject: &SubjectId, key: &Arc<DataKey>, version: Version) {
        let mut open = self.open.lock().expect("no holder of the keyring panics");
        if open.len() >= CACHED_MAX {
            open.clear();
        }
        open.entry(subject.clone())
            .or_insert_with(|| Kept::Key(Arc::clone(key), version));
    }
}

fn put(subject: &SubjectId, expected: Expected, body: Vec<u8>) -> PutDocument {
    PutDocument {
        space: KEYS.to_owned(),
        key: subject.as_str().to_owned(),
        expected,
        body: Some(body),
        expires_at: None,
    }
}
