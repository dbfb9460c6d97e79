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
