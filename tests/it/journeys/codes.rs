//! Codes that live 30 seconds and work once.

use std::time::Duration;

use serde_json::{Value, json};

use super::{OUR_PATIENCE, acted, opened, phone_of, signed_up, simply_signed_up};
use crate::app::{Client, Onboarding, Product};

/// The page asks for one more click in plain words, and that click finishes.
async fn a_second_click_finishes(app: &Product, onboarding: &Onboarding, client: &Client) {
    app.state_until(&onboarding.id, "needs_signup").await;
    let page = client.status().await;
    assert_eq!(page["phase"], "signup", "{page:#}");
    assert_eq!(page["headline"], "Please confirm once more", "{page:#}");
    assert!(page["signup"]["app_id"].is_string(), "{page:#}");
    let signup = simply_signed_up(app, client).await;
    let view = app.status_until(&onboarding.id, "completed").await;
    assert_eq!(view["result"]["phone_number_id"], phone_of(&signup));
    assert_eq!(view["last_error"], Value::Null);
    assert_eq!(client.status().await["trouble"], Value::Null);
    assert_eq!(acted(&app.calls("register").await, phone_of(&signup)), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_code_is_said_plainly_and_a_second_click_finishes() {
    let (mut app, onboarding, client) = opened(json!({ "external_id": "sim:code_expired" })).await;
    let sim = &client.opened["signup"]["extras"]["sim"];
    signed_up(&app, &client, json!({ "sim": sim })).await;
    let view = app.state_until(&onboarding.id, "needs_signup").await;
    assert_eq!(view["status"], "action_required");
    assert_eq!(view["next_action"]["actor"], "client");
    assert_eq!(view["status_reason"], "code_expired");
    let page = client.status().await;
    let happened = page["trouble"]["happened"].as_str().unwrap();
    assert!(
        happened.contains("ran out before it could be used"),
        "{happened}"
    );
    assert_eq!(app.calls("exchange").await.len(), 1);
    a_second_click_finishes(&app, &onboarding, &client).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_somebody_used_before_us_costs_one_more_click() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let signup = app.sign_up(json!({})).await;
    let invented = &app.invented;
    let query = [
        ("client_id", invented.app_id.as_str()),
        ("client_secret", invented.app_secret.expose()),
        ("code", signup["code"].as_str().unwrap()),
    ];
    let url = format!("{}/v25.0/oauth/access_token", app.meta_url());
    crate::app::ask(app.http.get(url).query(&query))
        .await
        .expect(200);
    client.signup(&signup).await.expect(202);
    a_second_click_finishes(&app, &onboarding, &client).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exchange_that_nobody_answered_counts_as_spent_and_is_not_repeated() {
    for effect in ["act_then_drop", "drop", "hang_then_act", "act_then_hang"] {
        let (mut app, onboarding, client) = opened(json!({})).await;
        let order = json!({ "endpoint": "exchange", "effect": effect });
        app.scenario(order).await;
        let signup = simply_signed_up(&app, &client).await;
        if effect.contains("hang") {
            app.calls_until("exchange", 1).await;
            app.advance(OUR_PATIENCE).await;
        }
        app.state_until(&onboarding.id, "needs_signup").await;
        client.signup(&signup).await.expect(202);
        app.advance(Duration::from_hours(1)).await;
        let view = app.state_until(&onboarding.id, "needs_signup").await;
        assert_eq!(view["status_reason"], "code_unanswered", "{effect}");
        assert_eq!(app.calls("exchange").await.len(), 1, "{effect}");
        a_second_click_finishes(&app, &onboarding, &client).await;
        assert_eq!(app.calls("exchange").await.len(), 2, "{effect}");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_app_secret_is_the_operators_and_no_number_is_touched() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let error = json!({ "code": 1, "http": 400, "message": "Error validating client secret." });
    app.scenario(json!({ "endpoint": "exchange", "effect": "fail", "error": error }))
        .await;
    simply_signed_up(&app, &client).await;
    let view = app.state_until(&onboarding.id, "needs_signup").await;
    assert_eq!(view["next_action"]["actor"], "operator", "{view:#}");
    assert_eq!(app.calls("").await.len(), 1);
    a_second_click_finishes(&app, &onboarding, &client).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_dies_before_it_proved_anything_asks_for_a_new_signup() {
    for endpoint in ["debug_token", "phone_numbers"] {
        let (mut app, onboarding, client) = opened(json!({})).await;
        let error = json!({ "code": 190, "http": 401, "subcode": 463 });
        app.scenario(json!({ "endpoint": endpoint, "effect": "fail", "error": error }))
            .await;
        simply_signed_up(&app, &client).await;
        let view = app.state_until(&onboarding.id, "needs_signup").await;
        assert_eq!(
            view["next_action"]["actor"], "client",
            "{endpoint}: {view:#}"
        );
        a_second_click_finishes(&app, &onboarding, &client).await;
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_popup_left_early_is_told_to_client_and_partner_and_the_link_still_works() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let abandoned = app.sign_up(json!({ "sim": "abandon_at_phone" })).await;
    client.signup(&abandoned).await.expect(202);
    let page = client.status().await;
    assert_eq!(page["phase"], "signup");
    let happened = page["trouble"]["happened"].as_str().unwrap();
    assert!(happened.contains("closed before the last step"), "{page:#}");
    let instance = app.instance_until(&onboarding.id, "there", |_| true).await;
    assert_eq!(instance["facts"]["journey"]["step"], "PHONE_NUMBER_SETUP");
    client
        .journey(json!({ "kind": "popup_blocked" }))
        .await
        .expect(200);
    let page = client.status().await;
    assert_eq!(
        page["trouble"]["happened"],
        "Your browser blocked Facebook’s window."
    );
    simply_signed_up(&app, &client).await;
    app.status_until(&onboarding.id, "completed").await;
    assert_eq!(client.status().await["trouble"], Value::Null);
    app.stop().await;
}
