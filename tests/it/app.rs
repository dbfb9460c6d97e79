//! The running product for tests: one process in this one, spoken to over real sockets only.
//!
//! It hands out small clients for each side and moves the sandbox's clock; it asserts nothing itself
//! but that what a test builds upon came about.

mod binary;
mod caller;
mod product;

use std::net::TcpListener;
use std::ops::Deref;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use adapters::process::Process;
use adapters::settings::Settings;
use rocket::figment::Figment;
use tempfile::TempDir;

pub(crate) use self::binary::{Binary, within_profile};
pub(crate) use self::caller::{Answer, Caller, Client, Onboarding, ask, http};
pub(crate) use self::product::Product;

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
        let found = tokio::time::timeout(PATIENCE, waiting).await;
        found.unwrap_or_else(|_| panic!("{place}: waited in vain until {what}; last seen: {seen}"))
    }
}

/// The product, running in its own folder.
pub(crate) struct App {
    product: Product,
    folder: TempDir,
    process: Option<Process>,
}

impl App {
    /// Starts a fresh sandbox.
    pub(crate) async fn start() -> Self {
        let (folder, ports) = (tempfile::tempdir().unwrap(), Ports::free());
        let process = launch(&folder, ports, serde_json::json!({})).await;
        Self {
            product: Product {
                ports,
                http: http(),
                invented: process.invented.clone().unwrap(),
            },
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
        self.restart_with(serde_json::json!({})).await;
    }

    /// As `restart`, with other settings.
    pub(crate) async fn restart_with(&mut self, settings: serde_json::Value) {
        self.stop().await;
        let process = launch(&self.folder, self.ports, settings).await;
        self.product.invented = process.invented.clone().unwrap();
        self.process = Some(process);
    }

    /// Where it keeps its store.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The use cases, for another web adapter.
    pub(crate) fn use_cases(&self) -> workflows::app::App {
        let process = self.process.as_ref().unwrap();
        process.app.clone()
    }
}

impl Deref for App {
    type Target = Product;

    fn deref(&self) -> &Product {
        &self.product
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // A store whose folder goes from under it ends the whole process, and every test with it.
        self.folder.disable_cleanup(self.process.is_some());
    }
}

async fn launch(folder: &TempDir, ports: Ports, settings: serde_json::Value) -> Process {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let store = format!("sled:{}", folder.path().display());
    let figment = Figment::from(rocket::Config::figment())
        .merge(("port", ports.public))
        .join(("gangway", settings))
        .merge(("gangway.store", store))
        .merge(("gangway.admin.port", ports.admin))
        .merge(("gangway.simulator.port", ports.simulator));
    let settings = Settings::from_figment(&figment).unwrap();
    Box::pin(Process::start(settings, figment)).await.unwrap()
}
