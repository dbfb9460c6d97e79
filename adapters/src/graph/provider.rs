//! The provider's port: each method builds its request, has it sent and reads its answer.

use async_trait::async_trait;
use workflows::ports::graph::{Access, AppCredentials, Callback, GrantedToken, GraphError};
use workflows::ports::provider::{AppSubscription, ClientWabas, ProviderApi, WabaPage};
use workflows::values::{BusinessId, Secret};

use super::client::GraphClient;
use super::wire::provider;
use super::{reading, reading_provider};

#[async_trait]
impl ProviderApi for GraphClient {
    async fn client_token(
        &self,
        client: &BusinessId,
        access: &Access,
    ) -> Result<GrantedToken, GraphError> {
        self.ask_token(&provider::client_token(client, access))
            .await
    }

    async fn solution_token(
        &self,
        solution: &str,
        client: &BusinessId,
        access: &Access,
    ) -> Result<GrantedToken, GraphError> {
        self.ask_token(&provider::solution_token(solution, client, access))
            .await
    }

    async fn extend_token(
        &self,
        app: &AppCredentials,
        token: &Secret,
    ) -> Result<GrantedToken, GraphError> {
        self.ask_token(&provider::extend_token(app, token)).await
    }

    async fn client_wabas(
        &self,
        provider: &BusinessId,
        page: &WabaPage,
        access: &Access,
    ) -> Result<ClientWabas, GraphError> {
        let request = provider::client_wabas(provider, page, access);
        self.ask_json(&request, reading_provider::client_wabas)
            .await
    }

    async fn app_name(&self, app: &AppCredentials) -> Result<Option<String>, GraphError> {
        self.ask_json(&provider::app_name(app), |body| {
            Ok(reading_provider::name(body))
        })
        .await
    }

    async fn app_subscriptions(
        &self,
        app: &AppCredentials,
    ) -> Result<Vec<AppSubscription>, GraphError> {
        self.ask_json(
            &provider::app_subscriptions(app),
            reading_provider::subscriptions,
        )
        .await
    }

    async fn subscribe_callback(
        &self,
        app: &AppCredentials,
        callback: &Callback,
        fields: &[&str],
    ) -> Result<(), GraphError> {
        let request = provider::subscribe_callback(app, callback, fields);
        self.ask_json(&request, reading::success).await
    }

    async fn token_user(&self, access: &Access) -> Result<String, GraphError> {
        self.ask_json(&provider::token_user(access), reading::made)
            .await
    }

    async fn credit_lines(
        &self,
        provider: &BusinessId,
        access: &Access,
    ) -> Result<Vec<String>, GraphError> {
        let request = provider::credit_lines(provider, access);
        self.ask_json(&request, reading::ids).await
    }
}
