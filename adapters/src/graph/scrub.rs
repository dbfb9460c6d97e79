//! Keeps secrets out of what Meta's answers echo.

use std::fmt::Write;

use workflows::values::Secret;

/// What stands where a secret stood.
const MASK: &str = "[hidden]";

/// Shorter texts would blot out innocent words; no secret of ours is shorter.
const SECRET_LEN_MIN: usize = 4;

/// How every token of Meta's begins, and the length from which a word counts as one.
const TOKEN_HEAD: &str = "EAA";
const TOKEN_LEN_MIN: usize = 12;

/// Enough of a message to understand it.
const MESSAGE_LEN_MAX: usize = 600;

/// The text without the given secrets, without anything that looks like a token, and of bounded length.
pub(super) fn scrub(text: &str, secrets: &[Secret]) -> String {
    let mut clean = text.to_owned();
    // The longest first: a secret may be part of another.
    let mut known: Vec<&str> = secrets.iter().map(Secret::expose).collect();
    known.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in known {
        if secret.len() >= SECRET_LEN_MIN {
            clean = clean.replace(secret, MASK);
            clean = clean.replace(&percent_encoded(secret), MASK);
        }
    }
    clean = without_tokens(&clean);
    if let Some((end, _)) = clean.char_indices().nth(MESSAGE_LEN_MAX) {
        clean.truncate(end);
    }
    clean
}

fn percent_encoded(secret: &str) -> String {
    let mut encoded = String::with_capacity(secret.len());
    for byte in secret.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a text takes any text");
        }
    }
    encoded
}

/// Masks whole words that begin like a token: Meta may cut a token short when it shows it.
fn without_tokens(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(TOKEN_HEAD) {
        let (before, from) = rest.split_at(at);
        let len = from
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(from.len());
        clean.push_str(before);
        clean.push_str(if len >= TOKEN_LEN_MIN {
            MASK
        } else {
            &from[..len]
        });
        rest = &from[len..];
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_meta_echoes_no_secret_comes_back() {
        let secrets = [
            Secret::new("123456"),
            Secret::new("AQD/co+de"),
            Secret::new("2291|s3cr3t"),
            Secret::new("s3cr3t"),
            Secret::new(""),
        ];
        let rows = [
            ("PIN 123456 is wrong", "PIN [hidden] is wrong"),
            ("code AQD/co+de, AQD%2Fco%2Bde", "code [hidden], [hidden]"),
            ("token 2291|s3cr3t!", "token [hidden]!"),
            (
                "Malformed access token EAABwzLixnjYBAK",
                "Malformed access token [hidden]",
            ),
            ("nothing here", "nothing here"),
            ("EAA alone stays", "EAA alone stays"),
        ];
        for (text, expected) in rows {
            assert_eq!(scrub(text, &secrets), expected);
        }
    }

    #[test]
    fn a_message_without_end_is_cut() {
        assert_eq!(
            scrub(&"é".repeat(5000), &[]).chars().count(),
            MESSAGE_LEN_MAX
        );
    }
}
