//! The use cases that a web adapter calls: whatever a web framework needs, framework-free.

mod audit;
mod body;
mod bulk;
mod callbacks;
mod clients;
mod console;
mod deliveries;
mod endpoints;
mod erasure;
mod errors;
mod journal;
mod journeys;
mod keeping;
mod keys;
mod links;
mod lists;
mod onboardings;
mod once;
mod operators;
mod order;
mod preflights;
mod problem;
mod reconnect;
mod rules;
mod sessions;
mod unclaimed;
mod views;
mod webhooks;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use engine::{Clock, Engine, EngineError, InstanceId};
use tokio::sync::broadcast;

pub(crate) use bulk::BULK_ORDERS;
pub use bulk::{BulkFilter, BulkRequest, rewind_targets};
pub use clients::Opened;
pub use console::{
    ActAnswer, ChangeView, DiagramEdge, DiagramNode, DiagramView, EffectView, Gauges, NeedView,
    OfferView, OperatorAct, PreviewView, RefusedView,
};
pub(crate) use endpoints::fresh_signing_secret;
pub use erasure::ErasureView;
pub use keeping::Backup;
pub use keys::{Caller, Credential, Scope};
pub use lists::ListQuery;
pub use once::{Begun, Ticket};
pub use operators::Operator;
pub use problem::{FieldError, Kind, Problem};
pub use sessions::ClientSession;
pub use views::{
    AskView, AttemptView, AttentionGroup, BrandingView, BulkCountsView, BulkItemView,
    BulkPreviewView, BulkRefusalView, BulkSampleView, BulkView, ClientPhase, ClientView,
    DeadlineView, DeliveryView, EndpointView, EventView, HeldLane, HoldView, InstanceRow,
    InstanceView, LastErrorView, LinkView, ListView, NextActionView, OnboardingView, PageView,
    ProblemView, ReadinessView, ResultView, SignupOptions, StepView, TaskView, TroubleView,
    TryView,
};
pub use webhooks::WebhookQuery;

use crate::directory::{Directory, house_subject};
use crate::onboarding::LoginSettings;
use crate::ports::notifier::Notifier;
use crate::values::Secret;

/// What the use cases need to know of the installation.
#[derive(Clone, Debug)]
pub struct AppSettings {
    /// What links begin with, without a slash at the end.
    pub public_url: String,
    /// The Graph version named to Meta's SDK.
    pub graph_version: String,
    /// What Meta's window is opened with, by flow.
    pub login: LoginSettings,
    /// The first operator's token.
    pub operator_token: Secret,
    /// Whether this is a sandbox: magic values are heard, links may be plain http.
    pub sandbox: bool,
}

/// Everything a web adapter may do. Cheap to clone.
#[derive(Clone)]
pub struct App {
    engine: Engine,
    directory: Directory,
    notifier: Arc<dyn Notifier>,
    settings: Arc<AppSettings>,
    draining: Arc<AtomicBool>,
}

impl App {
    /// The use cases over an engine that runs the workflows.
    pub fn new(engine: Engine, notifier: Arc<dyn Notifier>, settings: AppSettings) -> Self {
        Self {
            directory: Directory::new(engine.documents()),
            engine,
            notifier,
            settings: Arc::new(settings),
            draining: Arc::default(),
        }
    }

    /// Time as the product sees it.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        self.engine.clock()
    }

    /// Ids of instances as they change; a receiver that lags reads again.
    pub fn watch(&self) -> broadcast::Receiver<InstanceId> {
        self.engine.watch()
    }

    /// What must stand before the first request: the key that seals this installation's own documents.
    pub async fn prepare(&self) -> Result<(), EngineError> {
        self.engine.documents().prepare(&house_subject()).await
    }

    /// From now on this process says that it is not ready, so that balancers look elsewhere.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Why this process cannot take work, if it cannot.
    pub async fn readiness(&self) -> Result<(), String> {
        if self.draining.load(Ordering::Relaxed) {
            return Err("this process is closing down".to_owned());
        }
        let idle = self.engine.now().since(self.engine.last_turn());
        if idle > std::time::Duration::from_secs(30) {
            return Err(format!(
                "the runner has not looked for work for {} s",
                idle.as_secs()
            ));
        }
        self.engine
            .lag()
            .await
            .map(drop)
            .map_err(|error| error.to_string())
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::NotFound(_) => Self::not_found("instance"),
            EngineError::Refused(refusal) => Self::new(
                Kind::Conflict,
                "not_in_this_state",
                format!(
                    "That is not possible while it is in {}. Read it again to see what it waits for.",
                    refusal.state
                ),
            ),
            EngineError::Exists(_) | EngineError::DocumentMoved { .. } => Self::new(
                Kind::Conflict,
                "changed_meanwhile",
                "Someone else changed this at the same time. Read it again and repeat what is still needed.",
            ),
            EngineError::Archived(_) => Self::new(
                Kind::Conflict,
                "archived",
                "This was put away long after it ended. It can be read, and nothing can be done with it.",
            ),
            EngineError::StillLive(id) => Self::new(
                Kind::Conflict,
                "still_live",
                format!("{id} is still under way. Cancel it first, then erase."),
            ),
            EngineError::NotErasable(subject) => Self::new(
                Kind::Conflict,
                "not_erasable",
                format!("{subject} is no client whose data could be erased."),
            ),
            EngineError::LabelTaken(label) => Self::new(
                Kind::Conflict,
                "taken",
                format!("Another onboarding holds this {}.", label.name),
            ),
            EngineError::TooLarge(what) => Self::new(
                Kind::Invalid,
                "too_large",
                format!("More than can be stored: {what}. Send less."),
            ),
            EngineError::LeaseLost | EngineError::Contended(_) => Self::unavailable(),
            // A rolling update: whoever understands it will answer.
            EngineError::Newer { .. } => {
                tracing::warn!(%error, "asked for what only a newer process reads");
                Self::unavailable()
            }
            EngineError::Unreadable { id, why } => {
                tracing::error!(instance.id = %id, why, "a record cannot be read");
                Self::fault()
            }
            EngineError::ChildExists(_) | EngineError::UnknownWorkflow(_) => {
                tracing::error!(%error, "workflows do not fit together");
                Self::fault()
            }
            EngineError::Store(error) => error.into(),
            EngineError::Seal(error) => error.into(),
        }
    }
}
