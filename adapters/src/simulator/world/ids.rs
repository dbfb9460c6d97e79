//! Ids and secrets in the shapes Meta gives them.

use rand::Rng;
use rand::distr::Alphanumeric;

/// Digits of an id; longer than a JavaScript number holds exactly, so that a client's rounding shows.
const ID_DIGITS: usize = 17;

/// A long decimal id.
pub(crate) fn decimal_id() -> String {
    let mut random = rand::rng();
    let first = random.random_range(1..=9).to_string();
    (1..ID_DIGITS).fold(first, |id, _| format!("{id}{}", random.random_range(0..=9)))
}

/// `prefix` and `length` letters and digits nobody can guess.
pub(crate) fn opaque(prefix: &str, length: usize) -> String {
    let tail = rand::rng()
        .sample_iter(Alphanumeric)
        .take(length)
        .map(char::from);
    prefix.chars().chain(tail).collect()
}

/// Six digits, as a text message carries them.
pub(crate) fn one_time_password() -> String {
    format!("{:06}", rand::rng().random_range(0..1_000_000))
}
