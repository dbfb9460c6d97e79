//! Standard Webhooks v1: the signature by which a partner knows that a notice is ours.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use workflows::values::Secret;
use zeroize::Zeroizing;

/// How secrets are written, so that people and scanners recognize them.
const PREFIX: &str = "whsec_";

/// The lengths that the standard allows for the key itself.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// One signature per secret, separated by spaces; nothing if a secret is malformed or none is given.
pub(super) fn sign(id: &str, at_s: i64, body: &str, secrets: &[Secret]) -> Option<String> {
    if secrets.is_empty() {
        return None;
    }
    let signatures: Option<Vec<String>> = secrets
        .iter()
        .map(|secret| {
            let mut mac = Hmac::<Sha256>::new_from_slice(&key(secret)?).ok()?;
            mac.update(format!("{id}.{at_s}.").as_bytes());
            mac.update(body.as_bytes());
            Some(format!(
                "v1,{}",
                STANDARD.encode(mac.finalize().into_bytes())
            ))
        })
        .collect();
    Some(signatures?.join(" "))
}

fn key(secret: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    let text = secret.expose().strip_prefix(PREFIX)?;
    let key = Zeroizing::new(STANDARD.decode(text).ok()?);
    KEY_BYTES.contains(&key.len()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_of_the_standards_own_example() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signed = sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
            &[secret],
        );
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signed.as_deref(), Some(expected));
    }

    #[test]
    fn nothing_is_signed_with_a_secret_that_is_none() {
        let good = Secret::new(format!("{PREFIX}{}", STANDARD.encode([7; 32])));
        let rows = [
            STANDARD.encode([7; 32]),
            format!("{PREFIX}{}", STANDARD.encode([7; 23])),
            format!("{PREFIX}{}", STANDARD.encode([7; 65])),
            format!("{PREFIX}not base64"),
            String::new(),
        ];
        for text in rows {
            let secrets = [good.clone(), Secret::new(text.clone())];
            assert_eq!(sign("id", 1, "{}", &secrets), None, "{text}");
        }
        assert_eq!(sign("id", 1, "{}", &[]), None);
    }
}
