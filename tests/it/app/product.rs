//! A running product from outside, wherever it runs: its sides, the simulated Meta, and time.

use std::time::Duration;

use adapters::sandbox::Invented;
use serde_json::{Value, json};

use super::caller::{Caller, Client, Onboarding, ask};
use super::{Ports, until};

/// A running product, spoken to over its sockets.
#[derive(Clone, Debug)]
pub(crate) struct Product {
    pub(crate) ports: Ports,
    pub(crate) http: reqwest::Client,
    pub(crate) invented: Invented,
}

impl Product {
    /// What links begin with.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.public)
    }

    /// The simulated Meta's own origin.
    pub(crate) fn meta_url(&self) -> String {
        format!("http://localhost:{}", self.ports.simulator)
    }

    /// The partner with the demo key.
    pub(crate) fn partner(&self) -> Caller {
        self.caller(self.invented.partner_key.expose())
    }

    /// The first operator.
    pub(crate) fn operator(&self) -> Caller {
        self.caller(self.invented.operator_token.expose())
    }

    /// Another partner of the same app, with its key.
    pub(crate) async fn other_partner(&self) -> Caller {
        let body = json!({ "name": "Elsewhere", "app_id": self.invented.app_id,
            "role": "tech_provider" });
        let made = self.operator().post("/console/api/partners", body).await;
        let made = made.expect(201);
        self.caller(made["api_key"].as_str().unwrap())
    }

    /// Anybody with this bearer.
    pub(crate) fn caller(&self, bearer: &str) -> Caller {
        Caller {
            http: self.http.clone(),
            base: self.url(),
            bearer: bearer.to_owned(),
        }
    }

    /// A new onboarding of the demo partner's.
    pub(crate) async fn onboarding(&self, body: Value) -> Onboarding {
        let made = self
            .partner()
            .post("/v1/onboardings", body)
            .await
            .expect(201);
        Onboarding::of(&made)
    }

    /// A person opens the link.
    pub(crate) async fn open(&self, link: &str) -> Client {
        let token = link.rsplit('/').next().unwrap();
        let url = format!("{}/o/{token}/open", self.url());
        let opened = ask(self.http.post(url)).await.expect(200);
        Client {
            caller: self.caller(opened["session"].as_str().unwrap()),
            opened: opened["view"].clone(),
        }
    }

    /// What Meta's popup would have brought; the app is filled in.
    pub(crate) async fn sign_up(&self, mut wish: Value) -> Value {
        wish["app_id"] = json!(self.invented.app_id);
        self.control("signup", wish).await
    }

    /// Orders misbehavior of the simulated Meta.
    pub(crate) async fn scenario(&self, order: Value) {
        self.control("scenario", order).await;
    }

    /// Ends all ordered misbehavior.
    pub(crate) async fn heal(&self) {
        let url = format!("{}/control/scenario", self.meta_url());
        ask(self.http.delete(url)).await.expect(200);
    }

    /// Pushes product time forward.
    pub(crate) async fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap();
        self.control("clock", json!({ "advance_ms": by })).await;
    }

    /// Every call that Meta received at an endpoint, oldest first; at any for an empty name.
    pub(crate) async fn calls(&self, endpoint: &str) -> Vec<Value> {
        let query = if endpoint.is_empty() {
            String::new()
        } else {
            format!("?endpoint={endpoint}")
        };
        let url = format!("{}/control/calls{query}", self.meta_url());
        let found = ask(self.http.get(url)).await.expect(200);
        found["data"].as_array().unwrap().clone()
    }

    /// Waits until Meta has received so many calls at an endpoint.
    #[track_caller]
    pub(crate) fn calls_until(
        &self,
        endpoint: &str,
        count: usize,
    ) -> impl Future<Output = Vec<Value>> {
        until(format!("{count} × {endpoint}"), move || async move {
            let calls = self.calls(endpoint).await;
            if calls.len() >= count {
                Ok(calls)
            } else {
                Err(format!("{calls:?}"))
            }
        })
    }

    /// A control call of the simulator's.
    pub(crate) async fn control(&self, name: &str, body: Value) -> Value {
        let url = format!("{}/control/{name}", self.meta_url());
        ask(self.http.post(url).json(&body)).await.expect(200)
    }

    /// Looks at the partner's view until it satisfies.
    #[track_caller]
    pub(crate) fn view_until(
        &self,
        id: &str,
        what: &str,
        satisfies: impl Fn(&Value) -> bool + Send + Sync,
    ) -> impl Future<Output = Value> {
        let path = format!("/v1/onboardings/{id}");
        until_json(self.partner(), path, what, satisfies)
    }

    /// Looks at the operator's view until it satisfies.
    #[track_caller]
    pub(crate) fn instance_until(
        &self,
        id: &str,
        what: &str,
        satisfies: impl Fn(&Value) -> bool + Send + Sync,
    ) -> impl Future<Output = Value> {
        let path = format!("/console/api/instances/{id}");
        until_json(self.operator(), path, what, satisfies)
    }

    /// Looks until the onboarding has this status.
    #[track_caller]
    pub(crate) fn status_until(&self, id: &str, status: &str) -> impl Future<Output = Value> {
        self.view_until(id, status, |view| view["status"] == *status)
    }

    /// Looks until the onboarding is in this state of the machine's.
    #[track_caller]
    pub(crate) fn state_until(&self, id: &str, state: &str) -> impl Future<Output = Value> {
        self.view_until(id, state, |view| view["state"] == *state)
    }
}

#[track_caller]
fn until_json(
    caller: Caller,
    path: String,
    what: &str,
    satisfies: impl Fn(&Value) -> bool + Send + Sync,
) -> impl Future<Output = Value> {
    let satisfies = std::sync::Arc::new(satisfies);
    until(what, move || {
        let (caller, path) = (caller.clone(), path.clone());
        let satisfies = std::sync::Arc::clone(&satisfies);
        async move {
            let answer = caller.get(&path).await;
            if answer.status == 200 && satisfies(&answer.body) {
                Ok(answer.body)
            } else {
                Err(answer.text)
            }
        }
    })
}
