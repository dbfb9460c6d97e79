//! A token with the proof that it is used by the app it was granted to. It goes nowhere but to the Graph adapter.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::AppCredentials;
use crate::values::Secret;

/// A token, and what Meta wants beside it from apps that require proof.
#[derive(Clone, Debug)]
pub struct Access {
    /// The token that the call bears.
    pub token: Secret,
    /// Meta's `appsecret_proof`: of this very token, by the secret of its app.
    pub proof: Secret,
}

impl Access {
    /// Access to Graph by a token that belongs to the app.
    pub fn of(app: &AppCredentials, token: &Secret) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(app.app_secret.expose().as_bytes())
            .expect("HMAC takes a key of any length");
        mac.update(token.expose().as_bytes());
        Self {
            token: token.clone(),
            proof: Secret::new(hex::encode(mac.finalize().into_bytes())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::AppId;

    /// The vector of Meta's webhook signatures is the same sum over another message.
    #[test]
    fn a_proof_is_the_hex_of_the_tokens_hmac_under_the_app_secret() {
        let app = AppCredentials {
            app_id: AppId::new("1"),
            app_secret: Secret::new("test_app_secret"),
        };
        let body = r#"{"object":"whatsapp_business_account","entry":[]}"#;
        let access = Access::of(&app, &Secret::new(body));
        assert_eq!(
            access.proof.expose(),
            "dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756"
        );
        assert_eq!(access.token.expose(), body);
    }
}
