//! What is not so at once, or not at all: shares that lag, half-ended things, odd answers.

use std::time::Duration;

use serde_json::json;

use super::{ACTIVE, SECRET, SYSTEM_TOKEN, Sandbox, codes};

#[tokio::test]
async fn a_share_that_lags_is_unknown_until_everybody_sees_it() {
    let sandbox = Sandbox::new().await;
    let signup = sandbox.sign_up(json!({ "sim": "sharing_lags" })).await;
    let token = sandbox.exchange(&signup["code"]).await;
    let token = token["access_token"].as_str().unwrap();
    let waba = signup["session"]["data"]["waba_id"].as_str().unwrap();
    let path = format!("/v25.0/{waba}");
    assert_eq!(codes(&sandbox.get(&path, Some(token)).await), (100, 33));
    sandbox.clock.advance(Duration::from_secs(20));
    assert_eq!(sandbox.get(&path, Some(token)).await["id"], waba);
}

#[tokio::test]
async fn a_call_that_fails_after_acting_has_acted() {
    let sandbox = Sandbox::new().await;
    let (token, _, phone) = sandbox.customer(json!({})).await;
    let order = json!({ "endpoint": "register", "effect": "act_then_fail",
        "error": { "code": 131_016, "http": 500, "details": "Try later." } });
    sandbox.control("scenario", order).await;
    let refused = sandbox.register(&phone, &token, "111111").await;
    assert_eq!(codes(&refused).0, 131_016);
    assert_eq!(refused["error"]["error_data"]["details"], "Try later.");
    assert_eq!(sandbox.phone(&phone, &token).await["platform_type"], ACTIVE);
}

#[tokio::test]
async fn five_wrong_pins_in_an_hour_close_the_door_for_an_hour() {
    let sandbox = Sandbox::new().await;
    let (token, _, phone) = sandbox.customer(json!({ "pin": "111111" })).await;
    for _ in 0..5 {
        assert_eq!(
            codes(&sandbox.register(&phone, &token, "222222").await).0,
            133_005
        );
    }
    let right = sandbox.register(&phone, &token, "111111").await;
    assert_eq!(
        codes(&right).0,
        133_008,
        "the right one is not looked at either"
    );
    let details = right["error"]["error_data"]["details"].as_str().unwrap();
    assert!(details.contains("60 minutes"), "{details}");
    sandbox.clock.advance(Duration::from_hours(1));
    assert_eq!(
        codes(&sandbox.register(&phone, &token, "111111").await).0,
        0
    );
}

#[tokio::test]
async fn a_deregistration_that_never_ended_must_be_asked_for_again() {
    let sandbox = Sandbox::new().await;
    let wish = json!({ "sim": "deregistration_unfinished" });
    let (token, _, phone) = sandbox.customer(wish).await;
    assert_eq!(
        codes(&sandbox.register(&phone, &token, "111111").await).0,
        133_000
    );
    let path = format!("/v25.0/{phone}/deregister");
    assert_eq!(
        sandbox.post(&path, &token, json!({})).await.unwrap()["success"],
        true
    );
    assert_eq!(
        codes(&sandbox.register(&phone, &token, "111111").await).0,
        0
    );
}

#[tokio::test]
async fn passwords_are_sent_five_times_and_may_be_spoken() {
    let sandbox = Sandbox::new().await;
    let (token, _, phone) = sandbox.customer(json!({ "unverified": true })).await;
    let ask = format!("/v25.0/{phone}/request_code?language=en_US&code_method=VOICE");
    for _ in 0..5 {
        assert_eq!(
            codes(&sandbox.post(&ask, &token, json!({})).await.unwrap()).0,
            0
        );
    }
    let sms = sandbox
        .get(&format!("/control/sms?phone_number_id={phone}"), None)
        .await;
    assert_eq!(sms["method"], "VOICE");
    let refused = sandbox.post(&ask, &token, json!({})).await.unwrap();
    assert_eq!(codes(&refused), (136_024, 2_388_091));
}

#[tokio::test]
async fn a_token_is_answered_in_the_form_that_was_ordered_and_may_name_no_account() {
    let sandbox = Sandbox::new().await;
    for (form, begins) in [("bare", "EAA"), ("form", "access_token=EAA")] {
        let signup = sandbox.sign_up(json!({ "token_form": form })).await;
        let code = signup["code"].as_str().unwrap();
        let path = format!(
            "/v25.0/oauth/access_token?client_id={}&client_secret={SECRET}&code={code}",
            super::APP
        );
        let answer = sandbox.client.get(sandbox.url(&path)).send().await.unwrap();
        let text = answer.text().await.unwrap();
        assert!(text.starts_with(begins), "{form}");
    }
    let (token, waba, _) = sandbox.customer(json!({ "without_scope": true })).await;
    let path = format!("/v25.0/debug_token?input_token={token}");
    let shown = sandbox.get(&path, Some(SYSTEM_TOKEN)).await;
    assert_eq!(shown["data"]["granular_scopes"], json!([]));
    assert_eq!(
        sandbox.get(&format!("/v25.0/{waba}"), Some(&token)).await["id"],
        waba.as_str()
    );
}

#[tokio::test]
async fn a_solution_gives_out_the_tokens_of_who_signed_up_through_it() {
    let sandbox = Sandbox::new().await;
    let signup = sandbox.sign_up(json!({ "solution_id": "5150" })).await;
    let other = sandbox.sign_up(json!({})).await;
    for (signup, works) in [(&signup, true), (&other, false)] {
        let business = signup["session"]["data"]["business_id"].as_str().unwrap();
        let path = format!("/v25.0/5150/access_token?business_id={business}");
        let answer = sandbox.get(&path, Some(SYSTEM_TOKEN)).await;
        assert_eq!(answer["access_token"].is_string(), works, "{answer}");
    }
}

#[tokio::test]
async fn a_number_is_redirected_only_to_an_address_that_answers() {
    let sandbox = Sandbox::new().await;
    let (token, _, phone) = sandbox.customer(json!({})).await;
    let body = json!({ "webhook_configuration": {
        "override_callback_uri": "http://127.0.0.1:9/nobody", "verify_token": "v" } });
    let path = format!("/v25.0/{phone}");
    assert_eq!(
        codes(&sandbox.post(&path, &token, body).await.unwrap()).0,
        2200
    );
}
