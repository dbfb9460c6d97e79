//! The small words of the domain: secrets that cannot be printed, and ids that cannot be mixed up.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// A text that must never be shown: no `Display`, an empty `Debug`, wiped when dropped.
///
/// It serializes in the clear, because facts are sealed as a whole; so it must never stand in
/// anything that is serialized for people.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Takes a text into keeping.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([sealed])")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Declares an id that Meta or Gangway gave out.
macro_rules! outside_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The id that this text is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

outside_id! {
    /// A Meta app: decimal digits.
    AppId
}
outside_id! {
    /// A WhatsApp Business Account: decimal digits.
    WabaId
}
outside_id! {
    /// A phone number registered with Meta: decimal digits, not the number itself.
    PhoneNumberId
}
outside_id! {
    /// A business portfolio: decimal digits.
    BusinessId
}
outside_id! {
    /// A partner of this installation: `prt_…`.
    PartnerId
}

/// Whether the text can be one of Meta's ids: decimal digits, never turned into a number.
pub fn is_meta_id(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Shows a phone number without giving it away: the first digits and the last three.
pub fn mask_phone_number(number: &str) -> String {
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    if digits.len() < 7 {
        return "···".to_owned();
    }
    let head: String = digits.iter().take(2).collect();
    let tail: String = digits.iter().skip(digits.len() - 3).collect();
    format!("+{head} ··· {tail}")
}
