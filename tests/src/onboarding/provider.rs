//! The provider's own account in the simulated world: its clients' tokens have no end, so that nothing is
//! asked for on it.

use async_trait::async_trait;
use workflows::ports::graph::{
    Access, AppCredentials, Callback, GrantedToken, GraphError, Reaction,
};
use workflows::ports::provider::{AppSubscription, ClientWabas, ProviderApi, WabaPage};
use workflows::values::{BusinessId, Secret};

use super::meta::{Meta, USER, refused};

#[async_trait]
impl ProviderApi for Meta {
    async fn client_token(
        &self,
        _client: &BusinessId,
        _access: &Access,
    ) -> Result<GrantedToken, GraphError> {
        Err(refused("client_token", Reaction::Refused))
    }

    async fn solution_token(
        &self,
        _solution: &str,
        _client: &BusinessId,
        _access: &Access,
    ) -> Result<GrantedToken, GraphError> {
        Err(refused("solution_token", Reaction::Refused))
    }

    async fn extend_token(
        &self,
        _app: &AppCredentials,
        _token: &Secret,
    ) -> Result<GrantedToken, GraphError> {
        Err(refused("extend_token", Reaction::Refused))
    }

    async fn client_wabas(
        &self,
        _provider: &BusinessId,
        _page: &WabaPage,
        _access: &Access,
    ) -> Result<ClientWabas, GraphError> {
        Ok(ClientWabas {
            wabas: Vec::new(),
            next: None,
        })
    }

    async fn app_name(&self, _app: &AppCredentials) -> Result<Option<String>, GraphError> {
        Ok(None)
    }

    async fn app_subscriptions(
        &self,
        _app: &AppCredentials,
    ) -> Result<Vec<AppSubscription>, GraphError> {
        Ok(Vec::new())
    }

    async fn subscribe_callback(
        &self,
        _app: &AppCredentials,
        _callback: &Callback,
        _fields: &[&str],
    ) -> Result<(), GraphError> {
        Ok(())
    }

    async fn token_user(&self, _access: &Access) -> Result<String, GraphError> {
        Ok(USER.to_owned())
    }

    async fn credit_lines(
        &self,
        _provider: &BusinessId,
        _access: &Access,
    ) -> Result<Vec<String>, GraphError> {
        Ok(Vec::new())
    }
}
