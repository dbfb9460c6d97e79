//! Meta's webhooks: believed by their signature only, and stored raw before they are acknowledged.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::App;
use super::problem::{Kind, Problem};
use crate::directory::MetaApp;
use crate::intake;
use crate::values::AppId;

impl App {
    /// Whether Meta's challenge for this app's callback may be answered.
    pub async fn verify_callback(&self, app_id: &str, verify_token: &str) -> Result<(), Problem> {
        let app = self.directory.meta_app(&AppId::new(app_id)).await?;
        let expected = app.and_then(|app| app.verify_token);
        let right = expected.is_some_and(|expected| {
            bool::from(expected.expose().as_bytes().ct_eq(verify_token.as_bytes()))
        });
        if right {
            return Ok(());
        }
        Err(Problem::new(
            Kind::Forbidden,
            "verify_token_wrong",
            "The verify token is not the one set up for this app.",
        ))
    }

    /// Takes a webhook of Meta's. Once this resolves it is durable.
    pub async fn receive_webhook(
        &self,
        app_id: &str,
        raw: &[u8],
        signature: &str,
    ) -> Result<(), Problem> {
        let app = self
            .directory
            .meta_app(&AppId::new(app_id))
            .await?
            .ok_or_else(|| Problem::not_found("Meta app"))?;
        if !is_signed(&app, raw, signature) {
            tracing::warn!(app = app_id, "a webhook with a wrong signature was refused");
            return Err(Problem::new(
                Kind::Unauthenticated,
                "signature_wrong",
                "X-Hub-Signature-256 does not match the body under this app's secret.",
            ));
        }
        Ok(intake::keep(&self.engine, &app, raw).await?)
    }
}

/// Whether the body is signed with the app's secret, or with the one that follows it.
fn is_signed(app: &MetaApp, raw: &[u8], signature: &str) -> bool {
    let Some(claimed) = signature
        .strip_prefix("sha256=")
        .and_then(|hex| hex::decode(hex).ok())
    else {
        return false;
    };
    let secrets = [Some(&app.app_secret), app.app_secret_next.as_ref()];
    secrets.into_iter().flatten().any(|secret| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
            .expect("HMAC takes a key of any length");
        mac.update(raw);
        mac.verify_slice(&claimed).is_ok()
    })
}
