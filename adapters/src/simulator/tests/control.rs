//! What is ordered comes about: scenarios, named outcomes, moved time, and a restart in between.

use std::time::Duration;

use engine::Clock;
use serde_json::{Value, json};

use super::{ACTIVE, APP, Sandbox, codes};

#[tokio::test]
async fn a_call_that_drops_after_acting_has_acted_and_one_that_drops_before_has_not() {
    let sandbox = Sandbox::new().await;
    let (token, _, phone) = sandbox.customer(json!({})).await;
    let path = format!("/v25.0/{phone}/register");
    let body = json!({ "messaging_product": "whatsapp", "pin": "111111" });
    for (effect, platform) in [("drop", "NOT_APPLICABLE"), ("act_then_drop", ACTIVE)] {
        sandbox
            .control(
                "scenario",
                json!({ "endpoint": "register", "effect": effect }),
            )
            .await;
        assert!(
            sandbox.post(&path, &token, body.clone()).await.is_err(),
            "{effect}"
        );
        assert_eq!(
            sandbox.phone(&phone, &token).await["platform_type"],
            platform,
            "{effect}"
        );
    }
    let calls = sandbox.get("/control/calls?endpoint=register", None).await;
    let seen: Vec<_> = calls["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| (&call["acted"], &call["status"]))
        .collect();
    assert_eq!(
        seen,
        [(&json!(false), &Value::Null), (&json!(true), &Value::Null)]
    );
    assert!(!calls.to_string().contains(&token) && !calls.to_string().contains("111111"));
}

#[tokio::test]
async fn a_call_that_hangs_acts_once_its_client_has_gone() {
    let sandbox = Sandbox::new().await;
    let (token, waba, _) = sandbox.customer(json!({})).await;
    sandbox
        .control(
            "scenario",
            json!({ "endpoint": "subscribe", "effect": "hang_then_act" }),
        )
        .await;
    let request = sandbox
        .client
        .post(sandbox.url(&format!("/v25.0/{waba}/subscribed_apps")))
        .bearer_auth(&token)
        .timeout(Duration::from_millis(200));
    assert!(request.send().await.unwrap_err().is_timeout());
    let acted = async {
        let path = "/control/calls?endpoint=subscribe";
        while sandbox.get(path, None).await["data"][0]["acted"] != true {}
    };
    tokio::time::timeout(Duration::from_secs(10), acted)
        .await
        .expect("it never acted");
    let apps = sandbox
        .get(&format!("/v25.0/{waba}/subscribed_apps"), Some(&token))
        .await;
    assert_eq!(apps["data"][0]["whatsapp_business_api_data"]["id"], APP);
}

#[tokio::test]
async fn an_ordered_error_strikes_as_often_as_ordered_and_unknown_orders_are_explained() {
    let sandbox = Sandbox::new().await;
    let (token, waba, _) = sandbox.customer(json!({})).await;
    let error = json!({ "code": 80_008, "http": 400 });
    let order = json!({ "endpoint": "waba", "effect": "fail", "times": 2, "error": error });
    sandbox.control("scenario", order).await;
    let path = format!("/v25.0/{waba}");
    for expected in [80_008, 80_008, 0] {
        assert_eq!(codes(&sandbox.get(&path, Some(&token)).await).0, expected);
    }
    for (order, named) in [
        (
            json!({ "endpoint": "nowhere", "effect": "fail" }),
            "`nowhere`",
        ),
        (
            json!({ "endpoint": "waba", "effect": "explode" }),
            "`explode`",
        ),
        (
            json!({ "endpoint": "waba", "effect": "fail", "tines": 2 }),
            "`tines`",
        ),
    ] {
        let url = sandbox.url("/control/scenario");
        let answer = sandbox.client.post(url).json(&order).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 422);
        assert!(answer.text().await.unwrap().contains(named), "{named}");
    }
}

#[tokio::test]
async fn named_outcomes_come_about() {
    let sandbox = Sandbox::new().await;
    let expired = sandbox.sign_up(json!({ "sim": "sim:code_expired" })).await;
    assert_eq!(
        codes(&sandbox.exchange(&expired["code"]).await),
        (100, 36_007)
    );
    let silent = sandbox.sign_up(json!({ "sim": "webhook_only" })).await;
    assert_eq!(silent, json!({ "code": null, "session": null }));
    let abandoned = sandbox.sign_up(json!({ "sim": "abandon_at_phone" })).await;
    assert_eq!(
        abandoned["session"]["data"]["current_step"],
        "PHONE_NUMBER_SETUP"
    );
    for (sim, refused, later) in [
        ("coexistence-1", (100, 0), None),
        ("pin_mismatch", (133_005, 0), None),
        ("register_rate_limited", (133_016, 0), Some(72)),
        ("name_pending", (100, 2_388_001), Some(24)),
        ("recently_deleted", (133_015, 0), Some(1)),
        ("register_500_twice", (131_000, 0), None),
    ] {
        let (token, _, phone) = sandbox.customer(json!({ "sim": sim })).await;
        assert_eq!(
            codes(&sandbox.register(&phone, &token, "111111").await),
            refused,
            "{sim}"
        );
        if let Some(hours) = later {
            sandbox.clock.advance(Duration::from_hours(hours));
            assert_eq!(
                codes(&sandbox.register(&phone, &token, "111111").await).0,
                0,
                "{sim}"
            );
        }
    }
    sandbox.sign_up(json!({ "sim": "graph_down_60s" })).await;
    assert!(
        sandbox
            .client
            .get(sandbox.url("/v25.0/me"))
            .send()
            .await
            .is_err()
    );
    sandbox.clock.advance(Duration::from_mins(1));
    assert!(
        sandbox
            .client
            .get(sandbox.url("/v25.0/me"))
            .send()
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn the_world_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let first = Sandbox::start(Some(folder.path()), None).await;
    let (token, waba, phone) = first.customer(json!({ "pin": "111111" })).await;
    let unused = first.sign_up(json!({})).await;
    let order = json!({ "endpoint": "waba", "effect": "fail", "error": { "code": 4 } });
    first.control("scenario", order).await;
    first.simulator.stop().await;
    let second = Sandbox::start(Some(folder.path()), None).await;
    let path = format!("/v25.0/{waba}");
    assert_eq!(codes(&second.get(&path, Some(&token)).await).0, 4);
    assert_eq!(second.get(&path, Some(&token)).await["id"], waba.as_str());
    assert_eq!(
        codes(&second.register(&phone, &token, "222222").await).0,
        133_005
    );
    assert!(second.exchange(&unused["code"]).await["access_token"].is_string());
}

#[tokio::test]
async fn the_control_call_moves_the_clock_of_the_process() {
    let sandbox = Sandbox::new().await;
    let before = sandbox.clock.now();
    let moved = sandbox
        .control("clock", json!({ "advance_ms": 90_000 }))
        .await;
    assert_eq!(sandbox.clock.now(), before + Duration::from_secs(90));
    let now = sandbox.clock.now().to_rfc3339();
    assert_eq!(moved, json!({ "now": now, "shift_ms": 90_000 }));
}
