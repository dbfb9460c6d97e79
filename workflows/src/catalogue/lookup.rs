//! Finding the entry that fits best, and the reaction it asks for.
//!
//! What the table does not know is sorted by how Meta answered, so that a new code is never a dead end.

use std::sync::LazyLock;
use std::time::Duration;

use super::entry::{CatalogueEntry, Family, Row, hours, minutes};
use super::{access, exchange, numbers, sending, signup, signup_access, signup_texts};
use crate::ports::graph::{GraphError, Reaction};

/// The shortest and the longest wait that a hint of Meta's can ask for: past the longest block it names.
const WAIT_MIN: Duration = Duration::from_secs(1);
const WAIT_MAX: Duration = hours(72);

/// The wait when a limit is met and nobody says how long.
const LIMIT_WAIT: Duration = minutes(15);

static ENTRIES: LazyLock<Vec<CatalogueEntry>> = LazyLock::new(|| {
    [
        exchange::ROWS,
        access::ROWS,
        numbers::ROWS,
        sending::ROWS,
        signup::ROWS,
        signup_access::ROWS,
        signup_texts::ROWS,
    ]
    .into_iter()
    .flatten()
    .flat_map(Row::entries)
    .collect()
});

/// A refusal as Meta's answer puts it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Refusal<'a> {
    /// The call that was refused.
    pub call: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// Meta's code.
    pub code: i64,
    /// Meta's subcode.
    pub subcode: Option<i64>,
    /// Meta's message with its details.
    pub message: &'a str,
    /// Whether Meta calls it passing.
    pub transient: bool,
    /// How long to stay away, if the answer's headers say so.
    pub wait: Option<Duration>,
}

/// Every entry, in the order of the tables.
pub fn all() -> &'static [CatalogueEntry] {
    &ENTRIES
}

/// What a code of the Graph API means, whatever the call.
pub fn graph_error(
    code: i64,
    subcode: Option<i64>,
    message: &str,
) -> Option<&'static CatalogueEntry> {
    best(&Refusal {
        code,
        subcode,
        message,
        ..Refusal::default()
    })
}

/// What a failed call means; nothing when no answer came or the code is new.
pub fn explain(error: &GraphError) -> Option<&'static CatalogueEntry> {
    best(&Refusal {
        call: error.call,
        code: error.code?,
        subcode: error.subcode,
        message: &error.message,
        ..Refusal::default()
    })
}

/// What a fingerprint such as `graph_133016` or `graph_190_460` means.
pub fn of_fingerprint(fingerprint: &str) -> Option<&'static CatalogueEntry> {
    let mut parts = fingerprint.strip_prefix("graph_")?.split('_');
    let code = parts.next()?.parse().ok()?;
    let subcode = parts.next().and_then(|part| part.parse().ok());
    graph_error(code, subcode, "")
}

/// What an error means that Meta's signup window reported, by its code or else by its words.
pub fn signup_error(code: Option<i64>, message: &str) -> Option<&'static CatalogueEntry> {
    let message = message.to_lowercase();
    let of_window = || {
        ENTRIES
            .iter()
            .filter(|entry| entry.family == Family::Signup)
    };
    let coded = of_window().find(|entry| entry.code.is_some() && entry.code == code);
    let worded = || {
        of_window().find(|entry| {
            let words = entry.when.filter(|_| entry.code.is_none());
            words.is_some_and(|words| message.contains(words))
        })
    };
    coded.or_else(worded)
}

/// What to do about a refusal.
pub fn reaction(refusal: &Refusal<'_>) -> Reaction {
    let known = best(refusal).and_then(|entry| entry.reaction.clone());
    match known.unwrap_or_else(|| unknown(refusal)) {
        Reaction::Limited { wait } => Reaction::Limited {
            wait: bounded(refusal.wait.unwrap_or(wait)),
        },
        Reaction::PinGuessing { wait } => Reaction::PinGuessing {
            wait: bounded(wait_named_in(refusal.message).unwrap_or(wait)),
        },
        // A failing Meta may have taken the code all the same; only silence is as honest.
        Reaction::Transient if refusal.call == exchange::CALL => Reaction::Unanswered,
        other => other,
    }
}

/// The entry whose conditions all hold, and of those the one with most conditions.
fn best(refusal: &Refusal<'_>) -> Option<&'static CatalogueEntry> {
    let code = representative(refusal.code);
    let message = refusal.message.to_lowercase();
    ENTRIES
        .iter()
        .filter(|entry| entry.family != Family::Signup && entry.code == Some(code))
        .filter_map(|entry| Some((fit(entry, refusal, &message)?, entry)))
        .max_by_key(|(fit, _)| *fit)
        .map(|(_, entry)| entry)
}

/// How many conditions hold; nothing if one does not. A subcode says more than words, words more than the call.
fn fit(entry: &CatalogueEntry, refusal: &Refusal<'_>, message: &str) -> Option<u8> {
    let mut fit = 0;
    if let Some(subcode) = entry.subcode {
        fit += (refusal.subcode == Some(subcode)).then_some(4)?;
    }
    if let Some(words) = entry.when {
        fit += message.contains(words).then_some(2)?;
    }
    match entry.on {
        Some(call) if call == refusal.call => Some(fit + 1),
        // Codes of the exchange have their meaning wherever they are asked about without a call.
        Some(_) if entry.family == Family::Exchange && refusal.call.is_empty() && fit > 0 => {
            Some(fit)
        }
        Some(_) => None,
        None => Some(fit),
    }
}

/// Meta documents some ranges as one; the first of a range stands for all of it.
fn representative(code: i64) -> i64 {
    match code {
        200..=299 => 200,
        132_000..=132_999 => 132_000,
        other => other,
    }
}

fn unknown(refusal: &Refusal<'_>) -> Reaction {
    match refusal.status {
        429 => Reaction::Limited { wait: LIMIT_WAIT },
        _ if refusal.transient => Reaction::Transient,
        401 => Reaction::TokenDead,
        403 => Reaction::Denied,
        500..=599 => Reaction::Transient,
        _ => Reaction::Refused,
    }
}

fn bounded(wait: Duration) -> Duration {
    wait.clamp(WAIT_MIN, WAIT_MAX)
}

/// The first span that a text names, e.g. "try again in 11 hours".
fn wait_named_in(text: &str) -> Option<Duration> {
    let words: Vec<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    words.windows(2).find_map(|pair| {
        let count: u64 = pair[0].parse().ok()?;
        let unit_s = match pair[1].to_lowercase().trim_end_matches('s') {
            "second" | "sec" => 1,
            "minute" | "min" => 60,
            "hour" => 3600,
            "day" => 86_400,
            _ => return None,
        };
        Some(Duration::from_secs(count.checked_mul(unit_s)?))
    })
}

#[cfg(test)]
#[path = "reference_tests.rs"]
mod reference_tests;

#[cfg(test)]
#[path = "lookup_tests.rs"]
mod tests;
