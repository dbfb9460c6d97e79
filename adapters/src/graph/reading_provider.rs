//! What Graph answers to questions about the provider itself, as our values.

use serde_json::Value;
use workflows::ports::provider::{AppSubscription, ClientWaba, ClientWabas};
use workflows::values::{BusinessId, WabaId};

use super::reading::{Unreadable, is_true, list, next_page, text};

/// One page of the shared accounts. An account without an id is no account.
pub(super) fn client_wabas(body: &Value) -> Result<ClientWabas, Unreadable> {
    if !body.get("data").is_some_and(Value::is_array) {
        return Err(Unreadable::Shape("a list of accounts"));
    }
    let waba = |row: &Value| {
        let owner = row.pointer("/owner_business_info/id").and_then(text);
        Some(ClientWaba {
            id: WabaId::new(row.get("id").and_then(text)?),
            name: row.get("name").and_then(text),
            owner: owner.map(BusinessId::new),
        })
    };
    Ok(ClientWabas {
        wabas: list(body, "data").filter_map(waba).collect(),
        next: next_page(body),
    })
}

/// The subscriptions of an app. Meta shows fields as names or as objects that bear one.
pub(super) fn subscriptions(body: &Value) -> Result<Vec<AppSubscription>, Unreadable> {
    if !body.get("data").is_some_and(Value::is_array) {
        return Err(Unreadable::Shape("a list of subscriptions"));
    }
    let field = |field: &Value| field.get("name").and_then(text).or_else(|| text(field));
    let subscription = |row: &Value| {
        Some(AppSubscription {
            object: row.get("object").and_then(text)?,
            callback: row.get("callback_url").and_then(text),
            active: row.get("active").is_none_or(is_true),
            fields: list(row, "fields").filter_map(field).collect(),
        })
    };
    Ok(list(body, "data").filter_map(subscription).collect())
}

/// A name, where Meta shows one.
pub(super) fn name(body: &Value) -> Option<String> {
    body.get("name").and_then(text)
}
