//! What the simulated Meta tells the provider of itself: tokens of what clients granted, and little else.

use async_trait::async_trait;
use workflows::ports::graph::{Access, AppCredentials, Callback, GrantedToken, GraphError};
use workflows::ports::provider::{AppSubscription, ClientWabas, ProviderApi, WabaPage};
use workflows::values::{BusinessId, Secret};

use super::meta::{Meta, USER};

/// The token of a client is the number in its portfolio's name.
fn token_of(client: &BusinessId) -> GrantedToken {
    GrantedToken {
        token: Secret::new(&client.as_str()[1..]),
        expires_in: None,
    }
}

#[async_trait]
impl ProviderApi for Meta {
    async fn client_token(
        &self,
        client: &BusinessId,
        _access: &Access,
    ) -> Result<GrantedToken, GraphError> {
        Ok(token_of(client))
    }

    async fn solution_token(
        &self,
        _solution: &str,
        client: &BusinessId,
        _access: &Access,
    ) -> Result<GrantedToken, GraphError> {
        Ok(token_of(client))
    }

    async fn extend_token(
        &self,
        _app: &AppCredentials,
        token: &Secret,
    ) -> Result<GrantedToken, GraphError> {
        Ok(GrantedToken {
            token: token.clone(),
            expires_in: None,
        })
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
