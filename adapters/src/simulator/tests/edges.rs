//! The rarer edges: overrides, coexistence syncs, credit lines, the dialog, many callers at once.

use futures_util::future::join_all;
use serde_json::json;

use super::{APP, BUSINESS, SYSTEM_TOKEN, Sandbox, codes};

#[tokio::test]
async fn many_signups_at_once_all_come_through_and_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(Some(folder.path()), None).await;
    let customers = join_all((0..40).map(|_| sandbox.customer(json!({})))).await;
    let registered = customers
        .iter()
        .map(|(token, _, phone)| sandbox.register(phone, token, "111111"));
    let answers = join_all(registered).await;
    assert!(
        answers
            .iter()
            .all(|answer| *answer == json!({ "success": true }))
    );
    sandbox.simulator.stop().await;
    let again = Sandbox::start(Some(folder.path()), None).await;
    for (token, _, phone) in &customers {
        assert_eq!(again.phone(phone, token).await["status"], "CONNECTED");
    }
}

#[tokio::test]
async fn an_override_needs_a_subscription_first() {
    let sandbox = Sandbox::new().await;
    let (token, waba, _) = sandbox.customer(json!({})).await;
    let path = format!("/v25.0/{waba}/subscribed_apps");
    let body = json!({ "override_callback_uri": "http://127.0.0.1:9/nobody", "verify_token": "v" });
    let early = sandbox.post(&path, &token, body.clone()).await.unwrap();
    let message = early["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("Before override the current callback uri"),
        "{message}"
    );
    sandbox.post(&path, &token, json!({})).await.unwrap();
    let unanswered = sandbox.post(&path, &token, body).await.unwrap();
    assert_eq!(codes(&unanswered).0, 2200);
}

#[tokio::test]
async fn a_coexistence_number_syncs_each_kind_once_within_a_day_and_never_registers() {
    let sandbox = Sandbox::new().await;
    let (token, _, phone) = sandbox.customer(json!({ "kind": "coexistence" })).await;
    assert_eq!(sandbox.phone(&phone, &token).await["is_on_biz_app"], true);
    let refused = sandbox.register(&phone, &token, "111111").await;
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(message.contains("Register endpoint is not available for SMB businesses"));
    let path = format!("/v25.0/{phone}/smb_app_data");
    let ask = |kind: &str| {
        sandbox.post(
            &path,
            &token,
            json!({ "messaging_product": "whatsapp", "sync_type": kind }),
        )
    };
    assert!(ask("smb_app_state_sync").await.unwrap()["request_id"].is_string());
    assert_eq!(
        codes(&ask("smb_app_state_sync").await.unwrap()).0,
        2_593_107
    );
    sandbox
        .control("clock", json!({ "advance_ms": 25 * 3_600_000 }))
        .await;
    assert_eq!(codes(&ask("history").await.unwrap()).0, 2_593_108);
}

#[tokio::test]
async fn a_credit_line_is_shared_after_a_user_was_assigned() {
    let sandbox = Sandbox::new().await;
    let (_, waba, _) = sandbox.customer(json!({})).await;
    let lines = sandbox
        .get(
            &format!("/v25.0/{BUSINESS}/extendedcredits"),
            Some(SYSTEM_TOKEN),
        )
        .await;
    let line = lines["data"][0]["id"].as_str().unwrap().to_owned();
    let share = format!("/v25.0/{line}/whatsapp_credit_sharing_and_attach");
    let wish = json!({ "waba_id": waba, "waba_currency": "EUR" });
    let early = sandbox
        .post(&share, SYSTEM_TOKEN, wish.clone())
        .await
        .unwrap();
    assert_eq!(codes(&early).0, 200);
    let assign = format!("/v25.0/{waba}/assigned_users?user=1&tasks=['MANAGE']");
    sandbox
        .post(&assign, SYSTEM_TOKEN, json!({}))
        .await
        .unwrap();
    let shared = sandbox.post(&share, SYSTEM_TOKEN, wish).await.unwrap();
    let allocation = shared["allocation_config_id"].as_str().unwrap();
    let path = format!("/v25.0/{allocation}?fields=receiving_credential");
    let allocation = sandbox.get(&path, Some(SYSTEM_TOKEN)).await;
    let path = format!("/v25.0/{waba}?fields=primary_funding_id");
    let funded = sandbox.get(&path, Some(SYSTEM_TOKEN)).await;
    assert_eq!(
        allocation["receiving_credential"]["id"],
        funded["primary_funding_id"]
    );
}

#[tokio::test]
async fn the_dialog_admits_only_a_known_configuration_and_notes_the_page_it_came_from() {
    let sandbox = Sandbox::new().await;
    for (config, status) in [("778899", 200), ("1", 400)] {
        let query =
            format!("client_id={APP}&config_id={config}&fallback_redirect_uri=http://page/o/x");
        let url = sandbox.url(&format!("/v25.0/dialog/oauth?{query}"));
        let page = sandbox.client.get(url).send().await.unwrap();
        assert_eq!(page.status().as_u16(), status, "{config}");
    }
    let calls = sandbox.get("/control/calls?endpoint=dialog", None).await;
    assert_eq!(calls["data"][0]["page"], "http://page/o/x");
    let script = sandbox
        .client
        .get(sandbox.url("/en_US/sdk.js"))
        .send()
        .await
        .unwrap();
    assert_eq!(script.headers()["access-control-allow-origin"], "*");
}
