//! What onboarding asks of Meta's Graph API, and how its refusals are sorted.
//!
//! One method per conversation; the adapter builds requests and reads answers, nothing more. Every call
//! but the exchange bears a token and its proof; what concerns the provider bears the provider's.

mod access;
mod refusal;
mod types;

use async_trait::async_trait;

use crate::values::{BusinessId, PhoneNumberId, Secret, WabaId};

pub use access::Access;
pub use refusal::{GraphError, Reaction};
pub use types::{
    AppCredentials, Callback, GrantedToken, Health, HealthProblem, NewNumber, PhoneNumber,
    Subscription, SyncKind, TokenGrant,
};

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
        access: &Access,
    ) -> Result<Option<BusinessId>, GraphError>;

    /// The numbers of a WABA, newest first.
    async fn phone_numbers(
        &self,
        waba: &WabaId,
        access: &Access,
    ) -> Result<Vec<PhoneNumber>, GraphError>;

    /// One number.
    async fn phone_number(
        &self,
        phone: &PhoneNumberId,
        access: &Access,
    ) -> Result<PhoneNumber, GraphError>;

    /// Subscribes the token's app to a WABA. Repeating it changes nothing.
    async fn subscribe_app(&self, waba: &WabaId, access: &Access) -> Result<(), GraphError>;

    /// Ends the subscription of the token's app to a WABA. Repeating it changes nothing.
    async fn unsubscribe_app(&self, waba: &WabaId, access: &Access) -> Result<(), GraphError>;

    /// Sends a WABA's messages to another address. The app must be subscribed; Meta verifies the
    /// address during the call, and a plain subscription afterwards would take the override away.
    async fn override_callback(
        &self,
        waba: &WabaId,
        callback: &Callback,
        access: &Access,
    ) -> Result<(), GraphError>;

    /// Sends one number's messages to another address, whatever its WABA says. Meta verifies the
    /// address during the call.
    async fn override_number(
        &self,
        phone: &PhoneNumberId,
        callback: &Callback,
        access: &Access,
    ) -> Result<(), GraphError>;

    /// The apps that are subscribed to a WABA.
    async fn subscribed_apps(
        &self,
        waba: &WabaId,
        access: &Access,
    ) -> Result<Vec<Subscription>, GraphError>;

    /// Registers a number for the Cloud API and sets its two-step PIN. Counts against a limit.
    async fn register_number(
        &self,
        phone: &PhoneNumberId,
        pin: &Secret,
        access: &Access,
    ) -> Result<(), GraphError>;

    /// Ends a registration, as Meta asks before some registrations.
    async fn deregister_number(
        &self,
        phone: &PhoneNumberId,
        access: &Access,
    ) -> Result<(), GraphError>;

    /// Has Meta send a one-time password to the number.
    async fn request_code(&self, phone: &PhoneNumberId, access: &Access) -> Result<(), GraphError>;

    /// Proves the number with the one-time password that the client received.
    async fn verify_code(
        &self,
        phone: &PhoneNumberId,
        code: &Secret,
        access: &Access,
    ) -> Result<(), GraphError>;

    /// Adds a number to a WABA; it must be verified afterwards.
    async fn add_number(
        &self,
        waba: &WabaId,
        number: &NewNumber,
        access: &Access,
    ) -> Result<(), GraphError>;

    /// The users of a portfolio that may work on a WABA.
    async fn assigned_users(
        &self,
        waba: &WabaId,
        business: &BusinessId,
        access: &Access,
    ) -> Result<Vec<String>, GraphError>;

    /// Lets a system user manage a WABA. Repeating it changes nothing.
    async fn assign_user(
        &self,
        waba: &WabaId,
        user: &str,
        access: &Access,
    ) -> Result<(), GraphError>;

    /// Shares a credit line with a WABA and attaches it; answers the share's id. Cannot be undone for
    /// the account: its currency is fixed from then on.
    async fn share_credit(
        &self,
        line: &str,
        waba: &WabaId,
        currency: &str,
        access: &Access,
    ) -> Result<String, GraphError>;

    /// The shares of a credit line with one client's portfolio.
    async fn credit_shares(
        &self,
        line: &str,
        client: &BusinessId,
        access: &Access,
    ) -> Result<Vec<String>, GraphError>;

    /// What a share pays with, to be compared with what an account is paid by.
    async fn share_credential(
        &self,
        share: &str,
        access: &Access,
    ) -> Result<Option<String>, GraphError>;

    /// What a WABA is paid by, if by anything.
    async fn waba_funding(
        &self,
        waba: &WabaId,
        access: &Access,
    ) -> Result<Option<String>, GraphError>;

    /// Asks for what the WhatsApp Business app holds; answers Meta's id of the request. Works once.
    async fn request_sync(
        &self,
        phone: &PhoneNumberId,
        kind: SyncKind,
        access: &Access,
    ) -> Result<Option<String>, GraphError>;

    /// Whether the number can send.
    async fn health(&self, phone: &PhoneNumberId, access: &Access) -> Result<Health, GraphError>;
}
