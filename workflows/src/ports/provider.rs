//! What is asked of Meta's Graph API on the provider's own account: its app, its clients, their tokens.
//!
//! It is a port of its own so that whoever stands in for onboarding's conversations need not know these.

use async_trait::async_trait;
use engine::Timestamp;

use super::graph::{Access, AppCredentials, Callback, GrantedToken, GraphError};
use crate::values::{BusinessId, Secret, WabaId};

/// Meta's Graph API, as far as a provider looks after itself and what was granted to it.
#[async_trait]
pub trait ProviderApi: Send + Sync + 'static {
    /// The business token that a client's portfolio granted before, without a code: nothing new is
    /// made. The access is the provider's system user's.
    async fn client_token(
        &self,
        client: &BusinessId,
        access: &Access,
    ) -> Result<GrantedToken, GraphError>;

    /// The business token of a client who signed up through a multi-partner solution.
    async fn solution_token(
        &self,
        solution: &str,
        client: &BusinessId,
        access: &Access,
    ) -> Result<GrantedToken, GraphError>;

    /// A token of sixty days for one that has not ended yet; the old one goes on working.
    async fn extend_token(
        &self,
        app: &AppCredentials,
        token: &Secret,
    ) -> Result<GrantedToken, GraphError>;

    /// One page of the accounts that clients share with the provider, newest first. Accounts that only
    /// installed the app are not among them.
    async fn client_wabas(
        &self,
        provider: &BusinessId,
        page: &WabaPage,
        access: &Access,
    ) -> Result<ClientWabas, GraphError>;

    /// The name of the app; a refusal tells of a wrong id or secret.
    async fn app_name(&self, app: &AppCredentials) -> Result<Option<String>, GraphError>;

    /// What the app's webhooks are subscribed to.
    async fn app_subscriptions(
        &self,
        app: &AppCredentials,
    ) -> Result<Vec<AppSubscription>, GraphError>;

    /// Subscribes the app's webhooks of accounts to these fields. Meta verifies the address during the call.
    async fn subscribe_callback(
        &self,
        app: &AppCredentials,
        callback: &Callback,
        fields: &[&str],
    ) -> Result<(), GraphError>;

    /// The id of the user that a token belongs to.
    async fn token_user(&self, access: &Access) -> Result<String, GraphError>;

    /// The credit lines of a portfolio.
    async fn credit_lines(
        &self,
        provider: &BusinessId,
        access: &Access,
    ) -> Result<Vec<String>, GraphError>;
}

/// Which page of the shared accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WabaPage {
    /// Only accounts made after this; one that was made before and is shared again is left out.
    pub made_after: Option<Timestamp>,
    /// The cursor of the page before.
    pub after: Option<String>,
}

/// One page of the shared accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientWabas {
    /// The accounts.
    pub wabas: Vec<ClientWaba>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
}

/// An account that a client shares with the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientWaba {
    /// The account.
    pub id: WabaId,
    /// Its name, as the client wrote it.
    pub name: Option<String>,
    /// The client's portfolio.
    pub owner: Option<BusinessId>,
}

/// What one object's webhooks are subscribed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppSubscription {
    /// Meta's name of the object, such as `whatsapp_business_account`.
    pub object: String,
    /// Where they are sent.
    pub callback: Option<String>,
    /// Whether Meta sends them.
    pub active: bool,
    /// The fields that are sent.
    pub fields: Vec<String>,
}
