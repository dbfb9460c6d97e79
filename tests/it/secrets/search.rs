//! The search: secrets that were used, places that were kept, and where one stands in the other.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Every token of a customer begins like this and is far longer than any word.
const TOKEN_START: &str = "EAA";
const TOKEN_CHARS_MIN: usize = 32;

/// What is searched for, and where.
#[derive(Default)]
pub(super) struct Evidence {
    secrets: Vec<(String, String)>,
    places: Vec<(String, String)>,
}

impl Evidence {
    /// Something that was used and must not be found.
    pub(super) fn secret(&mut self, name: &str, value: &str) {
        assert!(value.len() >= 6, "{name} is too short to search for");
        self.secrets.push((name.to_owned(), value.to_owned()));
    }

    /// Something that may hold none.
    pub(super) fn place(&mut self, name: &str, bytes: &[u8]) {
        // Every secret is ASCII, so what is no text beside it may turn into anything.
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.places.push((name.to_owned(), text));
    }

    /// Every file below a folder.
    pub(super) fn folder(&mut self, folder: &Path) {
        let before = self.places.len();
        self.files_of(folder, folder);
        assert!(
            self.places.len() > before,
            "nothing was kept in {}",
            folder.display()
        );
    }

    fn files_of(&mut self, root: &Path, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.files_of(root, &path);
            } else {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                self.place(&name, &std::fs::read(&path).unwrap());
            }
        }
    }

    /// Which secret stands where; customers' tokens are known by their shape.
    pub(super) fn leaks(&self) -> Vec<String> {
        let mut leaks = Vec::new();
        for (name, value) in &self.secrets {
            let places = self.leaks_of(value);
            leaks.extend(places.into_iter().map(|place| format!("{name} in {place}")));
        }
        for (place, text) in &self.places {
            if holds_token(text) {
                leaks.push(format!("a customer's token in {place}"));
            }
        }
        leaks
    }

    /// Where one value stands, as it is or in Base64.
    pub(super) fn leaks_of(&self, value: &str) -> Vec<String> {
        let coded = STANDARD_NO_PAD.encode(value);
        let long = value.len() >= 12;
        let holds = |text: &str| holds(text, value) || (long && holds(text, &coded));
        let found = self.places.iter().filter(|(_, text)| holds(text));
        found.map(|(place, _)| place.clone()).collect()
    }
}

/// Whether the value stands there by itself: six digits inside a longer number are another number.
fn holds(text: &str, value: &str) -> bool {
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    let digit_at = |place: Option<usize>| {
        let byte = place.and_then(|place| text.as_bytes().get(place));
        byte.is_some_and(u8::is_ascii_digit)
    };
    text.match_indices(value).any(|(start, _)| {
        let beside = [start.checked_sub(1), Some(start + value.len())];
        !(is_number && beside.into_iter().any(digit_at))
    })
}

fn holds_token(text: &str) -> bool {
    let is_word = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    text.match_indices(TOKEN_START)
        .any(|(start, _)| text[start..].chars().take_while(is_word).count() >= TOKEN_CHARS_MIN)
}
