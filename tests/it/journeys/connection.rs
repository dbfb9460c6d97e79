//! A number after it is live: whether it can send, what keeps it from that, and who hears of it.

use std::time::Duration;

use serde_json::{Value, json};

use super::{opened, phone_of, signed_up};
use crate::app::{App, Client, Onboarding, Product};
use crate::receiver::Receiver;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// An endpoint of the partner's that hears of these.
pub(super) async fn listening(app: &Product, events: Value) -> Receiver {
    let receiver = Receiver::start().await;
    let body = json!({ "url": receiver.url, "events": events });
    let made = app.partner().post("/v1/webhook_endpoints", body).await;
    made.expect(201);
    receiver
}

/// A client's account and its number.
#[derive(Clone, Debug)]
pub(super) struct Number {
    pub(super) onboarding: Onboarding,
    pub(super) phone: String,
    pub(super) waba: String,
}

/// A number that is live, with its partner told.
pub(super) async fn went_live(app: &Product, wish: Value) -> Number {
    let onboarding = app.onboarding(json!({ "external_id": "cust-42" })).await;
    let client = app.open(&onboarding.link).await;
    let number = signs_up(app, onboarding, &client, wish).await;
    app.status_until(&number.onboarding.id, "completed").await;
    number
}

async fn signs_up(app: &Product, onboarding: Onboarding, client: &Client, wish: Value) -> Number {
    let signup = signed_up(app, client, wish).await;
    let waba = signup["session"]["data"]["waba_id"].as_str().unwrap();
    Number {
        onboarding,
        phone: phone_of(&signup).to_owned(),
        waba: waba.to_owned(),
    }
}

/// Connections of a number, newest first.
pub(super) async fn connections(app: &Product, phone: &str) -> Vec<Value> {
    let path = "/console/api/instances?workflow=connection";
    let found = app.operator().get(path).await.expect(200);
    let rows = found["data"].as_array().unwrap().clone();
    let mut mine = Vec::new();
    for row in rows {
        let path = format!("/console/api/instances/{}", row["id"].as_str().unwrap());
        let seen = app.operator().get(&path).await.expect(200);
        if seen["facts"]["phone_number_id"] == *phone {
            mine.push(seen);
        }
    }
    mine
}

/// The newest connection of a number, once it satisfies.
pub(super) async fn connection_until(
    app: &Product,
    phone: &str,
    what: &str,
    satisfies: impl Fn(&Value) -> bool + Send + Sync,
) -> Value {
    crate::app::until(what, || async {
        match connections(app, phone).await.into_iter().next() {
            Some(seen) if satisfies(&seen) => Ok(seen),
            other => Err(format!("{other:#?}")),
        }
    })
    .await
}

pub(super) fn stands(state: &str) -> impl Fn(&Value) -> bool + Send + Sync {
    move |seen| seen["state"] == *state && seen["hold"]["kind"] == "awaiting"
}

/// Makes something of the client's ill, or well again.
async fn falls_ill(app: &Product, of: &str, can_send: &str) {
    app.control("health", json!({ "of": of, "can_send": can_send }))
        .await;
}

/// Holds registrations up, so that something can happen to the number before it is live.
async fn held_up(app: &Product) {
    let error = json!({ "code": 131_000, "http": 500 });
    app.scenario(json!({ "endpoint": "register", "effect": "fail", "times": 1, "error": error }))
        .await;
}

/// A number that is live and cannot send because of its account.
async fn went_live_blocked(app: &Product) -> Number {
    let onboarding = app.onboarding(json!({})).await;
    let client = app.open(&onboarding.link).await;
    held_up(app).await;
    let number = signs_up(app, onboarding, &client, json!({})).await;
    app.calls_until("register", 1).await;
    falls_ill(app, &number.waba, "BLOCKED").await;
    app.advance(20 * Duration::from_secs(1)).await;
    app.status_until(&number.onboarding.id, "completed").await;
    number
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_is_watched_until_it_can_send_and_then_the_partner_hears_ready() {
    let mut app = App::start().await;
    let ready = listening(&app, json!(["onboarding.ready"])).await;
    let number = went_live_blocked(&app).await;
    let id = &number.onboarding.id;
    let view = app.view_until(id, "seen", |_| true).await;
    assert_eq!(view["readiness"]["can_send"], false, "{view:#}");
    connection_until(&app, &number.phone, "settling", stands("settling")).await;
    // Some hours in which nothing changes: the looks become rare.
    let before = app.calls("phone").await.len();
    for _ in 0..60 {
        app.advance(MINUTE).await;
        connection_until(&app, &number.phone, "settling", stands("settling")).await;
    }
    let looks = app.calls("phone").await.len() - before;
    assert!((3..=10).contains(&looks), "{looks} looks in an hour");
    let view = app
        .view_until(id, "told of the problem", |view| {
            view["next_action"]["code"] == "add_payment_method"
        })
        .await;
    assert_eq!(view["status"], "completed");
    assert_eq!(view["next_action"]["actor"], "client");
    let problem = &view["readiness"]["problems"][0];
    assert_eq!(problem["code"], 141_006, "{view:#}");
    assert_eq!(ready.of("onboarding.ready").len(), 0);

    falls_ill(&app, &number.waba, "AVAILABLE").await;
    app.advance(2 * HOUR).await;
    let view = app
        .view_until(id, "can send", |view| view["readiness"]["can_send"] == true)
        .await;
    assert_eq!(view["next_action"], Value::Null, "{view:#}");
    assert_eq!(view["readiness"]["problems"], json!([]));
    let notice = &ready.until("onboarding.ready", 1).await[0];
    assert_eq!(notice.body["data"]["onboarding"]["id"], **id);
    connection_until(&app, &number.phone, "live", stands("live")).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_number_is_looked_at_daily_and_what_blocks_it_is_told() {
    let mut app = App::start().await;
    let number = went_live(&app, json!({})).await;
    let id = &number.onboarding.id;
    connection_until(&app, &number.phone, "live", stands("live")).await;
    let before = app.calls("phone").await.len();
    for _ in 0..24 {
        app.advance(2 * HOUR).await;
        connection_until(&app, &number.phone, "live", stands("live")).await;
    }
    let looks = app.calls("phone").await.len() - before;
    assert!((1..=2).contains(&looks), "{looks} looks in two days");
    falls_ill(&app, &number.phone, "BLOCKED").await;
    app.advance(27 * HOUR).await;
    let view = app
        .view_until(id, "cannot send", |view| {
            view["readiness"]["can_send"] == false
        })
        .await;
    assert_eq!(view["status"], "completed", "{view:#}");
    let seen = connection_until(&app, &number.phone, "settling", stands("settling")).await;
    assert_eq!(seen["hold"]["mover"], "client", "{seen:#}");
    // An operator need not wait for the next look.
    falls_ill(&app, &number.phone, "AVAILABLE").await;
    let path = format!(
        "/console/api/instances/{}/acts/submit",
        seen["id"].as_str().unwrap()
    );
    let body = json!({ "event": "look_wanted", "reason": "the client called" });
    app.operator().post(&path, body).await.expect(200);
    connection_until(&app, &number.phone, "live", stands("live")).await;
    app.view_until(id, "can send", |view| view["readiness"]["can_send"] == true)
        .await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_is_connected_again_has_one_connection_and_the_former_onboarding_says_so() {
    let mut app = App::start().await;
    let wish = json!({ "phone_number": "+34 600 000 123" });
    let first = went_live(&app, wish.clone()).await;
    let again = went_live(&app, wish).await;
    assert_eq!(first.phone, again.phone);
    connection_until(&app, &again.phone, "live", stands("live")).await;
    let view = app
        .view_until(&first.onboarding.id, "moved", |view| {
            view["status_reason"] == "moved"
        })
        .await;
    assert_eq!(view["readiness"]["can_send"], Value::Null, "{view:#}");
    let both = connections(&app, &again.phone).await;
    let closed = |seen: &&Value| seen["state"] == "closed";
    assert_eq!(both.len(), 2, "{both:#?}");
    assert_eq!(both.iter().filter(closed).count(), 1, "{both:#?}");
    assert_eq!(both[0]["facts"]["onboarding"], again.onboarding.id);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_death_around_the_hand_over_leaves_one_connection() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let number = signs_up(&app, onboarding, &client, json!({})).await;
    for _ in 0..3 {
        app.restart().await;
    }
    app.status_until(&number.onboarding.id, "completed").await;
    connection_until(&app, &number.phone, "live", stands("live")).await;
    assert_eq!(connections(&app, &number.phone).await.len(), 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_client_leaves_no_connection() {
    let mut app = App::start().await;
    let number = went_live(&app, json!({})).await;
    let seen = connection_until(&app, &number.phone, "live", stands("live")).await;
    let path = format!("/console/api/instances/{}/acts/erase", number.onboarding.id);
    let body = json!({ "reason": "the client asked for it", "dry_run": true });
    let foreseen = app.operator().post(&path, body).await.expect(200);
    assert_eq!(foreseen["ended"], json!([seen["id"]]), "{foreseen:#}");
    let body = json!({ "reason": "the client asked for it" });
    app.operator().post(&path, body).await.expect(200);
    let path = format!("/console/api/instances/{}", seen["id"].as_str().unwrap());
    let gone = app.operator().get(&path).await.expect(200);
    assert!(gone["facts"]["erased_at"].is_string(), "{gone:#}");
    assert_eq!(gone["tasks"], json!([]));
    let before = app.calls("phone").await.len();
    app.advance(30 * HOUR).await;
    app.onboarding(json!({})).await;
    assert_eq!(app.calls("phone").await.len(), before);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_is_gone_over_again_is_looked_after_by_the_newer_connection() {
    let mut app = App::start().await;
    let number = went_live(&app, json!({})).await;
    let id = &number.onboarding.id;
    let first = connection_until(&app, &number.phone, "live", stands("live")).await;
    let path = format!("/console/api/instances/{id}/acts/rewind");
    let body = json!({ "to": "waba_subscribed", "reason": "the client called" });
    app.operator().post(&path, body).await.expect(200);
    app.status_until(id, "completed").await;
    let newer = |seen: &Value| seen["id"] != first["id"] && stands("live")(seen);
    connection_until(&app, &number.phone, "a newer one", newer).await;
    crate::app::until("the first is closed", || async {
        let both = connections(&app, &number.phone).await;
        if both.len() == 2 && both[1]["state"] == "closed" {
            Ok(())
        } else {
            Err(format!("{both:#?}"))
        }
    })
    .await;
    let view = app.view_until(id, "seen", |_| true).await;
    assert_eq!(view["status_reason"], Value::Null, "{view:#}");
    assert_eq!(view["readiness"]["can_send"], true);
    app.stop().await;
}
