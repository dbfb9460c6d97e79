//! The partner's onboarding object and the lists around it.

use serde::Serialize;
use serde_json::Value;

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
    /// Until when Meta allows what is at work now; nothing where it sets no time.
    pub deadline: Option<DeadlineView>,
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
    /// What Meta says stands in the way of sending, or will.
    pub problems: Vec<ProblemView>,
}

/// Something that stands in the way of sending.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProblemView {
    /// Meta's code, where it gives one.
    pub code: Option<i64>,
    /// What it is and how it is mended, in Meta's words.
    pub message: String,
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

/// A time that Meta sets.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeadlineView {
    /// What must have happened: `register_number` or `sync_chats`.
    pub code: &'static str,
    /// RFC 3339.
    pub at: String,
    /// One sentence for people.
    pub message: String,
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
