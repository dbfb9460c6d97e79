//! The list of accounts that clients share, looked through where webhooks got lost.

use std::time::Duration;

use serde_json::{Value, json};

use super::opened;
use super::second_road::{A_MINUTE, grant_in, pinned, told_by_meta_alone, with_number};
use crate::app::{App, Product, until};

/// Has the list of shared accounts looked through, and waits until that is done.
async fn reconciled(app: &Product) -> String {
    let ran = |list: &Value| {
        let mut found = list["data"].as_array().unwrap().iter();
        let one = found.find(|one| one["name"] == "reconcile").unwrap();
        one["history"].as_array().map_or(0, Vec::len)
    };
    let operator = app.operator();
    let list = operator.get("/console/api/schedules").await.expect(200);
    let before = ran(&list);
    let why = json!({ "reason": "it is tried out" });
    let path = "/console/api/schedules/reconcile/run";
    operator.post(path, why).await.expect(202);
    until("the list was looked through", || async {
        let list = operator.get("/console/api/schedules").await.expect(200);
        let mut found = list["data"].as_array().unwrap().iter();
        let one = found.find(|one| one["name"] == "reconcile").unwrap();
        let result = one["last_result"].as_str().unwrap_or_default().to_owned();
        if ran(&list) > before {
            Ok(result)
        } else {
            Err(one.to_string())
        }
    })
    .await
}

/// Meta's webhooks get lost from now on, and nobody looks through the list by the calendar.
async fn left_without_webhooks(app: &Product) {
    let lost = json!({ "app_id": app.invented.app_id, "lost": true });
    app.control("mail", lost).await;
    until("the schedules are known", || async {
        let why = json!({ "reason": "it is tried out" });
        let path = "/console/api/schedules/reconcile/pause";
        let paused = app.operator().post(path, why).await;
        if paused.status == 202 {
            Ok(())
        } else {
            Err(paused.text)
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_polled_list_stands_in_for_a_webhook_that_never_came() {
    let (mut app, onboarding, _) = opened(pinned()).await;
    left_without_webhooks(&app).await;
    let data = told_by_meta_alone(&app, with_number()).await;
    app.advance(A_MINUTE).await;
    let line = reconciled(&app).await;
    assert!(line.contains("1 new"), "{line}");
    grant_in(&app, &data["waba_id"], "seen").await;
    let line = reconciled(&app).await;
    assert!(line.contains("0 new"), "{line}");
    app.advance(A_MINUTE).await;
    let view = app.status_until(&onboarding.id, "completed").await;
    assert_eq!(view["result"]["waba_id"], data["waba_id"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_app_does_not_drown_the_operator_in_its_old_accounts() {
    let mut app = App::start().await;
    left_without_webhooks(&app).await;
    told_by_meta_alone(&app, json!({})).await;
    told_by_meta_alone(&app, json!({})).await;
    app.advance(Duration::from_hours(25)).await;
    let line = reconciled(&app).await;
    assert!(line.contains("2 accounts looked at, 0 new"), "{line}");
    let fresh = told_by_meta_alone(&app, json!({})).await;
    let error = json!({ "code": 2, "http": 503 });
    let listing = "client_whatsapp_business_accounts";
    app.scenario(json!({ "endpoint": listing, "effect": "fail", "error": error, "times": 1 }))
        .await;
    let line = reconciled(&app).await;
    assert!(line.contains("Meta did not answer for"), "{line}");
    let line = reconciled(&app).await;
    assert!(line.contains("1 new"), "{line}");
    grant_in(&app, &fresh["waba_id"], "seen").await;
    app.stop().await;
}
