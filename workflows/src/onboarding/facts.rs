//! What an onboarding learns on its way. Sealed before it is stored; never serialized for people.

mod steps;

use engine::{Actor, Reason, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::MetaWindow;
use super::grants::Granted;
use super::journey::Journey;
use crate::app::BrandingView;
use crate::connection::Standing;
use crate::numbers;
use crate::ports::graph::Callback;
use crate::values::{AppId, BusinessId, PartnerId, PhoneNumberId, Secret, WabaId};

pub use steps::{Adding, Credit, NameWord, Sync, Syncs, VerificationWord};

/// Everything an onboarding knows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// Its own id, `onb_…`.
    pub id: String,
    /// When it was born.
    pub created_at: Timestamp,
    /// What the partner asked for.
    pub order: Order,
    /// The current link.
    pub link: Link,
    /// When a person first opened a link.
    pub opened_at: Option<Timestamp>,
    /// Digest of the browser session that may act; the latest open wins.
    pub browser: Option<String>,
    /// The last thing the client's page told about the popup.
    pub journey: Option<Journey>,
    /// The code, from its arrival to its exchange.
    pub code: Option<Secret>,
    /// When the code arrived.
    pub code_at: Option<Timestamp>,
    /// Digests of every code that was heard, so that a repeat is told from a new one.
    #[serde(default)]
    pub codes_heard: Vec<String>,
    /// What the browser says Meta granted: a claim, never a fact.
    pub claim: Option<Claim>,
    /// When the client finished Meta's signup; Meta's fourteen days count from here.
    pub es_completed_at: Option<Timestamp>,
    /// The client's business token.
    pub token: Option<Secret>,
    /// When the token ends, if it does.
    pub token_expires_at: Option<Timestamp>,
    /// The account that Meta shared, where it was matched to this client without a code.
    #[serde(default)]
    pub matched: Option<Granted>,
    /// Why the token was asked of Meta again; that is done once for a signup.
    #[serde(default)]
    pub sought: Option<Trouble>,
    /// The accounts the token may manage, newest first.
    #[serde(default)]
    pub granted: Vec<WabaId>,
    /// What is bound: proved by the token.
    pub bound: Option<Bound>,
    /// The two-step PIN that is tried: the one kept for the number, or the client's.
    pub pin: Option<Secret>,
    /// The number that the PIN is of: a PIN is never tried on another.
    #[serde(default)]
    pub pin_of: Option<PhoneNumberId>,
    /// The client has just given the PIN: it stands in for the one that is kept.
    #[serde(default)]
    pub pin_is_given: bool,
    /// When Meta answered a registration with a lock, which a wrong PIN looks like too.
    #[serde(default)]
    pub lock_suspected_at: Option<Timestamp>,
    /// The share of the provider's credit line.
    #[serde(default)]
    pub credit: Option<Credit>,
    /// The account is paid by another provider: when a line shared now would take over.
    #[serde(default)]
    pub credit_moves_at: Option<Timestamp>,
    /// What was asked for of the WhatsApp Business app.
    #[serde(default)]
    pub syncs: Syncs,
    /// The account to which the number that the partner named is added.
    #[serde(default)]
    pub adding: Option<Adding>,
    /// When Meta last said that the display name is not processed.
    #[serde(default)]
    pub name_awaited_at: Option<Timestamp>,
    /// What Meta last told of its decision about the display name.
    #[serde(default)]
    pub name_word: Option<NameWord>,
    /// How Meta last said that its verification of the client's business stands.
    #[serde(default)]
    pub verification: Option<VerificationWord>,
    /// When what Meta last told of its decision about the account happened.
    #[serde(default)]
    pub review_word_at: Option<Timestamp>,
    /// When the app's subscription was seen.
    pub subscribed_at: Option<Timestamp>,
    /// When the number was seen registered.
    pub registered_at: Option<Timestamp>,
    /// Registrations of the number, whoever announced them; Meta counts ten in a moving window of 72 hours.
    #[serde(default)]
    pub register_attempts: Vec<Timestamp>,
    /// Until when Meta blocks registrations of the number.
    #[serde(default)]
    pub register_blocked_until: Option<Timestamp>,
    /// Registrations beyond our cap that an operator allowed in the present window.
    #[serde(default)]
    pub registrations_allowed: usize,
    /// When a registration could not be sent.
    #[serde(default)]
    pub unsent_at: Option<Timestamp>,
    /// The one-time password on its way to Meta.
    pub otp: Option<Secret>,
    /// When Meta last sent a one-time password.
    pub otp_sent_at: Option<Timestamp>,
    /// Whether messages can be sent, once known.
    pub can_send: Option<bool>,
    /// How its live number stands, as the number's connection told last.
    #[serde(default)]
    pub connection: Option<Standing>,
    /// What went wrong last, while it matters.
    pub trouble: Option<Trouble>,
    /// When the partner had been told.
    pub completed_at: Option<Timestamp>,
    /// Rises with everything a partner can see.
    pub sequence: u64,
    /// Digest of what the partner saw last.
    pub seen: String,
    /// When that last changed.
    pub seen_at: Timestamp,
}

/// What the partner asked for when it made the onboarding.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    /// Whose client this is.
    pub partner: PartnerId,
    /// Through which Meta app.
    pub app: AppId,
    /// Made with a live key.
    pub livemode: bool,
    /// The partner's own name for it.
    pub external_id: Option<String>,
    /// The partner's notes, echoed.
    pub metadata: Value,
    /// A sub-account of the partner's.
    pub client_account: Option<String>,
    /// A Multi-Partner Solution.
    pub solution_id: Option<String>,
    /// The flows that are welcome.
    pub allowed: Vec<String>,
    /// The number that must come out of it, digits only.
    pub expected_phone_number: Option<String>,
    /// The account that must come out of it.
    pub expected_waba: Option<WabaId>,
    /// The portfolio that must come out of it.
    pub expected_business: Option<BusinessId>,
    /// `new` or `reconnect`.
    pub mode: String,
    /// What Meta's popup is filled with.
    pub prefill: Value,
    /// The face of the page, where it differs from the partner's.
    pub branding: Option<BrandingView>,
    /// The language asked for.
    pub locale: Option<String>,
    /// Where the client returns to.
    pub return_url: Option<String>,
    /// Where an expired link leads.
    pub refresh_url: Option<String>,
    /// Echoed on return.
    pub redirect_state: Option<String>,
    /// Where the page may be framed.
    pub embed_origins: Vec<String>,
    /// A notice address for this onboarding alone.
    pub notify_url: Option<String>,
    /// Where the client's messages go instead of the app's own callback.
    #[serde(default)]
    pub messages_callback: Option<Callback>,
}

/// A link: a credential that is cheap to make again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Link {
    /// `olk_…`.
    pub id: String,
    /// Until when it works.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl Link {
    /// Whether the link can still be used.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

/// What the browser says of a finished signup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Meta's event, e.g. `FINISH`.
    pub event: String,
    /// The account, as the browser says.
    pub waba: Option<WabaId>,
    /// The number, as the browser says.
    pub phone: Option<PhoneNumberId>,
    /// The portfolio, as the browser says.
    pub business: Option<BusinessId>,
    /// Whether the browser says that a login of the WhatsApp Business app was used.
    #[serde(default)]
    pub business_app: bool,
    /// When it was told.
    pub at: Timestamp,
}

impl Claim {
    /// Whether the event says the number stays in the WhatsApp Business app.
    pub fn is_coexistence(&self) -> bool {
        self.business_app || self.event == "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING"
    }
}

/// Account and number that the token may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// The portfolio that owns the account, if Meta says.
    pub business: Option<BusinessId>,
    /// The account.
    pub waba: WabaId,
    /// The number.
    pub phone: PhoneNumberId,
    /// The number as people write it.
    pub display_phone_number: Option<String>,
    /// Meta's verdict on the display name.
    pub name_status: Option<String>,
    /// Whether the number stays in the WhatsApp Business app.
    pub coexistence: bool,
    /// Whether this partner's clients had this number before.
    #[serde(default)]
    pub returning: bool,
}

/// Something that went wrong and still matters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// A stable code.
    pub code: String,
    /// What happened and what it means, for operator and partner.
    pub text: String,
    /// Who can mend it.
    pub mover: Actor,
    /// When it happened.
    pub at: Timestamp,
}

impl Trouble {
    /// As a reason.
    pub fn reason(&self) -> Reason {
        Reason::new(self.code.clone(), self.text.clone())
    }
}

impl Facts {
    /// Whether the number stays in the WhatsApp Business app, as far as that is known.
    pub fn is_coexistence(&self) -> bool {
        match &self.bound {
            Some(bound) => bound.coexistence,
            None => self.claim.as_ref().is_some_and(Claim::is_coexistence),
        }
    }

    /// Whether something is set up at Meta that can be taken back: not once the number is live.
    pub fn can_undo(&self) -> bool {
        self.subscribed_at.is_some() && self.token.is_some() && self.bound.is_some()
    }

    /// How many registrations may stand in Meta's window.
    pub fn registrations_max(&self) -> usize {
        MetaWindow::REGISTER_CAP + self.registrations_allowed
    }

    /// How the number stands with Meta's limit, as far as this onboarding knows.
    pub(crate) fn standing(&self, now: Timestamp) -> numbers::Standing {
        let in_window = |at: &&Timestamp| now.since(**at) < MetaWindow::REGISTER_WINDOW;
        let attempts = self.register_attempts.iter();
        numbers::Standing {
            registrations: attempts.filter(in_window).copied().collect(),
            blocked_until: self.register_blocked_until,
        }
    }

    /// What a fresh onboarding knows.
    pub fn new(id: String, order: Order, link: Link, now: Timestamp) -> Self {
        Self {
            id,
            created_at: now,
            order,
            link,
            opened_at: None,
            browser: None,
            journey: None,
            code: None,
            code_at: None,
            codes_heard: Vec::new(),
            claim: None,
            es_completed_at: None,
            token: None,
            token_expires_at: None,
            matched: None,
            sought: None,
            granted: Vec::new(),
            bound: None,
            pin: None,
            pin_of: None,
            pin_is_given: false,
            lock_suspected_at: None,
            credit: None,
            credit_moves_at: None,
            syncs: Syncs::default(),
            adding: None,
            name_awaited_at: None,
            name_word: None,
            verification: None,
            review_word_at: None,
            subscribed_at: None,
            registered_at: None,
            register_attempts: Vec::new(),
            register_blocked_until: None,
            registrations_allowed: 0,
            unsent_at: None,
            otp: None,
            otp_sent_at: None,
            can_send: None,
            connection: None,
            trouble: None,
            completed_at: None,
            sequence: 0,
            seen: String::new(),
            seen_at: now,
        }
    }
}
