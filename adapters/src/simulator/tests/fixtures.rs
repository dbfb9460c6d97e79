//! The simulator's webhooks beside the documented ones: two readings that must not differ in shape.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use super::events::{next, subscribed};

/// Made up to be read leniently; nobody sends them in earnest.
const LENIENT: [&str; 6] = [
    "milliseconds",
    "numbers_for_ids",
    "one_change",
    "unknown_event",
    "value_as_text",
    "without_time",
];
/// Told by other means than an event: after a sync, and of messages sent.
const TOLD_OTHERWISE: [&str; 4] = ["app_state", "history", "history_refused", "message_status"];

/// Members that some samples of one event have and others do not.
type Shape = BTreeSet<(String, &'static str)>;

fn shape(at: &str, value: &Value, found: &mut Shape) {
    let kind = match value {
        Value::Object(members) => {
            for (name, member) in members {
                shape(&format!("{at}/{name}"), member, found);
            }
            "object"
        }
        Value::Array(rows) => {
            for row in rows {
                shape(&format!("{at}/[]"), row, found);
            }
            "list"
        }
        Value::String(_) => "text",
        Value::Number(_) => "number",
        Value::Bool(_) => "bool",
        Value::Null => "nothing",
    };
    found.insert((at.to_owned(), kind));
}

/// The body with the name of its event, and its shape; the field may stand in three places.
fn told(body: &Value) -> (String, Shape) {
    let entry = &body["entry"][0];
    let change = &entry["changes"][0];
    let field = [&change["field"], &change["value"]["field"], &entry["field"]];
    let field = field.iter().find_map(|field| field.as_str()).unwrap();
    let event = change["value"]["event"].as_str();
    let name = match (field, event) {
        ("account_update" | "security", Some(event)) => event,
        _ => field,
    };
    let mut found = Shape::new();
    shape("", entry, &mut found);
    (name.to_owned(), found)
}

fn documented() -> BTreeMap<String, Vec<(String, Shape)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/webhooks");
    let mut by_event: BTreeMap<String, Vec<(String, Shape)>> = BTreeMap::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        if LENIENT.contains(&stem.as_str()) || TOLD_OTHERWISE.contains(&stem.as_str()) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let fixture: Value = serde_json::from_str(&text).unwrap();
        let (event, shape) = told(&fixture["body"]);
        by_event.entry(event).or_default().push((stem, shape));
    }
    by_event
}

#[tokio::test]
async fn every_documented_webhook_is_sent_in_its_documented_shape() {
    let (sandbox, mut received, (_, _, phone)) = subscribed().await;
    for (event, samples) in documented() {
        let mut sent = Vec::new();
        for plain in [false, true] {
            let order = json!({ "event": event, "phone_number_id": phone, "told_only": true,
                "plain": plain });
            let queued = sandbox.control("event", order).await;
            assert_eq!(queued["queued"], 1, "{event}: {queued}");
            sent.push(told(&next(&mut received).await).1);
        }
        let known: Shape = samples
            .iter()
            .flat_map(|(_, shape)| shape.clone())
            .collect();
        for shape in &sent {
            let strange: Vec<_> = shape.difference(&known).collect();
            assert!(
                strange.is_empty(),
                "{event} has members no sample has: {strange:?}"
            );
        }
        // What stands in every sample must be sent, in one of the two envelopes at least.
        let all: Shape = sent.iter().flatten().cloned().collect();
        let mut always = known;
        for (_, shape) in &samples {
            always.retain(|member| shape.contains(member));
        }
        // A list may be empty, and then shows nothing of its rows.
        always.retain(|(at, _)| !at.trim_start_matches("/changes/[]").contains("[]"));
        let lacking: Vec<_> = always.difference(&all).collect();
        assert!(lacking.is_empty(), "{event} lacks {lacking:?}");
    }
}
