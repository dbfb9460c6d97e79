//! Ids and tokens: those of one prefix sort by their birth, and none can be guessed.

use engine::Timestamp;
use rand::TryRngCore;
use rand::rngs::OsRng;

/// Crockford's alphabet: no letter that could be taken for another; sorts like the number it writes.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A fresh id, e.g. `onb_01jd2k…`: 48 bits of milliseconds, 80 bits of chance.
pub(crate) fn fresh(prefix: &str, now: Timestamp) -> String {
    at(prefix, now, &random::<10>())
}

/// The id of a moment with given trailing bytes.
pub(crate) fn at(prefix: &str, at: Timestamp, tail: &[u8]) -> String {
    let millis = u64::try_from(at.millis()).unwrap_or(0);
    let mut id = String::with_capacity(prefix.len() + 27);
    id.push_str(prefix);
    id.push('_');
    for place in (0..10).rev() {
        id.push(letter((millis >> (5 * place)) & 31));
    }
    let mut bits = 0_u64;
    let mut held = 0_u32;
    for byte in tail {
        bits = (bits << 8) | u64::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            id.push(letter((bits >> held) & 31));
        }
    }
    id
}

/// A secret of 192 bits in hex, for links and sessions: nothing in it breaks a URL or a double click.
pub(crate) fn token() -> String {
    hex::encode(random::<24>())
}

/// A secret of 256 bits in hex, for API keys.
pub(crate) fn key_secret() -> String {
    hex::encode(random::<32>())
}

/// `N` bytes of the system's randomness.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsRng
        .try_fill_bytes(&mut bytes)
        .expect("the system gives randomness");
    bytes
}

fn letter(five_bits: u64) -> char {
    let place = usize::try_from(five_bits & 31).unwrap_or(0);
    char::from(ALPHABET[place])
}
