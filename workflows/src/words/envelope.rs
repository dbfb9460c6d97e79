//! The frame of a webhook: entries, their changes, and whom each is about. Meta's own samples vary, so a name is
//! looked for wherever a sample had it, and what is missing is missed, never an error.

use engine::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{About, Digits, Said, Word, said};
use crate::values::{AppId, BusinessId, PhoneNumberId, WabaId, is_meta_id};

/// Later than any second that Meta could mean, and earlier than any of its milliseconds.
const MILLIS_FROM: i64 = 100_000_000_000;

/// Which app heard a webhook, and when.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    /// The app whose callback it came to.
    pub app: &'a AppId,
    /// The provider's portfolio, where it is known: an entry of that id is no account.
    pub business: Option<&'a str>,
    /// When it came.
    pub at: Timestamp,
}

/// Every change of a webhook, in the order in which they came. What is no webhook has none.
pub fn read(raw: &[u8], heard: Heard<'_>) -> Vec<Word> {
    let webhook: Value = serde_json::from_slice(raw).unwrap_or_default();
    words_of(&webhook, heard)
}

/// The same of a webhook that was parsed already.
pub(crate) fn words_of(webhook: &Value, heard: Heard<'_>) -> Vec<Word> {
    let mut words = Vec::new();
    for entry in listed(webhook.get("entry")) {
        let changes = entry.get("changes").or_else(|| entry.get("change"));
        for change in listed(changes) {
            words.push(word(&Frame { entry, change }, webhook, heard));
        }
    }
    words
}

/// A change and the entry it stands in.
struct Frame<'a> {
    entry: &'a Value,
    change: &'a Value,
}

fn word(frame: &Frame<'_>, webhook: &Value, heard: Heard<'_>) -> Word {
    let value = value_of(frame.change);
    let places = [frame.change, &value, frame.entry, webhook];
    let field = places.into_iter().find_map(|place| text(place, "field"));
    let field = field.unwrap_or_default();
    let event = text(&value, "event");
    let said = said::said(&field, event.as_deref(), &value);
    let said_at = moment(frame.entry.get("time"));
    Word {
        app: heard.app.clone(),
        at: said_at.unwrap_or(heard.at),
        about: about(frame, &value, &said, heard),
        said,
        key: key(frame, &field, &value, said_at.or(Some(heard.at))),
        field,
        event,
    }
}

/// Every change with the name of its field, to be altered where it stands.
pub(crate) fn each_change(webhook: &mut Value, mut alter: impl FnMut(&str, &mut Value)) {
    let outermost = text(webhook, "field");
    for entry in listed_mut(webhook.get_mut("entry")) {
        let outer = text(entry, "field").or_else(|| outermost.clone());
        let name = ["changes", "change"].map(|name| entry.get(name).map(|_| name));
        let Some(name) = name.into_iter().flatten().next() else {
            continue;
        };
        for change in listed_mut(entry.get_mut(name)) {
            let field = text(change, "field")
                .or_else(|| text(&value_of(change), "field"))
                .or_else(|| outer.clone());
            alter(&field.unwrap_or_default(), change);
        }
    }
}

/// What changed; some samples give it as JSON in a text, or one level deeper.
pub(crate) fn value_of(change: &Value) -> Value {
    let value = change.get("value").cloned().unwrap_or_default();
    let value = match &value {
        Value::String(text) => serde_json::from_str(text).unwrap_or(value),
        _ => value,
    };
    match value.get("value") {
        Some(inner) if inner.is_object() && value.get("event").is_none() => inner.clone(),
        _ => value,
    }
}

fn about(frame: &Frame<'_>, value: &Value, said: &Said, heard: Heard<'_>) -> About {
    let info = value.get("waba_info").unwrap_or(&Value::Null);
    let certified = value.get("partner_client_certification_info");
    let certified = certified.unwrap_or(&Value::Null);
    let owner = id(info, "owner_business_id").or_else(|| id(certified, "client_business_id"));
    let entity = text(value, "entity_type");
    let entity_id = |kind: &str| id(value, "entity_id").filter(|_| entity.as_deref() == Some(kind));
    let metadata = value.get("metadata").unwrap_or(&Value::Null);
    let phone = id(value, "phone_number_id")
        .or_else(|| id(metadata, "phone_number_id"))
        .or_else(|| entity_id("PHONE_NUMBER"));
    let digits = text(value, "display_phone_number")
        .or_else(|| text(value, "phone_number"))
        .or_else(|| text(metadata, "display_phone_number"));
    About {
        waba: id(info, "waba_id")
            .map(WabaId::new)
            .or_else(|| account_of(frame.entry, said, heard)),
        business: owner.or_else(|| entity_id("BUSINESS")).map(BusinessId::new),
        solution: id(info, "solution_id").or_else(|| id(value, "solution_id")),
        partner_app: id(info, "partner_app_id").map(AppId::new),
        phone: phone.map(PhoneNumberId::new),
        digits: digits.as_deref().and_then(Digits::of),
    }
}

/// The account that an entry names; the provider's own portfolio is none.
fn account_of(entry: &Value, said: &Said, heard: Heard<'_>) -> Option<WabaId> {
    let of_provider = matches!(
        said,
        Said::PartnerAdded
            | Said::AppInstalled
            | Said::AppUninstalled
            | Said::SolutionChanged { .. }
    );
    if of_provider {
        return None;
    }
    let named = id(entry, "id")?;
    let ours = heard.business == Some(named.as_str());
    (!ours).then(|| WabaId::new(named))
}

/// Meta's seconds, or milliseconds, as a number or a text.
fn moment(time: Option<&Value>) -> Option<Timestamp> {
    let time = time?;
    let number = time
        .as_i64()
        .or_else(|| time.as_str().and_then(|text| text.parse().ok()))
        .filter(|number| *number > 0)?;
    Some(Timestamp::from_millis(if number < MILLIS_FROM {
        number * 1000
    } else {
        number
    }))
}

/// The same for the same change: account webhooks carry no id of their own.
fn key(frame: &Frame<'_>, field: &str, value: &Value, at: Option<Timestamp>) -> String {
    let mut digest = Sha256::new();
    let entry = id(frame.entry, "id").unwrap_or_default();
    let at = at.map_or(0, Timestamp::millis);
    // The lengths keep one part from running into the next.
    digest.update(format!(
        "{}:{entry}/{at}/{}:{field}/",
        entry.len(),
        field.len()
    ));
    digest_of(value, &mut digest);
    hex::encode(digest.finalize())
}

/// A value in one spelling: names in order, whatever order they came in.
fn digest_of(value: &Value, digest: &mut Sha256) {
    match value {
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort();
            digest.update("{");
            for name in names {
                digest.update(Value::from(name.as_str()).to_string());
                digest.update(":");
                digest_of(&fields[name], digest);
            }
            digest.update("}");
        }
        Value::Array(items) => {
            digest.update("[");
            for item in items {
                digest_of(item, digest);
                digest.update(",");
            }
            digest.update("]");
        }
        plain => digest.update(plain.to_string()),
    }
}

/// The things of a list, or the one that stands where a list should be.
fn listed(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let (list, one) = match value {
        Some(Value::Array(items)) => (Some(items), None),
        Some(one @ Value::Object(_)) => (None, Some(one)),
        _ => (None, None),
    };
    list.into_iter().flatten().chain(one)
}

fn listed_mut(value: Option<&mut Value>) -> impl Iterator<Item = &mut Value> {
    let (list, one) = match value {
        Some(Value::Array(items)) => (Some(items), None),
        Some(one @ Value::Object(_)) => (None, Some(one)),
        _ => (None, None),
    };
    list.into_iter().flatten().chain(one)
}

/// A text that says something; a number counts as the text that it would be.
pub(super) fn text(place: &Value, name: &str) -> Option<String> {
    match place.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// One of Meta's ids, written as a text or as a number.
fn id(place: &Value, name: &str) -> Option<String> {
    text(place, name).filter(|text| is_meta_id(text))
}
