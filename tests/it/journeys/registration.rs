//! The registration: done once however it breaks, and what it may ask of the client or of time.

use std::time::Duration;

use serde_json::{Value, json};

use super::{OUR_PATIENCE, acted, opened, phone_of, signed_up, simply_signed_up};
use crate::app::{Client, Product};

const HOUR: Duration = Duration::from_hours(1);

async fn sms_of(app: &Product, phone: &str) -> String {
    let url = format!("{}/control/sms?phone_number_id={phone}", app.meta_url());
    let sms = crate::app::ask(app.http.get(url)).await.expect(200);
    sms["code"].as_str().unwrap().to_owned()
}

async fn is_told_to_wait(app: &Product, client: &Client, id: &str, mover: &str) -> Value {
    let waits = |seen: &Value| seen["hold"]["kind"] == "waiting";
    let instance = app.instance_until(id, "waiting", waits).await;
    assert!(instance["hold"]["until"].is_string(), "{instance:#}");
    assert_eq!(instance["hold"]["mover"], *mover, "{instance:#}");
    let page = client.status().await;
    assert_eq!(page["phase"], "working", "{page:#}");
    instance["hold"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_that_broke_off_is_looked_for_before_it_is_repeated() {
    for effect in ["act_then_drop", "act_then_hang", "hang_then_act", "drop"] {
        let (mut app, onboarding, client) = opened(json!({})).await;
        app.scenario(json!({ "endpoint": "register", "effect": effect }))
            .await;
        let signup = simply_signed_up(&app, &client).await;
        if effect.contains("hang") {
            app.calls_until("register", 1).await;
            app.advance(OUR_PATIENCE).await;
        }
        let retries = |seen: &Value| seen["hold"]["kind"] == "retrying";
        app.instance_until(&onboarding.id, "retrying", retries)
            .await;
        // A try of a registration counts at Meta, so its repeats are far between.
        app.advance(Duration::from_secs(30)).await;
        app.status_until(&onboarding.id, "completed").await;
        let calls = app.calls("register").await;
        assert_eq!(acted(&calls, phone_of(&signup)), 1, "{effect}: {calls:#?}");
        let calls = calls.len();
        assert_eq!(calls, if effect == "drop" { 2 } else { 1 }, "{effect}");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_with_its_own_pin_asks_the_client_until_the_pin_is_right() {
    let (mut app, onboarding, client) = opened(json!({ "external_id": "sim:pin_mismatch" })).await;
    let sim = &client.opened["signup"]["extras"]["sim"];
    let signup = signed_up(&app, &client, json!({ "sim": sim })).await;
    let view = app.state_until(&onboarding.id, "needs_pin").await;
    assert_eq!(
        (&view["status"], &view["next_action"]["actor"]),
        (&json!("action_required"), &json!("client"))
    );
    let page = client.status().await;
    assert_eq!(
        (&page["phase"], &page["ask"]["kind"]),
        (&json!("asking"), &json!("pin"))
    );
    assert_eq!(client.pin("12345").await.status, 422);
    client.pin("111111").await.expect(200);
    app.calls_until("register", 2).await;
    app.state_until(&onboarding.id, "needs_pin").await;
    client.pin("246810").await.expect(200);
    app.status_until(&onboarding.id, "completed").await;
    assert_eq!(client.status().await["ask"], Value::Null);
    let calls = app.calls("register").await;
    let done = calls.iter().filter(|call| call["status"] == 200).count();
    assert_eq!(
        (calls.len(), done, acted(&calls, phone_of(&signup))),
        (3, 1, 3)
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pin_nobody_asked_for_is_refused_and_says_why() {
    let (mut app, _, client) = opened(json!({})).await;
    for answer in [client.pin("246810").await, client.otp("123456").await] {
        assert_eq!(answer.status, 409, "{}", answer.text);
        assert!(answer.text.contains("link_issued"), "{}", answer.text);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unproved_number_asks_for_the_code_that_meta_sent_to_it() {
    let (mut app, onboarding, client) = opened(json!({ "external_id": "sim:otp_needed" })).await;
    let sim = &client.opened["signup"]["extras"]["sim"];
    let signup = signed_up(&app, &client, json!({ "sim": sim })).await;
    let phone = phone_of(&signup);
    app.state_until(&onboarding.id, "needs_otp").await;
    app.calls_until("request_code", 1).await;
    let page = client.status().await;
    assert_eq!(
        (&page["phase"], &page["ask"]["kind"]),
        (&json!("asking"), &json!("otp"))
    );
    client.otp("000000").await.expect(200);
    let refused = |seen: &Value| seen["last_error"] != Value::Null;
    app.view_until(&onboarding.id, "the code is refused", refused)
        .await;
    let told = client.status().await["trouble"]["happened"].to_string();
    assert!(told.len() > 10, "{told}");
    client.caller.post("/o/otp", json!({})).await.expect(200);
    app.calls_until("request_code", 2).await;
    client.otp(&sms_of(&app, phone).await).await.expect(200);
    app.status_until(&onboarding.id, "completed").await;
    let calls = app.calls("register").await;
    assert_eq!(calls.iter().filter(|call| call["status"] == 200).count(), 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_meta_blocks_waits_72_hours_and_then_finishes_by_itself() {
    let external = json!({ "external_id": "sim:register_rate_limited" });
    let (mut app, onboarding, client) = opened(external).await;
    let sim = &client.opened["signup"]["extras"]["sim"];
    signed_up(&app, &client, json!({ "sim": sim })).await;
    let hold = is_told_to_wait(&app, &client, &onboarding.id, "operator").await;
    assert_eq!(hold["code"], "register_limit");
    app.advance(71 * HOUR).await;
    let client = app.open(&onboarding.link).await;
    is_told_to_wait(&app, &client, &onboarding.id, "operator").await;
    assert_eq!(app.calls("register").await.len(), 1);
    app.advance(HOUR + Duration::from_mins(1)).await;
    app.status_until(&onboarding.id, "completed").await;
    assert_eq!(app.calls("register").await.len(), 2);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_deleted_a_moment_ago_waits_five_minutes() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    signed_up(&app, &client, json!({ "recently_deleted": true })).await;
    is_told_to_wait(&app, &client, &onboarding.id, "outside").await;
    app.advance(Duration::from_secs(280)).await;
    is_told_to_wait(&app, &client, &onboarding.id, "outside").await;
    assert_eq!(app.calls("register").await.len(), 1);
    app.advance(Duration::from_secs(30)).await;
    app.status_until(&onboarding.id, "completed").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_display_name_under_review_is_watched_and_the_number_registered_once_it_is_done() {
    let (mut app, onboarding, client) = opened(json!({ "external_id": "sim:name_pending" })).await;
    let sim = &client.opened["signup"]["extras"]["sim"];
    signed_up(&app, &client, json!({ "sim": sim })).await;
    let hold = is_told_to_wait(&app, &client, &onboarding.id, "outside").await;
    assert_eq!(hold["code"], "name_not_processed", "{hold:#}");
    let told = client.status().await["trouble"]["happened"].to_string();
    assert!(told.contains("display name"), "{told}");
    for _ in 0..4 {
        app.advance(5 * HOUR).await;
        is_told_to_wait(&app, &client, &onboarding.id, "outside").await;
    }
    assert_eq!(
        app.calls("register").await.len(),
        1,
        "looking counts nothing at Meta"
    );
    app.advance(5 * HOUR).await;
    app.status_until(&onboarding.id, "completed").await;
    let calls = app.calls("register").await;
    let codes: Vec<_> = calls.iter().map(|call| &call["error_subcode"]).collect();
    assert_eq!(codes, [&json!(2_388_001), &Value::Null]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn registrations_that_keep_failing_stop_at_our_cap_and_name_who_can_move_it() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let error = json!({ "code": 131_016, "http": 500 });
    let order = json!({ "endpoint": "register", "effect": "fail", "times": 100, "error": error });
    app.scenario(order).await;
    simply_signed_up(&app, &client).await;
    let mut held = json!(null);
    for _ in 0..40 {
        let rests = |seen: &Value| seen["hold"]["kind"] != "working";
        let instance = app.instance_until(&onboarding.id, "at rest", rests).await;
        if instance["hold"]["code"] == "register_attempts_used" {
            held = instance;
            break;
        }
        app.advance(Duration::from_mins(5)).await;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    assert_eq!(held["hold"]["mover"], "operator", "{held:#}");
    let calls = app.calls("register").await.len();
    assert_eq!(calls, 6, "Meta blocks a number at ten");
    let act = format!("/console/api/instances/{}/acts/retry_now", onboarding.id);
    let retry = json!({ "reason": "trying" });
    app.operator().post(&act, retry).await.expect(200);
    let used = |seen: &Value| seen["hold"]["code"] == "register_attempts_used";
    app.instance_until(&onboarding.id, "held back", used).await;
    assert_eq!(
        app.calls("register").await.len(),
        6,
        "an impatient operator cannot do harm"
    );
    app.heal().await;
    // In small steps, as time passes: each look at the number counts nothing against the cap.
    for _ in 0..13 {
        app.advance(6 * HOUR).await;
        let rests = |seen: &Value| seen["hold"]["kind"] != "working";
        app.instance_until(&onboarding.id, "at rest", rests).await;
    }
    app.status_until(&onboarding.id, "completed").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_not_registered_within_fourteen_days_needs_a_new_signup() {
    let (mut app, onboarding, client) =
        opened(json!({ "link": { "expires_in": 2_592_000 } })).await;
    signed_up(&app, &client, json!({ "sim": "pin_mismatch" })).await;
    let view = app.state_until(&onboarding.id, "needs_pin").await;
    assert_eq!(view["deadline"]["code"], "register_number", "{view:#}");
    assert_eq!(view["next_action"]["due_at"], view["deadline"]["at"]);
    assert_eq!(client.status().await["deadline"], view["deadline"]);
    let seen = app.instance_until(&onboarding.id, "there", |_| true).await;
    assert_eq!(
        seen["facts"]["must_register_before"],
        view["deadline"]["at"]
    );
    app.advance(13 * 24 * HOUR).await;
    app.state_until(&onboarding.id, "needs_pin").await;
    app.advance(25 * HOUR).await;
    let view = app.state_until(&onboarding.id, "needs_signup").await;
    assert_eq!(view["status_reason"], "registration_window_closed");
    // A session lives shorter than its link.
    let client = app.open(&onboarding.link).await;
    simply_signed_up(&app, &client).await;
    app.status_until(&onboarding.id, "completed").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessed_pins_wait_as_long_as_meta_says() {
    let error = json!({ "code": 133_009, "details": "Wait for 3 minutes before the next try." });
    let too_fast = json!({ "endpoint": "register", "effect": "fail", "error": error });
    for (external, order, minutes) in [
        ("sim:pin_guessed_out", None, 30),
        ("too-fast", Some(too_fast), 3),
    ] {
        let (mut app, onboarding, client) = opened(json!({ "external_id": external })).await;
        if let Some(order) = order {
            app.scenario(order).await;
        }
        let sim = &client.opened["signup"]["extras"]["sim"];
        signed_up(&app, &client, json!({ "sim": sim })).await;
        is_told_to_wait(&app, &client, &onboarding.id, "outside").await;
        let told = client.status().await["trouble"]["happened"].to_string();
        assert!(told.contains("PIN"), "{told}");
        app.advance(Duration::from_mins(minutes - 1)).await;
        is_told_to_wait(&app, &client, &onboarding.id, "outside").await;
        assert_eq!(
            app.calls("register").await.len(),
            1,
            "guessing on prolongs it"
        );
        app.advance(Duration::from_mins(2)).await;
        if external == "sim:pin_guessed_out" {
            app.state_until(&onboarding.id, "needs_pin").await;
            client.pin("246810").await.expect(200);
        }
        app.status_until(&onboarding.id, "completed").await;
        app.stop().await;
    }
}
