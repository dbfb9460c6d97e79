//! Meta is down, fails, or asks us to slow down, at each step in turn.

use std::time::Duration;

use serde_json::{Value, json};

use super::{OUR_PATIENCE, acted, opened, phone_of, simply_signed_up};
use crate::app::Product;

/// Every call of a journey after the code, in its order.
const AFTER_THE_CODE: [&str; 6] = [
    "debug_token",
    "phone_numbers",
    "subscribe",
    "subscribed_apps",
    "phone",
    "register",
];

/// The console says what is waited for, since when, until when, and who can move it.
fn told_whole(instance: &Value, endpoint: &str) {
    let hold = &instance["hold"];
    for member in ["kind", "code", "text", "since", "until", "mover"] {
        let told = hold[member].as_str().unwrap_or_default();
        assert!(!told.is_empty(), "{endpoint}: {member} in {hold:#}");
    }
    assert!(
        hold["until"].as_str() > hold["since"].as_str(),
        "{endpoint}: {hold:#}"
    );
    assert!(
        hold["since"].as_str() > Some("2020"),
        "{endpoint}: {hold:#}"
    );
    let headline = instance["headline"].as_str().unwrap();
    assert!(headline.contains("moved by"), "{endpoint}: {headline}");
}

/// Pushes time on in small steps until the onboarding has ended.
async fn ends_by_itself(app: &Product, id: &str, step: Duration) -> Value {
    for _ in 0..40 {
        let view = app
            .partner()
            .get(&format!("/v1/onboardings/{id}"))
            .await
            .expect(200);
        if view["status"] == "completed" {
            return view;
        }
        assert_eq!(view["status"], "in_progress", "{view:#}");
        app.instance_until(id, "at rest", |seen| seen["hold"]["kind"] != "working")
            .await;
        app.advance(step).await;
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    panic!(
        "{:#}",
        app.operator()
            .get(&format!("/console/api/instances/{id}"))
            .await
            .body
    )
}

/// Tried again soon, or looked for: a system at work without a person.
fn is_held_up(instance: &Value) -> bool {
    is_held("retrying")(instance) || is_held("waiting")(instance)
}

fn is_held(kind: &'static str) -> impl Fn(&Value) -> bool + Send + Sync {
    move |instance| instance["hold"]["kind"] == kind
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_meta_that_is_down_for_a_minute_at_any_step_only_delays() {
    for endpoint in AFTER_THE_CODE {
        let (mut app, onboarding, client) = opened(json!({})).await;
        app.scenario(json!({ "endpoint": endpoint, "effect": "down", "for_ms": 60_000 }))
            .await;
        let signup = simply_signed_up(&app, &client).await;
        let instance = app
            .instance_until(&onboarding.id, "held up", is_held_up)
            .await;
        told_whole(&instance, endpoint);
        let page = client.status().await;
        assert_eq!(page["phase"], "working", "{endpoint}: {page:#}");
        assert!(
            page["trouble"]["next_try_at"].is_string(),
            "{endpoint}: {page:#}"
        );
        let view = app.status_until(&onboarding.id, "in_progress").await;
        assert!(
            view["next_action"]["due_at"].is_string(),
            "{endpoint}: {view:#}"
        );
        let view = ends_by_itself(&app, &onboarding.id, Duration::from_secs(15)).await;
        assert_eq!(
            view["result"]["phone_number_id"],
            phone_of(&signup),
            "{endpoint}"
        );
        assert_eq!(
            acted(&app.calls("register").await, phone_of(&signup)),
            1,
            "{endpoint}"
        );
        assert_eq!(app.calls("exchange").await.len(), 1, "{endpoint}");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_meta_that_is_down_for_a_minute_at_the_exchange_costs_one_click_and_no_more() {
    let (mut app, onboarding, client) =
        opened(json!({ "external_id": "sim:graph_down_60s" })).await;
    let sim = &client.opened["signup"]["extras"]["sim"];
    let signup = app.sign_up(json!({ "sim": sim })).await;
    client.signup(&signup).await.expect(202);
    let view = app.state_until(&onboarding.id, "needs_signup").await;
    assert_eq!(view["next_action"]["actor"], "client");
    app.advance(Duration::from_mins(1)).await;
    simply_signed_up(&app, &client).await;
    app.status_until(&onboarding.id, "completed").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_meta_that_answers_500_three_times_at_any_step_only_delays() {
    for endpoint in AFTER_THE_CODE {
        for error in [
            json!({ "code": 131_000, "http": 500 }),
            json!({ "code": 2, "http": 503 }),
        ] {
            let (mut app, onboarding, client) = opened(json!({})).await;
            let order =
                json!({ "endpoint": endpoint, "effect": "fail", "times": 3, "error": error });
            app.scenario(order).await;
            let signup = simply_signed_up(&app, &client).await;
            let instance = app
                .instance_until(&onboarding.id, "retrying", is_held("retrying"))
                .await;
            told_whole(&instance, endpoint);
            ends_by_itself(&app, &onboarding.id, Duration::from_secs(15)).await;
            assert_eq!(
                acted(&app.calls("register").await, phone_of(&signup)),
                1,
                "{endpoint}"
            );
            app.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_meta_that_falls_silent_at_any_step_only_delays() {
    for endpoint in AFTER_THE_CODE {
        let (mut app, onboarding, client) = opened(json!({})).await;
        app.scenario(json!({ "endpoint": endpoint, "effect": "hang_then_act" }))
            .await;
        let signup = simply_signed_up(&app, &client).await;
        app.calls_until(endpoint, 1).await;
        app.advance(OUR_PATIENCE).await;
        app.instance_until(&onboarding.id, "retrying", is_held("retrying"))
            .await;
        ends_by_itself(&app, &onboarding.id, Duration::from_secs(5)).await;
        assert_eq!(
            acted(&app.calls("register").await, phone_of(&signup)),
            1,
            "{endpoint}"
        );
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rate_limit_at_any_step_is_waited_out_and_burns_no_try() {
    for endpoint in AFTER_THE_CODE {
        for code in [80_007, 80_008, 4] {
            let (mut app, onboarding, client) = opened(json!({})).await;
            let order = json!({ "endpoint": endpoint, "effect": "rate_limit", "for_ms": 600_000,
                "error": { "code": code, "http": 400 } });
            app.scenario(order).await;
            let signup = simply_signed_up(&app, &client).await;
            let instance = app
                .instance_until(&onboarding.id, "waiting", is_held("waiting"))
                .await;
            told_whole(&instance, endpoint);
            assert_eq!(
                instance["hold"]["attempt"], 0,
                "{endpoint} {code}: {instance:#}"
            );
            assert_eq!(instance["hold"]["mover"], "outside", "{endpoint} {code}");
            let calls = app.calls(endpoint).await.len();
            app.advance(Duration::from_mins(2)).await;
            assert_eq!(
                app.calls(endpoint).await.len(),
                calls,
                "calls prolong a block"
            );
            ends_by_itself(&app, &onboarding.id, Duration::from_secs(320)).await;
            assert_eq!(
                acted(&app.calls("register").await, phone_of(&signup)),
                1,
                "{endpoint}"
            );
            app.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_limit_of_metas_is_waited_out_as_long_as_its_answer_says() {
    for (code, named) in [(17, Some(7)), (32, Some(40)), (613, None)] {
        let (mut app, onboarding, client) = opened(json!({})).await;
        let error = json!({ "code": code, "http": 400 });
        let order = match named {
            // The header of a limit tells in how many minutes it lifts.
            Some(minutes) => json!({ "endpoint": "subscribe", "effect": "rate_limit",
                "times": 1, "for_ms": minutes * 60_000, "error": error }),
            None => json!({ "endpoint": "subscribe", "effect": "fail", "error": error }),
        };
        app.scenario(order).await;
        simply_signed_up(&app, &client).await;
        let seen = app
            .instance_until(&onboarding.id, "waiting", is_held("waiting"))
            .await;
        told_whole(&seen, "subscribe");
        assert_eq!(seen["hold"]["attempt"], 0, "{code}: a limit burns no try");
        let minutes = named.unwrap_or(15);
        app.advance(Duration::from_secs(minutes * 60 - 30)).await;
        assert_eq!(app.calls("subscribe").await.len(), 1, "{code}");
        app.advance(Duration::from_secs(45)).await;
        app.status_until(&onboarding.id, "completed").await;
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_meta_that_never_recovers_ends_with_a_named_operator_who_can_move_it() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let error = json!({ "code": 131_016, "http": 500 });
    let order = json!({ "endpoint": "subscribe", "effect": "fail", "times": 1000, "error": error });
    app.scenario(order).await;
    simply_signed_up(&app, &client).await;
    for _ in 0..60 {
        let rests = |seen: &Value| seen["hold"]["kind"] != "working";
        let instance = app.instance_until(&onboarding.id, "at rest", rests).await;
        if instance["hold"]["kind"] == "parked" {
            break;
        }
        app.advance(Duration::from_secs(310)).await;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    let view = app.status_until(&onboarding.id, "action_required").await;
    assert_eq!(view["next_action"]["actor"], "operator");
    assert_eq!(client.status().await["phase"], "waiting");
    let attention = app
        .operator()
        .get("/console/api/attention")
        .await
        .expect(200);
    assert_eq!(
        attention["data"].as_array().unwrap().len(),
        1,
        "{attention:#}"
    );
    app.heal().await;
    let act = format!("/console/api/instances/{}/acts/retry_now", onboarding.id);
    app.operator()
        .post(&act, json!({ "reason": "Meta is back" }))
        .await
        .expect(200);
    app.status_until(&onboarding.id, "completed").await;
    app.stop().await;
}
