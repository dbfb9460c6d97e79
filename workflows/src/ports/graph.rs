//! What onboarding asks of Meta's Graph API, and how its refusals are sorted.
//!
//! One method per conversation; the adapter builds requests and reads answers, nothing more.

use std::time::Duration;

use async_trait::async_trait;
use engine::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::values::{AppId, BusinessId, PhoneNumberId, Secret, WabaId};

/// The Meta app on whose behalf a call is made.
#[derive(Clone, Debug)]
pub struct AppCredentials {
    /// The app.
    pub app_id: AppId,
    /// Its secret.
    pub app_secret: Secret,
}

/// What an exchanged code yields.
#[derive(Clone, Debug)]
pub struct GrantedToken {
    /// The client's business token.
    pub token: Secret,
    /// How long it lives, if Meta said so.
    pub expires_in: Option<Duration>,
}

/// What Meta says of a token.
#[derive(Clone, Debug)]
pub struct TokenGrant {
    /// Whether it can be used at all.
    pub valid: bool,
    /// The app it was granted to.
    pub app_id: Option<AppId>,
    /// When it ends; nothing means never.
    pub expires_at: Option<Timestamp>,
    /// The WABAs it may manage, newest first.
    pub wabas: Vec<WabaId>,
    /// The permissions it carries.
    pub scopes: Vec<String>,
}

/// A number as Graph describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneNumber {
    /// Its id.
    pub id: PhoneNumberId,
    /// As people write it.
    pub display: Option<String>,
    /// The name shown to recipients.
    pub verified_name: Option<String>,
    /// Registered for the Cloud API and connected: nothing is left to register.
    pub live: bool,
    /// Also in use in the WhatsApp Business app (coexistence).
    pub on_business_app: bool,
    /// Whether its owner has proved to hold it.
    pub verified: bool,
    /// Meta's verdict on the display name, in Meta's words.
    pub name_status: Option<String>,
}

/// Where a WABA's messages go instead of the app's own callback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// An https address of at most 200 characters.
    pub url: String,
    /// What Meta repeats when it verifies the address.
    pub verify_token: Secret,
}

/// What may be asked for of the WhatsApp Business app, each once for a signup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncKind {
    /// The app's contacts.
    Contacts,
    /// The history of its chats.
    History,
}

/// A number to be added to an account, as Meta wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNumber {
    /// The country's calling code.
    pub calling_code: String,
    /// The number without it.
    pub national: String,
    /// The name that recipients are to see.
    pub display_name: String,
}

/// Whether messages can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// `Some(true)` when available or limited, `Some(false)` when blocked, `None` when Meta does not say.
    pub can_send: Option<bool>,
    /// What stands in the way, in Meta's words.
    pub problems: Vec<String>,
}

/// What to do about a call that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Not one byte was sent: even a call that must happen once may be made again.
    NotSent,
    /// No answer came: Meta may have acted. Check before repeating.
    Unanswered,
    /// Meta did not act and asks to try again.
    Transient,
    /// A limit was met; calling before the wait is over prolongs it.
    Limited {
        /// How long to stay away.
        wait: Duration,
    },
    /// The token no longer works: mint it again or ask the client.
    TokenDead,
    /// The code was used or is older than 30 s: the client signs up again.
    CodeSpent,
    /// App id, secret or redirect address are wrong: the operator mends the setup.
    Misconfigured,
    /// A permission or a role is missing: operator, or a new consent.
    Denied,
    /// Not visible to this token (yet): sharing lags for some seconds after a signup.
    NotVisible,
    /// The number has another two-step PIN: the client knows it.
    PinMismatch,
    /// PINs were guessed too often or too fast.
    PinGuessing {
        /// How long to stay away.
        wait: Duration,
    },
    /// The number must be verified with a one-time password first.
    NumberUnverified,
    /// The display name is not processed yet; registering works once it is.
    NameNotProcessed,
    /// Too many registrations of this number: blocked for 72 hours.
    RegisterLimit,
    /// The number was deleted moments ago; the deletion is not finished.
    RecentlyDeleted,
    /// An earlier deregistration is incomplete: deregister, then register.
    DeregisterFirst,
    /// The number lives in the WhatsApp Business app: there is nothing to register.
    CoexistenceNumber,
    /// This sync was asked for before: it is done.
    SyncUsedUp,
    /// The 24 hours for a sync are over: the client disconnects in the app and signs up again.
    SyncTooLate,
    /// The app must be subscribed before its callback can be overridden.
    SubscribeFirst,
    /// Meta locked or restricted the account: the client appeals.
    Locked,
    /// Meta refuses the request as it is: an operator must look.
    Refused,
}

/// A Graph call that did not succeed.
#[derive(Clone, Debug, Error)]
#[error("{call}: {message}")]
pub struct GraphError {
    /// Which conversation failed, e.g. `register`.
    pub call: &'static str,
    /// What to do about it.
    pub reaction: Reaction,
    /// Meta's code, if an answer came.
    pub code: Option<i64>,
    /// Meta's subcode.
    pub subcode: Option<i64>,
    /// What happened, free of secrets.
    pub message: String,
    /// Meta's trace id, for their support.
    pub trace: Option<String>,
}

impl GraphError {
    /// The code to group by: `graph_133005`, `graph_100_36009`, or the kind of silence.
    pub fn fingerprint(&self) -> String {
        match (self.code, self.subcode) {
            (Some(code), Some(subcode)) => format!("graph_{code}_{subcode}"),
            (Some(code), None) => format!("graph_{code}"),
            (None, _) if self.reaction == Reaction::NotSent => "graph_unreachable".to_owned(),
            (None, _) if self.reaction == Reaction::Unanswered => "graph_unanswered".to_owned(),
            (None, _) => "graph_unreadable".to_owned(),
        }
    }
}

/// Meta's Graph API, as far as onboarding needs it.
#[async_trait]
pub trait GraphApi: Send + Sync + 'static {
    /// Exchanges a code for a business token. Never repeats by itself: a code is spent by one use.
    async fn exchange_code(
        &self,
        app: &AppCredentials,
        code: &Secret,
    ) -> Result<GrantedToken, GraphError>;

    /// What a business token was granted.
    async fn inspect_token(
        &self,
        app: &AppCredentials,
        token: &Secret,
    ) -> Result<TokenGrant, GraphError>;

    /// The portfolio that owns a WABA.
    async fn waba_owner(
        &self,
        waba: &WabaId,
        token: &Secret,
    ) -> Result<Option<BusinessId>, GraphError>;

    /// The numbers of a WABA, newest first.
    async fn phone_numbers(
        &self,
        waba: &WabaId,
        token: &Secret,
    ) -> Result<Vec<PhoneNumber>, GraphError>;

    /// One number.
    async fn phone_number(
        &self,
        phone: &PhoneNumberId,
        token: &Secret,
    ) -> Result<PhoneNumber, GraphError>;

    /// Subscribes the token's app to a WABA. Repeating it changes nothing.
    async fn subscribe_app(&self, waba: &WabaId, token: &Secret) -> Result<(), GraphError>;

    /// Ends the subscription of the token's app to a WABA. Repeating it changes nothing.
    async fn unsubscribe_app(&self, waba: &WabaId, token: &Secret) -> Result<(), GraphError>;

    /// Sends a WABA's messages to another address. The app must be subscribed; Meta verifies the
    /// address during the call, and a plain subscription afterwards would take the override away.
    async fn override_callback(
        &self,
        waba: &WabaId,
        callback: &Callback,
        token: &Secret,
    ) -> Result<(), GraphError>;

    /// The apps that are subscribed to a WABA.
    async fn subscribed_apps(
        &self,
        waba: &WabaId,
        token: &Secret,
    ) -> Result<Vec<AppId>, GraphError>;

    /// Registers a number for the Cloud API and sets its two-step PIN. Counts against a limit.
    async fn register_number(
        &self,
        phone: &PhoneNumberId,
        pin: &Secret,
        token: &Secret,
    ) -> Result<(), GraphError>;

    /// Ends a registration, as Meta asks before some registrations.
    async fn deregister_number(
        &self,
        phone: &PhoneNumberId,
        token: &Secret,
    ) -> Result<(), GraphError>;

    /// Has Meta send a one-time password to the number.
    async fn request_code(&self, phone: &PhoneNumberId, token: &Secret) -> Result<(), GraphError>;

    /// Proves the number with the one-time password that the client received.
    async fn verify_code(
        &self,
        phone: &PhoneNumberId,
        code: &Secret,
        token: &Secret,
    ) -> Result<(), GraphError>;

    /// Adds a number to a WABA; it must be verified afterwards.
    async fn add_number(
        &self,
        waba: &WabaId,
        number: &NewNumber,
        token: &Secret,
    ) -> Result<(), GraphError>;

    /// The users of a portfolio that may work on a WABA.
    async fn assigned_users(
        &self,
        waba: &WabaId,
        business: &BusinessId,
        system_token: &Secret,
    ) -> Result<Vec<String>, GraphError>;

    /// Lets a system user manage a WABA. Repeating it changes nothing.
    async fn assign_user(
        &self,
        waba: &WabaId,
        user: &str,
        system_token: &Secret,
    ) -> Result<(), GraphError>;

    /// Shares a credit line with a WABA and attaches it; answers the share's id. Cannot be undone for
    /// the account: its currency is fixed from then on.
    async fn share_credit(
        &self,
        line: &str,
        waba: &WabaId,
        currency: &str,
        system_token: &Secret,
    ) -> Result<String, GraphError>;

    /// The shares of a credit line with one client's portfolio.
    async fn credit_shares(
        &self,
        line: &str,
        client: &BusinessId,
        system_token: &Secret,
    ) -> Result<Vec<String>, GraphError>;

    /// What a share pays with, to be compared with what an account is paid by.
    async fn share_credential(
        &self,
        share: &str,
        system_token: &Secret,
    ) -> Result<Option<String>, GraphError>;

    /// What a WABA is paid by, if by anything.
    async fn waba_funding(
        &self,
        waba: &WabaId,
        system_token: &Secret,
    ) -> Result<Option<String>, GraphError>;

    /// Asks for what the WhatsApp Business app holds; answers Meta's id of the request. Works once.
    async fn request_sync(
        &self,
        phone: &PhoneNumberId,
        kind: SyncKind,
        token: &Secret,
    ) -> Result<Option<String>, GraphError>;

    /// Whether the number can send.
    async fn health(&self, phone: &PhoneNumberId, token: &Secret) -> Result<Health, GraphError>;
}
