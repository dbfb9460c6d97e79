//! The running product for tests: one process in this one, spoken to over real sockets only.
//!
//! It hands out small clients for each side and moves the sandbox's clock; it asserts nothing itself
//! but that what a test builds upon came about.

mod caller;

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use adapters::process::Process;
use adapters::sandbox::Invented;
use adapters::settings::Settings;
use rocket::figment::Figment;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) use self::caller::{Answer, Caller, Client, Onboarding, ask, http};

/// How long real sockets are given for what needs no product time.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks.
const GLANCE: Duration = Duration::from_millis(15);

/// Where the parts of a product listen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) public: u16,
    pub(crate) admin: u16,
    pub(crate) simulator: u16,
}

impl Ports {
    /// Three free ports below those the system gives to outgoing connections.
    pub(crate) fn free() -> Self {
        Self {
            public: free_port(),
            admin: free_port(),
            simulator: free_port(),
        }
    }
}

/// A port that nobody listens on and that no other test of this process is given.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = 12_000 + u16::try_from(std::process::id() % 90).unwrap() * 200;
    loop {
        let port = base + NEXT.fetch_add(1, Ordering::Relaxed) % 2_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Looks again until something is there; panics with what was last seen.
#[track_caller]
pub(crate) fn until<T, F>(
    what: impl std::fmt::Display,
    mut look: impl FnMut() -> F,
) -> impl Future<Output = T>
where
    F: Future<Output = Result<T, String>>,
{
    let place = std::panic::Location::caller();
    async move {
        let mut seen = String::new();
        let waiting = async {
            loop {
                match look().await {
                    Ok(found) => return found,
                    Err(other) => seen = other,
                }
                tokio::time::sleep(GLANCE).await;
            }
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(found) => found,
            Err(_) => panic!("{place}: waited in vain until {what}; last seen: {seen}"),
        }
    }
}

/// The product, running in its own folder.
pub(crate) struct App {
    pub(crate) ports: Ports,
    pub(crate) http: reqwest::Client,
    pub(crate) invented: Invented,
    folder: TempDir,
    process: Option<Process>,
}

impl App {
    /// Starts a fresh sandbox.
    pub(crate) async fn start() -> Self {
        let (folder, ports) = (tempfile::tempdir().unwrap(), Ports::free());
        let process = launch(&folder, ports).await;
        Self {
            ports,
            http: http(),
            invented: process.invented.clone().unwrap(),
            folder,
            process: Some(process),
        }
    }

    /// Stops gracefully; the folder stays.
    pub(crate) async fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            // A connection that is seen open at that instant costs the listener's whole grace.
            tokio::time::sleep(Duration::from_millis(25)).await;
            process.stop().await;
        }
    }

    /// Stops and starts again over the same folder and ports.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        let process = launch(&self.folder, self.ports).await;
        self.invented = process.invented.clone().unwrap();
        self.process = Some(process);
    }

    /// The use cases, for another web adapter.
    pub(crate) fn use_cases(&self) -> workflows::app::App {
        let process = self.process.as_ref().unwrap();
        process.app.clone()
    }

    /// The data folder.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

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
        satisfies: impl Fn(&Value) -> bool,
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
        satisfies: impl Fn(&Value) -> bool,
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

impl Drop for App {
    fn drop(&mut self) {
        // A store whose folder goes from under it ends the whole process, and every test with it.
        self.folder.disable_cleanup(self.process.is_some());
    }
}

#[track_caller]
fn until_json(
    caller: Caller,
    path: String,
    what: &str,
    satisfies: impl Fn(&Value) -> bool,
) -> impl Future<Output = Value> {
    let satisfies = std::rc::Rc::new(satisfies);
    until(what, move || {
        let (caller, path) = (caller.clone(), path.clone());
        let satisfies = std::rc::Rc::clone(&satisfies);
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

async fn launch(folder: &TempDir, ports: Ports) -> Process {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let store = format!("sled:{}", folder.path().display());
    let figment = Figment::from(rocket::Config::figment())
        .merge(("port", ports.public))
        .merge(("gangway.store", store))
        .merge(("gangway.admin.port", ports.admin))
        .merge(("gangway.simulator.port", ports.simulator));
    let settings = Settings::from_figment(&figment).unwrap();
    Process::start(settings, figment).await.unwrap()
}
