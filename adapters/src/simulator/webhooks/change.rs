//! One change, and the envelope that carries one or many, with the places where Meta's samples differ.

use serde_json::{Map, Value, json};

/// Fields that an override takes away from the app's own callback.
const CONVERSATIONS: [&str; 4] = [
    "messages",
    "history",
    "smb_app_state_sync",
    "smb_message_echoes",
];

/// Where the name of the field stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldPlace {
    /// Beside the value, as almost everywhere.
    InChange,
    /// Beside the list of changes, as in the sample of an installed app.
    BesideChanges,
    /// Among the members of the value, as in the sample of an uninstalled app.
    InValue,
}

/// Whose subscription decides whether an app hears of a change.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Subscription {
    /// Nobody's: the app's own callback is enough.
    None,
    /// That of this account.
    Waba(String),
}

/// One thing that happened, for one app.
#[derive(Clone)]
pub(crate) struct Change {
    /// The account or the provider's portfolio.
    pub(crate) entry_id: String,
    /// Seconds since 1970, as Meta dates an entry.
    pub(crate) time: i64,
    pub(crate) field: String,
    pub(crate) value: Value,
    pub(crate) place: FieldPlace,
    pub(crate) subscription: Subscription,
    /// The number it is about, whose own override comes first.
    pub(crate) phone_number_id: Option<String>,
}

impl Change {
    /// Whether an override redirects it.
    pub(super) fn is_conversation(&self) -> bool {
        CONVERSATIONS.contains(&self.field.as_str())
    }

    /// Whether it may stand beside `other` under one entry.
    fn shares_entry_with(&self, other: &Self) -> bool {
        self.entry_id == other.entry_id
            && self.time == other.time
            && [self, other]
                .iter()
                .all(|one| one.place != FieldPlace::BesideChanges)
    }

    fn show(&self) -> Value {
        match self.place {
            FieldPlace::InChange => json!({ "field": self.field, "value": self.value }),
            FieldPlace::BesideChanges => json!({ "value": self.value }),
            FieldPlace::InValue => {
                let mut value = self.value.clone();
                value["field"] = json!(self.field);
                value["object"] = json!(OBJECT);
                json!({ "value": value })
            }
        }
    }
}

const OBJECT: &str = "whatsapp_business_account";

/// The body of one request that tells of `changes` in this order.
pub(crate) fn envelope(changes: &[Change]) -> String {
    let entries: Vec<Value> = changes
        .chunk_by(Change::shares_entry_with)
        .filter_map(entry)
        .collect();
    json!({ "object": OBJECT, "entry": entries }).to_string()
}

fn entry(changes: &[Change]) -> Option<Value> {
    let first = changes.first()?;
    let mut entry = Map::new();
    entry.insert("id".to_owned(), json!(first.entry_id));
    entry.insert("time".to_owned(), json!(first.time));
    let shown: Vec<Value> = changes.iter().map(Change::show).collect();
    entry.insert("changes".to_owned(), Value::Array(shown));
    if first.place == FieldPlace::BesideChanges {
        entry.insert("field".to_owned(), json!(first.field));
        entry.insert("object".to_owned(), json!(OBJECT));
    }
    Some(Value::Object(entry))
}
