//! The error catalogue as partners read it.

use serde_json::{Value, json};

use super::App;
use crate::catalogue;

impl App {
    /// Every error of Meta's that is known here, with who acts on it and when to come back.
    pub fn errors(&self) -> Value {
        let data: Vec<Value> = catalogue::all()
            .iter()
            .map(|entry| {
                json!({
                    "object": "error", "family": entry.family.as_str(), "code": entry.partner_code,
                    "key": entry.slug, "meta_code": entry.code, "meta_subcode": entry.subcode,
                    "meta_text": entry.when,
                    "class": entry.reaction_class.as_str(), "actor": entry.who.as_str(),
                    "retry_after": entry.wait.map(|wait| wait.as_secs()),
                    "meaning": entry.meaning, "client_text": entry.client_text,
                    "source": entry.source,
                })
            })
            .collect();
        json!({ "object": "list", "data": data, "has_more": false, "next_cursor": null })
    }
}
