//! What a partner pins beforehand: a number, an account, a reconnect; and what is done where the client's
//! signup left it out.

use std::time::Duration;

use serde_json::{Value, json};

use super::{journal_of, opened, phone_of, signed_up, simply_signed_up};
use crate::app::{App, Product, ask};

const DAY: Duration = Duration::from_hours(24);

/// Time in which Meta would show a number that only lags.
async fn lag_passes(app: &Product) {
    app.calls_until("phone_numbers", 1).await;
    for _ in 0..6 {
        app.advance(Duration::from_secs(20)).await;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// An order that says everything Meta wants to know of a number.
fn named_in_full() -> Value {
    json!({
        "flow": { "expected_phone_number": "+34600000123" },
        "prefill": {
            "business": { "name": "Panadería Sol", "phone": { "code": 34, "number": "600000123" } },
            "phone_profile": { "display_name": "Panadería Sol" },
        },
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_the_partner_named_in_full_is_added_where_the_signup_brought_none() {
    for effect in ["", "act_then_drop"] {
        let (mut app, onboarding, client) = opened(named_in_full()).await;
        if !effect.is_empty() {
            app.scenario(json!({ "endpoint": "add_phone_number", "effect": effect }))
                .await;
        }
        signed_up(&app, &client, json!({ "kind": "only_waba" })).await;
        lag_passes(&app).await;
        app.state_until(&onboarding.id, "needs_otp").await;
        let calls = app.calls("request_code").await;
        let phone = calls[0]["phone_number_id"].as_str().unwrap().to_owned();
        let url = format!("{}/control/sms?phone_number_id={phone}", app.meta_url());
        let sms = ask(app.http.get(url)).await.expect(200);
        client.otp(sms["code"].as_str().unwrap()).await.expect(200);
        let view = app.status_until(&onboarding.id, "completed").await;
        assert_eq!(view["result"]["display_phone_number"], "+34 600 000 123");
        assert_eq!(app.calls("add_phone_number").await.len(), 1, "{effect}");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_named_number_that_meta_does_not_add_is_asked_of_the_client() {
    let (mut app, onboarding, client) = opened(named_in_full()).await;
    let taken = app.onboarding(json!({})).await;
    let other = app.open(&taken.link).await;
    signed_up(&app, &other, json!({ "phone_number": "+34600000123" })).await;
    app.status_until(&taken.id, "completed").await;
    signed_up(&app, &client, json!({ "kind": "only_waba" })).await;
    lag_passes(&app).await;
    let view = app.state_until(&onboarding.id, "needs_asset").await;
    assert_eq!(view["status_reason"], "number_missing");
    assert_eq!(view["next_action"]["actor"], "client");
    let page = client.status().await;
    assert_eq!(page["headline"], "Your account needs a number", "{page:#}");
    assert_eq!(page["deadline"]["code"], "register_number");
    assert_eq!(app.calls("add_phone_number").await.len(), 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pinned_number_is_found_in_whichever_of_the_clients_accounts_it_is() {
    let mut app = App::start().await;
    let first = app.onboarding(json!({})).await;
    let client = app.open(&first.link).await;
    let older = signed_up(&app, &client, json!({ "phone_number": "+34600000123" })).await;
    app.status_until(&first.id, "completed").await;
    let data = &older["session"]["data"];

    let pinned =
        json!({ "flow": { "mode": "reconnect", "expected_phone_number": "+34600000123" } });
    let onboarding = app.onboarding(pinned).await;
    let client = app.open(&onboarding.link).await;
    // A second account of the same portfolio is newer, and the browser says nothing.
    let wish = json!({ "kind": "ids_missing", "business_id": data["business_id"],
        "phone_number": "+34600000999" });
    signed_up(&app, &client, wish).await;
    let view = app.status_until(&onboarding.id, "completed").await;
    assert_eq!(view["result"]["waba_id"], data["waba_id"]);
    assert_eq!(view["result"]["phone_number_id"], data["phone_number_id"]);
    assert_eq!(view["status_reason"], Value::Null, "{view:#}");
    assert_eq!(app.calls("register").await.len(), 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reconnect_of_a_number_that_was_never_connected_goes_on_and_is_told() {
    let (mut app, onboarding, client) = opened(json!({ "flow": { "mode": "reconnect" } })).await;
    simply_signed_up(&app, &client).await;
    let view = app.status_until(&onboarding.id, "completed").await;
    assert_eq!(view["status_reason"], "flow_mismatch");
    let journal = journal_of(&app, &onboarding).await;
    assert!(journal.contains("not_connected_before"), "{journal}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pinned_account_and_portfolio_are_offered_in_metas_window() {
    let pins = json!({ "flow": { "mode": "reconnect", "expected_waba_id": "111", "expected_business_id": "222" } });
    let (mut app, onboarding, client) = opened(pins).await;
    let setup = &client.opened["signup"]["extras"]["setup"];
    assert_eq!(setup["business"]["id"], "222");
    assert_eq!(setup["whatsAppBusinessAccount"]["id"], json!(["111"]));
    simply_signed_up(&app, &client).await;
    let view = app.state_until(&onboarding.id, "needs_asset").await;
    assert_eq!(
        (&view["status_reason"], &view["last_error"]["code"]),
        (&json!("flow_mismatch"), &json!("waba_mismatch"))
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_was_verified_beforehand_has_ninety_days() {
    let offered = json!({
        "link": { "expires_in": 2_592_000 },
        "prefill": { "pre_verified_phone_ids": ["700555"] },
    });
    let (mut app, onboarding, client) = opened(offered).await;
    let setup = &client.opened["signup"]["extras"]["setup"];
    assert_eq!(setup["preVerifiedPhone"]["ids"], json!(["700555"]));
    let wish = json!({ "pre_verified_id": "700555", "pin": "246810" });
    let signup = signed_up(&app, &client, wish).await;
    assert_eq!(phone_of(&signup), "700555");
    app.state_until(&onboarding.id, "needs_pin").await;
    app.advance(80 * DAY).await;
    let view = app.state_until(&onboarding.id, "needs_pin").await;
    assert_eq!(view["deadline"]["code"], "register_number");
    app.advance(11 * DAY).await;
    let left = |view: &Value| view["status_reason"] == "registration_window_closed";
    app.view_until(&onboarding.id, "ninety days are over", left)
        .await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_declined_display_name_names_the_client_and_goes_on_once_it_is_mended() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    signed_up(&app, &client, json!({ "name_declined": true })).await;
    let declined = |seen: &Value| seen["hold"]["code"] == "name_declined";
    let seen = app
        .instance_until(&onboarding.id, "declined", declined)
        .await;
    assert_eq!(seen["hold"]["mover"], "client", "{seen:#}");
    let page = client.status().await;
    assert!(
        page["trouble"]["advice"]
            .to_string()
            .contains("another name"),
        "{page:#}"
    );
    app.advance(DAY + Duration::from_hours(2)).await;
    app.status_until(&onboarding.id, "completed").await;
    assert_eq!(app.calls("register").await.len(), 2);
    app.stop().await;
}
