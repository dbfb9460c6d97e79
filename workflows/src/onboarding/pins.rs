//! The PIN of a number: made once, kept sealed, and tried on that number for ever.
//!
//! It is the Meta app's, not one client's: whatever becomes of an onboarding, the next one of the same
//! number must know it, because Meta takes no other.

use engine::{DocumentDraft, Documents, EngineError, Expected, SubjectId};
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::values::{AppId, PhoneNumberId, Secret};

const SPACE: &str = "pins";

/// Onboardings of one number that reach for its PIN at the same moment are few.
const ROUNDS: usize = 4;

#[derive(Serialize, Deserialize)]
struct Kept {
    pin: Secret,
}

/// Where the PINs of numbers are kept.
pub(super) struct Pins {
    documents: Documents,
}

impl Pins {
    pub(super) fn new(documents: Documents) -> Self {
        Self { documents }
    }

    /// The PIN to register this number with. It is durable before anybody outside hears it.
    ///
    /// What the client has just given stands in for what was kept; `known` serves where nothing was.
    pub(super) async fn of(
        &self,
        (app, phone): (&AppId, &PhoneNumberId),
        given: Option<&Secret>,
        known: Option<&Secret>,
    ) -> Result<Secret, EngineError> {
        let key = key(app, phone);
        let mut rounds = 0;
        loop {
            let kept = self.documents.get::<Kept>(SPACE, &key).await?;
            let (expected, kept) = match kept {
                Some(kept) => (Expected::Version(kept.version), Some(kept.body.pin)),
                None => (Expected::Absent, None),
            };
            let pin = match (given, &kept) {
                (Some(given), _) => given.clone(),
                (None, Some(kept)) => kept.clone(),
                (None, None) => known.cloned().unwrap_or_else(fresh),
            };
            if kept.as_ref() == Some(&pin) {
                return Ok(pin);
            }
            match self.keep(app, &key, expected, &pin).await {
                Ok(()) => return Ok(pin),
                // Another onboarding of this number was first; its PIN serves both.
                Err(EngineError::DocumentMoved { .. }) if rounds < ROUNDS => rounds += 1,
                Err(other) => return Err(other),
            }
        }
    }

    async fn keep(
        &self,
        app: &AppId,
        key: &str,
        expected: Expected,
        pin: &Secret,
    ) -> Result<(), EngineError> {
        let draft = DocumentDraft {
            space: SPACE,
            key,
            subject: &SubjectId::new(format!("app:{app}")),
            expected,
            body: &Kept { pin: pin.clone() },
            expires_at: None,
        };
        let puts = self.documents.seal(draft).await?;
        self.documents.write(puts).await
    }
}

fn key(app: &AppId, phone: &PhoneNumberId) -> String {
    let digest = Sha256::digest(format!("pin/{app}/{phone}"));
    format!("{app}/{}", hex::encode(digest))
}

/// A PIN nobody can guess.
fn fresh() -> Secret {
    let pin = rand::rng().random_range(0..1_000_000_u32);
    Secret::new(format!("{pin:06}"))
}
