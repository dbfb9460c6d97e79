//! What the page tells of Meta's window: which step was left, which error came, whether it opened at all.
//!
//! It is a browser's word; it moves nothing and explains much.

use serde::Deserialize;
use serde_json::Value;

use super::App;
use super::body::{self, at_most};
use super::clients::SessionBody;
use super::problem::Problem;
use super::sessions::ClientSession;
use super::views::ClientView;
use crate::onboarding::{Event, Journey, Onboarding};

/// A text of the window's that is longer than this is no error message.
const MESSAGE_CHARS_TAKEN: usize = 4_096;

/// What is kept of it: enough to know it again.
const MESSAGE_CHARS_KEPT: usize = 200;

/// So many digits in a row, written with spaces or not, are a phone number or an id.
const DIGITS_KEPT: usize = 6;

/// What the page tells of the popup.
const JOURNEY_KINDS: [&str; 6] = [
    "sdk_loaded",
    "popup_blocked",
    "sdk_blocked",
    "canceled",
    "error",
    "closed",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JourneyBody {
    kind: String,
    step: Option<String>,
    error_code: Option<String>,
    error_message: Option<String>,
    session_id: Option<String>,
    timestamp: Option<String>,
}

impl App {
    /// The page tells of the popup.
    pub async fn journey(
        &self,
        session: &ClientSession,
        request: &Value,
    ) -> Result<ClientView, Problem> {
        let told: JourneyBody = body::read(request)?;
        if !JOURNEY_KINDS.contains(&told.kind.as_str()) {
            let message = format!("knows {}", JOURNEY_KINDS.join(", "));
            return Err(Problem::field("kind", "unknown_value", message));
        }
        self.journeyed(session, told).await
    }

    pub(super) async fn journeyed(
        &self,
        session: &ClientSession,
        told: JourneyBody,
    ) -> Result<ClientView, Problem> {
        let texts = [
            ("step", &told.step),
            ("error_code", &told.error_code),
            ("session_id", &told.session_id),
            ("timestamp", &told.timestamp),
        ];
        for (param, text) in texts {
            if let Some(text) = text {
                at_most(param, text, 128)?;
            }
        }
        if let Some(text) = &told.error_message {
            at_most("error_message", text, MESSAGE_CHARS_TAKEN)?;
        }
        self.current(session).await?;
        let journey = Journey {
            kind: told.kind,
            step: told.step,
            error_code: told.error_code,
            error_message: told.error_message.as_deref().map(scrubbed),
            session_id: told.session_id,
            timestamp: told.timestamp,
            at: self.engine.now(),
        };
        let instance = self
            .engine
            .submit::<Onboarding>(&session.onboarding, Event::Journeyed(journey))
            .await?;
        self.view(&instance).await
    }
}

impl JourneyBody {
    /// The same as Meta's window puts it.
    pub(super) fn of(half: SessionBody) -> Self {
        let data = half.data;
        let error_code = text_of(&data.error_code).or_else(|| text_of(&data.error_id));
        let failed = half.event == "ERROR" || error_code.is_some() || data.error_message.is_some();
        Self {
            kind: if failed { "error" } else { "canceled" }.to_owned(),
            step: data.current_step,
            error_code,
            error_message: data.error_message,
            session_id: data.session_id,
            timestamp: text_of(&data.timestamp),
        }
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The window's words without what could name a person: numbers, addresses of any kind.
fn scrubbed(text: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut digits = 0;
    let mut since = 0;
    for word in text.split_whitespace() {
        let own = word.chars().filter(char::is_ascii_digit).count();
        let is_part_of_number = own > 0 && !word.chars().any(char::is_alphabetic);
        if is_part_of_number {
            digits += own;
        } else {
            digits = 0;
            since = kept.len() + 1;
        }
        kept.push(if names_somebody(word) { "…" } else { word });
        if digits > DIGITS_KEPT {
            kept.truncate(since);
            kept.push("…");
        }
    }
    kept.dedup();
    kept.join(" ").chars().take(MESSAGE_CHARS_KEPT).collect()
}

fn names_somebody(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    digits > DIGITS_KEPT || word.contains('@') || word.contains("://")
}

#[cfg(test)]
mod tests {
    use super::scrubbed;

    #[test]
    fn what_is_kept_of_metas_words_names_nobody() {
        for (said, kept) in [
            ("The number is in use.", "The number is in use."),
            ("+34 600 000 123 is in use", "… is in use"),
            ("Number (34)600000123 is in use", "Number … is in use"),
            ("Wait 5 minutes, then 10", "Wait 5 minutes, then 10"),
            ("ann@shop.example has no role", "… has no role"),
            ("See https://x.example/?id=1 now", "See … now"),
        ] {
            assert_eq!(scrubbed(said), kept, "{said}");
        }
        assert_eq!(scrubbed(&"word ".repeat(100)).chars().count(), 4);
        let words: Vec<_> = ('a'..='z')
            .map(|letter| letter.to_string().repeat(20))
            .collect();
        let long = words.join(" ");
        assert_eq!(scrubbed(&long).chars().count(), 200);
    }
}
