//! Sends what lies in the outbox as Meta does: signed, tried again when not answered with 200.
//!
//! It decides neither what happened nor who hears of it.

use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use tokio::sync::mpsc::UnboundedReceiver;

use super::super::core::Core;
use super::super::world::{PendingWebhook, decimal_id};

/// Waits between tries: Meta's decreasing frequency, shortened to the part that teaches something.
const WAITS: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(10),
    Duration::from_mins(1),
    Duration::from_mins(10),
    Duration::from_hours(1),
];

/// The value of `X-Hub-Signature-256` for `body`.
pub(crate) fn signature(app_secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(app_secret.as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// Whether a callback answers Meta's verification with the challenge.
pub(crate) async fn callback_answers(core: &Core, url: &str, verify_token: &str) -> bool {
    let challenge = decimal_id();
    let asked = core
        .client
        .get(url)
        .query(&[
            ("hub.mode", "subscribe"),
            ("hub.challenge", challenge.as_str()),
            ("hub.verify_token", verify_token),
        ])
        .send()
        .await;
    match asked {
        Ok(answer) if answer.status().as_u16() == 200 => answer
            .text()
            .await
            .is_ok_and(|text| text.trim() == challenge),
        _ => false,
    }
}

/// Starts a delivery for every webhook put on its way.
pub(crate) async fn run_outbox(core: Arc<Core>, mut waiting: UnboundedReceiver<String>) {
    while let Some(id) = waiting.recv().await {
        core.spawn(deliver(Arc::clone(&core), id));
    }
}

async fn deliver(core: Arc<Core>, id: String) {
    loop {
        let Some(pending) = core.world().webhooks.get(&id).cloned() else {
            return;
        };
        core.sleep_until(pending.due_at).await;
        let is_done = try_once(&core, &pending).await;
        let wait = WAITS.get(pending.tries).copied();
        let next = wait.filter(|_| !is_done).map(|wait| core.now() + wait);
        match next {
            Some(moment) => {
                core.world().webhooks.change(&id, |pending| {
                    pending.tries += 1;
                    pending.due_at = moment;
                });
            }
            None => {
                core.world().webhooks.remove(&id);
            }
        }
        core.flush().await;
        if next.is_none() {
            return;
        }
    }
}

/// One try; true when the receiver took it, or the app has no receiver any more.
async fn try_once(core: &Core, pending: &PendingWebhook) -> bool {
    let receiver = core.world().apps.get(&pending.app_id).and_then(|app| {
        let url = pending.url.clone().or_else(|| app.webhook_url.clone())?;
        Some((url, app.app_secret.clone()))
    });
    let Some((url, secret)) = receiver else {
        return true;
    };
    let signature = signature(&secret, pending.body.as_bytes());
    let sent = core
        .client
        .post(url)
        .header("content-type", "application/json")
        .header("x-hub-signature-256", signature)
        .header("user-agent", "facebookexternalua")
        .body(pending.body.clone())
        .send()
        .await;
    sent.is_ok_and(|answer| answer.status().as_u16() == 200)
}
