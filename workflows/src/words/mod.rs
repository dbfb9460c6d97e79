//! Meta's webhooks as words: who says what about whom, whatever shape it came in. This room reads; it believes no
//! signature, keeps nothing and tells nobody.

mod envelope;
mod said;

use std::fmt;

use engine::Timestamp;

pub use envelope::{Heard, read};
pub(crate) use envelope::{each_change, value_of, words_of};
pub(crate) use said::is_private;

use crate::values::{AppId, BusinessId, PhoneNumberId, WabaId};

/// One change of a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The app it was sent to.
    pub app: AppId,
    /// When Meta says that it happened; when it came, where Meta says nothing. Words come in any order, so a later
    /// one is told by this.
    pub at: Timestamp,
    /// Meta's name for the kind of change.
    pub field: String,
    /// Meta's name for what happened within the field, where it has one.
    pub event: Option<String>,
    /// Whom it is about.
    pub about: About,
    /// What it says.
    pub said: Said,
    /// The same for the same change, however often and with whatever others it comes.
    pub key: String,
}

/// Whom a word is about. Meta names them in different ways for each kind; nothing here was checked with Meta.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The account.
    pub waba: Option<WabaId>,
    /// The client's portfolio.
    pub business: Option<BusinessId>,
    /// The multi-partner solution that the client came through, or that changed.
    pub solution: Option<String>,
    /// The app that was installed or uninstalled; it need not be the one the word was sent to.
    pub partner_app: Option<AppId>,
    /// The number, where Meta gives its id.
    pub phone: Option<PhoneNumberId>,
    /// The number, where Meta gives only the digits that people dial.
    pub digits: Option<Digits>,
}

/// The digits of a phone number, country first, as they compare. They are personal data: `Debug` shows them masked.
#[derive(Clone, PartialEq, Eq)]
pub struct Digits(String);

impl Digits {
    /// The digits of a number as it is written anywhere; none where there are none.
    pub fn of(written: &str) -> Option<Self> {
        let digits: String = written.chars().filter(char::is_ascii_digit).collect();
        (!digits.is_empty()).then_some(Self(digits))
    }

    /// The digits themselves.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::values::mask_phone_number(&self.0))
    }
}

/// What Meta decided about something it reviewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is well.
    Approved,
    /// It is not.
    Rejected,
    /// Nobody has decided yet.
    Pending,
    /// Meta put the decision off.
    Deferred,
    /// A word of Meta's that is not known here.
    Other(String),
}

/// What became of a ban.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ban {
    /// The account is banned.
    Disabled,
    /// It will be, unless the client appeals in time.
    Scheduled,
    /// It is no longer.
    Reinstated,
    /// A word of Meta's that is not known here.
    Other(String),
}

/// What a word says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A client shared an account: a signup was finished.
    PartnerAdded,
    /// A client gave the app permissions.
    AppInstalled,
    /// A client took the app's permissions back. Without an account it may be any of the app's.
    AppUninstalled,
    /// A client took an account, or one number of it, away.
    PartnerRemoved {
        /// Why, for a number of the WhatsApp Business app.
        reason: Option<String>,
        /// `USER` or `SYSTEM`.
        initiated_by: Option<String>,
    },
    /// The client's phone left the account, mostly for a new one.
    Offboarded,
    /// It is back.
    Reconnected,
    /// The account is gone.
    AccountDeleted,
    /// Meta accuses the account of a violation.
    Violation {
        /// Of what.
        kind: Option<String>,
    },
    /// Meta restricts what the account may do.
    Restricted {
        /// What it may not do.
        kinds: Vec<String>,
    },
    /// A ban came, went or was announced.
    Banned {
        /// Which of these.
        state: Ban,
        /// When, as prose.
        date: Option<String>,
    },
    /// The client's business was verified through a partner, or was not.
    Certified {
        /// Meta's word for where it stands.
        status: String,
        /// Why it was not.
        reasons: Vec<String>,
    },
    /// Where the client's business is at home.
    Country {
        /// As two letters.
        country: Option<String>,
    },
    /// Meta reviewed the account.
    AccountReviewed {
        /// With what outcome.
        decision: Decision,
    },
    /// Meta reviewed a display name.
    NameReviewed {
        /// With what outcome.
        decision: Decision,
        /// The name that was asked for.
        name: Option<String>,
        /// Why it was rejected.
        reason: Option<String>,
    },
    /// How much a number may send changed.
    QualityChanged {
        /// The tier.
        limit: Option<String>,
        /// How many conversations a day its business may begin.
        daily: Option<String>,
    },
    /// How much a business may do changed.
    CapabilityChanged {
        /// How many conversations a day it may begin.
        daily: Option<String>,
        /// How many numbers an account of it may have.
        numbers: Option<String>,
    },
    /// Somebody set another PIN, so that one kept here is stale.
    PinChanged,
    /// Somebody asked for two-step verification to be turned off.
    PinResetAsked,
    /// Two-step verification is off: any PIN will do.
    PinOff,
    /// Meta warns, praises or informs.
    Alert(Alert),
    /// A multi-partner solution changed.
    SolutionChanged {
        /// Meta's word for where it stands.
        status: String,
    },
    /// The client of a number in use in the WhatsApp Business app does not share its chats.
    HistoryRefused,
    /// A conversation: none of our business.
    Private,
    /// A word that asks for nothing, or one that is not known here.
    Other,
}

/// A warning or a piece of news about a business or a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alert {
    /// Meta's kind of whoever it is about, as text.
    pub entity: Option<String>,
    /// `CRITICAL`, `WARNING` or `INFORMATIONAL`.
    pub severity: Option<String>,
    /// Whether it still stands.
    pub active: bool,
    /// What it is.
    pub kind: Option<String>,
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
