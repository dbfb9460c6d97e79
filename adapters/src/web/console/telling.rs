//! What an instance waits for, in a sentence an operator understands at a glance: why, since when,
//! when next, who can move it. Meta's own words come beside it, never instead of it.

use engine::Timestamp;
use maud::{Markup, html};
use workflows::app::HoldView;
use workflows::catalogue::{CatalogueEntry, of_fingerprint};

use super::words::{humane, lasted, none, time};

/// The sentence at the head of an instance.
pub(super) fn sentence(state: &str, hold: &HoldView, now: Timestamp) -> Markup {
    html! {
        (short(state, hold))
        "\u{a0}· for " (lasted(&hold.since, now))
        @if let Some(until) = &hold.until { "\u{a0}· " (awaited(&hold.kind)) " " (time(until, now)) }
        "\u{a0}· moves by: " (movers(hold))
    }
}

/// Its beginning, for a line of a list.
pub(super) fn short(state: &str, hold: &HoldView) -> Markup {
    let cause = cause(hold);
    html! {
        @match hold.kind.as_str() {
            "retrying" => { (work(state)) " failed: " strong { (cause) } }
            "working" => { (work(state)) }
            "parked" => { "Stuck: " strong { (cause) } }
            "paused" => { "Paused: " strong { (cause) } }
            "awaiting" => { "Waiting for " (person(&hold.mover)) ": " strong { (cause) } }
            _ => { "Waiting: " strong { (cause) } }
        }
    }
}

/// What can be said of a state that nothing leads on from.
pub(super) fn ended(state: &str) -> Option<&'static str> {
    Some(match state {
        "partner_notified" => "Done: the number is live and the partner knows.",
        "canceled" => "Called off. Nothing more happens.",
        "expired" => "The link has expired. A new link goes on from here.",
        "delivered" => "Delivered.",
        _ => return None,
    })
}

/// What a code means, with the code itself for search.
pub(super) fn code_name(code: &str) -> Markup {
    if code.is_empty() {
        return none();
    }
    html! {
        @match of_fingerprint(code) {
            Some(entry) => (capital(entry.meaning)),
            None => (humane(code)),
        }
        " " code.soft { (code) }
    }
}

/// Why, in as few words as are known.
pub(super) fn cause(hold: &HoldView) -> String {
    let meaning = of_fingerprint(&hold.code).map(|entry: &CatalogueEntry| entry.meaning);
    meaning.map_or_else(|| hold.text.trim_end_matches('.').to_owned(), str::to_owned)
}

/// What leads on from a state.
fn work(state: &str) -> &'static str {
    match state {
        "es_completed" => "Exchanging the code",
        "token_exchanged" => "Connecting the account",
        "waba_subscribed" | "credit_shared" => "Registering the number",
        "sync_requested" => "Connecting the app",
        "number_registered" => "Telling the partner",
        "canceling" => "Taking the subscription back",
        _ => "The next step",
    }
}

fn awaited(kind: &str) -> &'static str {
    match kind {
        "retrying" => "next try",
        "awaiting" => "ends",
        _ => "goes on",
    }
}

fn person(mover: &str) -> String {
    match mover {
        "client" | "partner" => format!("the {mover}"),
        "operator" => "an operator".to_owned(),
        "outside" => "Meta".to_owned(),
        other => other.to_owned(),
    }
}

/// Who or what can move it, an operator always among them.
pub(super) fn movers(hold: &HoldView) -> String {
    match hold.mover.as_str() {
        "operator" => "an operator".to_owned(),
        "client" | "partner" => format!("{}, or an operator", person(&hold.mover)),
        _ => "time, or an operator".to_owned(),
    }
}

/// The text with a capital at its beginning.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use engine::Timestamp;

    use super::sentence;
    use crate::web::console::samples;

    #[test]
    fn a_silent_meta_is_told_in_one_sentence_without_its_own_words() {
        let now = Timestamp::parse_rfc3339("2026-11-23T12:00:00Z").unwrap();
        let mut hold = samples::hold("retrying");
        hold.code = "graph_2".to_owned();
        hold.text = "register_number: (#2) Service temporarily unavailable".to_owned();
        let html = sentence("waba_subscribed", &hold, now).into_string();
        assert!(
            html.starts_with("Registering the number failed: <strong>the service is down"),
            "{html}"
        );
        assert!(
            html.contains("next try") && html.contains("time, or an operator"),
            "{html}"
        );
        assert!(!html.contains("#2"), "{html}");
    }
}
