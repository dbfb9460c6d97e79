//! One try of one notice: checked, signed, sent once, reported as it went.
//!
//! It logs no address: partners put keys of their own into theirs.

use std::error::Error;
use std::iter;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{CONTENT_TYPE, USER_AGENT};
use reqwest::{Client, Url, redirect, retry};
use thiserror::Error as ThisError;
use tokio::time::Instant;
use workflows::ports::notifier::{Answer, Notice, Notifier, Undelivered};

use super::guard::Guard;
use super::resolver::{ForbiddenAddress, GuardedResolver};
use super::{answer, signature};

/// How partners' logs name us.
const AGENT: &str = concat!("Gangway/", env!("CARGO_PKG_VERSION"));

/// Part of the whole wait that connecting may take.
const CONNECT_SHARE: u32 = 2;

/// How notices are sent.
#[derive(Clone, Copy, Debug)]
pub struct WebhookSettings {
    /// Lets notices go to private networks, by http and on any port: for a sandbox and tests.
    pub allow_private_addresses: bool,
    /// How long one try may take in all.
    pub timeout: Duration,
}

/// TLS could not be set up; most often the machine has no root certificates.
#[derive(Debug, ThisError)]
#[error("the connection to partners' endpoints could not be set up")]
pub struct WebhookSetupError(#[source] reqwest::Error);

/// Sends signed notices over HTTPS.
#[derive(Clone, Debug)]
pub struct WebhookSender {
    guard: Guard,
    client: Client,
}

impl WebhookSender {
    /// A sender for the settings. The process must have installed its TLS provider before.
    pub fn new(settings: WebhookSettings) -> Result<Self, WebhookSetupError> {
        let guard = if settings.allow_private_addresses {
            Guard::Anywhere
        } else {
            Guard::PublicOnly
        };
        // A proxy would resolve names itself, past the guard.
        let client = Client::builder()
            .timeout(settings.timeout)
            .connect_timeout(settings.timeout / CONNECT_SHARE)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .dns_resolver(GuardedResolver(guard))
            .https_only(guard == Guard::PublicOnly)
            .build()
            .map_err(WebhookSetupError)?;
        Ok(Self { guard, client })
    }

    /// Posts the notice to an admitted address.
    async fn post(&self, url: Url, notice: &Notice) -> Result<Answer, Undelivered> {
        let at_s = notice.at.seconds();
        let signed = signature::sign(&notice.id, at_s, &notice.body, &notice.secrets)
            .ok_or_else(|| Undelivered::Forbidden("no usable signing secret".to_owned()))?;
        let started = Instant::now();
        let mut response = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, AGENT)
            .header("webhook-id", &notice.id)
            .header("webhook-timestamp", at_s)
            .header("webhook-signature", signed)
            .body(notice.body.clone())
            .send()
            .await
            .map_err(undelivered)?;
        let head = answer::head(&mut response).await.map_err(undelivered)?;
        Ok(Answer {
            status: response.status().as_u16(),
            took: started.elapsed(),
            head,
            retry_after: answer::retry_after(response.headers(), notice.at),
        })
    }
}

#[async_trait]
impl Notifier for WebhookSender {
    async fn send(&self, notice: &Notice) -> Result<Answer, Undelivered> {
        let result = match self.guard.admit(&notice.url) {
            Ok(url) => self.post(url, notice).await,
            Err(reason) => Err(Undelivered::Forbidden(reason)),
        };
        note(&result);
        result
    }

    fn admits(&self, url: &str) -> Result<(), String> {
        self.guard.admit(url).map(drop)
    }
}

fn note(result: &Result<Answer, Undelivered>) {
    let (outcome, status) = match result {
        Ok(answer) if (200..300).contains(&answer.status) => ("accepted", answer.status),
        Ok(answer) => ("refused", answer.status),
        Err(Undelivered::Forbidden(_)) => ("forbidden", 0),
        Err(Undelivered::Unreachable(_)) => ("unreachable", 0),
    };
    metrics::counter!("gangway_webhook_tries_total", "outcome" => outcome).increment(1);
    if let Ok(answer) = result {
        metrics::histogram!("gangway_webhook_try_seconds").record(answer.took.as_secs_f64());
    }
    tracing::debug!(outcome, status, "sent a notice");
}

/// The address is taken off the error: it may hold the partner's own keys.
fn undelivered(error: reqwest::Error) -> Undelivered {
    let error = error.without_url();
    let causes = || iter::successors(error.source(), |&cause| cause.source());
    if let Some(forbidden) = causes().find_map(|cause| cause.downcast_ref::<ForbiddenAddress>()) {
        return Undelivered::Forbidden(forbidden.to_string());
    }
    if error.is_builder() {
        return Undelivered::Forbidden("the notice cannot be written to this address".to_owned());
    }
    let text = match causes().last() {
        _ if error.is_timeout() => "no answer in time".to_owned(),
        Some(cause) => cause.to_string(),
        None => error.to_string(),
    };
    Undelivered::Unreachable(text)
}

#[cfg(test)]
#[path = "sender_tests.rs"]
mod tests;
