//! Where partners hear notices: endpoints with their signing secrets.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::{Expected, Opened};
use serde::Deserialize;
use serde_json::{Value, json};

use super::keys::Caller;
use super::lists::list;
use super::problem::{Kind, Problem};
use super::views::{DeliveryView, EndpointView, ListView};
use super::{App, body};
use crate::delivery::{Announcement, NOTICE_TYPES, births};
use crate::directory::{Directory, ENDPOINTS_MAX, Endpoint, EndpointSecret};
use crate::ids;
use crate::values::{PartnerId, Secret};

/// Both secrets sign for a day while one replaces the other.
const ROTATION: Duration = Duration::from_hours(24);

/// Secrets that may sign side by side.
const SECRETS_MAX: usize = 5;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndpointBody {
    url: String,
    events: Option<Vec<String>>,
}

impl App {
    /// Registers an endpoint; its secret is in this answer only.
    pub async fn create_endpoint(
        &self,
        caller: &Caller,
        request: &Value,
    ) -> Result<EndpointView, Problem> {
        let asked: EndpointBody = body::read(request)?;
        self.admit_address("url", &asked.url)?;
        let events = asked.events.unwrap_or_default();
        if let Some(unknown) = events
            .iter()
            .find(|event| !NOTICE_TYPES.contains(&event.as_str()))
        {
            let message = format!(
                "`{unknown}` is no notice; known are {}",
                NOTICE_TYPES.join(", ")
            );
            return Err(Problem::field("events", "unknown_value", message));
        }
        let endpoint = self
            .add_endpoint(&caller.partner, asked.url, events)
            .await?;
        Ok(with_secret(&endpoint))
    }

    /// One endpoint of the caller's.
    pub async fn endpoint(&self, caller: &Caller, id: &str) -> Result<EndpointView, Problem> {
        Ok(view_of(&self.own_endpoint(caller, id).await?.body))
    }

    /// The caller's endpoints.
    pub async fn endpoints(&self, caller: &Caller) -> Result<ListView<EndpointView>, Problem> {
        let found = self.directory.endpoints(&caller.partner).await?;
        Ok(list(found.iter().rev().map(view_of).collect(), None))
    }

    /// Removes an endpoint; what was on its way to it is given up.
    pub async fn delete_endpoint(&self, caller: &Caller, id: &str) -> Result<(), Problem> {
        let opened = self.own_endpoint(caller, id).await?;
        let removal = Directory::remove_endpoint(&caller.partner, id, opened.version);
        Ok(self.directory.write(vec![removal]).await?)
    }

    /// Adds a second secret; both sign for a day. The new one is in this answer only.
    pub async fn rotate_endpoint(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<EndpointView, Problem> {
        let opened = self.own_endpoint(caller, id).await?;
        let mut endpoint = opened.body;
        let until = self.engine.now() + ROTATION;
        let now = self.engine.now();
        // A rotation whose answer was lost is made again: what the partner holds must go on signing.
        endpoint
            .secrets
            .retain(|secret| secret.until.is_none_or(|end| now < end));
        for old in &mut endpoint.secrets {
            old.until = old.until.or(Some(until));
        }
        endpoint.secrets.truncate(SECRETS_MAX - 1);
        endpoint.secrets.insert(0, fresh_secret());
        let expected = Expected::Version(opened.version);
        let puts = self
            .directory
            .put_endpoint(&caller.partner, &endpoint, expected)
            .await?;
        self.directory.write(puts).await?;
        Ok(with_secret(&endpoint))
    }

    /// Sends a notice of type `test` and answers its delivery.
    pub async fn test_endpoint(&self, caller: &Caller, id: &str) -> Result<DeliveryView, Problem> {
        let opened = self.own_endpoint(caller, id).await?;
        if !opened.body.enabled {
            return Err(Problem::new(
                Kind::Conflict,
                "endpoint_disabled",
                "This endpoint answered 410 and is disabled. Delete it and register it again.",
            ));
        }
        let now = self.engine.now();
        let announcement = Announcement {
            kind: "test",
            at: now,
            cause: ids::fresh("test", now),
            partner: caller.partner.clone(),
            onboarding: None,
            data: json!({ "message": "This is a test notice from Gangway." }),
            own_url: None,
        };
        let made = births(&self.directory, &announcement).await?;
        let birth = made
            .into_iter()
            .find(|birth| birth.facts["endpoint"] == id)
            .ok_or_else(Problem::fault)?;
        self.deliver(&caller.partner, birth).await
    }

    /// Keeps an endpoint with a fresh secret.
    pub(super) async fn add_endpoint(
        &self,
        partner: &PartnerId,
        url: String,
        events: Vec<String>,
    ) -> Result<Endpoint, Problem> {
        if self.directory.endpoints(partner).await?.len() >= ENDPOINTS_MAX {
            return Err(Problem::new(
                Kind::Conflict,
                "too_many_endpoints",
                format!(
                    "A partner may have {ENDPOINTS_MAX} endpoints. Delete one that is not used."
                ),
            ));
        }
        let now = self.engine.now();
        let endpoint = Endpoint {
            id: ids::fresh("whe", now),
            url,
            events,
            secrets: vec![fresh_secret()],
            enabled: true,
            created_at: now,
        };
        let puts = self
            .directory
            .put_endpoint(partner, &endpoint, Expected::Absent)
            .await?;
        self.directory.write(puts).await?;
        Ok(endpoint)
    }

    /// Whether notices may go to this address.
    pub(super) fn admit_address(&self, param: &str, url: &str) -> Result<(), Problem> {
        body::at_most(param, url, 2_048)?;
        self.notifier
            .admits(url)
            .map_err(|why| Problem::field(param, "address_refused", why))
    }

    async fn own_endpoint(&self, caller: &Caller, id: &str) -> Result<Opened<Endpoint>, Problem> {
        self.directory
            .endpoint(&caller.partner, id)
            .await?
            .ok_or_else(|| Problem::not_found("endpoint"))
    }
}

/// A signing secret as Standard Webhooks writes it: 32 random bytes.
pub(crate) fn fresh_signing_secret() -> Secret {
    Secret::new(format!("whsec_{}", STANDARD.encode(ids::random::<32>())))
}

fn fresh_secret() -> EndpointSecret {
    EndpointSecret {
        secret: fresh_signing_secret(),
        until: None,
    }
}

fn view_of(endpoint: &Endpoint) -> EndpointView {
    EndpointView {
        object: "webhook_endpoint",
        id: endpoint.id.clone(),
        url: endpoint.url.clone(),
        events: endpoint.events.clone(),
        status: if endpoint.enabled {
            "enabled"
        } else {
            "disabled"
        }
        .to_owned(),
        secret: None,
        created_at: endpoint.created_at.to_rfc3339(),
    }
}

/// The one place where a signing secret is shown: to the partner that just had it made.
pub(super) fn with_secret(endpoint: &Endpoint) -> EndpointView {
    let newest = endpoint.secrets.first();
    EndpointView {
        secret: newest.map(|newest| newest.secret.expose().to_owned()),
        ..view_of(endpoint)
    }
}
