//! What is asked of Meta for one number, counted over all of its onboardings: Meta counts by number too.

use std::time::Duration;

use serde_json::{Value, json};

use super::{completes_in_time, opened, signed_up};
use crate::app::{Onboarding, Product};

const NUMBER: &str = "+34 600 000 123";
const HOUR: Duration = Duration::from_hours(1);

/// Another onboarding of the same number, signed up.
async fn comes_again(app: &Product) -> Onboarding {
    let onboarding = app.onboarding(json!({})).await;
    let client = app.open(&onboarding.link).await;
    signed_up(app, &client, json!({ "phone_number": NUMBER })).await;
    onboarding
}

async fn held(app: &Product, onboarding: &Onboarding, code: &str) -> Value {
    let waits = |seen: &Value| seen["hold"]["code"] == *code;
    let seen = app.instance_until(&onboarding.id, code, waits).await;
    assert_eq!(seen["hold"]["mover"], "operator", "{seen:#}");
    assert!(seen["hold"]["until"].is_string(), "{seen:#}");
    seen
}

/// Lets time pass until the onboarding waits for this.
async fn comes_to(app: &Product, onboarding: &Onboarding, code: &str) -> Value {
    for _ in 0..60 {
        let rests = |seen: &Value| seen["hold"]["kind"] != "working";
        let seen = app.instance_until(&onboarding.id, "at rest", rests).await;
        if seen["hold"]["code"] == *code {
            return seen;
        }
        app.advance(Duration::from_mins(5)).await;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    held(app, onboarding, code).await
}

async fn act(app: &Product, onboarding: &Onboarding, name: &str, mut body: Value) {
    body["reason"] = json!("the client called");
    let path = format!("/console/api/instances/{}/acts/{name}", onboarding.id);
    app.operator().post(&path, body).await.expect(200);
}

async fn order(app: &Product, code: i64, http: u16) {
    let error = json!({ "code": code, "http": http });
    let order = json!({ "endpoint": "register", "effect": "fail", "times": 100, "error": error });
    app.scenario(order).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_onboarding_of_a_number_has_only_what_the_first_left_of_its_registrations() {
    let (mut app, first, client) = opened(json!({})).await;
    order(&app, 131_016, 500).await;
    signed_up(&app, &client, json!({ "phone_number": NUMBER })).await;
    comes_to(&app, &first, "register_attempts_used").await;
    assert_eq!(app.calls("register").await.len(), 6);
    act(&app, &first, "cancel", json!({})).await;
    app.restart().await;
    app.heal().await;
    let second = comes_again(&app).await;
    let seen = held(&app, &second, "register_attempts_used").await;
    let counted = seen["facts"]["register_attempts"].as_array().unwrap().len();
    assert_eq!(counted, 6, "{seen:#}");
    assert!(
        seen["journal"]
            .to_string()
            .contains("registrations_counted")
    );
    assert_eq!(app.calls("register").await, Vec::<Value>::new());
    // An operator's leave is one more of them, whoever made the others.
    let one_more = json!({ "event": "registration_allowed" });
    act(&app, &second, "submit", one_more).await;
    app.status_until(&second.id, "completed").await;
    assert_eq!(app.calls("register").await.len(), 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_used_up_is_there_again_when_metas_window_has_moved_on() {
    let (mut app, first, client) = opened(json!({})).await;
    order(&app, 131_016, 500).await;
    signed_up(&app, &client, json!({ "phone_number": NUMBER })).await;
    comes_to(&app, &first, "register_attempts_used").await;
    act(&app, &first, "cancel", json!({})).await;
    app.heal().await;
    let second = comes_again(&app).await;
    held(&app, &second, "register_attempts_used").await;
    for _ in 0..13 {
        app.advance(6 * HOUR).await;
        let rests = |seen: &Value| seen["hold"]["kind"] != "working";
        app.instance_until(&second.id, "at rest", rests).await;
    }
    completes_in_time(&app, &second.id).await;
    assert_eq!(app.calls("register").await.len(), 7);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_meta_blocked_is_left_alone_by_every_onboarding_until_the_block_ends() {
    let (mut app, first, client) = opened(json!({})).await;
    let wish = json!({ "phone_number": NUMBER, "sim": "register_rate_limited" });
    signed_up(&app, &client, wish).await;
    let blocked = held(&app, &first, "register_limit").await;
    let second = comes_again(&app).await;
    let seen = held(&app, &second, "register_limit").await;
    assert_eq!(seen["hold"]["until"], blocked["hold"]["until"]);
    assert_eq!(
        seen["facts"]["register_blocked_until"],
        seen["hold"]["until"]
    );
    let view = app.view_until(&second.id, "seen", |_| true).await;
    assert_eq!(view["next_action"]["due_at"], seen["hold"]["until"]);
    let attention = app.operator().get("/console/api/attention").await;
    let attention = attention.expect(200);
    let groups = attention["data"].as_array().unwrap();
    let group = groups
        .iter()
        .find(|group| group["code"] == "register_limit");
    let group = group.unwrap_or_else(|| panic!("{attention:#}"));
    assert_eq!(group["count"], 2, "{group:#}");
    assert_eq!(group["next_due"], seen["hold"]["until"]);
    // Whoever loses patience does no harm.
    act(&app, &second, "retry_now", json!({})).await;
    app.advance(71 * HOUR).await;
    for onboarding in [&first, &second] {
        held(&app, onboarding, "register_limit").await;
    }
    assert_eq!(app.calls("register").await.len(), 1);
    act(&app, &first, "cancel", json!({})).await;
    app.advance(HOUR + Duration::from_mins(1)).await;
    app.status_until(&second.id, "completed").await;
    assert_eq!(app.calls("register").await.len(), 2);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unfinished_deregistration_is_finished_first_and_counted_like_a_registration() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    order(&app, 133_000, 500).await;
    signed_up(&app, &client, json!({ "phone_number": NUMBER })).await;
    comes_to(&app, &onboarding, "register_attempts_used").await;
    let calls = (app.calls("register").await, app.calls("deregister").await);
    assert_eq!((calls.0.len(), calls.1.len()), (6, 6));
    // One registration more is an operator's to give; a deregistration more is nobody's.
    let one_more = json!({ "event": "registration_allowed" });
    act(&app, &onboarding, "submit", one_more).await;
    app.calls_until("register", 7).await;
    let seen = held(&app, &onboarding, "register_attempts_used").await;
    assert!(
        seen["hold"].to_string().contains("deregistrations"),
        "{seen:#}"
    );
    assert_eq!(app.calls("deregister").await.len(), 6);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_is_half_released_is_released_and_registered() {
    let half = json!({ "external_id": "sim:deregistration_unfinished" });
    let (mut app, onboarding, client) = opened(half).await;
    let sim = &client.opened["signup"]["extras"]["sim"];
    signed_up(&app, &client, json!({ "sim": sim })).await;
    let retries = |seen: &Value| seen["hold"]["code"] == "graph_133000";
    app.instance_until(&onboarding.id, "released", retries)
        .await;
    let told = client.status().await["trouble"].to_string();
    assert!(told.contains("released from an earlier setup"), "{told}");
    app.advance(Duration::from_mins(1)).await;
    app.status_until(&onboarding.id, "completed").await;
    let calls = (app.calls("register").await, app.calls("deregister").await);
    assert_eq!((calls.0.len(), calls.1.len()), (2, 1));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_onboardings_of_one_number_register_it_once() {
    let (mut app, first, client) = opened(json!({})).await;
    let order = json!({ "endpoint": "register", "effect": "slow", "for_ms": 400 });
    app.scenario(order).await;
    signed_up(&app, &client, json!({ "phone_number": NUMBER })).await;
    app.calls_until("register", 1).await;
    let second = comes_again(&app).await;
    app.status_until(&first.id, "completed").await;
    app.advance(Duration::from_mins(2)).await;
    app.status_until(&second.id, "completed").await;
    assert_eq!(app.calls("register").await.len(), 1);
    app.stop().await;
}
