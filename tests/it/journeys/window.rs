//! What happens inside Meta's window: left at a step, broken off with an error, ended oddly.

use serde_json::{Value, json};

use super::{calls_for_clients, opened};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_metas_window_is_helped_with_the_step_that_was_left() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    for (step, help) in [
        ("BUSINESS_ACCOUNT_SELECTION", "portfolio"),
        ("WABA_PHONE_PROFILE_PICKER", "WhatsApp account"),
        ("WHATSAPP_BUSINESS_PROFILE_SETUP", "name"),
        ("PHONE_NUMBER_SETUP", "phone number"),
        ("PHONE_NUMBER_VERIFICATION", "code"),
        ("PERMISSIONS", "permission"),
        ("A_STEP_NOBODY_KNOWS", "Nothing is lost"),
    ] {
        let half = json!({ "event": "CANCEL", "data": { "current_step": step } });
        client.signup(&json!({ "session": half })).await.expect(202);
        let page = client.status().await;
        assert_eq!(page["phase"], "signup", "{step}: the way stays open");
        assert_eq!(page["trouble"]["code"], "canceled", "{step}: {page:#}");
        let told = page["trouble"].to_string();
        assert!(told.contains(help), "{step}: {told}");
        let kept = |seen: &Value| seen["facts"]["journey"]["step"] == step;
        app.instance_until(&onboarding.id, "kept", kept).await;
        app.advance(std::time::Duration::from_mins(5)).await;
    }
    assert_eq!(calls_for_clients(&app).await, 0, "Meta is asked nothing");
    app.stop().await;
}
