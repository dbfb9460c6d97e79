//! What the client's page shows. Everything on the page follows from this.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::partner::DeadlineView;

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
    /// Until when Meta allows what is at work, where the client should know it.
    pub deadline: Option<DeadlineView>,
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
