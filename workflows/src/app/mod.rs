//! The use cases that a web adapter calls: whatever a web framework needs, framework-free.

mod problem;
mod views;

use std::sync::Arc;
use std::time::Duration;

use engine::{Clock, InstanceId};
use serde_json::Value;
use tokio::sync::broadcast;

pub use problem::{FieldError, Kind, Problem};
pub use views::*;

use crate::values::PartnerId;

/// Everything a web adapter may do. Cheap to clone.
#[derive(Clone)]
pub struct App {
    clock: Arc<dyn Clock>,
}

/// An authenticated partner key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Whose key.
    pub partner: PartnerId,
    /// `<keyid>`.
    pub key: String,
    /// Live or test key.
    pub livemode: bool,
    /// What it may do.
    pub scopes: Vec<Scope>,
}

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// `onboardings:write`
    OnboardingsWrite,
    /// `onboardings:read`
    OnboardingsRead,
    /// `webhooks:write`
    WebhooksWrite,
    /// `credentials:read`
    CredentialsRead,
}

/// What a partner presented.
#[derive(Clone, Debug)]
pub enum Credential {
    /// `Authorization: Bearer …`
    Bearer(String),
    /// `Authorization: Basic …`, decoded.
    Basic { user: String, password: String },
}

/// What came of announcing an idempotent request.
#[derive(Clone, Debug)]
pub enum Begun {
    /// Carry it out, then `finish` with the ticket.
    Fresh(Ticket),
    /// It was carried out before: answer this again with `Idempotency-Replayed: true`.
    Replay { status: u16, body: String },
}

/// Holds the place of an idempotent request.
#[derive(Clone, Debug)]
pub struct Ticket {
    pub(crate) key: String,
    /// The id an onboarding made under this key gets, so that a repeat after a crash makes no second.
    pub onboarding: InstanceId,
}

/// A client's browser session.
#[derive(Clone, Debug)]
pub struct ClientSession {
    /// The onboarding it may act on.
    pub onboarding: InstanceId,
    /// False when a later browser took over: tell the person, offer to take it back by opening again.
    pub current: bool,
}

/// What `open` answers: the cookie's value and the first view.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The opaque session secret, for the cookie or the bearer.
    pub session: String,
    /// How long the cookie lives.
    pub lives: Duration,
    /// What the page shows.
    pub view: ClientView,
}

/// Query of the partner's and the operator's lists.
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    pub status: Option<String>,
    pub state: Option<String>,
    pub external_id: Option<String>,
    pub created_after: Option<String>,
    pub created_before: Option<String>,
    /// Operator lists only.
    pub partner_id: Option<String>,
    /// Operator lists only.
    pub workflow: Option<String>,
    /// 1–100, default 20; anything else is refused by the use case.
    pub limit: Option<i64>,
    pub after: Option<String>,
}

/// An act of an operator on an instance: `retry_now`, `cancel`, `pause`, `resume`.
#[derive(Clone, Debug)]
pub struct OperatorAct {
    pub act: String,
    pub reason: String,
    pub operation_id: Option<String>,
    pub dry_run: bool,
}

impl App {
    /// Time as the product sees it.
    pub fn clock(&self) -> &Arc<dyn Clock> { &self.clock }
    /// Ids of instances as they change, for server-sent events and `?wait=`; a lagging receiver reads again.
    pub fn watch(&self) -> broadcast::Receiver<InstanceId> { todo!() }

    // --- partners -------------------------------------------------------------------------
    pub async fn authenticate(&self, credential: &Credential) -> Result<Caller, Problem> { todo!() }
    /// For any POST with an Idempotency-Key: `request` is method, path and raw body.
    pub async fn begin(&self, caller: &Caller, key: &str, request: &[u8]) -> Result<Begun, Problem> { todo!() }
    pub async fn finish(&self, ticket: &Ticket, status: u16, body: &str) -> Result<(), Problem> { todo!() }
    /// Gives the place up after a refusal that the caller may mend (4xx other than a stored answer, 5xx).
    pub async fn abandon(&self, ticket: &Ticket) -> Result<(), Problem> { todo!() }
    /// `id`: the ticket's, when there is one. The body is validated here; unknown fields are refused by name.
    pub async fn create_onboarding(&self, caller: &Caller, body: &Value, id: Option<&InstanceId>) -> Result<OnboardingView, Problem> { todo!() }
    pub async fn onboarding(&self, caller: &Caller, id: &str) -> Result<OnboardingView, Problem> { todo!() }
    pub async fn onboardings(&self, caller: &Caller, query: &ListQuery) -> Result<ListView<OnboardingView>, Problem> { todo!() }
    pub async fn onboarding_events(&self, caller: &Caller, id: &str, query: &ListQuery) -> Result<ListView<EventView>, Problem> { todo!() }
    /// Body `{expires_in?}`; the old link is revoked.
    pub async fn new_link(&self, caller: &Caller, id: &str, body: &Value) -> Result<OnboardingView, Problem> { todo!() }
    pub async fn revoke_link(&self, caller: &Caller, link_id: &str) -> Result<OnboardingView, Problem> { todo!() }
    pub async fn cancel_onboarding(&self, caller: &Caller, id: &str) -> Result<OnboardingView, Problem> { todo!() }
    pub async fn retry_onboarding(&self, caller: &Caller, id: &str) -> Result<OnboardingView, Problem> { todo!() }
    pub async fn create_endpoint(&self, caller: &Caller, body: &Value) -> Result<EndpointView, Problem> { todo!() }
    pub async fn endpoint(&self, caller: &Caller, id: &str) -> Result<EndpointView, Problem> { todo!() }
    pub async fn endpoints(&self, caller: &Caller) -> Result<ListView<EndpointView>, Problem> { todo!() }
    pub async fn delete_endpoint(&self, caller: &Caller, id: &str) -> Result<(), Problem> { todo!() }
    /// Adds a second secret beside the first (both sign for 24 h); the answer shows the new one once.
    pub async fn rotate_endpoint(&self, caller: &Caller, id: &str) -> Result<EndpointView, Problem> { todo!() }
    /// Sends a test notice; answers the delivery.
    pub async fn test_endpoint(&self, caller: &Caller, id: &str) -> Result<DeliveryView, Problem> { todo!() }
    pub async fn deliveries(&self, caller: &Caller, query: &ListQuery) -> Result<ListView<DeliveryView>, Problem> { todo!() }
    pub async fn redeliver(&self, caller: &Caller, id: &str) -> Result<DeliveryView, Problem> { todo!() }
    /// `GET /v1/errors`
    pub fn errors(&self) -> Value { todo!() }
    /// Vonage-compatible call: `{url, id, expires_at}`.
    pub async fn vonage_link(&self, caller: &Caller, body: &Value, id: Option<&InstanceId>) -> Result<Value, Problem> { todo!() }

    // --- clients --------------------------------------------------------------------------
    /// What the page shows before anyone has opened it. Changes nothing. NotFound or Gone for dead links.
    pub async fn page_of_link(&self, token: &str) -> Result<PageView, Problem> { todo!() }
    pub async fn page_of_session(&self, session: &ClientSession) -> Result<PageView, Problem> { todo!() }
    /// A person is here; the latest open wins.
    pub async fn open_link(&self, token: &str) -> Result<Opened, Problem> { todo!() }
    pub async fn session(&self, secret: &str) -> Result<ClientSession, Problem> { todo!() }
    pub async fn client_view(&self, session: &ClientSession) -> Result<ClientView, Problem> { todo!() }
    /// `{kind, step?, error_code?, session_id?}`
    pub async fn journey(&self, session: &ClientSession, body: &Value) -> Result<ClientView, Problem> { todo!() }
    /// `{code?, session?:{event, data}}`; answers after the code is durable and its exchange under way.
    pub async fn signup(&self, session: &ClientSession, body: &Value) -> Result<ClientView, Problem> { todo!() }
    pub async fn give_pin(&self, session: &ClientSession, body: &Value) -> Result<ClientView, Problem> { todo!() }
    pub async fn give_otp(&self, session: &ClientSession, body: &Value) -> Result<ClientView, Problem> { todo!() }

    // --- Meta -----------------------------------------------------------------------------
    /// Whether the verification challenge of this app's callback may be answered.
    pub async fn verify_callback(&self, app_id: &str, verify_token: &str) -> Result<(), Problem> { todo!() }
    /// `signature`: the X-Hub-Signature-256 header. Stored raw before this resolves.
    pub async fn receive_webhook(&self, app_id: &str, raw: &[u8], signature: &str) -> Result<(), Problem> { todo!() }

    // --- operators ------------------------------------------------------------------------
    pub async fn authenticate_operator(&self, token: &str) -> Result<Operator, Problem> { todo!() }
    /// A console session for the cookie, after the token was right.
    pub async fn open_console(&self, token: &str) -> Result<String, Problem> { todo!() }
    pub async fn console_session(&self, secret: &str) -> Result<Operator, Problem> { todo!() }
    pub async fn close_console(&self, secret: &str) -> Result<(), Problem> { todo!() }
    pub async fn create_app(&self, operator: &Operator, body: &Value) -> Result<Value, Problem> { todo!() }
    pub async fn create_partner(&self, operator: &Operator, body: &Value) -> Result<Value, Problem> { todo!() }
    pub async fn create_key(&self, operator: &Operator, partner_id: &str, body: &Value) -> Result<Value, Problem> { todo!() }
    pub async fn partners(&self, operator: &Operator) -> Result<ListView<Value>, Problem> { todo!() }
    pub async fn create_onboarding_for(&self, operator: &Operator, body: &Value) -> Result<OnboardingView, Problem> { todo!() }
    pub async fn instances(&self, operator: &Operator, query: &ListQuery) -> Result<ListView<InstanceRow>, Problem> { todo!() }
    pub async fn instance(&self, operator: &Operator, id: &str) -> Result<InstanceView, Problem> { todo!() }
    pub async fn act(&self, operator: &Operator, id: &str, act: &OperatorAct) -> Result<InstanceView, Problem> { todo!() }
    pub async fn attention(&self, operator: &Operator) -> Result<ListView<AttentionGroup>, Problem> { todo!() }
    pub async fn schedules(&self, operator: &Operator) -> Result<ListView<Value>, Problem> { todo!() }
    pub async fn audit(&self, operator: &Operator, query: &ListQuery) -> Result<ListView<Value>, Problem> { todo!() }
    /// The table as a picture: nodes and edges with which are visited and which is current, from the engine's diagram.
    pub async fn diagram(&self, operator: &Operator, id: &str) -> Result<DiagramView, Problem> { todo!() }

    // --- machine --------------------------------------------------------------------------
    /// Why this process is not ready, if it is not: store failed, runner not turning.
    pub async fn readiness(&self) -> Result<(), String> { todo!() }
    /// Gauges for /metrics: exact counts per workflow, state and hold, and the lag of the due index.
    pub async fn gauges(&self) -> Result<Gauges, Problem> { todo!() }
}

/// Who operates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// A name for the audit.
    pub name: String,
    /// Bound to the session, for the CSRF token; empty for bearer calls.
    pub session_digest: String,
}

/// A table drawn as nodes and edges.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct DiagramView {
    pub nodes: Vec<DiagramNode>,
    pub edges: Vec<DiagramEdge>,
}

/// One state of the picture.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct DiagramNode {
    /// `link_issued`
    pub state: String,
    /// `LinkIssued`
    pub label: String,
    /// One of the six milestones (the straight line), or a side state.
    pub milestone: bool,
    /// `visited`, `current`, `held` (current and in trouble), `ahead`.
    pub mark: String,
}

/// One arrow of the picture.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct DiagramEdge {
    pub from: String,
    pub to: String,
    /// The input that moves it.
    pub input: String,
}

/// Numbers for the metrics page.
#[derive(Clone, Debug, PartialEq)]
pub struct Gauges {
    /// workflow, state, hold code, count
    pub instances: Vec<(String, String, String, u64)>,
    /// How late the earliest due task is.
    pub lag: Duration,
}
