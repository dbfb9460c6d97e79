//! What an onboarding can hear. Events are never stored, so they may carry secrets.

use std::time::Duration;

use engine::{Actor, InstanceId, Timestamp};

use super::facts::{Bound, Claim, Credit, Link, Trouble};
use super::grants::Granted;
use super::journey::Journey;
use crate::connection;
use crate::numbers::Standing;
use crate::ports::graph::SyncKind;
use crate::values::{Secret, WabaId};
use crate::words::Decision;

/// What an onboarding can hear.
#[derive(Clone, Debug)]
pub enum Event {
    /// A person opened the link in the browser whose session has this digest.
    Opened {
        /// The session's digest.
        browser: String,
    },
    /// The page told about the popup.
    Journeyed(Journey),
    /// The browser brought halves of a finished signup, either or both.
    SignedUp {
        /// The code, with its digest.
        code: Option<(Secret, String)>,
        /// What the browser claims was granted.
        claim: Option<Claim>,
    },
    /// Meta gave a token.
    CodeExchanged {
        /// The token.
        token: Secret,
        /// How long it lives.
        expires_in: Option<Duration>,
    },
    /// The code cannot be used any more.
    CodeLost(Trouble),
    /// Meta shared an account with the app, and it is this client's.
    GrantMatched(Granted),
    /// Meta gave the token of the shared account.
    TokenMinted {
        /// The token.
        token: Secret,
        /// When it ends, if it does.
        expires_at: Option<Timestamp>,
    },
    /// Meta gives no token that grants the shared account.
    GrantLost(Trouble),
    /// Account and number are granted and known.
    AssetsBound {
        /// What is bound.
        bound: Bound,
        /// All accounts the token may manage.
        granted: Vec<WabaId>,
        /// When the token ends.
        token_expires_at: Option<Timestamp>,
    },
    /// Nothing may be bound.
    AssetsRefused {
        /// Why.
        trouble: Trouble,
        /// All accounts the token may manage.
        granted: Vec<WabaId>,
    },
    /// Look at the granted assets again.
    AssetsRecheck {
        /// Who asks.
        actor: Actor,
    },
    /// The account has no number, and the partner said which one to add.
    NumberWanted {
        /// The account that has none.
        waba: WabaId,
    },
    /// The number was added.
    NumberAdded,
    /// Our app is subscribed, and Meta says so.
    Subscribed,
    /// The credit line is to be shared first.
    CreditWanted,
    /// The provider's system user may work on the account.
    UserAssigned {
        /// When a line shared now would begin to pay, where another provider's pays today.
        moves_at: Option<Timestamp>,
    },
    /// Meta took the share of the credit line.
    CreditAttached(Credit),
    /// The account is paid for by the line.
    CreditShared(Credit),
    /// The chats of the WhatsApp Business app are to be asked for.
    SyncWanted,
    /// Meta took a request for what the app holds.
    SyncRequested {
        /// Which.
        kind: SyncKind,
        /// Meta's id of it, unless it had been asked for before.
        request_id: Option<String>,
    },
    /// What the app holds can no longer be asked for.
    SyncLost(Trouble),
    /// Twenty-four hours have passed.
    SyncWindowClosed,
    /// Meta told that the client does not share the history.
    HistoryRefused,
    /// Meta says of the number that it stays in the WhatsApp Business app.
    CoexistenceSeen,
    /// The number is there to be registered, with this PIN.
    NumberChecked {
        /// The PIN that is kept for it.
        pin: Secret,
    },
    /// How the number stands with Meta's limit, where another onboarding counted too or Meta blocks it.
    RegistrationsCounted(Standing),
    /// The registration never left this machine, so Meta did not count it.
    RegistrationUnsent(Trouble),
    /// Meta has not processed the display name yet.
    NameAwaited,
    /// The number is live.
    Registered {
        /// The number as Meta describes it now.
        display_phone_number: Option<String>,
        /// Meta's verdict on the display name.
        name_status: Option<String>,
        /// The number stays in the WhatsApp Business app.
        coexistence: bool,
        /// Whether it can send.
        can_send: Option<bool>,
    },
    /// The number has another PIN.
    PinRefused(Trouble),
    /// The client gave a PIN.
    PinGiven(Secret),
    /// The number must be verified.
    OtpRequired,
    /// Meta sent a password.
    OtpSent,
    /// The client asks for another password.
    OtpWanted,
    /// The client gave the password.
    OtpGiven(Secret),
    /// Meta did not take the password.
    OtpRefused(Trouble),
    /// The number is proved.
    NumberVerified,
    /// The token no longer works.
    TokenLost(Trouble),
    /// Meta told that the client took back what it had granted.
    AccessRevoked {
        /// What was taken back.
        trouble: Trouble,
        /// When that happened.
        at: Timestamp,
    },
    /// Meta told what it decided about the account.
    AccountReviewed {
        /// What it decided.
        decision: Decision,
        /// When that happened.
        at: Timestamp,
    },
    /// Meta told how its verification of the client's business stands.
    BusinessVerified {
        /// Meta's word for it.
        status: String,
        /// Why not, in Meta's words.
        reasons: Vec<String>,
        /// When that was so.
        at: Timestamp,
    },
    /// Meta told what it decided about the display name.
    NameReviewed {
        /// What it decided.
        decision: Decision,
        /// Why it declined.
        reason: Option<String>,
        /// When that happened.
        at: Timestamp,
    },
    /// Meta told that the number's two-step verification is off: any PIN will do.
    PinFree {
        /// When that happened.
        at: Timestamp,
    },
    /// Fourteen days have passed.
    WindowClosed,
    /// How the live number stands, from its connection.
    ConnectionTold(Box<connection::Standing>),
    /// A notice's delivery has ended.
    DeliveryEnded(InstanceId),
    /// The partner knows, or cannot be told.
    PartnerTold {
        /// How it ended, in `snake_case`.
        how: &'static str,
    },
    /// The link's time is over.
    LinkExpired,
    /// A new link was made.
    LinkRenewed {
        /// The new link.
        link: Link,
        /// Who made it.
        actor: Actor,
    },
    /// The link was revoked.
    LinkRevoked {
        /// Who revoked it.
        actor: Actor,
    },
    /// Called off.
    Canceled {
        /// By whom.
        actor: Actor,
        /// Why.
        reason: String,
        /// Take back first what was set up at Meta.
        undo: bool,
    },
    /// The app's subscription was taken back.
    Unsubscribed,
    /// The subscription stays: another number of the account needs it.
    SubscriptionKept,
    /// An operator allows one more registration.
    RegistrationAllowed,
    /// An operator changed what may be changed.
    Edited(Edits),
}

/// New values of what operators may change; what is not named stays.
#[derive(Clone, Debug, Default)]
pub struct Edits {
    /// The partner's own name for it.
    pub external_id: Option<Option<String>>,
    /// A sub-account of the partner's.
    pub client_account: Option<Option<String>>,
    /// The language of the page.
    pub locale: Option<Option<String>>,
    /// The partner's notes.
    pub metadata: Option<serde_json::Value>,
}
