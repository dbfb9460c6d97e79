//! Sealed documents beside the instances: partners, keys, links, sessions, raw webhooks.
//!
//! Reads open, drafts seal; writing them is the ledger's, together with whatever else changes.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::instance::SubjectId;
use crate::ledger::{EngineError, Ledger};
use crate::seal::Keyring;
use crate::store::{Document, Expected, PageOrder, PutDocument, Store, StoreError};

/// Opens and seals documents.
#[derive(Clone)]
pub struct Documents {
    store: Arc<dyn Store>,
    keyring: Arc<Keyring>,
    ledger: Arc<Ledger>,
}

/// A document's key, its version, and when it may be forgotten.
pub type Expiry = (String, u64, Option<Timestamp>);

/// A document as it was read.
#[derive(Clone, Debug)]
pub struct Opened<T> {
    /// Its key.
    pub key: String,
    /// The version to name when writing it again.
    pub version: u64,
    /// Its content.
    pub body: T,
    /// When it may be forgotten.
    pub expires_at: Option<Timestamp>,
}

/// A document to be sealed for a subject.
#[derive(Clone, Debug)]
pub struct Draft<'a, T> {
    /// Which family it belongs to.
    pub space: &'a str,
    /// Its key within the family.
    pub key: &'a str,
    /// Whose data it is.
    pub subject: &'a SubjectId,
    /// What must hold when it is written.
    pub expected: Expected,
    /// Its content.
    pub body: &'a T,
    /// When it may be forgotten.
    pub expires_at: Option<Timestamp>,
}

/// What is stored: whose key opens it, and the sealed bytes.
#[derive(Serialize, Deserialize)]
struct Envelope {
    subject: SubjectId,
    #[serde(with = "serde_bytes")]
    sealed: Vec<u8>,
}

impl Documents {
    pub(crate) fn new(store: Arc<dyn Store>, keyring: Arc<Keyring>, ledger: Arc<Ledger>) -> Self {
        Self {
            store,
            keyring,
            ledger,
        }
    }

    /// Writes documents that belong to no instance; all of them or none.
    pub async fn write(&self, documents: Vec<PutDocument>) -> Result<(), EngineError> {
        self.ledger.write_documents(documents).await
    }

    /// Sees to it that the subject has a key, so that several documents can be sealed in one change.
    pub async fn prepare(&self, subject: &SubjectId) -> Result<(), EngineError> {
        let (_, fresh) = self.keyring.key_or_fresh(subject).await?;
        match self.write(fresh.into_iter().collect()).await {
            // Another process was first; its key serves both.
            Ok(()) | Err(EngineError::DocumentMoved { .. }) => Ok(()),
            Err(other) => Err(other),
        }
    }

    /// The document under that key, opened. Whether it has expired is the reader's to judge.
    pub async fn get<T: DeserializeOwned>(
        &self,
        space: &str,
        key: &str,
    ) -> Result<Option<Opened<T>>, EngineError> {
        match self.store.document(space, key).await? {
            Some(document) => self.open(space, document).await.map(Some),
            None => Ok(None),
        }
    }

    /// Documents whose keys begin with `prefix`, in key order, with the cursor of the next page.
    pub async fn scan<T: DeserializeOwned>(
        &self,
        space: &str,
        prefix: &str,
        page: &PageOrder,
    ) -> Result<(Vec<Opened<T>>, Option<String>), EngineError> {
        let found = self.store.scan(space, prefix, page).await?;
        let mut opened = Vec::with_capacity(found.items.len());
        for document in found.items {
            opened.push(self.open(space, document).await?);
        }
        Ok((opened, found.next))
    }

    /// Keys, versions and ends of a space's documents, unopened: their subject may be erased.
    pub async fn expiries(
        &self,
        space: &str,
        page: &PageOrder,
    ) -> Result<(Vec<Expiry>, Option<String>), EngineError> {
        let found = self.store.scan(space, "", page).await?;
        let expiries = found
            .items
            .into_iter()
            .map(|document| (document.key, document.version, document.expires_at))
            .collect();
        Ok((expiries, found.next))
    }

    /// Whether a document opens. One that is not sealed as documents are is its keeper's to judge.
    pub async fn check(&self, space: &str, document: &Document) -> Result<(), EngineError> {
        let Ok(envelope) = rmp_serde::from_slice::<Envelope>(&document.body) else {
            return Ok(());
        };
        let place = place_of(space, &document.key);
        let opened = self
            .keyring
            .open(&envelope.subject, &place, &envelope.sealed);
        Ok(opened.await.map(drop)?)
    }

    /// Seals a document for writing. The first of a subject brings the subject's key along.
    pub async fn seal<T: Serialize>(
        &self,
        draft: Draft<'_, T>,
    ) -> Result<Vec<PutDocument>, EngineError> {
        let (key, fresh) = self.keyring.key_or_fresh(draft.subject).await?;
        let plain = Zeroizing::new(
            serde_json::to_vec(draft.body)
                .map_err(|error| corrupt(draft.space, draft.key, &error.to_string()))?,
        );
        let envelope = Envelope {
            subject: draft.subject.clone(),
            sealed: self
                .keyring
                .seal(&key, &place_of(draft.space, draft.key), &plain),
        };
        let body = rmp_serde::to_vec_named(&envelope)
            .map_err(|error| corrupt(draft.space, draft.key, &error.to_string()))?;
        let put = PutDocument {
            space: draft.space.to_owned(),
            key: draft.key.to_owned(),
            expected: draft.expected,
            body: Some(body),
            expires_at: draft.expires_at,
        };
        Ok(fresh.into_iter().chain([put]).collect())
    }

    /// A removal, for writing.
    pub fn removal(space: &str, key: &str, expected: Expected) -> PutDocument {
        PutDocument {
            space: space.to_owned(),
            key: key.to_owned(),
            expected,
            body: None,
            expires_at: None,
        }
    }

    async fn open<T: DeserializeOwned>(
        &self,
        space: &str,
        document: Document,
    ) -> Result<Opened<T>, EngineError> {
        let envelope: Envelope = rmp_serde::from_slice(&document.body)
            .map_err(|error| corrupt(space, &document.key, &error.to_string()))?;
        let place = place_of(space, &document.key);
        let plain = self
            .keyring
            .open(&envelope.subject, &place, &envelope.sealed)
            .await?;
        let body = serde_json::from_slice(&plain)
            .map_err(|error| corrupt(space, &document.key, &error.to_string()))?;
        Ok(Opened {
            key: document.key,
            version: document.version,
            body,
            expires_at: document.expires_at,
        })
    }
}

fn place_of(space: &str, key: &str) -> String {
    format!("{space}/{key}")
}

fn corrupt(space: &str, key: &str, why: &str) -> EngineError {
    EngineError::Store(StoreError::Corrupt(format!(
        "document {space}/{key}: {why}"
    )))
}
