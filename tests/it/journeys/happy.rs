//! The way without trouble, and the halves of a signup in every order.

use serde_json::{Value, json};

use super::{acted, opened, phone_of, signed_up, simply_signed_up};
use crate::app::App;

fn names(calls: &[Value]) -> Vec<&str> {
    let names = calls.iter().map(|call| call["endpoint"].as_str().unwrap());
    names.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_who_signs_up_ends_with_a_live_number_and_a_told_partner() {
    let mut app = App::start().await;
    let body = json!({ "external_id": "cust-42" });
    let made = app
        .partner()
        .post("/v1/onboardings", body)
        .await
        .expect(201);
    assert_eq!(made["state"], "link_issued");
    assert_eq!(made["status"], "pending");
    let id = made["id"].as_str().unwrap();
    let link = made["link"]["url"].as_str().unwrap();
    let client = app.open(link).await;
    assert_eq!(client.opened["phase"], "signup");
    let view = app.status_until(id, "opened").await;
    assert_eq!(view["link"]["url"], Value::Null);
    let signup = signed_up(&app, &client, json!({ "phone_number": "+34 600 000 123" })).await;

    let view = app.status_until(id, "completed").await;
    assert_eq!(view["state"], "partner_notified");
    assert_eq!(view["result"]["phone_number_id"], phone_of(&signup));
    assert_eq!(
        view["result"]["waba_id"],
        signup["session"]["data"]["waba_id"]
    );
    assert_eq!(view["result"]["display_phone_number"], "+34 600 000 123");
    assert_eq!(view["readiness"]["can_send"], true, "{view:#}");
    assert_eq!(
        (&view["next_action"], &view["last_error"]),
        (&Value::Null, &Value::Null)
    );

    let page = client.status().await;
    assert_eq!(
        (&page["phase"], &page["number"]),
        (&json!("done"), &json!("+34 ··· 123"))
    );
    let steps = page["steps"].as_array().unwrap();
    assert!(steps.iter().all(|step| step["mark"] == "done"), "{steps:?}");

    let instance = app
        .instance_until(id, "ended", |seen| seen["tasks"] == json!([]))
        .await;
    assert_eq!(
        (&instance["hold"], &instance["acts"]),
        (&Value::Null, &json!(["edit", "rewind", "erase"]))
    );
    assert_eq!(instance["facts"]["token"], "sealed");

    let calls = app.calls("").await;
    let expected = [
        "exchange",
        "debug_token",
        "phone_numbers",
        "waba",
        "subscribed_apps",
        "subscribe",
        "subscribed_apps",
        "phone",
        "register",
        "phone",
        "phone",
    ];
    assert_eq!(names(&calls), expected);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_halves_of_a_signup_may_come_in_either_order_and_repeatedly() {
    let mut app = App::start().await;
    for order in [["code", "session"], ["session", "code"]] {
        let onboarding = app.onboarding(json!({})).await;
        let client = app.open(&onboarding.link).await;
        let signup = app.sign_up(json!({})).await;
        for half in order {
            for _ in 0..2 {
                client
                    .signup(&json!({ half: signup[half] }))
                    .await
                    .expect(202);
            }
        }
        let view = app.status_until(&onboarding.id, "completed").await;
        assert_eq!(
            view["result"]["phone_number_id"],
            phone_of(&signup),
            "{order:?}"
        );
        client.signup(&signup).await.expect(202);
        assert_eq!(app.status_until(&onboarding.id, "completed").await, view);
        assert_eq!(
            acted(&app.calls("register").await, phone_of(&signup)),
            1,
            "{order:?}"
        );
    }
    assert_eq!(app.calls("exchange").await.len(), 2);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn halves_sent_at_the_same_moment_make_one_exchange_and_one_registration() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let signup = app.sign_up(json!({})).await;
    let (code, session) = (
        json!({"code": signup["code"]}),
        json!({"session": signup["session"]}),
    );
    let answers = tokio::join!(
        client.signup(&signup),
        client.signup(&code),
        client.signup(&session),
        client.signup(&signup),
        client.signup(&code),
    );
    for answer in [answers.0, answers.1, answers.2, answers.3, answers.4] {
        answer.expect(202);
    }
    app.status_until(&onboarding.id, "completed").await;
    assert_eq!(app.calls("exchange").await.len(), 1);
    assert_eq!(acted(&app.calls("register").await, phone_of(&signup)), 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_without_its_session_half_is_enough() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    signed_up(&app, &client, json!({ "kind": "ids_missing" })).await;
    let view = app.status_until(&onboarding.id, "completed").await;
    assert!(view["result"]["phone_number_id"].is_string(), "{view}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_half_without_a_code_asks_for_one_more_click() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let signup = app.sign_up(json!({ "kind": "code_missing" })).await;
    let page = client.signup(&signup).await.expect(202);
    assert_eq!(
        (&page["phase"], &page["headline"]),
        (&json!("signup"), &json!("One more click"))
    );
    let view = app.status_until(&onboarding.id, "opened").await;
    assert_eq!(view["next_action"]["code"], "code_missing");
    simply_signed_up(&app, &client).await;
    app.status_until(&onboarding.id, "completed").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_between_any_two_steps_changes_nothing_for_the_client() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    app.restart().await;
    let signup = simply_signed_up(&app, &client).await;
    app.restart().await;
    let view = app.status_until(&onboarding.id, "completed").await;
    assert_eq!(view["result"]["phone_number_id"], phone_of(&signup));
    app.restart().await;
    assert_eq!(app.status_until(&onboarding.id, "completed").await, view);
    assert_eq!(client.status().await["phase"], "done");
    app.stop().await;
}
