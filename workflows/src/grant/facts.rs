//! What is known of a grant. Sealed before it is stored; what only helps to find its owner goes once it has one.

use engine::{Actor, InstanceId, Reason, Timestamp};
use serde::{Deserialize, Serialize};

use crate::values::{AppId, BusinessId, PhoneNumberId, WabaId};

/// How Meta's word of a grant came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A signed webhook.
    Webhook,
    /// The list of accounts that are shared with the provider.
    List,
}

impl Source {
    /// Its name, as it is written for people and programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::List => "list",
        }
    }
}

/// Meta's word that an account was shared with an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// With which app.
    pub app: AppId,
    /// The account.
    pub waba: WabaId,
    /// The client's portfolio, if Meta says.
    pub business: Option<BusinessId>,
    /// The multi-partner solution through which it was shared, if Meta says.
    pub solution: Option<String>,
    /// The account's name, if Meta says.
    pub name: Option<String>,
    /// How the word came.
    pub source: Source,
    /// Of when Meta's word is.
    pub at: Timestamp,
}

/// A number of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountNumber {
    /// Its id.
    pub id: PhoneNumberId,
    /// As people write it.
    pub display: Option<String>,
}

impl AccountNumber {
    /// Its digits, as orders name numbers.
    pub(super) fn digits(&self) -> Option<String> {
        let display = self.display.as_deref()?;
        Some(display.chars().filter(char::is_ascii_digit).collect())
    }
}

/// To which onboarding it is being given, and on whose word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The onboarding.
    pub onboarding: InstanceId,
    /// An operator, or the order itself by what it names.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// Everything that is known of a grant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// The app with which the account is shared.
    pub app: AppId,
    /// The account.
    pub waba: WabaId,
    /// The client's portfolio.
    pub business: Option<BusinessId>,
    /// The multi-partner solution.
    pub solution: Option<String>,
    /// The account's name.
    pub name: Option<String>,
    /// How Meta's latest word came.
    pub source: Source,
    /// Of when that word is.
    pub granted_at: Timestamp,
    /// When it was heard; the browser's chance counts from here.
    pub seen_at: Timestamp,
    /// The account's numbers, as far as Meta showed them.
    pub numbers: Vec<AccountNumber>,
    /// Why nobody has it.
    pub why: Option<Reason>,
    /// The onboardings that came into question; for operators only.
    pub candidates: Vec<InstanceId>,
    /// Whose it is to be.
    pub offer: Option<Offer>,
    /// Who has it.
    pub onboarding: Option<InstanceId>,
}

impl Facts {
    /// What is known at first.
    pub fn new(sighting: Sighting, now: Timestamp) -> Self {
        Self {
            app: sighting.app,
            waba: sighting.waba,
            business: sighting.business,
            solution: sighting.solution,
            name: sighting.name,
            source: sighting.source,
            granted_at: sighting.at.min(now),
            seen_at: now,
            numbers: Vec::new(),
            why: None,
            candidates: Vec::new(),
            offer: None,
            onboarding: None,
        }
    }

    /// Somebody has it, or nobody will: only ids are kept.
    pub(super) fn forget_client(&mut self) {
        self.name = None;
        self.numbers.clear();
        self.candidates.clear();
        self.why = None;
        self.offer = None;
    }
}
