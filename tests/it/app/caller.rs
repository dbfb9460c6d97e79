//! Who speaks to the product: partners, operators and clients' pages, each by a bearer.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

/// What somebody got to hear.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
    /// The body as JSON; null where it is none.
    pub(crate) body: Value,
}

impl Answer {
    /// A header's value, empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The body, once the status is the one expected.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.body
    }
}

/// A client that keeps no idle connection: one would hold a stopping product up.
pub(crate) fn http() -> reqwest::Client {
    // Whoever set a provider first keeps it; there only has to be one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(Duration::from_secs(75))
        .pool_max_idle_per_host(0)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// Sends one request and reads the answer whole.
pub(crate) async fn ask(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Answer {
        status,
        headers,
        text,
        body,
    }
}

/// Somebody with a bearer: a partner, an operator, or a client's page.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(super) http: reqwest::Client,
    pub(super) base: String,
    pub(super) bearer: String,
}

impl Caller {
    /// A request to a path of the public listener.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.base);
        self.http.request(method, url).bearer_auth(&self.bearer)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        ask(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        ask(self.request(Method::POST, path).json(&body)).await
    }

    /// The secret by which this caller is known.
    pub(crate) fn bearer(&self) -> &str {
        &self.bearer
    }
}

/// An onboarding as it was made.
#[derive(Clone, Debug)]
pub(crate) struct Onboarding {
    pub(crate) id: String,
    pub(crate) link: String,
}

impl Onboarding {
    /// The onboarding that an answer made or gave a link to.
    pub(crate) fn of(made: &Value) -> Self {
        Self {
            id: made["id"].as_str().unwrap().to_owned(),
            link: made["link"]["url"].as_str().unwrap().to_owned(),
        }
    }
}

/// A client's page with its session, as the page's script holds it.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) caller: Caller,
    /// The view that opening answered.
    pub(crate) opened: Value,
}

impl Client {
    /// Hands over halves of a signup: what is in `signup` besides nulls.
    pub(crate) async fn signup(&self, signup: &Value) -> Answer {
        let mut halves = signup.clone();
        if let Some(halves) = halves.as_object_mut() {
            halves.retain(|_, half| !half.is_null());
        }
        self.caller.post("/o/signup", halves).await
    }

    pub(crate) async fn pin(&self, pin: &str) -> Answer {
        self.caller.post("/o/pin", json!({ "pin": pin })).await
    }

    pub(crate) async fn otp(&self, code: &str) -> Answer {
        self.caller.post("/o/otp", json!({ "code": code })).await
    }

    pub(crate) async fn journey(&self, told: Value) -> Answer {
        self.caller.post("/o/journey", told).await
    }

    /// What the page shows now.
    pub(crate) async fn status(&self) -> Value {
        self.caller.get("/o/status").await.expect(200)
    }
}
