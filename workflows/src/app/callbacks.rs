//! Meta's webhooks: believed by their signature only, and stored raw before they are acknowledged.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::{DocumentDraft, EngineError, Expected, Timestamp};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::App;
use super::problem::{Kind, Problem};
use crate::directory::{MetaApp, house_subject};
use crate::values::AppId;
use crate::words::{self, Heard};

const SPACE: &str = "meta_webhooks";

/// Raw webhooks are kept this long: longer than Meta repeats them (7 days).
const KEPT: Duration = Duration::from_hours(720);

/// One document holds at most this much of a raw webhook.
const PART_MAX: usize = 150 * 1024;

/// Fields whose changes carry conversations.
const PRIVATE_FIELDS: [&str; 4] = [
    "messages",
    "history",
    "smb_message_echoes",
    "smb_app_state_sync",
];

/// What is left out of them: messages, whom they went to, and address books.
const PRIVATE_PARTS: [&str; 6] = [
    "messages",
    "message_echoes",
    "history",
    "contacts",
    "statuses",
    "state_sync",
];

/// A part of a webhook as it came.
#[derive(Serialize, Deserialize)]
struct RawWebhook {
    app: AppId,
    received_at: Timestamp,
    parts: usize,
    body: String,
}

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
        let kept = without_messages(raw);
        let digest = hex::encode(Sha256::digest(&kept));
        let parts: Vec<&[u8]> = kept.chunks(PART_MAX).collect();
        let now = self.engine.now();
        let mut puts = Vec::new();
        for (place, part) in parts.iter().enumerate() {
            let webhook = RawWebhook {
                app: app.app_id.clone(),
                received_at: now,
                parts: parts.len(),
                body: STANDARD.encode(part),
            };
            let key = format!("{}/{digest}/{place:03}", app.app_id);
            let draft = DocumentDraft {
                space: SPACE,
                key: &key,
                subject: &house_subject(),
                expected: Expected::Absent,
                body: &webhook,
                expires_at: Some(now + KEPT),
            };
            puts.extend(self.engine.documents().seal(draft).await?);
        }
        match self.engine.documents().write(puts).await {
            Ok(()) => {
                tracing::info!(
                    app = app_id,
                    fields = fields_of(&kept),
                    "a webhook of Meta's was stored"
                );
            }
            // Meta repeats what it thinks was lost; it was not.
            Err(EngineError::DocumentMoved { .. }) => {}
            Err(other) => return Err(other.into()),
        }
        let heard = Heard {
            app: &app.app_id,
            business: app.business_id.as_deref(),
            at: now,
        };
        self.hear_meta(&words::read(raw, heard)).await
    }
}

fn is_signed(app: &MetaApp, raw: &[u8], signature: &str) -> bool {
    let Some(claimed) = signature
        .strip_prefix("sha256=")
        .and_then(|hex| hex::decode(hex).ok())
    else {
        return false;
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(app.app_secret.expose().as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(raw);
    mac.verify_slice(&claimed).is_ok()
}

/// The webhook without the bodies of messages: conversations are none of our business.
fn without_messages(raw: &[u8]) -> Vec<u8> {
    let Ok(mut webhook) = serde_json::from_slice::<Value>(raw) else {
        return raw.to_vec();
    };
    let mut stripped = false;
    for change in changes_of(&mut webhook) {
        let field = change
            .get("field")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if !PRIVATE_FIELDS.contains(&field) {
            continue;
        }
        if let Some(value) = change.get_mut("value").and_then(Value::as_object_mut) {
            for key in PRIVATE_PARTS {
                stripped |= value.remove(key).is_some();
            }
        }
    }
    if stripped {
        webhook.to_string().into_bytes()
    } else {
        raw.to_vec()
    }
}

/// The changes of a webhook, whatever shape it came in: Meta's own samples vary.
fn changes_of(webhook: &mut Value) -> impl Iterator<Item = &mut Value> {
    let entries = webhook.get_mut("entry").and_then(Value::as_array_mut);
    entries
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.get_mut("changes").and_then(Value::as_array_mut))
        .flatten()
}

fn fields_of(raw: &[u8]) -> String {
    let mut webhook: Value = serde_json::from_slice(raw).unwrap_or_default();
    let fields: Vec<&str> = changes_of(&mut webhook)
        .filter_map(|change| change.get("field").and_then(|field| field.as_str()))
        .collect();
    fields.join(",")
}
