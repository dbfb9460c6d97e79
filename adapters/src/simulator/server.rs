//! Starts, serves and stops the simulator; below any framework, because it must also break answers off.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::core::Core;
use super::time::SimulatedTime;
use super::world::{App, Business, World, WorldStore, decimal_id};
use super::{router, webhooks};

/// A receiver that has not answered by then is treated as unreachable.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(10);
/// A full listener (no descriptors left) is given this long before the next try.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Where the simulator listens and what it remembers.
#[derive(Clone, Debug)]
pub struct SimulatorConfig {
    /// The address to bind.
    pub address: IpAddr,
    /// The port to bind; 0 takes any free one.
    pub port: u16,
    /// What browsers call it; `http://localhost:{port}` unless given.
    pub public_url: Option<String>,
    /// Where the world is kept; without one it ends with the process.
    pub world: Option<WorldStore>,
}

/// Why the simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// Another port or address is needed.
    #[error("binding the simulator to {address}")]
    Unbound {
        /// What was asked for.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The folder is in use by another process, or damaged: free it or remove it.
    #[error("opening the simulator's world")]
    WorldClosed(#[source] sled::Error),
    /// Webhooks could not be sent.
    #[error("preparing the simulator's webhook client")]
    NoClient(#[source] reqwest::Error),
}

/// A Meta app that the simulator shall know, with its provider's credentials.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatedApp {
    /// The app's id.
    pub app_id: String,
    /// Signs webhooks and proves who exchanges codes.
    pub app_secret: String,
    /// The signup configuration; several are separated by commas, an empty one admits any.
    pub config_id: String,
    /// The provider's own portfolio.
    pub business_id: String,
    /// The token of the provider's system user.
    pub system_user_token: String,
    /// That system user, made up unless it is given.
    #[serde(default)]
    pub system_user_id: Option<String>,
    /// The provider's credit line, likewise.
    #[serde(default)]
    pub credit_line_id: Option<String>,
    /// What the webhook receiver expects in a verification.
    pub verify_token: Option<String>,
    /// Where the app's `account_update` events go.
    pub webhook_url: Option<String>,
    /// Whether every call must carry the proof of its token; as it was unless it is said.
    #[serde(default)]
    pub requires_proof: Option<bool>,
}

impl fmt::Debug for SimulatedApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedApp")
            .field("app_id", &self.app_id)
            .field("config_id", &self.config_id)
            .field("business_id", &self.business_id)
            .field("webhook_url", &self.webhook_url)
            .finish_non_exhaustive()
    }
}

/// A running simulator.
pub struct Simulator {
    core: Arc<Core>,
    port: u16,
    stop: watch::Sender<bool>,
    listener: JoinHandle<()>,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("url", &self.core.public_url)
            .finish_non_exhaustive()
    }
}

impl Simulator {
    /// Binds and serves until [`stop`](Self::stop) is called.
    pub async fn start(
        config: SimulatorConfig,
        clock: Arc<dyn SimulatedTime>,
    ) -> Result<Self, SimulatorError> {
        let address = SocketAddr::new(config.address, config.port);
        let unbound = |source| SimulatorError::Unbound { address, source };
        let listener = TcpListener::bind(address).await.map_err(unbound)?;
        let port = listener.local_addr().map_err(unbound)?.port();
        // Whoever set a provider first keeps it; the simulator only needs that there is one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .timeout(WEBHOOK_TIMEOUT)
            // An idle connection would hold up a receiver that stops, by its whole grace.
            .pool_max_idle_per_host(0)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(SimulatorError::NoClient)?;
        let world = World::open(config.world.as_ref()).map_err(SimulatorError::WorldClosed)?;
        let public_url = config
            .public_url
            .unwrap_or_else(|| format!("http://localhost:{port}"));
        let public_url = public_url.trim_end_matches('/').to_owned();
        let (outbox, waiting) = mpsc::unbounded_channel();
        let core = Arc::new(Core::new(public_url, clock, world, (client, outbox)));
        core.spawn(webhooks::run_outbox(Arc::clone(&core), waiting));
        core.resume_webhooks();
        let (stop, stopping) = watch::channel(false);
        let listener = tokio::spawn(serve(Arc::clone(&core), listener, stopping));
        Ok(Self {
            core,
            port,
            stop,
            listener,
        })
    }

    /// The public URL without a trailing slash; its origin is what signup messages come from.
    pub fn url(&self) -> &str {
        &self.core.public_url
    }

    /// The bound port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stops serving, ends every connection, and closes the world.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.listener.await {
            tracing::error!(%error, "the simulator's listener ended badly");
        }
        self.core.stop_background().await;
        self.core.flush().await;
    }

    /// Makes an app known, or renews what is known of it; what customers granted it stays.
    pub async fn register_app(&self, app: SimulatedApp) {
        {
            let world = &mut *self.core.world();
            remember(world, app);
        }
        self.core.flush().await;
    }
}

pub(super) fn remember(world: &mut World, app: SimulatedApp) {
    let known = world.apps.get(&app.app_id).cloned();
    if !world.businesses.contains(&app.business_id) {
        world.businesses.put(Business {
            id: app.business_id.clone(),
            name: "Sandbox partner".to_owned(),
            partner_id: None,
            wabas: Vec::new(),
        });
    }
    let kept = |choose: fn(&App) -> String| known.as_ref().map(choose);
    world.apps.put(App {
        system_user_id: app
            .system_user_id
            .or_else(|| kept(|app| app.system_user_id.clone()))
            .unwrap_or_else(decimal_id),
        credit_line_id: app
            .credit_line_id
            .or_else(|| kept(|app| app.credit_line_id.clone()))
            .unwrap_or_else(decimal_id),
        chosen_fields: known.as_ref().and_then(|app| app.chosen_fields.clone()),
        lacking_scopes: known
            .as_ref()
            .map(|app| app.lacking_scopes.clone())
            .unwrap_or_default(),
        system_token_dead: known.as_ref().is_some_and(|app| app.system_token_dead),
        mail: known.as_ref().map(|app| app.mail).unwrap_or_default(),
        verify_token: app
            .verify_token
            .or_else(|| known.as_ref().and_then(|app| app.verify_token.clone())),
        webhook_url: app
            .webhook_url
            .or_else(|| known.as_ref().and_then(|app| app.webhook_url.clone())),
        requires_proof: app
            .requires_proof
            .unwrap_or_else(|| known.as_ref().is_some_and(|app| app.requires_proof)),
        app_id: app.app_id,
        app_secret: app.app_secret,
        config_id: app.config_id,
        business_id: app.business_id,
        system_user_token: app.system_user_token,
    });
}

async fn serve(core: Arc<Core>, listener: TcpListener, mut stopping: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.changed() => break,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) => {
                connections.spawn(converse(Arc::clone(&core), stream));
            }
            Err(error) => {
                tracing::warn!(%error, "the simulator could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    connections.shutdown().await;
}

async fn converse(core: Arc<Core>, stream: TcpStream) {
    // Small answers must not wait for the client's delayed acknowledgments.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| router::answer(Arc::clone(&core), request));
    // A dropped answer ends the connection with an error, which is what was ordered.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
