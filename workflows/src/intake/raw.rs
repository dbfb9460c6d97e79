//! What is kept of a webhook: the bytes as they came, but for conversations, of which only the frame stays.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::{DocumentDraft, Documents, EngineError, Expected, PutDocument, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::directory::house_subject;
use crate::values::AppId;
use crate::words::{self, Heard, Word};

/// Where raw webhooks lie.
pub(crate) const SPACE: &str = "meta_webhooks";

/// They are kept this long: longer than Meta repeats them (7 days).
pub(super) const KEPT_FOR: Duration = Duration::from_hours(720);

/// One document holds at most this much of one.
const PART_MAX: usize = 150 * 1024;

/// Parts of conversations, wherever they turn up: messages, whom they went to, and address books.
const PRIVATE_PARTS: [&str; 7] = [
    "messages",
    "message_echoes",
    "history",
    "contacts",
    "statuses",
    "state_sync",
    "calls",
];

/// A part of a webhook as it came.
#[derive(Serialize, Deserialize)]
struct Part {
    app: AppId,
    received_at: Timestamp,
    parts: usize,
    body: String,
}

/// A webhook as it is kept.
pub(crate) struct Kept {
    body: Vec<u8>,
    /// The body, read; null where it is no JSON.
    webhook: Value,
}

impl Kept {
    /// What is kept of a webhook as it came.
    pub(crate) fn of(raw: &[u8]) -> Self {
        let mut webhook = serde_json::from_slice::<Value>(raw).unwrap_or_default();
        let body = if strip_chats(&mut webhook) {
            webhook.to_string().into_bytes()
        } else {
            raw.to_vec()
        };
        Self { body, webhook }
    }

    /// Under what it lies: the same for the same bytes.
    pub(crate) fn digest(&self) -> String {
        hex::encode(Sha256::digest(&self.body))
    }

    /// In how many parts it is kept.
    pub(crate) fn parts(&self) -> usize {
        self.body.chunks(PART_MAX).len()
    }

    /// What it says.
    pub(crate) fn words(&self, heard: Heard<'_>) -> Vec<Word> {
        words::words_of(&self.webhook, heard)
    }

    /// Its body, for people.
    pub(crate) fn shown(&self) -> Value {
        match &self.webhook {
            Value::Null => json!(String::from_utf8_lossy(&self.body)),
            read => read.clone(),
        }
    }

    /// To be written with whatever follows from it; refused where the same bytes lie already.
    pub(crate) async fn drafts(
        &self,
        documents: &Documents,
        app: &AppId,
        now: Timestamp,
    ) -> Result<Vec<PutDocument>, EngineError> {
        let digest = self.digest();
        let mut puts = Vec::new();
        for (place, part) in self.body.chunks(PART_MAX).enumerate() {
            let part = Part {
                app: app.clone(),
                received_at: now,
                parts: self.parts(),
                body: STANDARD.encode(part),
            };
            let draft = DocumentDraft {
                space: SPACE,
                key: &key(app, &digest, place),
                subject: &house_subject(),
                expected: Expected::Absent,
                body: &part,
                expires_at: Some(now + KEPT_FOR),
            };
            puts.extend(documents.seal(draft).await?);
        }
        Ok(puts)
    }

    /// One that was kept before; nothing once its time is over.
    pub(crate) async fn found(
        documents: &Documents,
        (app, digest, parts): (&AppId, &str, usize),
    ) -> Result<Option<Self>, EngineError> {
        let mut body = Vec::new();
        for place in 0..parts {
            let key = key(app, digest, place);
            let Some(part) = documents.get::<Part>(SPACE, &key).await? else {
                return Ok(None);
            };
            // Whatever cannot be read is as good as gone.
            let Ok(bytes) = STANDARD.decode(part.body.body) else {
                return Ok(None);
            };
            body.extend(bytes);
        }
        let webhook = serde_json::from_slice(&body).unwrap_or_default();
        Ok(Some(Self { body, webhook }))
    }
}

fn key(app: &AppId, digest: &str, place: usize) -> String {
    format!("{app}/{digest}/{place:03}")
}

/// Takes the conversations out of a webhook; answers whether it held any.
fn strip_chats(webhook: &mut Value) -> bool {
    let mut stripped = false;
    words::each_change(webhook, |field, change| {
        if words::is_private(field) {
            let value = words::value_of(change);
            *change = json!({ "field": field, "value": frame(&value) });
            stripped = true;
        } else if let Some(value) = change.get_mut("value").and_then(Value::as_object_mut) {
            for part in PRIVATE_PARTS {
                stripped |= value.remove(part).is_some();
            }
        }
    });
    stripped
}

/// What is left of a conversation: which number it is of, and why its history was refused.
fn frame(value: &Value) -> Value {
    let mut frame = Map::new();
    if let Some(phone) = value.pointer("/metadata/phone_number_id") {
        frame.insert("metadata".to_owned(), json!({ "phone_number_id": phone }));
    }
    let history = value.get("history").and_then(Value::as_array);
    let parts = history.into_iter().flatten();
    let codes: Vec<Value> = parts
        .filter_map(|part| part.get("errors").and_then(Value::as_array))
        .flatten()
        .filter_map(|error| error.get("code").filter(|code| code.is_number()).cloned())
        .map(|code| json!({ "errors": [{ "code": code }] }))
        .collect();
    if !codes.is_empty() {
        frame.insert("history".to_owned(), Value::Array(codes));
    }
    Value::Object(frame)
}
