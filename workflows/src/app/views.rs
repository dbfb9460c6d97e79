//! What the outside sees: the partner's onboarding object, the client's view, the operator's instance.
//!
//! These are the only shapes that are serialized for people; none has room for a secret.

mod console;

use engine::{Entry, InstanceId, Timestamp};
use serde::Serialize;
use serde_json::Value;

pub use console::{AttentionGroup, HoldView, InstanceRow, InstanceView, TaskView};

/// The partner's object, as `GET /v1/onboardings/{id}` answers it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OnboardingView {
    /// Always `onboarding`.
    pub object: &'static str,
    /// Its id, `onb_…`.
    pub id: String,
    /// Whether it was made with a live key.
    pub livemode: bool,
    /// The partner's own name for it.
    pub external_id: Option<String>,
    /// The partner's own notes, echoed.
    pub metadata: Value,
    /// The sub-account a Vonage-style caller named.
    pub client_account: Option<String>,
    /// The machine's state.
    pub state: String,
    /// The closed set that partners switch on.
    pub status: String,
    /// Detail behind the status.
    pub status_reason: Option<String>,
    /// Rises exactly when something visible here changes.
    pub sequence: u64,
    /// The current link.
    pub link: LinkView,
    /// What Meta gave.
    pub result: ResultView,
    /// How far the number is from sending.
    pub readiness: ReadinessView,
    /// Who acts next, and how; nothing when all is done.
    pub next_action: Option<NextActionView>,
    /// The last thing that went wrong, while it still matters.
    pub last_error: Option<LastErrorView>,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339; when something visible last changed.
    pub updated_at: String,
    /// RFC 3339; when a person first opened the link.
    pub opened_at: Option<String>,
    /// RFC 3339; when the partner had been told.
    pub completed_at: Option<String>,
}

/// The current link of an onboarding.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LinkView {
    /// `olk_…`.
    pub id: String,
    /// The address to send to the client; only where the link was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// RFC 3339.
    pub expires_at: String,
    /// RFC 3339, if it was revoked.
    pub revoked_at: Option<String>,
}

/// What Meta gave.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ResultView {
    /// The client's business portfolio.
    pub business_id: Option<String>,
    /// The WhatsApp Business Account.
    pub waba_id: Option<String>,
    /// The number's id.
    pub phone_number_id: Option<String>,
    /// The number as people write it.
    pub display_phone_number: Option<String>,
    /// `cloud_api` or `coexistence`.
    pub flow: Option<String>,
}

/// How far the number is from sending.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ReadinessView {
    /// Our app receives the account's webhooks.
    pub subscribed: bool,
    /// The number is registered for the Cloud API.
    pub registered: bool,
    /// Meta's verdict on the display name.
    pub name_status: Option<String>,
    /// Whether messages can be sent; nothing while not known.
    pub can_send: Option<bool>,
}

/// Who acts next.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NextActionView {
    /// `client`, `partner`, `operator`, `outside` or `system`.
    pub actor: String,
    /// A stable code, e.g. `open_link`.
    pub code: String,
    /// One sentence for people.
    pub message: String,
    /// RFC 3339; the deadline or the next try.
    pub due_at: Option<String>,
}

/// The last thing that went wrong.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LastErrorView {
    /// A stable code.
    pub code: String,
    /// One sentence for people.
    pub message: String,
    /// RFC 3339.
    pub at: String,
}

/// One line of `GET /v1/onboardings/{id}/events`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventView {
    /// Always `onboarding.event`.
    pub object: &'static str,
    /// `evt_…`, or the line's place in the history.
    pub id: String,
    /// What happened.
    pub what: String,
    /// Who made it happen.
    pub actor: String,
    /// The state before, if it moved.
    pub from: Option<String>,
    /// The state after, if it moved.
    pub to: Option<String>,
    /// A stable code of why.
    pub code: Option<String>,
    /// One sentence of why.
    pub message: Option<String>,
    /// RFC 3339.
    pub at: String,
}

/// A line of history as partners and operators read it.
pub(super) fn event_view(id: &InstanceId, entry: Entry) -> EventView {
    EventView {
        object: "onboarding.event",
        id: format!("evt_{id}.{}", entry.sequence),
        what: entry.what,
        actor: entry.actor.as_str().to_owned(),
        from: entry.from,
        to: entry.to,
        code: entry.detail.as_ref().map(|detail| detail.code.clone()),
        message: entry.detail.map(|detail| detail.text),
        at: Timestamp::to_rfc3339(entry.at),
    }
}

/// A list, newest first unless said otherwise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListView<T> {
    /// Always `list`.
    pub object: &'static str,
    /// The items.
    pub data: Vec<T>,
    /// Whether more follow.
    pub has_more: bool,
    /// Where the next page starts.
    pub next_cursor: Option<String>,
}

/// What the client's page shows. Everything on the page follows from this.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClientView {
    /// Rises when anything here changes.
    pub sequence: u64,
    /// Which of the page's faces to show.
    pub phase: ClientPhase,
    /// The page's title.
    pub headline: String,
    /// What it means for the client.
    pub text: String,
    /// The milestones, in order.
    pub steps: Vec<StepView>,
    /// What the client is asked for, if anything.
    pub ask: Option<AskView>,
    /// What went wrong last, if it matters to the client.
    pub trouble: Option<TroubleView>,
    /// The client's number, masked.
    pub number: Option<String>,
    /// RFC 3339; until when the link works.
    pub link_expires_at: String,
    /// Where the client may return to.
    pub return_url: Option<String>,
    /// What the page needs to open Meta's popup; only while a signup is asked for.
    pub signup: Option<SignupOptions>,
    /// The partner's face.
    pub branding: BrandingView,
}

/// Which face of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientPhase {
    /// The client signs up with Meta (first time or again).
    Signup,
    /// We work; the client may watch or leave.
    Working,
    /// The client is asked for something in `ask`.
    Asking,
    /// Someone else must act; the client is told who and why.
    Waiting,
    /// The number is live.
    Done,
    /// Nothing can be done with this link any more.
    Ended,
}

/// One milestone on the page.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepView {
    /// The milestone's key, e.g. `es_completed`.
    pub key: &'static str,
    /// What it is called, e.g. "Signed up with Meta".
    pub label: String,
    /// `done`, `now`, `todo` or `trouble`.
    pub mark: &'static str,
    /// RFC 3339; since when this is the step at work.
    pub since: Option<String>,
}

/// What the client is asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AskView {
    /// `pin` or `otp`.
    pub kind: &'static str,
    /// The field's label.
    pub label: String,
    /// What it is and where to find it.
    pub help: String,
    /// The button.
    pub button: String,
}

/// What went wrong: what happened, what it means, one thing to do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TroubleView {
    /// A stable code.
    pub code: String,
    /// What happened.
    pub happened: String,
    /// What it means and what to do.
    pub advice: String,
    /// RFC 3339; when the next try is due by itself.
    pub next_try_at: Option<String>,
}

/// What the page hands to Meta's SDK.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SignupOptions {
    /// The Meta app.
    pub app_id: String,
    /// The login configuration.
    pub config_id: String,
    /// The Graph version named to the SDK.
    pub graph_version: String,
    /// The `extras` of `FB.login`.
    pub extras: Value,
}

/// The partner's face on the page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BrandingView {
    /// The partner's name.
    pub display_name: String,
    /// A raster image served by us.
    pub logo_url: Option<String>,
    /// The accent color, `#rrggbb`.
    pub accent: Option<String>,
    /// Where clients find help.
    pub support_url: Option<String>,
    /// Whom clients write to.
    pub support_email: Option<String>,
}

/// What the page itself needs to load before a session exists.
#[derive(Clone, Debug, PartialEq)]
pub struct PageView {
    /// The partner's face.
    pub branding: BrandingView,
    /// RFC 3339; until when the link works.
    pub link_expires_at: String,
    /// Which language the page speaks, e.g. `en`.
    pub locale: String,
    /// Where the page may be framed.
    pub embed_origins: Vec<String>,
}

/// One notice to one endpoint.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeliveryView {
    /// Always `webhook_delivery`.
    pub object: &'static str,
    /// `whd_…`.
    pub id: String,
    /// The notice's type, e.g. `onboarding.completed`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The endpoint it goes to.
    pub endpoint_id: String,
    /// Where that is.
    pub url: String,
    /// `pending`, `delivered` or `failed`.
    pub status: String,
    /// The onboarding it tells of.
    pub onboarding_id: Option<String>,
    /// The tries, oldest first.
    pub attempts: Vec<AttemptView>,
    /// RFC 3339; the next try.
    pub next_attempt_at: Option<String>,
    /// RFC 3339.
    pub created_at: String,
}

/// One try at a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct AttemptView {
    /// RFC 3339.
    pub at: String,
    /// The HTTP status, if an answer came.
    pub status: Option<u16>,
    /// Milliseconds until the answer.
    pub duration_ms: u64,
    /// The first part of the answer, or why none came.
    pub answer: String,
}

/// A registered webhook endpoint.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EndpointView {
    /// Always `webhook_endpoint`.
    pub object: &'static str,
    /// `whe_…`.
    pub id: String,
    /// Where notices go.
    pub url: String,
    /// Which notices; empty means all.
    pub events: Vec<String>,
    /// `enabled` or `disabled`.
    pub status: String,
    /// `whsec_…`; only where it was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// RFC 3339.
    pub created_at: String,
}
