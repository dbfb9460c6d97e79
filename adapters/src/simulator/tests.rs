//! What the simulator promises, spoken to over real HTTP; time is moved, never waited for.

mod control;
mod edges;
mod events;
mod fixtures;
mod graph;
mod lags;
mod webhooks;

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use engine::DataKey;
use engine::testing::ManualClock;
use serde_json::{Value, json};

use super::{SimulatedApp, Simulator, SimulatorConfig, WorldStore};

/// What a registered number shows as its platform.
const ACTIVE: &str = "CLOUD_API";
const APP: &str = "100200300400";
const SECRET: &str = "app-secret";
const SYSTEM_TOKEN: &str = "system-user-token";
const BUSINESS: &str = "35602282435505";

struct Sandbox {
    simulator: Simulator,
    clock: Arc<ManualClock>,
    client: reqwest::Client,
}

impl Sandbox {
    async fn start(folder: Option<&Path>, webhook_url: Option<String>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = Arc::new(ManualClock::default());
        let config = SimulatorConfig {
            address: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            public_url: None,
            world: folder.map(|folder| WorldStore {
                folder: folder.to_path_buf(),
                key: Arc::new(DataKey::new([7; 32])),
            }),
        };
        let simulator = Simulator::start(config, clock.clone()).await.unwrap();
        let app = SimulatedApp {
            app_id: APP.to_owned(),
            app_secret: SECRET.to_owned(),
            config_id: "778899".to_owned(),
            business_id: BUSINESS.to_owned(),
            system_user_token: SYSTEM_TOKEN.to_owned(),
            system_user_id: Some("1".to_owned()),
            credit_line_id: None,
            verify_token: Some("verify".to_owned()),
            webhook_url,
            requires_proof: None,
        };
        simulator.register_app(app).await;
        Self {
            simulator,
            clock,
            client: reqwest::Client::new(),
        }
    }

    async fn new() -> Self {
        Self::start(None, None).await
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.simulator.port())
    }

    async fn control(&self, name: &str, body: Value) -> Value {
        let url = self.url(&format!("/control/{name}"));
        let answer = self.client.post(url).json(&body).send().await.unwrap();
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap();
        assert_eq!(status, 200, "{name}: {body}");
        body
    }

    async fn sign_up(&self, mut wish: Value) -> Value {
        wish["app_id"] = json!(APP);
        self.control("signup", wish).await
    }

    async fn exchange(&self, code: &Value) -> Value {
        let code = code.as_str().unwrap();
        let query = format!("client_id={APP}&client_secret={SECRET}&code={code}");
        self.get(&format!("/v25.0/oauth/access_token?{query}"), None)
            .await
    }

    /// A customer whose token was bought: the token, the account and the number.
    async fn customer(&self, wish: Value) -> (String, String, String) {
        let signup = self.sign_up(wish).await;
        let token = self.exchange(&signup["code"]).await["access_token"]
            .as_str()
            .unwrap()
            .to_owned();
        let data = &signup["session"]["data"];
        let waba = data["waba_id"].as_str().unwrap().to_owned();
        let rows = self
            .get(&format!("/v25.0/{waba}/phone_numbers"), Some(&token))
            .await;
        let phone = rows["data"][0]["id"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        (token, waba, phone)
    }

    async fn get(&self, path: &str, token: Option<&str>) -> Value {
        let request = self.client.get(self.url(path));
        let request = token
            .into_iter()
            .fold(request, reqwest::RequestBuilder::bearer_auth);
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn post(&self, path: &str, token: &str, body: Value) -> Result<Value, reqwest::Error> {
        let request = self
            .client
            .post(self.url(path))
            .bearer_auth(token)
            .json(&body);
        request.send().await?.json().await
    }

    async fn register(&self, phone: &str, token: &str, pin: &str) -> Value {
        let body = json!({ "messaging_product": "whatsapp", "pin": pin });
        self.post(&format!("/v25.0/{phone}/register"), token, body)
            .await
            .unwrap()
    }

    async fn phone(&self, phone: &str, token: &str) -> Value {
        let fields = "platform_type,status,is_on_biz_app,code_verification_status";
        self.get(&format!("/v25.0/{phone}?fields={fields}"), Some(token))
            .await
    }
}

fn codes(answer: &Value) -> (i64, i64) {
    let error = &answer["error"];
    (
        error["code"].as_i64().unwrap_or(0),
        error["error_subcode"].as_i64().unwrap_or(0),
    )
}
