//! The one encoding of everything that is stored: a format byte, then named `MessagePack`.
//!
//! Fields are named, so that a field with a default may be added without touching what is stored.
//! Nothing here seals or compresses.

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// Stands before every stored value, so that a later encoding can be told from this one.
const NAMED_MESSAGE_PACK: u8 = 1;

/// Why stored bytes could not be understood. They are there, so this is never absence.
#[derive(Debug, Error)]
pub enum Undecodable {
    /// Cut off before it began.
    #[error("nothing is stored where a value should be")]
    Empty,
    /// Written by a later version of this program, or damaged.
    #[error("the format {0} is not known to this version")]
    Format(u8),
    /// The content does not have the expected shape.
    #[error("the value does not have the expected shape")]
    Shape(#[from] rmp_serde::decode::Error),
}

/// As much as most records need: growing to it byte by byte would copy it several times.
const USUAL_BYTES: usize = 1_024;

/// The bytes to store for a value.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    bytes.push(NAMED_MESSAGE_PACK);
    rmp_serde::encode::write_named(&mut bytes, value)
        .expect("stored types have string keys and known lengths");
    bytes
}

/// The value that was stored as these bytes.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Undecodable> {
    let (format, content) = bytes.split_first().ok_or(Undecodable::Empty)?;
    if *format != NAMED_MESSAGE_PACK {
        return Err(Undecodable::Format(*format));
    }
    Ok(rmp_serde::from_slice(content)?)
}

/// What is wrong with data that does not fit its type, without a word of the data itself.
pub(crate) fn misfit(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.starts_with("missing field") {
        return text;
    }
    match text.rsplit_once(", expected ") {
        Some((_, expected)) => format!("something else stands where this should: {expected}"),
        None => format!("not to be read at column {}", error.column()),
    }
}
#[cfg(test)]
mod tests {
    use super::{Undecodable, decode, encode};

    #[test]
    fn damaged_bytes_are_never_taken_for_a_value() {
        let stored = encode(&("state", 7_u32));
        assert_eq!(
            decode::<(String, u32)>(&stored).unwrap(),
            ("state".to_owned(), 7)
        );
        assert!(matches!(decode::<u32>(&[]), Err(Undecodable::Empty)));
        assert!(matches!(
            decode::<u32>(&[9, 7]),
            Err(Undecodable::Format(9))
        ));
        let cut = &stored[..stored.len() - 2];
        assert!(matches!(
            decode::<(String, u32)>(cut),
            Err(Undecodable::Shape(_))
        ));
    }
}
