//! How the console says things: times, ids, codes and states, the same everywhere.

use std::time::Duration;

use engine::Timestamp;
use maud::{Markup, PreEscaped, html};
use workflows::app::HoldView;

/// "12 min ago" or "in 3 h", with the exact moment for hover and for machines.
pub(super) fn time(moment: &str, now: Timestamp) -> Markup {
    let Some(at) = Timestamp::parse_rfc3339(moment) else {
        return html! { (moment) };
    };
    let text = if at > now && at.since(now) < Duration::from_secs(1) {
        "now".to_owned()
    } else if at > now {
        format!("in {}", span(at.since(now)))
    } else if now.since(at) < Duration::from_secs(5) {
        "just now".to_owned()
    } else {
        format!("{} ago", span(now.since(at)))
    };
    html! { time datetime=(moment) title=(exact(moment)) { (text) } }
}

/// How long something has lasted: `12 min`, with its beginning for hover.
pub(super) fn lasted(since: &str, now: Timestamp) -> Markup {
    let Some(at) = Timestamp::parse_rfc3339(since) else {
        return html! { (since) };
    };
    html! { time datetime=(since) title=(exact(since)) { (span(now.since(at))) } }
}

/// The same for a moment that may be missing.
pub(super) fn time_or_none(moment: Option<&str>, now: Timestamp) -> Markup {
    moment.map_or_else(none, |moment| time(moment, now))
}

/// A length as people say it, two units at most: `2 d 4 h`, with thin spaces.
pub(super) fn span(length: Duration) -> String {
    let seconds = length.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let two = |big: u64, big_unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{big}\u{2009}{big_unit}"),
        _ => format!("{big}\u{2009}{big_unit} {small}\u{2009}{small_unit}"),
    };
    match seconds {
        0..60 => format!("{seconds}\u{2009}s"),
        60..3600 => format!("{minutes}\u{2009}min"),
        3600..86_400 => two(hours, "h", minutes % 60, "min"),
        86_400..864_000 => two(days, "d", hours % 24, "h"),
        _ => format!("{days}\u{2009}d"),
    }
}

fn exact(moment: &str) -> String {
    match (moment.get(..10), moment.get(11..19)) {
        (Some(date), Some(time)) => format!("{date} {time} UTC"),
        _ => moment.to_owned(),
    }
}

/// Nothing to show, said so that a screen reader hears it.
pub(super) fn none() -> Markup {
    html! { span.soft aria-label="none" { "–" } }
}

/// The id with its middle left out: `onb_7f3…21c4`.
pub(super) fn elided(id: &str) -> String {
    let start = id.find('_').map_or(4, |at| at + 4);
    let letters = id.chars().count();
    if letters <= start + 8 || !id.is_ascii() {
        return id.to_owned();
    }
    format!("{}…{}", &id[..start], &id[letters - 4..])
}

/// An id that a click copies.
pub(super) fn id(id: &str) -> Markup {
    html! {
        code title=(id) { (elided(id)) }
        " "
        button.link data-script data-copy=(id) type="button" aria-label=(format!("Copy {id}")) { "Copy" }
    }
}

/// Short names that are written in capitals.
const CAPITALS: [&str; 5] = ["waba", "es", "otp", "pin", "api"];

/// A code as a word: `needs_pin` becomes `Needs PIN`.
pub(super) fn humane(code: &str) -> String {
    let spaced = code.replace(['_', '.', ':'], " ");
    let words = spaced.split_whitespace().map(|word| {
        if CAPITALS.contains(&word) {
            word.to_uppercase()
        } else {
            word.to_owned()
        }
    });
    let text = words.collect::<Vec<_>>().join(" ");
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// A number with thin spaces between thousands.
pub(super) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

/// What an instance is doing: shape, word and color together.
pub(super) fn mark(kind: &str) -> Markup {
    let (class, word) = match kind {
        "working" => ("working", "Working"),
        "retrying" => ("retrying", "Retrying"),
        "waiting" => ("waiting", "Waiting"),
        "parked" => ("parked", "Parked"),
        "paused" => ("paused", "Paused"),
        "awaiting" => ("awaiting", "Awaiting someone"),
        "pending" => ("waiting", "Pending"),
        "delivered" => ("delivered", "Delivered"),
        "failed" => ("failed", "Failed"),
        _ => ("rest", "At rest"),
    };
    html! { span class=(format!("mark {class}")) { (shape(class)) (word) } }
}

/// The same, naming whom it awaits.
pub(super) fn mark_of(hold: &HoldView) -> Markup {
    match hold.kind.as_str() {
        "awaiting" => {
            let word = format!("Awaiting {}", hold.mover);
            html! { span.mark.awaiting { (shape("awaiting")) (word) } }
        }
        kind => mark(kind),
    }
}

/// The console's pictures by what they mean.
pub(super) fn shape(meaning: &str) -> Markup {
    let path = match meaning {
        "working" => {
            r#"<circle cx="12" cy="12" r="9"/><path d="M12 7a5 5 0 0 1 0 10z" fill="currentColor"/>"#
        }
        "retrying" => r#"<path d="M20 12a8 8 0 1 1-2.5-5.800M20 3v4h-4"/>"#,
        "waiting" => r#"<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3.5 2"/>"#,
        "paused" => r#"<circle cx="12" cy="12" r="9"/><path d="M10 9v6M14 9v6"/>"#,
        "parked" | "failed" => r#"<path d="M12 3 2 21h20z"/><path d="M12 10v4.500M12 17.800v.1"/>"#,
        "awaiting" => {
            r#"<circle cx="12" cy="8" r="4"/><path d="M4 21c0-4.4 3.6-7 8-7s8 2.6 8 7"/>"#
        }
        "delivered" | "done" => {
            r#"<circle cx="12" cy="12" r="9"/><path d="m8 12.5 2.5 2.5 5.5-6"/>"#
        }
        _ => r#"<circle cx="12" cy="12" r="9"/>"#,
    };
    html! { svg.icon viewBox="0 0 24 24" aria-hidden="true" { (PreEscaped(path)) } }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use engine::Timestamp;

    use super::{elided, humane, number, span, time};

    #[test]
    fn lengths_are_said_in_two_units_at_most() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (720, "12 min"),
            (7_800, "2 h 10 min"),
            (7_200, "2 h"),
            (187_200, "2 d 4 h"),
            (2_592_000, "30 d"),
        ] {
            let said = span(Duration::from_secs(seconds)).replace('\u{2009}', " ");
            assert_eq!(said, text);
        }
    }

    #[test]
    fn a_time_is_told_from_now_and_keeps_its_exact_moment() {
        let now = Timestamp::parse_rfc3339("2026-11-23T12:00:00Z").unwrap();
        let html = |at: &str| time(at, now).into_string().replace('\u{2009}', " ");
        assert_eq!(
            html("2026-11-23T11:48:00.000Z"),
            r#"<time datetime="2026-11-23T11:48:00.000Z" title="2026-11-23 11:48:00 UTC">12 min ago</time>"#
        );
        assert!(html("2026-11-25T08:00:00.000Z").contains(">in 1 d 20 h<"));
        assert_eq!(html("soon"), "soon");
    }

    #[test]
    fn ids_lose_their_middle_and_short_ones_nothing() {
        assert_eq!(elided("onb_7f3a11112222333321c4"), "onb_7f3…21c4");
        assert_eq!(elided("onb_7f3a"), "onb_7f3a");
        assert_eq!(elided("prt_äöüäöüäöüäöüäöüäöü"), "prt_äöüäöüäöüäöüäöüäöü");
    }

    #[test]
    fn codes_read_as_words_and_numbers_in_groups() {
        assert_eq!(humane("waiting_for_pin"), "Waiting for PIN");
        assert_eq!(humane("es_completed"), "ES completed");
        assert_eq!(number(1_234_567), "1\u{2009}234\u{2009}567");
        assert_eq!(number(12), "12");
    }
}
