//! A number that stays in the WhatsApp Business app: its chats asked for once and in time, and no registration.

use std::time::Duration;

use serde_json::{Value, json};

use super::{completes_in_time, journal_of, opened, phone_of, signed_up, simply_signed_up};
use crate::app::{App, Onboarding, Product};
use crate::receiver::Receiver;

const HOUR: Duration = Duration::from_hours(1);

fn stays_in_the_app() -> Value {
    json!({ "flow": { "allowed": ["coexistence"] } })
}

async fn never_registered(app: &Product) {
    assert_eq!(app.calls("register").await, Vec::<Value>::new());
}

async fn facts_of(app: &Product, onboarding: &Onboarding) -> Value {
    let seen = app.instance_until(&onboarding.id, "there", |_| true).await;
    seen["facts"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_apps_contacts_and_chats_are_asked_for_once_each_and_nothing_is_registered() {
    let (mut app, onboarding, client) = opened(stays_in_the_app()).await;
    assert_eq!(
        client.opened["signup"]["extras"]["featureType"],
        "whatsapp_business_app_onboarding"
    );
    let steps = client.opened["steps"].to_string();
    assert!(steps.contains("sync_requested"), "{steps}");
    signed_up(&app, &client, json!({ "kind": "coexistence" })).await;
    let view = app.status_until(&onboarding.id, "completed").await;
    assert_eq!(view["result"]["flow"], "coexistence");
    assert_eq!(view["status_reason"], Value::Null, "{view:#}");
    assert_eq!(app.calls("smb_app_data").await.len(), 2);
    never_registered(&app).await;
    let facts = facts_of(&app, &onboarding).await;
    for kind in ["contacts", "history"] {
        assert!(facts["syncs"][kind]["request_id"].is_string(), "{facts:#}");
    }
    let journal = journal_of(&app, &onboarding).await;
    assert!(journal.contains("sync_requested"), "{journal}");
    let page = client.status().await;
    assert!(
        page["text"].to_string().contains("Go on using the app"),
        "{page:#}"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_day_for_an_apps_chats_is_shown_to_all_and_its_end_asks_for_a_new_signup() {
    let (mut app, onboarding, client) = opened(stays_in_the_app()).await;
    let error = json!({ "code": 131_016, "http": 500 });
    app.scenario(
        json!({ "endpoint": "smb_app_data", "effect": "fail", "times": 999, "error": error }),
    )
    .await;
    signed_up(&app, &client, json!({ "kind": "coexistence" })).await;
    let pressing = |view: &Value| {
        view["deadline"]["code"] == "sync_chats" && view["state"] == "waba_subscribed"
    };
    let view = app
        .view_until(&onboarding.id, "the day runs", pressing)
        .await;
    assert_eq!(view["status"], "in_progress");
    let page = client.status().await;
    assert_eq!(page["deadline"], view["deadline"], "{page:#}");
    assert!(
        page["text"].to_string().contains("Keep the app"),
        "{page:#}"
    );
    let facts = facts_of(&app, &onboarding).await;
    assert_eq!(facts["must_sync_before"], view["deadline"]["at"]);

    app.advance(24 * HOUR + Duration::from_mins(1)).await;
    let view = app.state_until(&onboarding.id, "needs_signup").await;
    assert_eq!(view["status_reason"], "sync_window_closed", "{view:#}");
    assert_eq!(view["next_action"]["actor"], "client");
    assert_eq!(view["deadline"], Value::Null);
    app.heal().await;
    let client = app.open(&onboarding.link).await;
    let page = client.status().await;
    assert_eq!(page["phase"], "signup");
    let advice = page["trouble"]["advice"].to_string();
    assert!(advice.contains("Business Platform"), "{page:#}");
    signed_up(&app, &client, json!({ "kind": "coexistence" })).await;
    completes_in_time(&app, &onboarding.id).await;
    never_registered(&app).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chats_that_were_asked_for_before_count_as_asked_for() {
    let (mut app, onboarding, client) = opened(json!({ "external_id": "sim:sync_used_up" })).await;
    let sim = &client.opened["signup"]["extras"]["sim"];
    signed_up(&app, &client, json!({ "sim": sim })).await;
    app.status_until(&onboarding.id, "completed").await;
    let calls = app.calls("smb_app_data").await;
    let codes: Vec<_> = calls.iter().map(|call| &call["error_code"]).collect();
    assert_eq!(codes, [2_593_107, 2_593_107]);
    let facts = facts_of(&app, &onboarding).await;
    assert_eq!(facts["syncs"]["history"]["request_id"], Value::Null);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chats_that_meta_calls_too_late_ask_the_client_to_disconnect_and_sign_up_again() {
    let (mut app, onboarding, client) = opened(stays_in_the_app()).await;
    let error = json!({ "code": 2_593_108, "http": 400 });
    app.scenario(
        json!({ "endpoint": "smb_app_data", "effect": "fail", "times": 1, "error": error }),
    )
    .await;
    signed_up(&app, &client, json!({ "kind": "coexistence" })).await;
    let view = app.state_until(&onboarding.id, "needs_signup").await;
    assert_eq!(
        (&view["status"], &view["last_error"]["code"]),
        (&json!("action_required"), &json!("sync_window_closed"))
    );
    assert_eq!(app.calls("smb_app_data").await.len(), 1);
    signed_up(&app, &client, json!({ "kind": "coexistence" })).await;
    app.status_until(&onboarding.id, "completed").await;
    never_registered(&app).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_who_keeps_the_chats_of_before_is_connected_without_them() {
    let (mut app, onboarding, client) =
        opened(json!({ "external_id": "sim:history_refused" })).await;
    let sim = &client.opened["signup"]["extras"]["sim"];
    signed_up(&app, &client, json!({ "sim": sim })).await;
    app.status_until(&onboarding.id, "completed").await;
    let heard = |seen: &Value| seen["facts"]["syncs"]["history_refused_at"].is_string();
    app.instance_until(&onboarding.id, "the webhook is heard", heard)
        .await;
    let page = client.status().await;
    assert!(
        page["text"].to_string().contains("as you chose"),
        "{page:#}"
    );
    assert_eq!(app.calls("smb_app_data").await.len(), 2);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_whose_answer_was_lost_is_asked_for_again_and_no_more() {
    for (effect, count) in [("act_then_drop", 3), ("drop", 3)] {
        let (mut app, onboarding, client) = opened(stays_in_the_app()).await;
        app.scenario(json!({ "endpoint": "smb_app_data", "effect": effect }))
            .await;
        signed_up(&app, &client, json!({ "kind": "coexistence" })).await;
        let retries = |seen: &Value| seen["hold"]["kind"] == "retrying";
        app.instance_until(&onboarding.id, "retrying", retries)
            .await;
        app.advance(Duration::from_secs(30)).await;
        app.status_until(&onboarding.id, "completed").await;
        assert_eq!(app.calls("smb_app_data").await.len(), count, "{effect}");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_turns_out_to_stay_in_the_app_is_synced_and_not_registered_again() {
    let (mut app, onboarding, client) =
        opened(json!({ "flow": { "allowed": ["cloud_api"] } })).await;
    let wish = json!({ "kind": "coexistence_unsaid", "app_hidden_for_ms": 20_000 });
    signed_up(&app, &client, wish).await;
    app.calls_until("smb_app_data", 2).await;
    assert_eq!(app.calls("register").await[0]["error_code"], 100);
    let retries = |seen: &Value| seen["hold"]["code"] == "coexistence_not_active";
    app.instance_until(&onboarding.id, "not active yet", retries)
        .await;
    app.advance(Duration::from_secs(30)).await;
    let view = app.status_until(&onboarding.id, "completed").await;
    assert_eq!(view["result"]["flow"], "coexistence");
    assert_eq!(view["status_reason"], "flow_mismatch");
    assert_eq!(app.calls("register").await.len(), 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finish_that_says_the_number_stays_in_the_app_never_registers_it_whatever_meta_shows() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let mut signup = app.sign_up(json!({})).await;
    signup["session"]["event"] = json!("FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING");
    client.signup(&signup).await.expect(202);
    app.calls_until("smb_app_data", 1).await;
    for _ in 0..8 {
        app.advance(Duration::from_secs(30)).await;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    let asked = |seen: &Value| seen["hold"]["code"] == "coexistence_not_seen";
    let instance = app.instance_until(&onboarding.id, "asked", asked).await;
    assert_eq!(instance["hold"]["mover"], "operator", "{instance:#}");
    let view = app.status_until(&onboarding.id, "action_required").await;
    assert_eq!(view["next_action"]["actor"], "operator");
    never_registered(&app).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_of_the_app_means_coexistence_even_under_an_ordinary_finish() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    // Meta itself shows nothing of it for a while.
    let wish = json!({ "kind": "coexistence_unsaid", "app_hidden_for_ms": 20_000 });
    let mut signup = app.sign_up(wish).await;
    signup["session"]["data"]["is_wa_login_user"] = json!(true);
    client.signup(&signup).await.expect(202);
    app.calls_until("smb_app_data", 2).await;
    app.advance(Duration::from_secs(30)).await;
    let view = app.status_until(&onboarding.id, "completed").await;
    assert_eq!(view["result"]["flow"], "coexistence");
    assert_eq!(view["result"]["phone_number_id"], phone_of(&signup));
    never_registered(&app).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ordinary_flow_where_coexistence_was_asked_for_goes_on_and_the_partner_is_told() {
    let mut app = App::start().await;
    let receiver = Receiver::start().await;
    let body = json!({ "url": receiver.url });
    let made = app.partner().post("/v1/webhook_endpoints", body).await;
    made.expect(201);
    let onboarding = app.onboarding(stays_in_the_app()).await;
    let client = app.open(&onboarding.link).await;
    simply_signed_up(&app, &client).await;
    let view = app.status_until(&onboarding.id, "completed").await;
    assert_eq!(view["status_reason"], "flow_mismatch");
    assert_eq!(view["result"]["flow"], "cloud_api");
    let told = receiver.until("onboarding.step_failed", 1).await;
    assert_eq!(
        told[0].body["data"]["onboarding"]["status_reason"],
        "flow_mismatch"
    );
    let journal = journal_of(&app, &onboarding).await;
    assert!(journal.contains("flow_not_asked"), "{journal}");
    assert!(!client.status().await.to_string().contains("sync_requested"));
    app.stop().await;
}
