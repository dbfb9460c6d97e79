//! The second road to the token: what Meta itself tells of a grant makes a lost code good, and nothing that a browser
//! says does.

use serde_json::json;

use super::{acted, opened, phone_of, simply_signed_up};
use crate::app::{Onboarding, Product};

/// How often Meta was asked for a token without a code.
async fn minted(app: &Product) -> usize {
    app.calls("system_user_access_tokens").await.len()
}

/// The token is refused so often at this call.
async fn token_dies(app: &Product, endpoint: &str, subcode: i64, times: u32) {
    let error = json!({ "code": 190, "http": 401, "subcode": subcode });
    let order = json!({ "endpoint": endpoint, "effect": "fail", "error": error, "times": times });
    app.scenario(order).await;
}

async fn facts_of(app: &Product, onboarding: &Onboarding) -> serde_json::Value {
    let seen = app.instance_until(&onboarding.id, "there", |_| true).await;
    seen["facts"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_dies_on_the_way_is_minted_again() {
    let (mut app, _, _) = opened(json!({})).await;
    for (place, endpoint) in ["subscribe", "phone", "register"].into_iter().enumerate() {
        let onboarding = app.onboarding(json!({})).await;
        let client = app.open(&onboarding.link).await;
        token_dies(&app, endpoint, 463, 1).await;
        let signup = simply_signed_up(&app, &client).await;
        let view = app.status_until(&onboarding.id, "completed").await;
        assert_eq!(view["last_error"], json!(null), "{endpoint}");
        assert_eq!(acted(&app.calls("register").await, phone_of(&signup)), 1);
        assert_eq!(minted(&app).await, place + 1, "{endpoint}");
        let facts = facts_of(&app, &onboarding).await;
        assert!(facts["token_sought_at"].is_string(), "{facts:#}");
    }
    assert_eq!(app.calls("exchange").await.len(), 3);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_dies_twice_asks_the_client_and_meta_no_third_time() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    token_dies(&app, "subscribe", 463, 2).await;
    simply_signed_up(&app, &client).await;
    let view = app.state_until(&onboarding.id, "needs_signup").await;
    assert_eq!(view["next_action"]["actor"], "client", "{view:#}");
    assert_eq!(minted(&app).await, 1);
    simply_signed_up(&app, &client).await;
    app.status_until(&onboarding.id, "completed").await;
    assert_eq!(minted(&app).await, 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_who_took_the_app_off_is_asked_itself() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    token_dies(&app, "subscribe", 458, 1).await;
    simply_signed_up(&app, &client).await;
    let view = app.state_until(&onboarding.id, "needs_signup").await;
    assert_eq!(view["next_action"]["actor"], "client", "{view:#}");
    assert_eq!(minted(&app).await, 0);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_token_of_the_providers_is_the_operators_and_a_new_signup_helps_all_the_same() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    token_dies(&app, "subscribe", 463, 1).await;
    token_dies(&app, "system_user_access_tokens", 463, 1).await;
    simply_signed_up(&app, &client).await;
    let view = app.state_until(&onboarding.id, "needs_signup").await;
    assert_eq!(view["status_reason"], "system_token_dead", "{view:#}");
    assert_eq!(view["next_action"]["actor"], "operator");
    simply_signed_up(&app, &client).await;
    app.status_until(&onboarding.id, "completed").await;
    app.stop().await;
}
