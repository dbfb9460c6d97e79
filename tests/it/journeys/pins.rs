//! The PIN of a number: made once, tried for ever, asked of the client only when Meta refuses it.

use std::time::Duration;

use serde_json::{Value, json};

use super::signed_up;
use crate::app::{App, Client, Onboarding, Product};

const NUMBER: &str = "+34 600 000 123";

/// A registration is taken to be under way for a minute after it was announced.
const A_WHILE: Duration = Duration::from_mins(2);

/// One more onboarding of the same number, signed up.
async fn comes_again(
    app: &Product,
    former: Option<&Value>,
    wish: Value,
) -> (Onboarding, Client, Value) {
    let onboarding = app.onboarding(json!({})).await;
    let client = app.open(&onboarding.link).await;
    let mut wish = wish;
    wish["phone_number"] = json!(NUMBER);
    if let Some(data) = former {
        wish["waba_id"] = data["waba_id"].clone();
        wish["business_id"] = data["business_id"].clone();
    }
    let signup = signed_up(app, &client, wish).await;
    (onboarding, client, signup["session"]["data"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_comes_back_is_registered_with_its_own_pin_and_nobody_is_asked() {
    let mut app = App::start().await;
    let (first, _, data) = comes_again(&app, None, json!({})).await;
    app.status_until(&first.id, "completed").await;
    app.restart().await;
    app.advance(A_WHILE).await;
    let ended = json!({ "deregistered": true });
    let (second, _, _) = comes_again(&app, Some(&data), ended).await;
    app.status_until(&second.id, "completed").await;
    let calls = app.calls("register").await;
    let statuses: Vec<_> = calls.iter().map(|call| &call["status"]).collect();
    assert_eq!(statuses.last(), Some(&&json!(200)), "{calls:#?}");
    assert!(statuses.iter().all(|status| **status == 200), "{calls:#?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pin_that_the_client_gave_serves_the_next_onboarding_of_the_number_too() {
    let mut app = App::start().await;
    let (first, client, data) = comes_again(&app, None, json!({ "pin": "246810" })).await;
    app.state_until(&first.id, "needs_pin").await;
    client.pin("246810").await.expect(200);
    app.status_until(&first.id, "completed").await;
    app.advance(A_WHILE).await;
    let ended = json!({ "deregistered": true });
    let (second, _, _) = comes_again(&app, Some(&data), ended).await;
    app.status_until(&second.id, "completed").await;
    let refused = |call: &&Value| call["error_code"] == 133_005;
    let calls = app.calls("register").await;
    assert_eq!(calls.iter().filter(refused).count(), 1, "{calls:#?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_is_locked_with_the_clients_own_pin_too_waits_for_the_clients_appeal() {
    let mut app = App::start().await;
    let error = json!({ "code": 131_031, "http": 403 });
    let order = json!({ "endpoint": "register", "effect": "fail", "times": 100, "error": error });
    app.scenario(order).await;
    let (onboarding, client, _) = comes_again(&app, None, json!({})).await;
    // Meta's text says that it may be a wrong PIN: the client is asked, once.
    app.state_until(&onboarding.id, "needs_pin").await;
    client.pin("246810").await.expect(200);
    let parked = |seen: &Value| seen["hold"]["kind"] == "parked";
    let seen = app.instance_until(&onboarding.id, "parked", parked).await;
    assert_eq!(seen["hold"]["mover"], "client", "{seen:#}");
    assert_eq!(seen["hold"]["code"], "graph_131031", "{seen:#}");
    let view = app.view_until(&onboarding.id, "seen", |_| true).await;
    assert_eq!(view["next_action"]["actor"], "client", "{view:#}");
    assert_eq!(client.status().await["ask"], Value::Null);
    assert_eq!(app.calls("register").await.len(), 2);
    app.heal().await;
    let path = format!("/console/api/instances/{}/acts/retry_now", onboarding.id);
    let why = json!({ "reason": "Meta has lifted the lock" });
    app.operator().post(&path, why).await.expect(200);
    app.status_until(&onboarding.id, "completed").await;
    assert_eq!(app.calls("register").await.len(), 3);
    app.stop().await;
}
