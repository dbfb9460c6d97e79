//! The port's methods: each builds its request, has it sent and reads its answer.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use tokio::time::Instant;
use workflows::ports::graph::{
    Access, AppCredentials, Callback, GrantedToken, GraphApi, GraphError, Health, NewNumber,
    PhoneNumber, Reaction, Subscription, SyncKind, TokenGrant,
};
use workflows::values::{BusinessId, PhoneNumberId, Secret, WabaId};

use super::errors;
use super::reading::{self, Unreadable};
use super::transport::{Answer, GraphSetupError, Transport};
use super::wire::{self, Request};

/// Pages of numbers read at most: a thousand numbers, far past what a portfolio may have.
const PAGES_MAX: usize = 10;

/// Meta's code for a number that is not registered.
const NOT_REGISTERED: i64 = 133_010;

/// Where Graph is and how it is asked.
#[derive(Clone, Debug)]
pub struct GraphSettings {
    /// Graph's root, e.g. `https://graph.facebook.com`.
    pub url: String,
    /// The version in every path, e.g. `v25.0`.
    pub version: String,
    /// How long one call may take in all. A code lives 30 s, so less than that.
    pub timeout: Duration,
    /// The redirect address of signups that use one; ordinary ones send none.
    pub redirect_uri: Option<String>,
}

/// Graph over HTTPS.
#[derive(Clone, Debug)]
pub struct GraphClient {
    transport: Transport,
    redirect_uri: Option<String>,
}

impl GraphClient {
    /// A client for the settings. The process must have installed its TLS provider before.
    pub fn new(settings: GraphSettings) -> Result<Self, GraphSetupError> {
        Ok(Self {
            transport: Transport::new(&settings.url, &settings.version, settings.timeout)?,
            redirect_uri: settings.redirect_uri,
        })
    }

    /// Sends a request and reads its answer; the one place where calls are counted and logged.
    async fn ask<T>(
        &self,
        request: &Request,
        read: impl FnOnce(&Answer) -> Result<T, Unreadable>,
    ) -> Result<T, GraphError> {
        let started = Instant::now();
        let sent = self.transport.send(request).await;
        let status = sent.as_ref().map_or(0, |answer| answer.status);
        let result = match sent {
            Err(silence) => Err(errors::of_silence(request, &silence)),
            Ok(answer) => match errors::of_answer(request, &answer) {
                Some(error) => Err(error),
                None => {
                    read(&answer).map_err(|unreadable| errors::of_unreadable(request, &unreadable))
                }
            },
        };
        note(request.call, status, started.elapsed(), outcome(&result));
        result
    }

    /// A request that is answered by a token.
    pub(super) async fn ask_token(&self, request: &Request) -> Result<GrantedToken, GraphError> {
        self.ask(request, |answer| reading::granted_token(&answer.body))
            .await
    }

    pub(super) async fn ask_json<T>(
        &self,
        request: &Request,
        read: impl FnOnce(&Value) -> Result<T, Unreadable>,
    ) -> Result<T, GraphError> {
        self.ask(request, |answer| read(&reading::json(&answer.body)?))
            .await
    }
}

/// The words that metrics group by.
fn outcome<T>(result: &Result<T, GraphError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(error) => match (&error.reaction, error.code) {
            (Reaction::NotSent, _) => "not_sent",
            (Reaction::Unanswered, None) => "unanswered",
            (Reaction::Limited { .. }, _) => "limited",
            _ => "refused",
        },
    }
}

fn note(call: &'static str, status: u16, took: Duration, outcome: &'static str) {
    metrics::counter!("gangway_graph_calls_total", "call" => call, "outcome" => outcome)
        .increment(1);
    metrics::histogram!("gangway_graph_call_seconds", "call" => call).record(took.as_secs_f64());
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::debug!(call, status, outcome, took_ms, "asked Graph");
}

#[async_trait]
impl GraphApi for GraphClient {
    async fn exchange_code(
        &self,
        app: &AppCredentials,
        code: &Secret,
    ) -> Result<GrantedToken, GraphError> {
        let request = wire::exchange_code(app, code, self.redirect_uri.as_deref());
        self.ask_token(&request).await
    }

    async fn inspect_token(
        &self,
        app: &AppCredentials,
        token: &Secret,
    ) -> Result<TokenGrant, GraphError> {
        self.ask_json(&wire::inspect_token(app, token), reading::token_grant)
            .await
    }

    async fn waba_owner(
        &self,
        waba: &WabaId,
        access: &Access,
    ) -> Result<Option<BusinessId>, GraphError> {
        self.ask_json(&wire::waba_owner(waba, access), |body| {
            Ok(reading::waba_owner(body))
        })
        .await
    }

    async fn phone_numbers(
        &self,
        waba: &WabaId,
        access: &Access,
    ) -> Result<Vec<PhoneNumber>, GraphError> {
        let mut numbers = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let request = wire::phone_numbers(waba, after.as_deref(), access);
            let (page, next) = self.ask_json(&request, reading::phone_numbers).await?;
            numbers.extend(page);
            if next.is_none() || next == after {
                break;
            }
            after = next;
        }
        Ok(numbers)
    }

    async fn phone_number(
        &self,
        phone: &PhoneNumberId,
        access: &Access,
    ) -> Result<PhoneNumber, GraphError> {
        self.ask_json(&wire::phone_number(phone, access), reading::phone_number)
            .await
    }

    async fn subscribe_app(&self, waba: &WabaId, access: &Access) -> Result<(), GraphError> {
        self.ask_json(&wire::subscribe_app(waba, access), reading::success)
            .await
    }

    async fn unsubscribe_app(&self, waba: &WabaId, access: &Access) -> Result<(), GraphError> {
        self.ask_json(&wire::unsubscribe_app(waba, access), reading::success)
            .await
    }

    async fn override_callback(
        &self,
        waba: &WabaId,
        callback: &Callback,
        access: &Access,
    ) -> Result<(), GraphError> {
        self.ask_json(
            &wire::override_callback(waba, callback, access),
            reading::success,
        )
        .await
    }

    async fn override_number(
        &self,
        phone: &PhoneNumberId,
        callback: &Callback,
        access: &Access,
    ) -> Result<(), GraphError> {
        let request = wire::override_number(phone, callback, access);
        self.ask_json(&request, reading::success).await
    }

    async fn subscribed_apps(
        &self,
        waba: &WabaId,
        access: &Access,
    ) -> Result<Vec<Subscription>, GraphError> {
        self.ask_json(
            &wire::subscribed_apps(waba, access),
            reading::subscribed_apps,
        )
        .await
    }

    async fn register_number(
        &self,
        phone: &PhoneNumberId,
        pin: &Secret,
        access: &Access,
    ) -> Result<(), GraphError> {
        self.ask_json(&wire::register_number(phone, pin, access), reading::success)
            .await
    }

    async fn deregister_number(
        &self,
        phone: &PhoneNumberId,
        access: &Access,
    ) -> Result<(), GraphError> {
        let ended = self
            .ask_json(&wire::deregister_number(phone, access), reading::success)
            .await;
        match ended {
            // What is not registered needs no ending.
            Err(error) if error.code == Some(NOT_REGISTERED) => Ok(()),
            other => other,
        }
    }

    async fn request_code(&self, phone: &PhoneNumberId, access: &Access) -> Result<(), GraphError> {
        self.ask_json(&wire::request_code(phone, access), reading::success)
            .await
    }

    async fn verify_code(
        &self,
        phone: &PhoneNumberId,
        code: &Secret,
        access: &Access,
    ) -> Result<(), GraphError> {
        self.ask_json(&wire::verify_code(phone, code, access), reading::success)
            .await
    }

    async fn add_number(
        &self,
        waba: &WabaId,
        number: &NewNumber,
        access: &Access,
    ) -> Result<(), GraphError> {
        let request = wire::add_number(waba, number, access);
        self.ask_json(&request, reading::made).await.map(drop)
    }

    async fn assigned_users(
        &self,
        waba: &WabaId,
        business: &BusinessId,
        access: &Access,
    ) -> Result<Vec<String>, GraphError> {
        let request = wire::assigned_users(waba, business, access);
        self.ask_json(&request, reading::ids).await
    }

    async fn assign_user(
        &self,
        waba: &WabaId,
        user: &str,
        access: &Access,
    ) -> Result<(), GraphError> {
        let request = wire::assign_user(waba, user, access);
        self.ask_json(&request, reading::success).await
    }

    async fn share_credit(
        &self,
        line: &str,
        waba: &WabaId,
        currency: &str,
        access: &Access,
    ) -> Result<String, GraphError> {
        let request = wire::share_credit(line, waba, currency, access);
        self.ask_json(&request, reading::allocation).await
    }

    async fn credit_shares(
        &self,
        line: &str,
        client: &BusinessId,
        access: &Access,
    ) -> Result<Vec<String>, GraphError> {
        let request = wire::credit_shares(line, client, access);
        self.ask_json(&request, reading::ids).await
    }

    async fn share_credential(
        &self,
        share: &str,
        access: &Access,
    ) -> Result<Option<String>, GraphError> {
        let request = wire::share_credential(share, access);
        self.ask_json(&request, |body| Ok(reading::receiving_credential(body)))
            .await
    }

    async fn waba_funding(
        &self,
        waba: &WabaId,
        access: &Access,
    ) -> Result<Option<String>, GraphError> {
        let request = wire::waba_funding(waba, access);
        self.ask_json(&request, |body| Ok(reading::funding(body)))
            .await
    }

    async fn request_sync(
        &self,
        phone: &PhoneNumberId,
        kind: SyncKind,
        access: &Access,
    ) -> Result<Option<String>, GraphError> {
        let request = wire::request_sync(phone, kind, access);
        self.ask_json(&request, |body| Ok(reading::request_id(body)))
            .await
    }

    async fn health(&self, phone: &PhoneNumberId, access: &Access) -> Result<Health, GraphError> {
        self.ask_json(&wire::health(phone, access), reading::health)
            .await
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
