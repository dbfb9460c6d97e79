//! Values whose shape the use cases decide, shown as names and values: an instance's facts, and lists of records.

use engine::Timestamp;
use maud::{Markup, html};
use serde_json::Value;

use super::words::{elided, humane, none, time};

/// An object as a list of names and values; what lies deeper is named by its path.
pub(super) fn list(value: &Value, now: Timestamp) -> Markup {
    let mut lines = Vec::new();
    flatten(String::new(), value, &mut lines);
    html! {
        @if lines.is_empty() { p.soft { "Nothing is known yet." } }
        @else {
            dl.facts {
                @for (name, value) in &lines { dt { (name) } dd { (shown(value, now)) } }
            }
        }
    }
}

fn flatten<'a>(path: String, value: &'a Value, lines: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, inner) in fields {
                let path = if path.is_empty() {
                    humane(name)
                } else {
                    format!("{path} · {}", uncapped(&humane(name)))
                };
                flatten(path, inner, lines);
            }
        }
        Value::Null => {}
        Value::Object(_) if path.is_empty() => {}
        _ => lines.push((path, value)),
    }
}

/// A name within a path: it begins small unless it is written in capitals.
fn uncapped(name: &str) -> String {
    let mut letters = name.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => name.to_owned(),
    }
}

/// A column in which no record has anything is left out.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// One value: moments as times, the rest as it is.
fn shown(value: &Value, now: Timestamp) -> Markup {
    match value {
        Value::String(text) if is_moment(text) => time(text, now),
        Value::String(text) if text.is_empty() => none(),
        Value::String(text) if is_id(text) => html! { code title=(text) { (elided(text)) } },
        Value::String(text) => html! { (text) },
        Value::Null => none(),
        Value::Bool(yes) => html! { (if *yes { "Yes" } else { "No" }) },
        Value::Number(number) => html! { span.mono { (number) } },
        Value::Array(items) if items.is_empty() => none(),
        Value::Object(fields) => members(fields, now),
        Value::Array(items) if items.iter().all(Value::is_string) => html! {
            @for (place, item) in items.iter().enumerate() {
                @if place > 0 { ", " }
                (shown(item, now))
            }
        },
        Value::Array(_) => html! { code { (value) } },
    }
}

/// A value of several members, those that are set, in one cell.
fn members(fields: &serde_json::Map<String, Value>, now: Timestamp) -> Markup {
    let set: Vec<_> = fields
        .iter()
        .filter(|(_, value)| !value.is_null())
        .collect();
    html! {
        @if set.is_empty() { (none()) }
        @for (place, (name, value)) in set.iter().enumerate() {
            @if place > 0 { br; }
            span.soft.small { (humane(name)) } " " (shown(value, now))
        }
    }
}

fn is_moment(text: &str) -> bool {
    text.len() >= 20 && text.as_bytes()[4] == b'-' && Timestamp::parse_rfc3339(text).is_some()
}

fn is_id(text: &str) -> bool {
    let prefix = text.split_once('_').map(|(prefix, _)| prefix);
    prefix.is_some_and(|prefix| prefix.len() == 3 && text.len() > 12 && !text.contains(' '))
}

/// What comes first in a row when it is there; the rest follows as the use case ordered it.
const FIRST: [&str; 9] = [
    "at", "name", "id", "actor", "operator", "act", "action", "target", "runs",
];

/// A table of records, one column for each name that occurs.
pub(super) fn table(caption: &str, records: &[Value], now: Timestamp) -> Markup {
    let columns = columns(records);
    html! {
        div.wide tabindex="0" role="group" aria-label="Table, scrolls sideways" {
            table {
                caption.unseen { (caption) }
                thead { tr { @for column in &columns { th scope="col" { (heading(column)) } } } }
                tbody {
                    @for record in records {
                        tr {
                            @for column in &columns {
                                td.reason { (shown(record.get(column).unwrap_or(&Value::Null), now)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn heading(column: &str) -> String {
    match column {
        "at" => "When".to_owned(),
        _ => humane(column.strip_suffix("_at").unwrap_or(column)),
    }
}

fn columns(records: &[Value]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for name in records
        .iter()
        .filter_map(Value::as_object)
        .flat_map(|record| record.keys())
    {
        let is_told = records
            .iter()
            .any(|record| !record.get(name).is_none_or(is_empty));
        if name != "object" && is_told && !found.contains(name) {
            found.push(name.clone());
        }
    }
    let place = |name: &String| FIRST.iter().position(|first| first == name);
    found.sort_by_key(|name| place(name).unwrap_or(FIRST.len()));
    found
}

#[cfg(test)]
mod tests {
    use engine::Timestamp;
    use serde_json::json;

    use super::{list, table};

    #[test]
    fn facts_are_named_by_their_path_and_escaped() {
        let facts = json!({"result": {"waba_id": "123"}, "note": "<b>", "gone": null});
        let html = list(&facts, Timestamp::from_millis(0)).into_string();
        assert!(
            html.contains("<dt>Result · WABA id</dt><dd>123</dd>"),
            "{html}"
        );
        assert!(
            html.contains("&lt;b&gt;") && !html.contains("Gone"),
            "{html}"
        );
    }

    #[test]
    fn records_of_different_shapes_share_one_table() {
        let records = [
            json!({"target": "onb_1", "at": "x"}),
            json!({"at": "y", "reason": "why"}),
        ];
        let html = table("Audit", &records, Timestamp::from_millis(0)).into_string();
        let heads: Vec<usize> = ["When", "Target", "Reason"]
            .iter()
            .map(|head| html.find(&format!(">{head}</th>")).expect(head))
            .collect();
        assert!(heads.is_sorted());
        assert_eq!(html.matches("<td").count(), 6);
    }
}
