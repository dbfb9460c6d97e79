//! From an announcement to the deliveries that carry it: one for each endpoint that wants it.

use engine::{Birth, EngineError, InstanceId, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Delivery, Facts};
use crate::directory::Directory;
use crate::values::{PartnerId, Secret};

/// The notices that partners may subscribe to.
pub const NOTICE_TYPES: [&str; 15] = [
    "onboarding.created",
    "onboarding.opened",
    "onboarding.started",
    "onboarding.abandoned",
    "onboarding.authorized",
    "onboarding.step_failed",
    "onboarding.action_required",
    "onboarding.completed",
    "onboarding.ready",
    "onboarding.failed",
    "onboarding.expired",
    "onboarding.canceled",
    "link.revoked",
    "connection.disconnected",
    "connection.restored",
];

/// Something that partners are told.
#[derive(Clone, Debug)]
pub struct Announcement {
    /// The notice's type.
    pub kind: &'static str,
    /// When it happened.
    pub at: Timestamp,
    /// Identifies what gave rise to it; the same cause makes the same deliveries.
    pub cause: String,
    /// Who is told.
    pub partner: PartnerId,
    /// The onboarding it tells of, if it tells of one.
    pub onboarding: Option<String>,
    /// The notice's `data`.
    pub data: Value,
    /// An address for this onboarding alone.
    pub own_url: Option<String>,
}

/// Where one delivery goes.
struct Target {
    endpoint: String,
    url: String,
    own_secret: Option<Secret>,
}

/// The deliveries of an announcement; none where nobody listens.
pub async fn births(
    directory: &Directory,
    announcement: &Announcement,
) -> Result<Vec<Birth>, EngineError> {
    let mut targets: Vec<Target> = directory
        .endpoints(&announcement.partner)
        .await?
        .into_iter()
        .filter(|endpoint| announcement.kind == "test" || endpoint.wants(announcement.kind))
        .map(|endpoint| Target {
            endpoint: endpoint.id,
            url: endpoint.url,
            own_secret: None,
        })
        .collect();
    if let Some(url) = &announcement.own_url
        && let Some(partner) = directory.partner(&announcement.partner).await?
    {
        targets.push(Target {
            endpoint: "notify_url".to_owned(),
            url: url.clone(),
            own_secret: Some(partner.notice_secret),
        });
    }
    Ok(targets
        .into_iter()
        .map(|target| birth(announcement, target))
        .collect())
}

fn birth(announcement: &Announcement, target: Target) -> Birth {
    let notice = format!("{}/{}", announcement.cause, announcement.kind);
    let webhook_id = derived("evt", announcement.at, &notice);
    let id = derived(
        "whd",
        announcement.at,
        &format!("{notice}/{}", target.endpoint),
    );
    let body = json!({
        "type": announcement.kind,
        "timestamp": announcement.at.to_rfc3339(),
        "data": announcement.data,
    });
    let facts = Facts {
        id: id.clone(),
        partner: announcement.partner.clone(),
        endpoint: target.endpoint,
        url: target.url,
        own_secret: target.own_secret,
        kind: announcement.kind.to_owned(),
        webhook_id,
        body: body.to_string(),
        onboarding: announcement.onboarding.clone(),
        attempts: Vec::new(),
        tried: 0,
        next_at: None,
        created_at: announcement.at,
    };
    Birth {
        workflow: <Delivery as engine::Workflow>::NAME,
        id: InstanceId::new(id),
        facts: serde_json::to_value(&facts).expect("facts are plain data"),
    }
}

/// An id that sorts by its moment and is the same for the same cause.
fn derived(prefix: &str, at: Timestamp, cause: &str) -> String {
    let digest = Sha256::digest(cause.as_bytes());
    crate::ids::at(prefix, at, &digest[..10])
}
