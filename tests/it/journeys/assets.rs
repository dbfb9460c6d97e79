//! What the browser claims against what Meta grants: only what is granted is ever bound.

use serde_json::{Value, json};

use super::{opened, signed_up, simply_signed_up};
use crate::app::{App, Client, Onboarding, Product};

/// Client, partner and operator see the refusal; doing it properly finishes.
async fn refused_then_done_properly(app: &Product, onboarding: &Onboarding, client: &Client) {
    let view = app.state_until(&onboarding.id, "needs_asset").await;
    assert_eq!(view["status"], "action_required");
    assert_eq!(view["status_reason"], "waba_not_granted");
    assert_eq!(view["result"]["waba_id"], Value::Null);
    let page = client.status().await;
    assert_eq!(page["phase"], "signup", "{page:#}");
    let happened = page["trouble"]["happened"].as_str().unwrap();
    assert!(happened.contains("was not connected"), "{page:#}");
    let instance = app.instance_until(&onboarding.id, "there", |_| true).await;
    assert_eq!(instance["facts"]["trouble"]["code"], "waba_not_granted");
    assert_eq!(instance["facts"]["trouble"]["mover"], "operator");
    assert_eq!(instance["facts"]["bound"], Value::Null);
    assert_eq!(app.calls("register").await, Vec::<Value>::new());
    assert_eq!(app.calls("subscribe").await, Vec::<Value>::new());
    let attention = app
        .operator()
        .get("/console/api/attention")
        .await
        .expect(200);
    assert!(
        attention.to_string().contains("needs_asset"),
        "{attention:#}"
    );

    let signup = simply_signed_up(app, client).await;
    let view = app.status_until(&onboarding.id, "completed").await;
    assert_eq!(
        view["result"]["waba_id"],
        signup["session"]["data"]["waba_id"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_the_token_does_not_grant_is_refused_and_never_bound() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    signed_up(&app, &client, json!({ "kind": "other_waba" })).await;
    refused_then_done_properly(&app, &onboarding, &client).await;
    app.stop().await;
}

/// Every call at the account or the number of this signup.
async fn touching(app: &Product, signup: &Value) -> Vec<Value> {
    let data = &signup["session"]["data"];
    let mut calls = app.calls("").await;
    calls.retain(|call| {
        call["waba_id"] == data["waba_id"] || call["phone_number_id"] == data["phone_number_id"]
    });
    assert!(!calls.is_empty());
    calls
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_claim_of_another_customers_account_is_refused() {
    let mut app = App::start().await;
    let victim = app.onboarding(json!({})).await;
    let client = app.open(&victim.link).await;
    let theirs = simply_signed_up(&app, &client).await;
    app.status_until(&victim.id, "completed").await;
    let before = touching(&app, &theirs).await;

    let onboarding = app.onboarding(json!({})).await;
    let client = app.open(&onboarding.link).await;
    let own = app.sign_up(json!({})).await;
    let forged = json!({ "code": own["code"], "session": theirs["session"] });
    client.signup(&forged).await.expect(202);
    let view = app.state_until(&onboarding.id, "needs_asset").await;
    assert_eq!(view["result"]["waba_id"], Value::Null);
    let after = touching(&app, &theirs).await;
    assert_eq!(
        after, before,
        "the other customer's account and number are left alone"
    );
    simply_signed_up(&app, &client).await;
    app.status_until(&onboarding.id, "completed").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_claim_that_comes_after_the_binding_changes_nothing_that_is_bound() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let signup = simply_signed_up(&app, &client).await;
    let done = app.status_until(&onboarding.id, "completed").await;
    let mut forged = signup["session"].clone();
    forged["data"]["waba_id"] = json!("999999999999999");
    client
        .signup(&json!({ "session": forged }))
        .await
        .expect(202);
    let view = app.status_until(&onboarding.id, "completed").await;
    assert_eq!(view["result"], done["result"]);
    let page = client.status().await;
    assert_eq!(page["phase"], "done", "{page:#}");
    assert_eq!(app.calls("register").await.len(), 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signup_without_a_number_asks_the_client_to_bring_one() {
    for kind in ["without_number", "only_waba"] {
        let (mut app, onboarding, client) = opened(json!({})).await;
        signed_up(&app, &client, json!({ "kind": kind })).await;
        let view = app.state_until(&onboarding.id, "needs_asset").await;
        assert_eq!(view["status_reason"], "number_missing", "{kind}");
        assert_eq!(view["next_action"]["actor"], "client", "{kind}");
        simply_signed_up(&app, &client).await;
        app.status_until(&onboarding.id, "completed").await;
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_number_than_the_partner_asked_for_is_not_connected() {
    let asked = json!({ "flow": { "expected_phone_number": "+34600000999" } });
    let (mut app, onboarding, client) = opened(asked).await;
    signed_up(&app, &client, json!({ "phone_number": "+34 600 000 123" })).await;
    let view = app.state_until(&onboarding.id, "needs_asset").await;
    assert_eq!(view["status_reason"], "flow_mismatch");
    assert_eq!(view["last_error"]["code"], "number_mismatch");
    assert_eq!(app.calls("register").await, Vec::<Value>::new());
    signed_up(&app, &client, json!({ "phone_number": "+34 600 000 999" })).await;
    let view = app.status_until(&onboarding.id, "completed").await;
    assert_eq!(view["result"]["display_phone_number"], "+34 600 000 999");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_is_live_already_is_not_registered_again() {
    let (mut app, first, client) = opened(json!({})).await;
    let wish = json!({ "phone_number": "+34 600 000 123" });
    let signup = signed_up(&app, &client, wish).await;
    app.status_until(&first.id, "completed").await;
    let data = &signup["session"]["data"];

    let again = app
        .onboarding(json!({ "flow": { "mode": "reconnect" } }))
        .await;
    let client = app.open(&again.link).await;
    let wish = json!({ "phone_number": "+34 600 000 123",
        "waba_id": data["waba_id"], "business_id": data["business_id"] });
    signed_up(&app, &client, wish).await;
    app.status_until(&again.id, "completed").await;
    assert_eq!(
        app.calls("register").await.len(),
        1,
        "a healthy number is left alone"
    );
    app.stop().await;
}
