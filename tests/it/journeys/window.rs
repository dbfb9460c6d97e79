//! What happens inside Meta's window: left at a step, broken off with an error, ended oddly.

use std::time::Duration;

use serde_json::{Value, json};

use super::{calls_for_clients, opened};

/// A page tells the same thing once in a while only.
const LATER: Duration = Duration::from_mins(1);

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
        app.advance(LATER).await;
    }
    assert_eq!(calls_for_clients(&app).await, 0, "Meta is asked nothing");
    app.stop().await;
}

/// How the window may break off, one row for each group of errors: the event, what is in it as JSON,
/// and what the client is told.
const BROKEN_OFF: [(&str, &str, &str); 18] = [
    (
        "CANCEL",
        r#"{ "error_code": "3441030" }"#,
        "already used with WhatsApp",
    ),
    (
        "CANCEL",
        r#"{ "error_code": "2655094" }"#,
        "wait 15 minutes",
    ),
    (
        "CANCEL",
        r#"{ "error_code": "3441045" }"#,
        "in use for longer",
    ),
    (
        "CANCEL",
        r#"{ "error_id": "2494028" }"#,
        "shared with another provider",
    ),
    (
        "CANCEL",
        r#"{ "error_code": 2388098 }"#,
        "as many WhatsApp accounts",
    ),
    ("CANCEL", r#"{ "error_code": "2494158" }"#, "Too many codes"),
    ("CANCEL", r#"{ "error_code": "3441033" }"#, "slow down"),
    ("CANCEL", r#"{ "error_code": "1690089" }"#, "name or link"),
    ("CANCEL", r#"{ "error_code": "3441051" }"#, "country code"),
    (
        "CANCEL",
        r#"{ "error_code": "2494030" }"#,
        "verifying your business",
    ),
    (
        "ERROR",
        r#"{ "error_id": "2655089" }"#,
        "Business Support Home",
    ),
    ("CANCEL", r#"{ "error_code": "2859009" }"#, "two-factor"),
    (
        "ERROR",
        r#"{ "error_code": "1675030" }"#,
        "problem of its own",
    ),
    (
        "CANCEL",
        r#"{ "error_code": "2655076" }"#,
        "a number of your own",
    ),
    (
        "CANCEL",
        r#"{ "error_code": "2655081" }"#,
        "Page or ad account",
    ),
    (
        "CANCEL",
        r#"{ "error_message": "You must be an Admin of the business." }"#,
        "full control",
    ),
    (
        "ERROR",
        r#"{ "error_message": "Something else" }"#,
        "reported a problem",
    ),
    ("ERROR", "{}", "reported a problem"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_in_metas_window_is_explained_and_kept_for_metas_support() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    for (event, data, told) in BROKEN_OFF {
        let data: Value = serde_json::from_str(data).unwrap();
        let half = json!({ "event": event, "data": data });
        client.signup(&json!({ "session": half })).await.expect(202);
        let page = client.status().await;
        assert_eq!(page["phase"], "signup", "the way stays open: {page:#}");
        let trouble = page["trouble"].to_string();
        assert!(trouble.contains(told), "{data}: {trouble}");
        assert!(!trouble.contains("error_"), "{trouble}");
        app.advance(LATER).await;
    }
    let data = json!({ "error_message": "The number +34 600 000 123 is in use.",
        "error_code": "3441030", "session_id": "f1a2", "timestamp": "1763890000" });
    let half = json!({ "event": "CANCEL", "data": data });
    client.signup(&json!({ "session": half })).await.expect(202);
    let seen = app.instance_until(&onboarding.id, "there", |_| true).await;
    let kept = &seen["facts"]["journey"];
    assert_eq!(kept["error_message"], "The number … is in use.", "{kept:#}");
    for (member, value) in [
        ("error_code", "3441030"),
        ("session_id", "f1a2"),
        ("timestamp", "1763890000"),
    ] {
        assert_eq!(kept[member], *value, "{kept:#}");
    }
    assert_eq!(calls_for_clients(&app).await, 0, "Meta is asked nothing");
    assert_eq!(seen["state"], "link_issued");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exchange_that_fails_after_meta_took_the_code_costs_one_more_click() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let error = json!({ "code": 2, "http": 503 });
    let order = json!({ "endpoint": "exchange", "effect": "act_then_fail", "error": error });
    app.scenario(order).await;
    super::simply_signed_up(&app, &client).await;
    let view = app.state_until(&onboarding.id, "needs_signup").await;
    assert_eq!(view["next_action"]["actor"], "client");
    let told: Value = client.status().await["trouble"].take();
    assert!(told.to_string().contains("ran out"), "{told}");
    assert_eq!(
        app.calls("exchange").await.len(),
        1,
        "the code is spent either way"
    );
    super::simply_signed_up(&app, &client).await;
    app.status_until(&onboarding.id, "completed").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_reads_every_error_with_its_key_and_whose_move_it_is() {
    let mut app = crate::app::App::start().await;
    let listed = app.partner().get("/v1/errors").await.expect(200);
    let rows = listed["data"].as_array().unwrap();
    let of = |key: &str| rows.iter().find(|row| row["key"] == *key).unwrap();
    let pin = of("pin_mismatch");
    assert_eq!(
        (&pin["meta_code"], &pin["actor"]),
        (&json!(133_005), &json!("client"))
    );
    let worded = of("admin_needed");
    assert_eq!(
        (&worded["meta_code"], &worded["meta_text"]),
        (&Value::Null, &json!("admin"))
    );
    assert!(
        !listed.to_string().contains("operator_text"),
        "partners are told no house matters"
    );
    app.stop().await;
}
