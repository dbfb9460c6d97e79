//! The proof beside every token: what an app that demands it of every call is served with.

use serde_json::{Value, json};

use super::signed_up;
use crate::app::{App, Onboarding, until};

/// Refusals that a missing or a wrong proof brings.
fn refused(calls: &[Value]) -> Vec<&Value> {
    let by_token = |call: &&Value| call["error_code"] == 100;
    calls.iter().filter(by_token).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_that_demands_proof_of_every_call_gets_it_in_every_flow() {
    let mut app = App::start().await;
    let id = app.invented.app_id.clone();
    app.control("proof", json!({ "app_id": id, "required": true }))
        .await;
    let body = json!({ "name": "Solutions", "app_id": id, "role": "solution_partner" });
    let made = app.operator().post("/console/api/partners", body).await;
    let paying = app.caller(made.expect(201)["api_key"].as_str().unwrap());
    for (caller, wish) in [
        (app.partner(), json!({})),
        (app.partner(), json!({ "kind": "coexistence" })),
        (paying, json!({})),
    ] {
        let made = caller.post("/v1/onboardings", json!({})).await.expect(201);
        let onboarding = Onboarding::of(&made);
        let client = app.open(&onboarding.link).await;
        signed_up(&app, &client, wish).await;
        let path = format!("/v1/onboardings/{}", onboarding.id);
        until("completed", || async {
            let view = caller.get(&path).await.expect(200);
            let done = view["status"] == "completed";
            done.then_some(()).ok_or_else(|| view.to_string())
        })
        .await;
    }
    let calls = app.calls("").await;
    assert!(refused(&calls).is_empty(), "{:#?}", refused(&calls));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_set_up_is_taken_back_with_proof_too() {
    let mut app = App::start().await;
    let id = app.invented.app_id.clone();
    app.control("proof", json!({ "app_id": id, "required": true }))
        .await;
    let onboarding = app.onboarding(json!({})).await;
    let client = app.open(&onboarding.link).await;
    signed_up(&app, &client, json!({ "unverified": true })).await;
    app.calls_until("request_code", 1).await;
    app.state_until(&onboarding.id, "needs_otp").await;
    let path = format!("/console/api/instances/{}/acts/cancel", onboarding.id);
    let undo = json!({ "reason": "not wanted", "compensate": true });
    app.operator().post(&path, undo).await.expect(200);
    app.status_until(&onboarding.id, "canceled").await;
    let calls = app.calls("").await;
    assert!(refused(&calls).is_empty(), "{:#?}", refused(&calls));
    let undone = calls
        .iter()
        .filter(|call| call["endpoint"] == "unsubscribe");
    assert_eq!(undone.count(), 1);
    app.stop().await;
}
