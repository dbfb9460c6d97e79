//! Events by name: in Meta's shapes, for who hears of them, late and together, and true afterwards.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use super::webhooks::receiver;
use super::{APP, BUSINESS, Sandbox, codes};

pub(super) type Received = UnboundedReceiver<(String, hyper::body::Bytes)>;

/// A customer whose account the app is subscribed to, and the app's receiver.
pub(super) async fn subscribed() -> (Sandbox, Received, (String, String, String)) {
    let (url, mut received) = receiver(200).await;
    let sandbox = Sandbox::start(None, Some(url)).await;
    let customer = sandbox.customer(json!({})).await;
    next(&mut received).await;
    let path = format!("/v25.0/{}/subscribed_apps", customer.1);
    sandbox.post(&path, &customer.0, json!({})).await.unwrap();
    (sandbox, received, customer)
}

pub(super) async fn next(received: &mut Received) -> Value {
    let taken = tokio::time::timeout(Duration::from_secs(10), received.recv()).await;
    serde_json::from_slice(&taken.expect("no webhook came").unwrap().1).unwrap()
}

#[tokio::test]
async fn every_event_is_told_with_its_field_and_of_whom_meta_says_it() {
    let (sandbox, mut received, (_, waba, phone)) = subscribed().await;
    for (event, entry, field) in [
        ("PARTNER_ADDED", BUSINESS, "account_update"),
        ("PARTNER_REMOVED", &waba, "account_update"),
        ("ACCOUNT_OFFBOARDED", &waba, "account_update"),
        ("ACCOUNT_RECONNECTED", &waba, "account_update"),
        ("ACCOUNT_DELETED", &waba, "account_update"),
        ("ACCOUNT_VIOLATION", &waba, "account_update"),
        ("DISABLED_UPDATE", &waba, "account_update"),
        (
            "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE",
            &waba,
            "account_update",
        ),
        (
            "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE",
            &waba,
            "account_update",
        ),
        ("account_review_update", &waba, "account_review_update"),
        ("account_alerts", &waba, "account_alerts"),
        (
            "business_capability_update",
            &waba,
            "business_capability_update",
        ),
        (
            "phone_number_name_update",
            &waba,
            "phone_number_name_update",
        ),
        (
            "phone_number_quality_update",
            &waba,
            "phone_number_quality_update",
        ),
        ("PIN_CHANGED", &waba, "security"),
        ("PIN_REQUEST_SUCCESS", &waba, "security"),
        ("partner_solutions", BUSINESS, "partner_solutions"),
    ] {
        let order = json!({ "event": event, "phone_number_id": phone, "told_only": true });
        assert_eq!(
            sandbox.control("event", order).await["queued"],
            1,
            "{event}"
        );
        let told = &next(&mut received).await["entry"][0];
        let change = &told["changes"][0];
        assert_eq!(
            (&told["id"], &change["field"]),
            (&json!(entry), &json!(field))
        );
        if field == "account_update" || field == "security" {
            assert_eq!(change["value"]["event"], event);
        }
    }
}

#[tokio::test]
async fn two_events_come_in_the_odd_shapes_of_metas_samples_unless_asked_plain() {
    let (sandbox, mut received, (_, waba, _)) = subscribed().await;
    let order = |event: &str, plain: bool| json!({ "event": event, "waba_id": waba, "told_only": true, "plain": plain });
    sandbox
        .control("event", order("PARTNER_APP_INSTALLED", false))
        .await;
    let entry = next(&mut received).await["entry"][0].take();
    assert_eq!(entry["field"], "account_update");
    assert_eq!(entry["changes"][0]["field"], Value::Null);
    sandbox
        .control("event", order("PARTNER_APP_UNINSTALLED", false))
        .await;
    let value = next(&mut received).await["entry"][0]["changes"][0].take();
    assert_eq!(value["value"]["field"], "account_update");
    assert_eq!(value["value"]["waba_info"]["partner_app_id"], APP);
    sandbox
        .control("event", order("PARTNER_APP_UNINSTALLED", true))
        .await;
    let change = next(&mut received).await["entry"][0]["changes"][0].take();
    assert_eq!(change["field"], "account_update");
    assert_eq!(change["value"]["field"], Value::Null);
}

#[tokio::test]
async fn events_come_together_in_one_request_or_late_and_twice() {
    let (sandbox, mut received, (_, waba, phone)) = subscribed().await;
    let review = json!({ "event": "account_review_update", "waba_id": waba,
        "value": { "decision": "REJECTED" } });
    let alert =
        json!({ "event": "account_alerts", "phone_number_id": phone, "time": 1_700_000_000 });
    let batch = json!({ "events": [review, review, alert], "delay_ms": 60_000, "copies": 2 });
    assert_eq!(sandbox.control("events", batch).await["queued"], 2);
    sandbox
        .control(
            "event",
            json!({ "event": "ACCOUNT_VIOLATION", "waba_id": waba }),
        )
        .await;
    let early = next(&mut received).await;
    assert_eq!(
        early["entry"][0]["changes"][0]["value"]["event"],
        "ACCOUNT_VIOLATION"
    );
    assert!(received.try_recv().is_err(), "it is not due yet");
    sandbox.clock.advance(Duration::from_mins(1));
    for _ in 0..2 {
        let late = next(&mut received).await;
        let changes = late["entry"][0]["changes"].as_array().unwrap();
        assert_eq!(
            changes.len(),
            2,
            "one entry for what happened at one moment"
        );
        assert_eq!(changes[1]["value"]["decision"], "REJECTED");
        assert_eq!(late["entry"][1]["time"], 1_700_000_000);
    }
}

#[tokio::test]
async fn an_app_hears_of_an_account_it_subscribed_to_in_the_fields_it_chose() {
    let (url, mut received) = receiver(200).await;
    let sandbox = Sandbox::start(None, Some(url)).await;
    let (token, waba, _) = sandbox.customer(json!({})).await;
    next(&mut received).await;
    let order = json!({ "event": "ACCOUNT_VIOLATION", "waba_id": waba });
    let deaf = sandbox.control("event", order.clone()).await;
    assert_eq!(deaf["queued"], 0);
    assert!(
        deaf["unheard"][0]
            .as_str()
            .unwrap()
            .contains("not subscribed"),
        "{deaf}"
    );
    let path = format!("/v25.0/{waba}/subscribed_apps");
    sandbox.post(&path, &token, json!({})).await.unwrap();
    assert_eq!(sandbox.control("event", order.clone()).await["queued"], 1);
    let mail = json!({ "app_id": APP, "lost": true });
    sandbox.control("mail", mail).await;
    assert_eq!(sandbox.control("event", order).await["queued"], 0);
}

#[tokio::test]
async fn what_is_told_is_true_afterwards_unless_it_is_only_told() {
    let (sandbox, _received, (token, waba, phone)) = subscribed().await;
    let order = json!({ "event": "PIN_CHANGED", "phone_number_id": phone, "pin": "123456" });
    sandbox.control("event", order).await;
    assert_eq!(
        codes(&sandbox.register(&phone, &token, "111111").await).0,
        133_005
    );
    let order = json!({ "event": "PIN_REQUEST_SUCCESS", "phone_number_id": phone });
    sandbox.control("event", order).await;
    assert_eq!(
        codes(&sandbox.register(&phone, &token, "111111").await).0,
        0
    );
    let order = json!({ "event": "PARTNER_REMOVED", "phone_number_id": phone, "told_only": true });
    sandbox.control("event", order.clone()).await;
    assert_eq!(sandbox.phone(&phone, &token).await["status"], "CONNECTED");
    let order = json!({ "event": "PARTNER_REMOVED", "phone_number_id": phone });
    sandbox.control("event", order).await;
    assert_eq!(
        sandbox.phone(&phone, &token).await["status"],
        "DISCONNECTED"
    );
    let order = json!({ "event": "PARTNER_APP_UNINSTALLED", "waba_id": waba });
    sandbox.control("event", order).await;
    let path = format!("/v25.0/{waba}");
    assert_eq!(codes(&sandbox.get(&path, Some(&token)).await), (190, 458));
}
