//! Graph's `fields` parameter and its cursors.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::super::http::Params;

const PAGE_DEFAULT: usize = 25;
const PAGE_MAX: usize = 1000;

/// The asked-for members of `whole`, or the default ones; the id is always there.
pub(super) fn choose(whole: &Value, params: &Params, defaults: &[&str]) -> Value {
    let asked = params.filled("fields").map(top_level_names);
    let mut chosen = Map::new();
    let mut add = |name: &str| {
        if let Some(value) = whole.get(name).filter(|value| !value.is_null()) {
            chosen.insert(name.to_owned(), value.clone());
        }
    };
    match asked {
        Some(names) => names.iter().for_each(|name| add(name)),
        None => defaults.iter().for_each(|name| add(name)),
    }
    add("id");
    Value::Object(chosen)
}

/// One page of `rows` with the cursors that lead on.
pub(super) fn page(rows: Vec<Value>, params: &Params) -> Value {
    let limit = params
        .get("limit")
        .and_then(|limit| limit.parse().ok())
        .unwrap_or(PAGE_DEFAULT);
    let limit = limit.clamp(1, PAGE_MAX);
    let from = params.get("after").and_then(decode_cursor).unwrap_or(0);
    let total = rows.len();
    let data: Vec<Value> = rows.into_iter().skip(from).take(limit).collect();
    let mut paging = Map::new();
    if !data.is_empty() {
        let end = from + data.len();
        let after = URL_SAFE_NO_PAD.encode(end.to_string());
        let before = URL_SAFE_NO_PAD.encode(from.to_string());
        if end < total {
            // Without the token: clients follow the cursor with their own.
            paging.insert(
                "next".to_owned(),
                json!(format!("?limit={limit}&after={after}")),
            );
        }
        paging.insert(
            "cursors".to_owned(),
            json!({ "before": before, "after": after }),
        );
    }
    json!({ "data": data, "paging": paging })
}

fn decode_cursor(cursor: &str) -> Option<usize> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    std::str::from_utf8(&bytes).ok()?.parse().ok()
}

/// Names before any `{…}` or `.limit(…)`.
fn top_level_names(fields: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let mut names = vec![String::new()];
    for letter in fields.chars() {
        match letter {
            '{' | '(' => depth += 1,
            '}' | ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => names.push(String::new()),
            letter if depth == 0 && !letter.is_whitespace() => {
                names
                    .last_mut()
                    .expect("the list begins with one name")
                    .push(letter);
            }
            _ => {}
        }
    }
    let plain = names
        .iter()
        .map(|name| name.split('.').next().unwrap_or_default().to_owned());
    plain.filter(|name| !name.is_empty()).collect()
}
