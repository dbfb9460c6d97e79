//! Wrapping, sealing and digesting with the master keys of the settings.
//!
//! It never decides what belongs together: the caller names the subject and the place.

use std::fmt;
use std::sync::OnceLock;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use engine::{Cipher, DataKey, SealError, SubjectId};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::master::{KEY_ID_LEN, KeyId, MasterKey, fill_random};

/// First byte of everything wrapped or sealed, so that another format can follow.
const FORMAT: u8 = 1;

/// The nonce of `XChaCha20`: long enough to be drawn at random for every message.
const NONCE_LEN: usize = 24;

/// Wraps data keys under the current master key and opens what older ones wrapped.
///
/// **Rotation.** A new key becomes the current one and the former moves to the front of the old
/// ones, which are listed newest first. What was wrapped before names its key and still opens.
///
/// Once every data key is wrapped under the current one, the old ones may go.
///
/// **Digests** stand in labels and look-ups, so a rotation must not change them: they hang on a key
/// of their own that the store keeps wrapped like a data key, and that is wrapped anew with the rest.
/// A vault that was not [told](Self::digest_under) of it digests under one derived from its oldest
/// master key, which is how stores began that have no such key yet.
pub struct Vault {
    current: Wrapper,
    old: Vec<Wrapper>,
    digest_key: OnceLock<Zeroizing<[u8; 32]>>,
    first_digest_key: Zeroizing<[u8; 32]>,
    first_digest_key_id: KeyId,
}

/// A master key's half that wraps data keys.
struct Wrapper {
    id: KeyId,
    cipher: XChaCha20Poly1305,
}

impl Wrapper {
    fn of(key: &MasterKey) -> Self {
        let wrapping = key.derive("gangway wrap v1");
        Self {
            id: key.id(),
            cipher: XChaCha20Poly1305::new(wrapping.as_slice().into()),
        }
    }
}

impl Vault {
    /// A vault that wraps under `current` and also opens what the `old` keys, newest first, wrapped.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the keys end here: whoever read them from the settings keeps none"
    )]
    pub fn new(current: MasterKey, old: Vec<MasterKey>) -> Self {
        let oldest = old.last().unwrap_or(&current);
        Self {
            digest_key: OnceLock::new(),
            first_digest_key: oldest.derive("gangway digest v1"),
            first_digest_key_id: oldest.id(),
            current: Wrapper::of(&current),
            old: old.iter().map(Wrapper::of).collect(),
        }
    }

    /// Names the master key that [`first_digest_key`](Self::first_digest_key) was derived from, in hex.
    pub fn first_digest_key_id(&self) -> String {
        hex::encode(self.first_digest_key_id)
    }

    /// Wraps a key for its subject under the current master key.
    pub fn wrap(&self, subject: &SubjectId, key: &DataKey) -> Vec<u8> {
        let mut wrapped = vec![FORMAT];
        wrapped.extend_from_slice(&self.current.id);
        wrapped.extend(encrypt(
            &self.current.cipher,
            subject.as_str().as_bytes(),
            key.expose(),
        ));
        wrapped
    }

    /// The key that digests hang on until another is given: derived from the oldest master key.
    pub fn first_digest_key(&self) -> DataKey {
        DataKey::new(*self.first_digest_key)
    }

    /// From now on digests hang on this key, which the store keeps wrapped like any other.
    pub fn digest_under(&self, key: &DataKey) {
        let kept = Zeroizing::new(*key.expose());
        if self.digest_key.set(kept).is_err() {
            tracing::debug!("the key of digests was given before");
        }
    }

    fn master(&self, id: KeyId) -> Result<&Wrapper, SealError> {
        std::iter::once(&self.current)
            .chain(&self.old)
            .find(|wrapper| wrapper.id == id)
            .ok_or_else(|| SealError::UnknownMasterKey(hex::encode(id)))
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault([sealed])")
    }
}

impl Cipher for Vault {
    fn mint(&self, subject: &SubjectId) -> (DataKey, Vec<u8>) {
        let mut bytes = Zeroizing::new([0; 32]);
        fill_random(bytes.as_mut());
        let key = DataKey::new(*bytes);
        let wrapped = self.wrap(subject, &key);
        (key, wrapped)
    }

    fn master_key(&self) -> String {
        hex::encode(self.current.id)
    }

    fn rewrap(&self, subject: &SubjectId, wrapped: &[u8]) -> Result<Option<Vec<u8>>, SealError> {
        if versioned(wrapped)?.starts_with(&self.current.id) {
            return Ok(None);
        }
        let key = self.unwrap(subject, wrapped)?;
        Ok(Some(self.wrap(subject, &key)))
    }

    fn unwrap(&self, subject: &SubjectId, wrapped: &[u8]) -> Result<DataKey, SealError> {
        let (id, sealed) = versioned(wrapped)?
            .split_first_chunk::<KEY_ID_LEN>()
            .ok_or(SealError::Altered)?;
        let master = self.master(*id)?;
        let plain = decrypt(&master.cipher, subject.as_str().as_bytes(), sealed)?;
        let bytes: [u8; 32] = plain
            .as_slice()
            .try_into()
            .map_err(|_| SealError::Altered)?;
        Ok(DataKey::new(bytes))
    }

    fn seal(&self, key: &DataKey, place: &str, plain: &[u8]) -> Vec<u8> {
        let cipher = XChaCha20Poly1305::new(key.expose().into());
        let mut sealed = vec![FORMAT];
        sealed.extend(encrypt(&cipher, place.as_bytes(), plain));
        sealed
    }

    fn open(
        &self,
        key: &DataKey,
        place: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let cipher = XChaCha20Poly1305::new(key.expose().into());
        decrypt(&cipher, place.as_bytes(), versioned(sealed)?)
    }

    fn mac(&self, key: &DataKey, purpose: &str, bytes: &[u8]) -> [u8; 32] {
        keyed_digest(key.expose(), purpose, bytes)
    }

    fn digest(&self, purpose: &str, value: &[u8]) -> String {
        let key = self.digest_key.get().unwrap_or(&self.first_digest_key);
        hex::encode(keyed_digest(key, purpose, value))
    }
}

fn keyed_digest(key: &[u8; 32], purpose: &str, bytes: &[u8]) -> [u8; 32] {
    let mut mac =
        <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes keys of any length");
    // The length keeps "a" + "bc" and "ab" + "c" apart.
    mac.update(&(purpose.len() as u64).to_be_bytes());
    mac.update(purpose.as_bytes());
    mac.update(bytes);
    mac.finalize().into_bytes().into()
}

/// What follows the format byte, if it is a format we know.
fn versioned(bytes: &[u8]) -> Result<&[u8], SealError> {
    match bytes.split_first() {
        Some((&FORMAT, rest)) => Ok(rest),
        _ => Err(SealError::Altered),
    }
}

/// A fresh nonce, then the ciphertext.
fn encrypt(cipher: &XChaCha20Poly1305, bound_to: &[u8], plain: &[u8]) -> Vec<u8> {
    let mut nonce = [0; NONCE_LEN];
    fill_random(&mut nonce);
    let payload = Payload {
        msg: plain,
        aad: bound_to,
    };
    let sealed = cipher
        .encrypt(XNonce::from_slice(&nonce), payload)
        .expect("what is sealed is far below the cipher's 256 GiB");
    let mut out = nonce.to_vec();
    out.extend(sealed);
    out
}

fn decrypt(
    cipher: &XChaCha20Poly1305,
    bound_to: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (nonce, body) = sealed
        .split_first_chunk::<NONCE_LEN>()
        .ok_or(SealError::Altered)?;
    let payload = Payload {
        msg: body,
        aad: bound_to,
    };
    cipher
        .decrypt(XNonce::from_slice(nonce), payload)
        .map(Zeroizing::new)
        .map_err(|_| SealError::Altered)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: &str = "facts:onb_1";

    fn vault() -> Vault {
        Vault::new(MasterKey::random(), Vec::new())
    }

    fn subject(name: &str) -> SubjectId {
        SubjectId::new(name)
    }

    #[test]
    fn what_is_sealed_opens_where_it_was_sealed_and_hides_what_it_holds() {
        let vault = vault();
        let (key, _) = vault.mint(&subject("sub_1"));
        let sealed = vault.seal(&key, PLACE, b"EAAtoken");
        assert!(!sealed.windows(8).any(|part| part == b"EAAtoken"));
        assert_eq!(*vault.open(&key, PLACE, &sealed).unwrap(), b"EAAtoken");
        assert_ne!(sealed, vault.seal(&key, PLACE, b"EAAtoken"));
    }

    #[test]
    fn what_was_moved_to_another_place_does_not_open() {
        let vault = vault();
        let (key, _) = vault.mint(&subject("sub_1"));
        let sealed = vault.seal(&key, PLACE, b"x");
        let moved = vault.open(&key, "facts:onb_2", &sealed);
        assert!(matches!(moved, Err(SealError::Altered)));
    }

    #[test]
    fn whatever_byte_is_altered_or_cut_off_it_does_not_open() {
        let vault = vault();
        let (key, _) = vault.mint(&subject("sub_1"));
        let sealed = vault.seal(&key, PLACE, b"some text");
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            let opened = vault.open(&key, PLACE, &altered);
            assert!(matches!(opened, Err(SealError::Altered)), "byte {at}");
            let cut = vault.open(&key, PLACE, &sealed[..at]);
            assert!(matches!(cut, Err(SealError::Altered)), "cut at {at}");
        }
    }

    #[test]
    fn a_data_key_opens_for_its_subject_only() {
        let vault = vault();
        let (key, wrapped) = vault.mint(&subject("sub_1"));
        let again = vault.unwrap(&subject("sub_1"), &wrapped).unwrap();
        assert_eq!(again.expose(), key.expose());
        let foreign = vault.unwrap(&subject("sub_2"), &wrapped);
        assert!(matches!(foreign, Err(SealError::Altered)));
        let cut = vault.unwrap(&subject("sub_1"), &wrapped[..20]);
        assert!(matches!(cut, Err(SealError::Altered)));
    }

    #[test]
    fn after_a_rotation_old_keys_open_and_digests_stay() {
        let (first, second, third) = (
            MasterKey::random(),
            MasterKey::random(),
            MasterKey::random(),
        );
        let before = Vault::new(first.clone(), Vec::new());
        let (key, wrapped) = before.mint(&subject("sub_1"));
        let once = Vault::new(second.clone(), vec![first.clone()]);
        let twice = Vault::new(third, vec![second, first]);
        for after in [&once, &twice] {
            let opened = after.unwrap(&subject("sub_1"), &wrapped).unwrap();
            assert_eq!(opened.expose(), key.expose());
            assert_eq!(after.digest("phone", b"1"), before.digest("phone", b"1"));
            assert_eq!(after.first_digest_key_id(), before.first_digest_key_id());
        }
        let (_, fresh) = twice.mint(&subject("sub_2"));
        assert!(before.unwrap(&subject("sub_2"), &fresh).is_err());
    }

    #[test]
    fn a_key_wrapped_anew_needs_its_old_master_key_no_more() {
        let (first, second) = (MasterKey::random(), MasterKey::random());
        let before = Vault::new(first.clone(), Vec::new());
        let (key, wrapped) = before.mint(&subject("sub_1"));
        let both = Vault::new(second.clone(), vec![first]);
        both.digest_under(&before.first_digest_key());
        let anew = both.rewrap(&subject("sub_1"), &wrapped).unwrap().unwrap();
        assert_eq!(both.rewrap(&subject("sub_1"), &anew).unwrap(), None);
        assert!(both.rewrap(&subject("sub_2"), &wrapped).is_err());
        let after = Vault::new(second, Vec::new());
        let opened = after.unwrap(&subject("sub_1"), &anew).unwrap();
        assert_eq!(opened.expose(), key.expose());
        after.digest_under(&before.first_digest_key());
        assert_eq!(after.digest("phone", b"1"), before.digest("phone", b"1"));
    }

    #[test]
    fn a_master_key_missing_from_the_settings_is_named() {
        let first = MasterKey::random();
        let (_, wrapped) = Vault::new(first.clone(), Vec::new()).mint(&subject("sub_1"));
        let error = vault().unwrap(&subject("sub_1"), &wrapped).unwrap_err();
        let SealError::UnknownMasterKey(id) = error else {
            panic!("{error:?}");
        };
        assert_eq!(id, hex::encode(first.id()));
    }

    #[test]
    fn digests_depend_on_the_purpose_the_value_and_the_key() {
        let vault = vault();
        let digest = vault.digest("phone", b"123");
        assert_eq!(digest, vault.digest("phone", b"123"));
        assert_ne!(digest, vault.digest("waba", b"123"));
        assert_ne!(digest, vault.digest("phone1", b"23"));
        assert_ne!(digest, super::tests::vault().digest("phone", b"123"));
    }

    #[test]
    fn printing_the_vault_shows_nothing_of_its_keys() {
        assert_eq!(format!("{:?}", vault()), "Vault([sealed])");
    }
}
