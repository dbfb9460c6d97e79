//! Which partner a number belongs to here: one at a time. It is decided where it is written, so that of two who
//! reach for a number at the same moment exactly one has it.

use std::sync::Arc;
use std::time::Duration;

use engine::{
    DocumentDraft, Documents, EngineError, Expected, Filter, InstanceId, PageOrder, Record,
    SealError, Store, SubjectId, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::values::{PartnerId, PhoneNumberId};

const SPACE: &str = "number_holders";

/// Onboardings that reach for one number at the same moment are few.
const ROUNDS: usize = 8;

/// A claim counts this long by itself; from then on only while its onboarding is bound to the number.
const UNUSED: Duration = Duration::from_mins(10);

/// Onboardings of one number that are looked at together.
const PAGE: usize = 50;

/// Who reaches for a number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claimant<'a> {
    pub(crate) phone: &'a PhoneNumberId,
    pub(crate) partner: &'a PartnerId,
    pub(crate) onboarding: &'a InstanceId,
    /// The client, with whose data the claim goes.
    pub(crate) subject: &'a SubjectId,
    pub(crate) now: Timestamp,
}

/// What came of reaching for a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Claimed {
    Ours {
        /// A client of this partner had it before.
        returning: bool,
    },
    /// Another partner has it.
    Elsewhere {
        /// Through which onboarding; for operators only.
        by: InstanceId,
    },
}

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    partner: PartnerId,
    onboarding: InstanceId,
    at: Timestamp,
    returning: bool,
}

/// What is kept of a number's holder.
enum Found {
    Nothing,
    /// Its client was erased.
    Erased(u64),
    Holder(u64, Kept),
}

/// Gives numbers to partners.
#[derive(Clone)]
pub(crate) struct Holders {
    documents: Documents,
    store: Arc<dyn Store>,
}

impl Holders {
    pub(crate) fn new(documents: Documents, store: Arc<dyn Store>) -> Self {
        Self { documents, store }
    }

    /// Reaches for a number; to reach for one's own again changes nothing.
    pub(crate) async fn claim(&self, who: &Claimant<'_>) -> Result<Claimed, EngineError> {
        let key = super::key(who.phone);
        let mut rounds = 0;
        loop {
            let (expected, returning) = match self.found(&key).await? {
                Found::Nothing => match self.bound_before(who).await? {
                    Claimed::Ours { returning } => (Expected::Absent, returning),
                    elsewhere @ Claimed::Elsewhere { .. } => return Ok(elsewhere),
                },
                Found::Holder(version, kept) if kept.partner == *who.partner => {
                    let again = kept.onboarding == *who.onboarding;
                    (Expected::Version(version), kept.returning || !again)
                }
                Found::Holder(_, kept) if self.holds(&kept, who).await? => {
                    return Ok(Claimed::Elsewhere {
                        by: kept.onboarding,
                    });
                }
                Found::Erased(version) | Found::Holder(version, _) => {
                    (Expected::Version(version), false)
                }
            };
            match self.write(&key, expected, who, returning).await {
                Ok(()) => return Ok(Claimed::Ours { returning }),
                // Somebody reached for it at the same moment and was first.
                Err(EngineError::DocumentMoved { .. }) if rounds < ROUNDS => rounds += 1,
                Err(other) => return Err(other),
            }
        }
    }

    async fn write(
        &self,
        key: &str,
        expected: Expected,
        who: &Claimant<'_>,
        returning: bool,
    ) -> Result<(), EngineError> {
        let draft = DocumentDraft {
            space: SPACE,
            key,
            subject: who.subject,
            expected,
            body: &Kept {
                partner: who.partner.clone(),
                onboarding: who.onboarding.clone(),
                at: who.now,
                returning,
            },
            expires_at: None,
        };
        let puts = self.documents.seal(draft).await?;
        self.documents.write(puts).await
    }

    async fn found(&self, key: &str) -> Result<Found, EngineError> {
        match self.documents.get::<Kept>(SPACE, key).await {
            Ok(Some(kept)) => Ok(Found::Holder(kept.version, kept.body)),
            Ok(None) => Ok(Found::Nothing),
            Err(EngineError::Seal(SealError::Erased)) => {
                let sealed = self.store.document(SPACE, key).await?;
                Ok(sealed.map_or(Found::Nothing, |sealed| Found::Erased(sealed.version)))
            }
            Err(other) => Err(other),
        }
    }

    /// Whether the holder still has the number, so that another partner may not.
    async fn holds(&self, kept: &Kept, who: &Claimant<'_>) -> Result<bool, EngineError> {
        let Some(holder) = self.store.load(&kept.onboarding).await? else {
            return Ok(false);
        };
        let bound = holder.label("phone") == Some(who.phone.as_str());
        // What is archived has lost its labels and kept its number.
        let has = bound || holder.archived_at.is_some() || who.now.since(kept.at) < UNUSED;
        Ok(has && holder.erased_at.is_none() && !has_let_go(&holder))
    }

    /// Who has a number of which nothing is kept: it was bound before holders were written down.
    async fn bound_before(&self, who: &Claimant<'_>) -> Result<Claimed, EngineError> {
        let filter = Filter {
            workflow: Some("onboarding".to_owned()),
            labels: vec![("phone".to_owned(), who.phone.to_string())],
            ..Filter::default()
        };
        let mut page = PageOrder {
            limit: PAGE,
            after: None,
        };
        let mut returning = false;
        loop {
            let found = self.store.find(&filter, &page).await?;
            for record in found.items {
                if record.id == *who.onboarding {
                    continue;
                }
                if record.label("tenant") == Some(who.partner.as_str()) {
                    returning = true;
                } else if !has_let_go(&record) {
                    return Ok(Claimed::Elsewhere { by: record.id });
                }
            }
            match found.next {
                Some(next) => page.after = Some(next),
                None => return Ok(Claimed::Ours { returning }),
            }
        }
    }
}

/// Called off, or its link ran out.
fn has_let_go(onboarding: &Record) -> bool {
    matches!(onboarding.state.as_str(), "canceled" | "expired")
}

#[cfg(test)]
#[path = "holders_tests.rs"]
mod tests;
