//! Meta's webhooks: taken when signed, refused when not, stored once, and large ones too.

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{opened, simply_signed_up};
use crate::app::{Answer, App, Product, ask};

pub(super) fn signed(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

pub(super) async fn send(app: &Product, app_id: &str, body: &[u8], signature: &str) -> Answer {
    let url = format!("{}/webhooks/meta/{app_id}", app.url());
    let request = app
        .http
        .post(url)
        .header("content-type", "application/json");
    ask(request
        .header("x-hub-signature-256", signature)
        .body(body.to_vec()))
    .await
}

fn event(text: &str) -> Vec<u8> {
    let value = json!({ "event": "PARTNER_ADDED", "waba_info": { "waba_id": text } });
    let change = json!({ "field": "account_update", "value": value });
    let entry = json!({ "id": "1", "time": 1, "changes": [change] });
    json!({ "object": "whatsapp_business_account", "entry": [entry] })
        .to_string()
        .into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_believed_by_its_signature_only() {
    let mut app = App::start().await;
    let id = app.invented.app_id.clone();
    let secret = app.invented.app_secret.expose().to_owned();
    let body = event("77");
    let good = signed(&secret, &body);
    for _ in 0..2 {
        assert_eq!(
            send(&app, &id, &body, &good).await.status,
            200,
            "a repeat is welcome"
        );
    }
    let (wrong, other) = (signed("other", &body), event("78"));
    for (body, signature) in [(&body, &wrong), (&other, &good), (&body, &String::new())] {
        let refused = send(&app, &id, body, signature).await;
        assert_eq!(refused.status, 401, "{}", refused.text);
        assert!(!refused.text.contains(&secret));
    }
    let unknown = send(&app, "123456789", &body, &good).await;
    assert!(matches!(unknown.status, 401 | 404), "{}", unknown.text);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_of_three_mebibytes_is_taken_and_a_larger_one_is_not() {
    let mut app = App::start().await;
    let id = app.invented.app_id.clone();
    let secret = app.invented.app_secret.expose().to_owned();
    let frame = event("").len();
    let full = event(&"7".repeat(3 * 1024 * 1024 - frame));
    assert_eq!(full.len(), 3 * 1024 * 1024);
    let taken = send(&app, &id, &full, &signed(&secret, &full)).await;
    assert_eq!(taken.status, 200, "{}", taken.text);
    let over = event(&"7".repeat(3 * 1024 * 1024 - frame + 1));
    let url = format!("{}/webhooks/meta/{id}", app.url());
    let request = app
        .http
        .post(url)
        .header("content-type", "application/json");
    let signature = signed(&secret, &over);
    let request = request.header("x-hub-signature-256", signature).body(over);
    // It is refused by its announced length; whoever still sends may find the line closed.
    if let Ok(refused) = request.send().await {
        assert_eq!(refused.status(), 413);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_callback_proves_itself_to_meta_and_to_nobody_else() {
    let mut app = App::start().await;
    let url = format!("{}/webhooks/meta/{}", app.url(), app.invented.app_id);
    let challenge = |token: &str| {
        let query = [
            ("hub.mode", "subscribe"),
            ("hub.verify_token", token),
            ("hub.challenge", "42"),
        ];
        ask(app.http.get(&url).query(&query))
    };
    let proven = challenge(app.invented.verify_token.expose()).await;
    assert_eq!((proven.status, proven.text.as_str()), (200, "42"));
    assert_eq!(challenge("guessed").await.status, 403);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metas_own_events_about_a_signup_disturb_nothing() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let signup = simply_signed_up(&app, &client).await;
    let done = app.status_until(&onboarding.id, "completed").await;
    let value = json!({ "event": "PARTNER_ADDED",
        "waba_info": { "waba_id": signup["session"]["data"]["waba_id"] } });
    let order = json!({ "app_id": app.invented.app_id, "field": "account_update",
        "value": value, "duplicate": true });
    assert_eq!(app.control("webhook", order).await["queued"], 2);
    assert_eq!(app.status_until(&onboarding.id, "completed").await, done);
    assert_eq!(done["last_error"], Value::Null);
    app.stop().await;
}
