//! Master keys: how they are read from the settings, told apart, and split into keys for one use each.
//!
//! A master key never encrypts by itself, so that no use of it can weaken another.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use rand::TryRngCore;
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

/// Bytes of a master key's id: enough that a handful of keys never collide, too few to reveal one.
pub(super) const KEY_ID_LEN: usize = 8;

/// Keeps the id apart from every other digest of the same bytes.
const ID_DOMAIN: &[u8] = b"gangway master key id v1\0";

/// What a master key id is made of: a digest, so that it may stand in the clear.
pub(super) type KeyId = [u8; KEY_ID_LEN];

/// Why a text is not a master key: the operator makes another.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VaultError {
    /// Letters outside base64, or a part is missing.
    #[error("a master key must be base64; make one with: openssl rand -base64 32")]
    NotBase64,
    /// Base64, but of a text that is too long or too short.
    #[error("a master key must hold 32 bytes, not {0}; make one with: openssl rand -base64 32")]
    WrongLength(usize),
}

/// A key from the settings that wraps data keys. Wiped when dropped; never printed.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// Reads a key as `openssl rand -base64 32` prints it; space around it does not matter.
    pub fn from_base64(text: &str) -> Result<Self, VaultError> {
        let bytes = STANDARD
            .decode(text.trim())
            .map(Zeroizing::new)
            .map_err(|_| VaultError::NotBase64)?;
        let exact: [u8; 32] = bytes
            .as_slice()
            .try_into()
            .map_err(|_| VaultError::WrongLength(bytes.len()))?;
        Ok(Self(Zeroizing::new(exact)))
    }

    /// Draws a key that nobody has seen, for a sandbox without settings.
    pub fn random() -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        fill_random(bytes.as_mut());
        Self(bytes)
    }

    /// The key as the settings spell it, so that a sandbox can keep it for its next start.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.0.as_slice()))
    }

    /// What names this key beside what it wrapped.
    pub(super) fn id(&self) -> KeyId {
        let mut hash = Sha256::new();
        hash.update(ID_DOMAIN);
        hash.update(self.0.as_slice());
        let digest = hash.finalize();
        let mut id = [0; KEY_ID_LEN];
        id.copy_from_slice(&digest[..KEY_ID_LEN]);
        id
    }

    /// A key for the one use that `label` names.
    pub(super) fn derive(&self, label: &str) -> Zeroizing<[u8; 32]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_slice())
            .expect("HMAC takes keys of any length");
        mac.update(label.as_bytes());
        Zeroizing::new(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey([sealed])")
    }
}

/// Fills `bytes` from the operating system.
pub(super) fn fill_random(bytes: &mut [u8]) {
    OsRng
        .try_fill_bytes(bytes)
        .expect("the operating system gives randomness");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_the_wrong_shape_is_refused_with_the_way_to_make_one() {
        let rows = [
            ("not base64 !!", VaultError::NotBase64),
            ("AAAA", VaultError::WrongLength(3)),
            ("", VaultError::WrongLength(0)),
        ];
        for (text, expected) in rows {
            let error = MasterKey::from_base64(text).unwrap_err();
            assert_eq!(error, expected);
            assert!(error.to_string().contains("openssl rand -base64 32"));
        }
    }

    #[test]
    fn a_key_survives_being_written_to_the_settings() {
        let key = MasterKey::random();
        let line = format!("{}\n", key.to_base64().as_str());
        assert_eq!(MasterKey::from_base64(&line).unwrap().id(), key.id());
    }

    #[test]
    fn printing_a_key_shows_nothing_of_it() {
        let key = MasterKey::random();
        assert_eq!(format!("{key:?}"), "MasterKey([sealed])");
    }
}
