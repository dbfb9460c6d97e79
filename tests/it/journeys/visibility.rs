//! What was granted and does not show, and what was not granted: waited for, then named with who can mend it.

use std::time::Duration;

use serde_json::{Value, json};

use super::{opened, signed_up, simply_signed_up};
use crate::app::Product;

/// Pushes time on until it waits for a person.
async fn parked(app: &Product, id: &str, step: Duration) -> Value {
    for _ in 0..60 {
        let rests =
            |seen: &Value| seen["hold"]["kind"] != "working" || seen["state"] == "needs_asset";
        let instance = app.instance_until(id, "at rest", rests).await;
        if instance["hold"]["kind"] == "parked" || instance["state"] == "needs_asset" {
            return instance;
        }
        app.advance(step).await;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    panic!("it never came to rest")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_share_that_lags_some_seconds_only_delays() {
    let (mut app, onboarding, client) = opened(json!({ "external_id": "sim:sharing_lags" })).await;
    let sim = &client.opened["signup"]["extras"]["sim"];
    signed_up(&app, &client, json!({ "sim": sim })).await;
    let lags = |seen: &Value| seen["hold"]["code"] == "graph_100_33";
    app.instance_until(&onboarding.id, "looking again", lags)
        .await;
    let page = client.status().await;
    assert_eq!(page["phase"], "working", "{page:#}");
    let told = page["trouble"]["happened"].as_str().unwrap();
    assert!(told.contains("has not shared your account"), "{page:#}");
    app.status_until(&onboarding.id, "in_progress").await;
    for _ in 0..6 {
        app.advance(Duration::from_secs(10)).await;
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    app.status_until(&onboarding.id, "completed").await;
    assert_eq!(app.calls("exchange").await.len(), 1);
    assert!(app.calls("phone_numbers").await.len() <= 6);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_stays_invisible_names_the_operator() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let hidden = json!({ "visible_after_ms": 90 * 24 * 3_600_000_u64 });
    signed_up(&app, &client, hidden).await;
    let instance = parked(&app, &onboarding.id, Duration::from_secs(10)).await;
    let trouble = &instance["facts"]["trouble"];
    assert_eq!(trouble["code"], "waba_not_visible", "{instance:#}");
    assert_eq!(trouble["mover"], "operator");
    let view = app.status_until(&onboarding.id, "action_required").await;
    assert_eq!(view["next_action"]["actor"], "operator", "{view:#}");
    let looks = app.calls("phone_numbers").await.len();
    assert!(
        looks <= 5,
        "sharing lags by seconds; more looks are in vain: {looks}"
    );
    let attention = app
        .operator()
        .get("/console/api/attention")
        .await
        .expect(200);
    assert!(
        attention.to_string().contains("waba_not_visible"),
        "{attention:#}"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_that_meta_took_and_does_not_show_is_asked_for_again() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    app.scenario(json!({ "endpoint": "subscribe", "effect": "pretend" }))
        .await;
    simply_signed_up(&app, &client).await;
    let unseen = |seen: &Value| seen["hold"]["code"] == "subscription_not_seen";
    app.instance_until(&onboarding.id, "not seen", unseen).await;
    assert!(
        app.calls("register").await.is_empty(),
        "a silent number is worse than none"
    );
    app.advance(Duration::from_secs(30)).await;
    app.status_until(&onboarding.id, "completed").await;
    let calls = app.calls("subscribe").await;
    let acted: Vec<_> = calls.iter().map(|call| &call["acted"]).collect();
    assert_eq!(acted, [&json!(false), &json!(true)]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_permission_that_is_missing_names_who_grants_it() {
    for (code, says) in [(10, "Advanced Access"), (200, "system user")] {
        let (mut app, onboarding, client) = opened(json!({})).await;
        let error = json!({ "code": code, "http": 403 });
        let order =
            json!({ "endpoint": "subscribe", "effect": "fail", "times": 100, "error": error });
        app.scenario(order).await;
        simply_signed_up(&app, &client).await;
        let instance = parked(&app, &onboarding.id, Duration::from_secs(10)).await;
        assert_eq!(instance["hold"]["mover"], "operator", "{instance:#}");
        let advice = instance["hold"]["advice"].as_str().unwrap();
        assert!(advice.contains(says), "{instance:#}");
        let view = app.status_until(&onboarding.id, "action_required").await;
        assert_eq!(view["next_action"]["actor"], "operator");
        assert_eq!(
            app.calls("subscribe").await.len(),
            1,
            "asking again changes nothing"
        );
        let told = client.status().await["trouble"].to_string();
        assert!(!told.contains("403") && !told.contains("#10"), "{told}");
        app.heal().await;
        let act = format!("/console/api/instances/{}/acts/retry_now", onboarding.id);
        let reason = json!({ "reason": "the permission is granted" });
        app.operator().post(&act, reason).await.expect(200);
        app.status_until(&onboarding.id, "completed").await;
        app.stop().await;
    }
}
