//! Links that expire, are withdrawn, replaced, or opened twice; and onboardings called off.

use std::time::Duration;

use serde_json::{Value, json};

use super::{calls_for_clients, opened, signed_up, simply_signed_up};
use crate::app::{Answer, App, Onboarding, Product, ask};

const DAY: Duration = Duration::from_hours(24);

async fn page_of(app: &Product, link: &str) -> Answer {
    ask(app.http.get(link)).await
}

async fn try_open(app: &Product, link: &str) -> Answer {
    let token = link.rsplit('/').next().unwrap();
    ask(app.http.post(format!("{}/o/{token}/open", app.url()))).await
}

/// The page and the script's call both say that the link is dead, and leak nothing.
async fn is_dead(app: &Product, link: &str, code: &str) {
    let page = page_of(app, link).await;
    assert_eq!(page.status, 410, "{}", page.text);
    assert!(page.header("content-type").starts_with("text/html"));
    let open = try_open(app, link).await;
    assert_eq!(open.status, 410);
    assert_eq!(open.body["code"], code);
}

async fn new_link(app: &Product, id: &str) -> Onboarding {
    let path = format!("/v1/onboardings/{id}/links");
    let made = app.partner().post(&path, json!({})).await;
    Onboarding::of(&made.expect(201))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn looking_at_a_link_changes_nothing() {
    let mut app = App::start().await;
    let onboarding = app.onboarding(json!({})).await;
    for _ in 0..3 {
        assert_eq!(page_of(&app, &onboarding.link).await.status, 200);
    }
    let view = app.status_until(&onboarding.id, "pending").await;
    assert_eq!(
        (&view["opened_at"], &view["sequence"]),
        (&Value::Null, &json!(1))
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_link_says_so_and_a_new_one_revives_the_onboarding() {
    let (mut app, onboarding, _) = opened(json!({ "link": { "expires_in": 3600 } })).await;
    app.advance(Duration::from_secs(3601)).await;
    let view = app.status_until(&onboarding.id, "expired").await;
    assert_eq!(view["next_action"]["actor"], "partner");
    is_dead(&app, &onboarding.link, "link_expired").await;
    let renewed = new_link(&app, &onboarding.id).await;
    assert_eq!(renewed.id, onboarding.id);
    is_dead(&app, &onboarding.link, "link_revoked").await;
    app.status_until(&onboarding.id, "pending").await;
    let client = app.open(&renewed.link).await;
    simply_signed_up(&app, &client).await;
    app.status_until(&onboarding.id, "completed").await;
    is_dead(&app, &renewed.link, "link_ended").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_expires_while_the_product_is_off_and_is_expired_when_it_comes_back() {
    let (mut app, onboarding, _) = opened(json!({ "link": { "expires_in": 3600 } })).await;
    app.restart().await;
    app.advance(2 * DAY).await;
    app.restart().await;
    app.status_until(&onboarding.id, "expired").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawn_link_is_dead_at_once_for_those_who_opened_it_too() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let view = app.status_until(&onboarding.id, "opened").await;
    let revoke = format!("/v1/links/{}/revoke", view["link"]["id"].as_str().unwrap());
    app.partner().post(&revoke, json!({})).await.expect(200);
    is_dead(&app, &onboarding.link, "link_revoked").await;
    let signup = app.sign_up(json!({})).await;
    let refused = client.signup(&signup).await;
    assert!(
        matches!(refused.status, 401 | 409 | 410),
        "{}",
        refused.text
    );
    assert_eq!(app.calls("exchange").await, Vec::<Value>::new());
    let renewed = new_link(&app, &onboarding.id).await;
    let client = app.open(&renewed.link).await;
    simply_signed_up(&app, &client).await;
    app.status_until(&onboarding.id, "completed").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_who_is_asked_for_a_pin_can_answer_through_a_new_link() {
    let (mut app, onboarding, client) = opened(json!({ "link": { "expires_in": 3600 } })).await;
    signed_up(&app, &client, json!({ "sim": "pin_mismatch" })).await;
    app.state_until(&onboarding.id, "needs_pin").await;
    app.advance(2 * DAY).await;
    is_dead(&app, &onboarding.link, "link_expired").await;
    app.state_until(&onboarding.id, "needs_pin").await;
    let renewed = new_link(&app, &onboarding.id).await;
    let client = app.open(&renewed.link).await;
    assert_eq!(client.opened["phase"], "asking");
    client.pin("246810").await.expect(200);
    app.status_until(&onboarding.id, "completed").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_latest_open_wins_and_the_earlier_browser_is_told_and_may_take_it_back() {
    let (mut app, onboarding, first) = opened(json!({})).await;
    let second = app.open(&onboarding.link).await;
    let told = first.caller.get("/o/status").await;
    assert_eq!(
        (told.status, &told.body["code"]),
        (409, &json!("opened_elsewhere"))
    );
    assert_eq!(second.status().await["phase"], "signup");
    let signup = app.sign_up(json!({})).await;
    assert_eq!(first.signup(&signup).await.status, 409);
    let first = app.open(&onboarding.link).await;
    assert_eq!(second.caller.get("/o/status").await.status, 409);
    first.signup(&signup).await.expect(202);
    app.status_until(&onboarding.id, "completed").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_onboarding_can_be_called_off_wherever_no_number_is_live_yet() {
    let places = [
        ("link_issued", json!(null)),
        ("needs_signup", json!({ "sim": "code_expired" })),
        ("needs_asset", json!({ "kind": "other_waba" })),
        ("needs_pin", json!({ "sim": "pin_mismatch" })),
        ("needs_otp", json!({ "sim": "otp_needed" })),
        ("waba_subscribed", json!({ "sim": "name_pending" })),
    ];
    let mut app = App::start().await;
    for (state, wish) in places {
        let onboarding = app.onboarding(json!({})).await;
        let client = app.open(&onboarding.link).await;
        if wish.is_object() {
            signed_up(&app, &client, wish).await;
        }
        app.state_until(&onboarding.id, state).await;
        let resting = |seen: &Value| seen["hold"]["kind"] != "working";
        app.instance_until(&onboarding.id, "at rest", resting).await;
        let cancel = format!("/v1/onboardings/{}/cancel", onboarding.id);
        let view = app.partner().post(&cancel, json!({})).await.expect(200);
        assert_eq!(view["status"], "canceled", "{state}");
        let again = app.partner().post(&cancel, json!({})).await.expect(409);
        let told = again["detail"].as_str().unwrap();
        assert!(told.contains("canceled"), "{state}: {told}");
        is_dead(&app, &onboarding.link, "link_ended").await;
        let calls = calls_for_clients(&app).await;
        app.advance(3 * DAY).await;
        assert_eq!(
            calls_for_clients(&app).await,
            calls,
            "{state}: nothing goes on"
        );
        let instance = app.instance_until(&onboarding.id, "there", |_| true).await;
        assert_eq!(instance["facts"]["token"], Value::Null, "{state}");
        assert_eq!(instance["tasks"], json!([]), "{state}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finished_onboarding_cannot_be_called_off() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    simply_signed_up(&app, &client).await;
    app.status_until(&onboarding.id, "completed").await;
    let cancel = format!("/v1/onboardings/{}/cancel", onboarding.id);
    let refused = app.partner().post(&cancel, json!({})).await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    assert!(
        refused.text.contains("partner_notified"),
        "{}",
        refused.text
    );
    app.stop().await;
}
