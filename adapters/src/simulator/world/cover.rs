//! What the world looks like on disk: sealed, because even simulated codes and tokens are secrets
//! to whoever searches a data folder for real ones.

use std::sync::Arc;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use engine::DataKey;
use sha2::{Digest, Sha256};

/// Bytes of a nonce, long enough to be drawn at random.
const NONCE: usize = 24;

/// Seals rows and hides their keys.
#[derive(Clone)]
pub(crate) struct Cover(Arc<DataKey>);

impl Cover {
    pub(super) fn new(key: Arc<DataKey>) -> Self {
        Self(key)
    }

    /// A cover for a world that ends with the process.
    pub(super) fn passing() -> Self {
        Self::new(Arc::new(DataKey::new(rand::random())))
    }

    /// The name under which a row lies.
    pub(super) fn name(&self, kind: &str, key: &str) -> [u8; 32] {
        let mut digest = Sha256::new_with_prefix(self.0.expose());
        digest.update(kind);
        digest.update([0]);
        digest.update(key);
        digest.finalize().into()
    }

    pub(super) fn seal(&self, kind: &str, row: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload {
            msg: row,
            aad: kind.as_bytes(),
        };
        let sealed = self
            .cipher()
            .encrypt(XNonce::from_slice(&nonce), payload)
            .expect("a row is far shorter than the cipher's limit");
        [nonce.as_slice(), &sealed].concat()
    }

    pub(super) fn open(&self, kind: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
        let payload = Payload {
            msg: sealed,
            aad: kind.as_bytes(),
        };
        self.cipher()
            .decrypt(XNonce::from_slice(nonce), payload)
            .ok()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.0.expose().into())
    }
}
