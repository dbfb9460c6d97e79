//! The process: joins store, engine, workflows, web and simulator, and takes them apart again.
//!
//! The one constructor for `main` and for tests; it alone, with the settings, knows every adapter.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use engine::{
    BeginError, Engine, EngineError, Limits, Owner, RunnerOptions, Schedule, Store, run_schedules,
};
use figment::Figment;
use rocket::fairing::AdHoc;
use rocket::{Build, Rocket, Shutdown};
use thiserror::Error;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use workflows::app::{App, AppSettings};
use workflows::connection::{Connection, ConnectionExecutor};
use workflows::delivery::{Delivery, DeliveryExecutor};
use workflows::directory::Directory;
use workflows::grant::{Grant, GrantExecutor};
use workflows::intake::{Intake, IntakeExecutor};
use workflows::journal_check::{CheckExecutor, JournalCheck};
use workflows::onboarding::{Onboarding, OnboardingExecutor};
use workflows::ports::notifier::Notifier;
use workflows::preflight::{Preflight, PreflightExecutor};
use workflows::values::Secret;

use crate::chores::Calendar;
use crate::graph::{GraphClient, GraphSettings, GraphSetupError};
use crate::ground::{Ground, hold_digest_key, live_ground, sandbox_ground, unopened};
use crate::sandbox::{Invented, SandboxFile};
use crate::settings::{Mode, Settings, SettingsError};
use crate::simulator::{Simulator, SimulatorError};
use crate::sled::{OpenError, SledOptions, SledStore};
use crate::unfinished::Unfinished;
use crate::vault::VaultError;
use crate::web::{Metrics, WebSettings, admin_rocket, rocket};
use crate::webhook::{WebhookSender, WebhookSettings, WebhookSetupError};

/// Pages of the store kept in memory; sled's bookkeeping weighs several times as much again.
pub(crate) const STORE_CACHE_BYTES: u64 = 64 * 1024 * 1024;
/// How long one Graph call may take.
const GRAPH_TIMEOUT: Duration = Duration::from_secs(15);
/// How long one try at a notice may take (Standard Webhooks: 15–30 s).
const NOTICE_TIMEOUT: Duration = Duration::from_secs(15);

/// Why the process did not start: one line for whoever started it.
#[derive(Debug, Error)]
pub enum StartError {
    /// The settings are wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A master key is wrong.
    #[error("settings: `vault_key` or `vault_keys_old`: {0}")]
    Vault(#[from] VaultError),
    /// The store did not open.
    #[error("store: {0}")]
    Store(#[from] OpenError),
    /// The data folder cannot be read or written.
    #[error("data folder: {0}")]
    Folder(#[from] std::io::Error),
    /// The simulated Meta did not start.
    #[error("simulator: {0}: {1}")]
    Simulator(SimulatorError, String),
    /// Graph's address is wrong.
    #[error("settings: meta.graph_url: {0}")]
    Graph(#[from] GraphSetupError),
    /// The sender of notices did not start.
    #[error("webhooks: {0}")]
    Webhooks(#[from] WebhookSetupError),
    /// A cron line is wrong.
    #[error("settings: `schedules.{0}`: {1}")]
    Cron(&'static str, #[source] engine::CronError),
    /// Half a store would look like one whose rest was lost.
    #[error("an import into the data folder has not ended: run the same `gangway import` again")]
    HalfImported,
    /// This version does not know what is stored.
    #[error("{0}; `gangway report` tells more")]
    Tables(#[from] BeginError),
    /// What stands in the store cannot be used.
    #[error("store: {0}")]
    Engine(#[from] EngineError),
    /// A listener did not start.
    #[error("the listener of {0}: {1}")]
    Web(String, String),
    /// The sandbox's demo link could not be made.
    #[error("the demo link: {0}")]
    Demo(workflows::app::Problem),
}

/// A running process.
pub struct Process {
    /// The use cases.
    pub app: App,
    /// The engine.
    pub engine: Engine,
    /// What links begin with.
    pub public_url: String,
    /// Where metrics and probes are.
    pub admin: SocketAddr,
    /// The simulated Meta, in a sandbox.
    pub simulator: Option<Simulator>,
    /// What the sandbox made up.
    pub invented: Option<Invented>,
    store: Arc<SledStore>,
    listeners: Vec<(Shutdown, JoinHandle<Result<(), rocket::Error>>)>,
    background: Vec<JoinHandle<()>>,
    stop: watch::Sender<bool>,
}

impl Process {
    /// Starts everything; resolves once requests are taken.
    pub async fn start(settings: Settings, figment: Figment) -> Result<Self, StartError> {
        let folder = settings.folder()?;
        let calendar = Calendar::read(&settings.schedules)?;
        if Unfinished::read(&folder)?.is_some() {
            return Err(StartError::HalfImported);
        }
        let store = open_store(&folder).await?;
        let public_url = public_url(&settings, &figment);
        let ground = match settings.mode {
            Mode::Sandbox => sandbox_ground(&settings, &folder, &public_url).await?,
            Mode::Live => live_ground(&settings)?,
        };
        let sandbox = settings.mode == Mode::Sandbox;
        let graph_url = match &ground.simulator {
            Some(simulator) => format!("http://127.0.0.1:{}", simulator.port()),
            None => settings.meta.graph_url.clone(),
        };
        let notifier: Arc<dyn Notifier> = Arc::new(WebhookSender::new(WebhookSettings {
            allow_private_addresses: settings.webhooks.allow_private_addresses.unwrap_or(sandbox),
            timeout: NOTICE_TIMEOUT,
        })?);
        let graph = Arc::new(GraphClient::new(GraphSettings {
            url: graph_url,
            version: settings.meta.graph_version.clone(),
            timeout: GRAPH_TIMEOUT,
            redirect_uri: settings.meta.redirect_uri.clone(),
        })?);
        let engine = engine_over(Arc::clone(&store), &ground, &graph, &public_url, &notifier);
        let schedules = calendar.schedules(&settings, graph);
        engine.begin().await?;
        let app = App::new(
            engine.clone(),
            notifier,
            app_settings(&settings, &public_url, ground.operator_token),
        );
        app.prepare().await.map_err(unopened)?;
        hold_digest_key(&engine, &ground.vault).await?;
        let mut process = Self {
            app,
            engine,
            admin: SocketAddr::new(settings.admin.address, settings.admin.port),
            public_url,
            simulator: ground.simulator,
            invented: None,
            store,
            listeners: Vec::new(),
            background: Vec::new(),
            stop: watch::Sender::new(false),
        };
        if let Some((invented, file)) = ground.invented {
            process.invented = Some(process.settle_in(invented, &file).await?);
        }
        process.run_engine(settings.limits.limits(), schedules);
        process.listen(&settings, &figment).await?;
        Ok(process)
    }

    /// Sets the sandbox's partner up and sees to it that a demo link stands.
    async fn settle_in(
        &self,
        mut invented: Invented,
        file: &SandboxFile,
    ) -> Result<Invented, StartError> {
        let directory = Directory::new(self.engine.documents());
        invented.set_up(&directory, self.engine.now()).await?;
        let alive = match &invented.demo_link {
            Some(link) => {
                let token = link.expose().rsplit('/').next().unwrap_or_default();
                self.app.page_of_link(token).await.is_ok()
            }
            None => false,
        };
        if !alive {
            let made = self.app.demo_onboarding(&invented.partner_id).await;
            let view = match made {
                // Meta refused the sandbox's own app, as somebody ordered: a preflight lifts it.
                Err(problem) if problem.code == "app_not_ready" => return Ok(invented),
                made => made.map_err(StartError::Demo)?,
            };
            invented.demo_link = view.link.url.map(Secret::new);
            // Written into what the file says now: the clock may have been pushed meanwhile.
            let mut kept = file.read_or_invent()?;
            kept.demo_link.clone_from(&invented.demo_link);
            file.write(&kept)?;
        }
        Ok(invented)
    }

    fn run_engine(&mut self, limits: Limits, schedules: Vec<Schedule>) {
        let engine = self.engine.clone();
        let stopped = stopped(self.stop.subscribe());
        self.background.push(tokio::spawn(async move {
            let options = RunnerOptions {
                limits,
                ..RunnerOptions::default()
            };
            engine.run(options, stopped).await;
        }));
        let engine = self.engine.clone();
        let stopped = self::stopped(self.stop.subscribe());
        self.background
            .push(tokio::spawn(run_schedules(engine, schedules, stopped)));
    }

    async fn listen(&mut self, settings: &Settings, figment: &Figment) -> Result<(), StartError> {
        let figment = figment
            .clone()
            .merge(("shutdown.ctrlc", false))
            .merge(("shutdown.signals", Vec::<String>::new()))
            .merge(("shutdown.grace", 5))
            .merge(("shutdown.mercy", 1))
            .merge(("cli_colors", false))
            .merge(("log_level", "off"));
        let mut web = WebSettings::new(figment.clone(), self.public_url.clone());
        web.trusted_ip_header
            .clone_from(&settings.trusted_ip_header);
        if let Some(simulator) = &self.simulator {
            web.sandbox = true;
            web.meta_sdk_url = format!("{}/en_US/sdk.js", simulator.url());
            web.signup_origins = vec![simulator.url().to_owned()];
            web.meta_connect_origins = vec![simulator.url().to_owned()];
        } else {
            web.meta_sdk_url.clone_from(&settings.meta.sdk_url);
            web.signup_origins.clone_from(&settings.meta.signup_origins);
        }
        let public = launch(rocket(self.app.clone(), web), "`address` and `port`").await?;
        self.listeners.push(public);
        let inner = figment
            .merge(("address", settings.admin.address))
            .merge(("port", settings.admin.port));
        let admin = launch(
            admin_rocket(self.app.clone(), inner, Metrics::install()),
            "`admin.address` and `admin.port`",
        )
        .await?;
        self.listeners.push(admin);
        Ok(())
    }

    /// Stops taking requests, finishes what is under way or leaves it due, and closes the store.
    pub async fn stop(self) {
        self.app.drain();
        for (shutdown, _) in &self.listeners {
            shutdown.clone().notify();
        }
        for (_, listener) in self.listeners {
            match listener.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "a listener was cut off"),
                Err(error) => tracing::error!(%error, "a listener panicked"),
            }
        }
        self.stop.send_replace(true);
        for task in self.background {
            if let Err(error) = task.await {
                tracing::error!(%error, "a background task panicked");
            }
        }
        if let Some(simulator) = self.simulator {
            simulator.stop().await;
        }
        if let Err(error) = self.store.close().await {
            tracing::error!(%error, "the store did not close; nothing acknowledged is lost");
        }
    }
}

/// Opens the embedded store; a disk that fails later ends the process at once.
pub(crate) async fn open_store(folder: &Path) -> Result<Arc<SledStore>, StartError> {
    let options = SledOptions {
        // Nothing acknowledged may be lost, and after a failed sync nobody knows what was kept.
        on_fail: Arc::new(|why| {
            tracing::error!(why, "the store has failed; the process ends");
            std::process::exit(70);
        }),
        cache_bytes: STORE_CACHE_BYTES,
        ..SledOptions::default()
    };
    Ok(SledStore::open(folder, options).await?)
}

fn engine_over(
    store: Arc<SledStore>,
    ground: &Ground,
    graph: &Arc<GraphClient>,
    public_url: &str,
    notifier: &Arc<dyn Notifier>,
) -> Engine {
    let owner = Owner::of_this_process();
    let store: Arc<dyn Store> = store;
    let cipher = Arc::clone(&ground.vault);
    let builder = Engine::builder(store, Arc::clone(&ground.clock), cipher, owner);
    let connection = ConnectionExecutor::new(
        graph.clone(),
        graph.clone(),
        builder.documents(),
        builder.store(),
        builder.handle(),
    );
    let onboarding = OnboardingExecutor::new(
        graph.clone(),
        graph.clone(),
        builder.documents(),
        builder.store(),
        builder.handle(),
    );
    let grant = GrantExecutor::new(
        graph.clone(),
        graph.clone(),
        Directory::new(builder.documents()),
        builder.handle(),
    );
    let preflight = PreflightExecutor::new(
        graph.clone(),
        graph.clone(),
        builder.documents(),
        public_url.to_owned(),
    );
    let delivery =
        DeliveryExecutor::new(Arc::clone(notifier), builder.clock(), builder.documents());
    let check = CheckExecutor::new(builder.verifier(), builder.documents());
    let intake = IntakeExecutor::new(builder.handle(), builder.documents());
    builder
        .workflow::<Intake>(Arc::new(intake))
        .workflow::<Onboarding>(Arc::new(onboarding))
        .workflow::<Grant>(Arc::new(grant))
        .workflow::<Connection>(Arc::new(connection))
        .workflow::<Delivery>(Arc::new(delivery))
        .workflow::<JournalCheck>(Arc::new(check))
        .workflow::<Preflight>(Arc::new(preflight))
        .build()
}

fn app_settings(settings: &Settings, public_url: &str, operator_token: Secret) -> AppSettings {
    AppSettings {
        public_url: public_url.to_owned(),
        graph_version: settings.meta.graph_version.clone(),
        login: settings.meta.login.clone(),
        operator_token,
        sandbox: settings.mode == Mode::Sandbox,
    }
}

fn public_url(settings: &Settings, figment: &Figment) -> String {
    let port = figment.extract_inner::<u16>("port").unwrap_or(8000);
    let url = settings.public_url.clone();
    let url = url.unwrap_or_else(|| format!("http://127.0.0.1:{port}"));
    url.trim_end_matches('/').to_owned()
}

/// Launches a listener; resolves once it takes requests, or tells why it does not.
async fn launch(
    rocket: Rocket<Build>,
    keys: &str,
) -> Result<(Shutdown, JoinHandle<Result<(), rocket::Error>>), StartError> {
    let (listening, heard) = oneshot::channel();
    let listening = std::sync::Mutex::new(Some(listening));
    let rocket = rocket.attach(AdHoc::on_liftoff("listening", move |_| {
        Box::pin(async move {
            let sender = listening.lock().ok().and_then(|mut sender| sender.take());
            if let Some(sender) = sender {
                // Nobody waits any more if the start was given up.
                sender.send(()).ok();
            }
        })
    }));
    let refused =
        |error: &rocket::Error| StartError::Web(keys.to_owned(), error.kind().to_string());
    let ignited = rocket.ignite().await.map_err(|error| refused(&error))?;
    let shutdown = ignited.shutdown();
    let mut listener = tokio::spawn(async move { ignited.launch().await.map(drop) });
    tokio::select! {
        Ok(()) = heard => Ok((shutdown, listener)),
        ended = &mut listener => Err(match ended {
            Ok(Err(error)) => refused(&error),
            _ => StartError::Web(keys.to_owned(), "a listener ended at once".to_owned()),
        }),
    }
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // The sender gone means the process is being taken apart as well.
    stop.wait_for(|stop| *stop).await.ok();
}
