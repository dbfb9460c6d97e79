//! Graph's rules as a client meets them: codes, tokens, grants, PINs, limits.

use std::time::Duration;

use serde_json::json;

use super::super::webhooks::signature;
use super::{ACTIVE, APP, BUSINESS, SECRET, SYSTEM_TOKEN, Sandbox, codes};

#[tokio::test]
async fn a_code_lives_thirty_seconds_and_is_spent_once() {
    let sandbox = Sandbox::new().await;
    let first = sandbox.sign_up(json!({})).await;
    let second = sandbox.sign_up(json!({})).await;
    sandbox.clock.advance(Duration::from_secs(29));
    assert!(sandbox.exchange(&first["code"]).await["access_token"].is_string());
    assert_eq!(
        codes(&sandbox.exchange(&first["code"]).await),
        (100, 36_009)
    );
    sandbox.clock.advance(Duration::from_secs(1));
    assert_eq!(
        codes(&sandbox.exchange(&second["code"]).await),
        (100, 36_007)
    );
}

#[tokio::test]
async fn an_exchange_by_the_wrong_app_or_secret_is_refused() {
    let sandbox = Sandbox::new().await;
    for (query, expected) in [
        ("client_id=1&client_secret=x&code=c".to_owned(), 101),
        (format!("client_id={APP}&client_secret=x&code=c"), 1),
        (
            format!("client_id={APP}&client_secret={SECRET}&code=c"),
            100,
        ),
    ] {
        let answer = sandbox
            .get(&format!("/v25.0/oauth/access_token?{query}"), None)
            .await;
        assert_eq!(codes(&answer).0, expected, "{answer}");
        assert!(answer["error"]["fbtrace_id"].is_string());
    }
}

#[tokio::test]
async fn a_token_shows_the_newest_account_first_and_opens_only_its_own_customer() {
    let sandbox = Sandbox::new().await;
    let (token, waba, _) = sandbox.customer(json!({})).await;
    let (_, other, _) = sandbox.customer(json!({})).await;
    let business = sandbox
        .get(
            &format!("/v25.0/{waba}?fields=owner_business_info"),
            Some(&token),
        )
        .await;
    let business = business["owner_business_info"]["id"].clone();
    sandbox.clock.advance(Duration::from_secs(5));
    let again = sandbox.sign_up(json!({ "business_id": business })).await;
    let app_token = format!("{APP}|{SECRET}");
    let shown = sandbox
        .get(
            &format!("/v25.0/debug_token?input_token={token}"),
            Some(&app_token),
        )
        .await;
    let targets = &shown["data"]["granular_scopes"][0]["target_ids"];
    assert_eq!(*targets, json!([again["session"]["data"]["waba_id"], waba]));
    assert_eq!(
        codes(&sandbox.get(&format!("/v25.0/{other}"), Some(&token)).await),
        (100, 33)
    );
    assert_eq!(
        codes(
            &sandbox
                .get(&format!("/v25.0/{other}"), Some("EAAnope"))
                .await
        ),
        (190, 0)
    );
}

#[tokio::test]
async fn a_number_remembers_its_pin() {
    let sandbox = Sandbox::new().await;
    let (token, _, phone) = sandbox.customer(json!({ "pin": "111111" })).await;
    assert_eq!(
        codes(&sandbox.register(&phone, &token, "222222").await).0,
        133_005
    );
    assert_eq!(
        sandbox.phone(&phone, &token).await["platform_type"],
        "NOT_APPLICABLE"
    );
    let path = format!("/v25.0/{phone}");
    sandbox
        .post(&path, &token, json!({ "pin": "222222" }))
        .await
        .unwrap();
    assert_eq!(
        sandbox.register(&phone, &token, "222222").await,
        json!({ "success": true })
    );
    let shown = sandbox.phone(&phone, &token).await;
    assert_eq!(
        (&shown["platform_type"], &shown["status"]),
        (&json!(ACTIVE), &json!("CONNECTED"))
    );
    sandbox
        .post(&format!("{path}/deregister"), &token, json!({}))
        .await
        .unwrap();
    assert_eq!(
        codes(&sandbox.register(&phone, &token, "333333").await).0,
        133_005
    );
}

#[tokio::test]
async fn the_eleventh_registration_in_three_days_blocks_for_three_days() {
    let sandbox = Sandbox::new().await;
    let (token, _, phone) = sandbox.customer(json!({ "pin": "111111" })).await;
    for _ in 0..10 {
        assert_eq!(
            codes(&sandbox.register(&phone, &token, "222222").await).0,
            133_005
        );
        sandbox.clock.advance(Duration::from_hours(1));
    }
    assert_eq!(
        codes(&sandbox.register(&phone, &token, "111111").await).0,
        133_016
    );
    sandbox.clock.advance(Duration::from_hours(71));
    assert_eq!(
        codes(&sandbox.register(&phone, &token, "111111").await).0,
        133_016
    );
    sandbox.clock.advance(Duration::from_hours(1));
    assert_eq!(
        sandbox.register(&phone, &token, "111111").await,
        json!({ "success": true })
    );
}

#[tokio::test]
async fn an_account_without_a_registered_number_takes_two_hundred_calls_an_hour() {
    let sandbox = Sandbox::new().await;
    let (token, waba, _) = sandbox.customer(json!({})).await;
    let path = format!("/v25.0/{waba}");
    for _ in 1..200 {
        assert_eq!(codes(&sandbox.get(&path, Some(&token)).await).0, 0);
    }
    let url = sandbox.url(&path);
    let refused = sandbox
        .client
        .get(url)
        .bearer_auth(&token)
        .send()
        .await
        .unwrap();
    let usage = refused.headers()["x-business-use-case-usage"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        usage.contains("\"estimated_time_to_regain_access\":60"),
        "{usage}"
    );
    assert_eq!(codes(&refused.json().await.unwrap()).0, 80_008);
    sandbox.clock.advance(Duration::from_hours(1));
    assert_eq!(codes(&sandbox.get(&path, Some(&token)).await).0, 0);
}

#[tokio::test]
async fn an_unverified_number_registers_after_its_password_came_back() {
    let sandbox = Sandbox::new().await;
    let (token, _, phone) = sandbox.customer(json!({ "sim": "otp_needed" })).await;
    assert_eq!(
        codes(&sandbox.register(&phone, &token, "111111").await).0,
        133_006
    );
    let path = format!("/v25.0/{phone}");
    let asked = format!("{path}/request_code?code_method=SMS&language=en_US");
    sandbox.post(&asked, &token, json!({})).await.unwrap();
    let sms = sandbox
        .get(&format!("/control/sms?phone_number_id={phone}"), None)
        .await;
    let given = format!("{path}/verify_code?code={}", sms["code"].as_str().unwrap());
    sandbox.post(&given, &token, json!({})).await.unwrap();
    assert_eq!(
        sandbox.register(&phone, &token, "111111").await,
        json!({ "success": true })
    );
}

#[tokio::test]
async fn a_lost_code_is_made_good_by_the_system_token_and_its_proof() {
    let sandbox = Sandbox::new().await;
    let lost = sandbox.sign_up(json!({})).await;
    let business = lost["session"]["data"]["business_id"].as_str().unwrap();
    let path = format!("/v25.0/{business}/system_user_access_tokens");
    let proof = signature(SECRET, SYSTEM_TOKEN.as_bytes()).replace("sha256=", "");
    for (proof, works) in [("00", false), (proof.as_str(), true)] {
        let body = json!({ "appsecret_proof": proof, "fetch_only": true });
        let answer = sandbox.post(&path, SYSTEM_TOKEN, body).await.unwrap();
        assert_eq!(answer["access_token"].is_string(), works, "{answer}");
    }
    let listed = format!("/v25.0/{BUSINESS}/client_whatsapp_business_accounts");
    let listed = sandbox.get(&listed, Some(SYSTEM_TOKEN)).await;
    assert_eq!(listed["data"][0]["id"], lost["session"]["data"]["waba_id"]);
}

#[tokio::test]
async fn an_app_that_demands_proof_refuses_every_call_without_the_right_one() {
    let sandbox = Sandbox::new().await;
    let (token, waba, _) = sandbox.customer(json!({})).await;
    let path = format!("/v25.0/{waba}?fields=id");
    assert_eq!(sandbox.get(&path, Some(&token)).await["id"], *waba);
    let order = json!({ "app_id": APP, "required": true });
    sandbox.control("proof", order).await;
    let system = signature(SECRET, SYSTEM_TOKEN.as_bytes()).replace("sha256=", "");
    let own = signature(SECRET, token.as_bytes()).replace("sha256=", "");
    let with = |proof: &str| format!("{path}&appsecret_proof={proof}");
    for (path, works) in [
        (path.clone(), false),
        (with(&system), false),
        (with(&own), true),
    ] {
        let answer = sandbox.get(&path, Some(&token)).await;
        assert_eq!(
            codes(&answer),
            if works { (0, 0) } else { (100, 0) },
            "{answer}"
        );
    }
    let debug = format!("/v25.0/debug_token?input_token={token}");
    let answer = sandbox.get(&debug, Some(&format!("{APP}|{SECRET}"))).await;
    assert_eq!(codes(&answer), (100, 0), "{answer}");
}
