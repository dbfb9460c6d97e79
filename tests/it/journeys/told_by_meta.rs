//! What Meta's webhooks mean to an onboarding that is under way.

use std::time::Duration;

use serde_json::{Value, json};

use super::{opened, phone_of, signed_up, simply_signed_up};
use crate::app::{App, Client, Onboarding, Product, until};

const NUMBER: &str = "+34 600 000 124";

/// Lets something happen at Meta, and waits until everybody here was told.
async fn happens(app: &Product, event: &str, phone: &str, more: Value) -> Value {
    let mut order = json!({ "event": event, "phone_number_id": phone });
    for (name, value) in more.as_object().into_iter().flatten() {
        order[name] = value.clone();
    }
    assert_eq!(app.control("event", order).await["queued"], 1);
    until("everybody was told", || async {
        let list = app.operator().get("/console/api/webhooks?limit=1").await;
        let newest = list.expect(200)["data"][0].clone();
        let told = newest["changes"][0].clone();
        let is_it = told["event"] == *event || told["field"] == *event;
        if is_it && newest["state"] == "heard" {
            Ok(told)
        } else {
            Err(newest.to_string())
        }
    })
    .await
}

/// An onboarding whose number has a PIN that only the client knows.
async fn needs_pin(app: &Product, onboarding: &Onboarding, client: &Client) -> String {
    let signup = signed_up(app, client, json!({ "pin": "246810" })).await;
    app.state_until(&onboarding.id, "needs_pin").await;
    phone_of(&signup).to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_who_removes_the_app_on_the_way_is_asked_to_sign_up_again() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let phone = needs_pin(&app, &onboarding, &client).await;
    app.advance(Duration::from_secs(5)).await;
    let told = happens(&app, "PARTNER_APP_UNINSTALLED", &phone, json!({})).await;
    assert_eq!(told["outcome"], "moved", "{told:#}");
    let view = app.state_until(&onboarding.id, "needs_signup").await;
    assert_eq!(view["status_reason"], "app_removed", "{view:#}");
    assert_eq!(view["next_action"]["actor"], "client", "{view:#}");
    let shown = client.status().await["trouble"]["happened"].to_string();
    assert!(shown.contains("disconnected"), "{shown}");
    assert!(
        app.calls("mint_token").await.is_empty(),
        "there is nothing to mint"
    );
    simply_signed_up(&app, &client).await;
    app.status_until(&onboarding.id, "completed").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_whose_two_step_verification_was_turned_off_goes_on_by_itself() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let phone = needs_pin(&app, &onboarding, &client).await;
    app.advance(Duration::from_mins(2)).await;
    let told = happens(&app, "PIN_REQUEST_SUCCESS", &phone, json!({})).await;
    assert_eq!(told["outcome"], "moved", "{told:#}");
    app.status_until(&onboarding.id, "completed").await;
    assert_eq!(app.calls("register").await.len(), 2);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pin_that_somebody_changed_is_asked_for_and_not_tried() {
    let (mut app, first, client) = opened(json!({})).await;
    let signup = signed_up(&app, &client, json!({ "phone_number": NUMBER })).await;
    app.status_until(&first.id, "completed").await;
    app.advance(Duration::from_mins(2)).await;
    let phone = phone_of(&signup);
    let told = happens(&app, "PIN_CHANGED", phone, json!({ "pin": "135791" })).await;
    assert_eq!(told["outcome"], "learned", "{told:#}");
    let second = app.onboarding(json!({})).await;
    let client = app.open(&second.link).await;
    let data = &signup["session"]["data"];
    let again = json!({ "waba_id": data["waba_id"], "business_id": data["business_id"],
        "phone_number": NUMBER, "deregistered": true });
    signed_up(&app, &client, again).await;
    let view = app.state_until(&second.id, "needs_pin").await;
    assert_eq!(view["status_reason"], "pin_changed", "{view:#}");
    assert_eq!(
        app.calls("register").await.len(),
        1,
        "the kept PIN is not tried"
    );
    client.pin("135791").await.expect(200);
    app.status_until(&second.id, "completed").await;
    assert_eq!(app.calls("register").await.len(), 2);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_display_name_that_meta_accepts_is_registered_at_once() {
    let (mut app, onboarding, client) = opened(json!({ "external_id": "sim:name_pending" })).await;
    let sim = &client.opened["signup"]["extras"]["sim"];
    let signup = signed_up(&app, &client, json!({ "sim": sim })).await;
    let waits = |seen: &Value| seen["hold"]["code"] == "name_not_processed";
    app.instance_until(&onboarding.id, "waiting for the name", waits)
        .await;
    app.advance(Duration::from_mins(2)).await;
    let order = json!({ "value": { "decision": "APPROVED" } });
    let told = happens(&app, "phone_number_name_update", phone_of(&signup), order).await;
    assert_eq!(told["outcome"], "moved", "{told:#}");
    app.status_until(&onboarding.id, "completed").await;
    assert_eq!(app.calls("register").await.len(), 2);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_display_name_that_meta_declines_is_the_clients_to_change_and_why_is_told() {
    let (mut app, onboarding, client) = opened(json!({ "external_id": "sim:name_pending" })).await;
    let sim = &client.opened["signup"]["extras"]["sim"];
    let signup = signed_up(&app, &client, json!({ "sim": sim })).await;
    let waits = |seen: &Value| seen["hold"]["code"] == "name_not_processed";
    app.instance_until(&onboarding.id, "waiting for the name", waits)
        .await;
    let order = json!({ "value": {
        "decision": "REJECTED", "rejection_reason": "NAME_FORMAT_UNACCEPTABLE" } });
    happens(&app, "phone_number_name_update", phone_of(&signup), order).await;
    let declined = |seen: &Value| seen["hold"]["code"] == "name_declined";
    let seen = app
        .instance_until(&onboarding.id, "declined", declined)
        .await;
    assert_eq!(seen["hold"]["mover"], "client", "{seen:#}");
    assert!(
        seen["hold"].to_string().contains("for its format"),
        "{seen:#}"
    );
    assert_eq!(
        app.calls("register").await.len(),
        1,
        "looking counts nothing at Meta"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_solution_that_meta_deactivates_is_written_down_with_its_partners() {
    let mut app = App::start().await;
    let body = json!({ "name": "Solved", "app_id": app.invented.app_id, "solution_id": "774485461512159" });
    let operator = app.operator();
    let made = operator
        .post("/console/api/partners", body)
        .await
        .expect(201);
    let order = json!({ "event": "partner_solutions", "app_id": app.invented.app_id,
        "value": { "solution_id": "774485461512159", "solution_status": "DEACTIVATED" } });
    assert_eq!(app.control("event", order).await["queued"], 1);
    let seen = until("it is written down", || async {
        let list = operator.get("/console/api/partners").await.expect(200);
        let partners = list["data"].as_array().unwrap();
        let own = partners.iter().find(|one| one["id"] == made["id"]).cloned();
        let own = own.unwrap_or_default();
        if own["solution_status"].is_null() {
            Err(list.to_string())
        } else {
            Ok(own)
        }
    })
    .await;
    assert_eq!(seen["solution_status"], "DEACTIVATED");
    app.stop().await;
}
