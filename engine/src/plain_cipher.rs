//! A cipher that hides nothing, the same every time: what it seals still opens at its place only.

use zeroize::Zeroizing;

use crate::instance::SubjectId;
use crate::seal::{Cipher, DataKey, SealError};

/// Seals without secrecy: for tests, and for data that is nobody's secret. Its journal chain tells of
/// accidents, not of forgers.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainCipher;

impl Cipher for PlainCipher {
    fn mint(&self, subject: &SubjectId) -> (DataKey, Vec<u8>) {
        (DataKey::new([0; 32]), subject.as_str().as_bytes().to_vec())
    }

    fn master_key(&self) -> String {
        "plain".to_owned()
    }

    fn rewrap(&self, subject: &SubjectId, wrapped: &[u8]) -> Result<Option<Vec<u8>>, SealError> {
        self.unwrap(subject, wrapped).map(|_| None)
    }

    fn unwrap(&self, subject: &SubjectId, wrapped: &[u8]) -> Result<DataKey, SealError> {
        if wrapped == subject.as_str().as_bytes() {
            Ok(DataKey::new([0; 32]))
        } else {
            Err(SealError::Altered)
        }
    }

    fn seal(&self, _key: &DataKey, place: &str, plain: &[u8]) -> Vec<u8> {
        [place.as_bytes(), b"\n", plain].concat()
    }

    fn open(
        &self,
        _key: &DataKey,
        place: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let plain = sealed.strip_prefix(place.as_bytes());
        let plain = plain.and_then(|rest| rest.strip_prefix(b"\n"));
        let plain = plain.ok_or(SealError::Altered)?;
        Ok(Zeroizing::new(plain.to_vec()))
    }

    /// A sum that tells what was changed by accident; anybody can make it.
    fn mac(&self, _key: &DataKey, purpose: &str, bytes: &[u8]) -> [u8; 32] {
        let mut sum = [0; 32];
        for (place, byte) in purpose.bytes().chain(bytes.iter().copied()).enumerate() {
            let at = place % sum.len();
            let next = (at + 1) % sum.len();
            sum[at] = u8::rotate_left(sum[at] ^ byte, 3).wrapping_add(sum[next]);
        }
        sum
    }

    fn digest(&self, purpose: &str, value: &[u8]) -> String {
        format!("{purpose}:{}", String::from_utf8_lossy(value))
    }
}
