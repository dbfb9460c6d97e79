//! How lines of history come to be: each bound to those before it, and to the newest root there was.
//!
//! Writing them is the ledger's, together with whatever else changes.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::chain::Chain;
use crate::clock::Timestamp;
use crate::instance::{Entry, Record, SubjectId};
use crate::ledger::{EngineError, Ledger};
use crate::roots;
use crate::store::PutEntry;
use crate::workflow::Note;

impl Ledger {
    /// The next line of a record that changes outside any decision.
    pub(crate) async fn line(
        &self,
        record: &mut Record,
        note: Note,
        now: Timestamp,
    ) -> Result<PutEntry, EngineError> {
        let chain = self.chain().await?;
        record.journal += 1;
        let mut put = PutEntry {
            instance: record.id.clone(),
            entry: Entry {
                sequence: record.journal,
                at: now,
                what: note.what,
                actor: note.actor,
                from: None,
                to: None,
                detail: note.detail,
                root: None,
                mac: None,
            },
        };
        self.link(chain, record, &mut put);
        Ok(put)
    }

    /// Binds a line to those before it and makes it the record's head.
    pub(crate) fn link(&self, chain: &Chain, record: &mut Record, put: &mut PutEntry) {
        let root = self.newest_root.load(Ordering::Relaxed);
        put.entry.root = (root > 0).then_some(root);
        let mac = chain.link(&put.instance, record.head.as_ref(), &put.entry);
        put.entry.mac = Some(mac);
        record.head = Some(mac);
    }

    /// What links histories. Its key is made with the first line of a store.
    pub(crate) async fn chain(&self) -> Result<&Chain, EngineError> {
        let made = self.chain.get_or_try_init(|| async {
            let subject = SubjectId::of_journals();
            let (key, fresh) = self.keyring.key_or_fresh(&subject).await?;
            let key = match fresh {
                None => key,
                Some(put) => match self.write_documents(vec![put]).await {
                    // Another process was first; its key serves both.
                    Ok(()) | Err(EngineError::DocumentMoved { .. }) => {
                        self.keyring.key(&subject).await?
                    }
                    Err(other) => return Err(other),
                },
            };
            let chain = Chain::new(Arc::clone(&self.keyring), key);
            let newest = roots::newest(self.store.as_ref(), &chain).await;
            // What cannot be read is for the check to tell; it must not stop the work.
            if let Ok(Some(newest)) = newest {
                self.note_root(newest.number);
            }
            Ok(chain)
        });
        made.await
    }

    /// From now on lines say that this root was there.
    pub(crate) fn note_root(&self, number: u64) {
        self.newest_root.fetch_max(number, Ordering::Relaxed);
    }
}
