//! Notices to partners: signed, at least once, with their tries, and never in an onboarding's way.

use std::time::Duration;

use serde_json::{Value, json};

use super::{opened, simply_signed_up};
use crate::app::{App, Product};
use crate::receiver::{Receiver, Reply};

const HOUR: Duration = Duration::from_hours(1);

/// An endpoint of the demo partner's for these types, with its id and secret.
async fn registered(app: &Product, receiver: &Receiver, events: Value) -> (String, String) {
    let body = json!({ "url": receiver.url, "events": events });
    let made = app.partner().post("/v1/webhook_endpoints", body).await;
    let made = made.expect(201);
    let text = |member: &str| made[member].as_str().unwrap().to_owned();
    (text("id"), text("secret"))
}

/// The newest delivery of a type, once it satisfies.
async fn delivery_until(
    app: &Product,
    kind: &str,
    satisfies: impl Fn(&Value) -> bool + Send + Sync,
) -> Value {
    crate::app::until(format!("a delivery of {kind}"), || async {
        let found = app
            .partner()
            .get("/v1/webhook_deliveries")
            .await
            .expect(200);
        let found = found["data"].as_array().unwrap().clone();
        match found.into_iter().find(|one| one["type"] == kind) {
            Some(delivery) if satisfies(&delivery) => Ok(delivery),
            other => Err(format!("{other:?}")),
        }
    })
    .await
}

fn tried(count: usize) -> impl Fn(&Value) -> bool + Send + Sync {
    move |delivery| delivery["attempts"].as_array().unwrap().len() == count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_is_told_of_every_milestone_in_words_that_an_independent_crate_verifies() {
    let mut app = App::start().await;
    let receiver = Receiver::start().await;
    let (_, secret) = registered(&app, &receiver, json!([])).await;
    let onboarding = app.onboarding(json!({ "external_id": "cust-42" })).await;
    let client = app.open(&onboarding.link).await;
    simply_signed_up(&app, &client).await;
    let view = app.status_until(&onboarding.id, "completed").await;
    for kind in [
        "created",
        "opened",
        "started",
        "authorized",
        "completed",
        "ready",
    ] {
        let notices = receiver.until(&format!("onboarding.{kind}"), 1).await;
        let notice = &notices[0];
        assert_eq!(notices.len(), 1, "{kind}");
        assert!(notice.is_verified_by(&secret), "{kind}");
        assert!(
            !notice.is_verified_by("whsec_c29tZSBvdGhlciBzZWNyZXQ="),
            "{kind}"
        );
        assert_eq!(notice.signatures().len(), 1, "{kind}");
        assert!(notice.header("webhook-id").starts_with("evt_"), "{kind}");
        let told = &notice.body["data"]["onboarding"];
        assert_eq!(told["id"], onboarding.id, "{kind}");
        assert_eq!(
            told["link"]["url"],
            Value::Null,
            "{kind}: a link is a secret"
        );
    }
    let completed = &receiver.of("onboarding.completed")[0].body["data"]["onboarding"];
    assert_eq!(completed["state"], "number_registered");
    assert_eq!(completed["result"], view["result"]);
    let ids = receiver.notices();
    let ids: std::collections::BTreeSet<_> =
        ids.iter().map(|one| one.header("webhook-id")).collect();
    assert_eq!(
        ids.len(),
        receiver.notices().len(),
        "every notice has its own id"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_fails_is_tried_again_with_the_same_notice_and_completes_the_onboarding() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let receiver = Receiver::start().await;
    let (_, secret) = registered(&app, &receiver, json!(["onboarding.completed"])).await;
    receiver.then([Reply::Status(500), Reply::Status(302)]);
    simply_signed_up(&app, &client).await;
    delivery_until(&app, "onboarding.completed", tried(1)).await;
    let view = app.state_until(&onboarding.id, "number_registered").await;
    assert_eq!(view["status"], "in_progress");
    let says = |seen: &Value| seen["hold"]["code"] == "partner_endpoint";
    let instance = app
        .instance_until(&onboarding.id, "waits for the partner", says)
        .await;
    assert_eq!(instance["hold"]["mover"], "partner");
    assert_eq!(
        client.status().await["phase"],
        "done",
        "the client need not wait for that"
    );
    app.advance(Duration::from_secs(6)).await;
    delivery_until(&app, "onboarding.completed", tried(2)).await;
    app.advance(Duration::from_secs(331)).await;
    app.status_until(&onboarding.id, "completed").await;
    let notices = receiver.of("onboarding.completed");
    assert_eq!(notices.len(), 3, "a redirect is no delivery");
    for notice in &notices {
        assert!(notice.is_signed_by(&secret));
        assert_eq!(notice.header("webhook-id"), notices[0].header("webhook-id"));
        assert_eq!(notice.bytes, notices[0].bytes);
    }
    let delivery = delivery_until(&app, "onboarding.completed", tried(3)).await;
    let statuses = delivery["attempts"].as_array().unwrap().iter();
    let statuses: Vec<&Value> = statuses.map(|attempt| &attempt["status"]).collect();
    assert_eq!(
        (statuses, &delivery["status"]),
        (
            vec![&json!(500), &json!(302), &json!(200)],
            &json!("delivered")
        )
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_whose_tries_run_out_no_longer_holds_the_onboarding_and_can_be_sent_again() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let receiver = Receiver::start().await;
    registered(&app, &receiver, json!(["onboarding.completed"])).await;
    receiver.always(Reply::Status(503));
    simply_signed_up(&app, &client).await;
    for count in 1..10 {
        delivery_until(&app, "onboarding.completed", tried(count)).await;
        app.state_until(&onboarding.id, "number_registered").await;
        app.advance(27 * HOUR).await;
    }
    app.status_until(&onboarding.id, "completed").await;
    let delivery = delivery_until(&app, "onboarding.completed", tried(10)).await;
    assert_eq!(
        (&delivery["status"], &delivery["next_attempt_at"]),
        (&json!("failed"), &Value::Null)
    );
    let events = app
        .partner()
        .get(&format!("/v1/onboardings/{}/events", onboarding.id))
        .await;
    assert!(events.text.contains("exhausted"), "{}", events.text);

    receiver.always(Reply::Status(200));
    let again = format!(
        "/v1/webhook_deliveries/{}/redeliver",
        delivery["id"].as_str().unwrap()
    );
    app.partner().post(&again, json!({})).await.expect(200);
    let delivered = |one: &Value| one["status"] == "delivered";
    delivery_until(&app, "onboarding.completed", delivered).await;
    let notices = receiver.of("onboarding.completed");
    assert_eq!((notices.len(), &notices[10].bytes), (11, &notices[0].bytes));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_answers_410_is_disabled_and_gets_nothing_more() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let receiver = Receiver::start().await;
    let (id, _) = registered(&app, &receiver, json!(["onboarding.completed"])).await;
    receiver.then([Reply::Status(410)]);
    simply_signed_up(&app, &client).await;
    app.status_until(&onboarding.id, "completed").await;
    let endpoint = app
        .partner()
        .get(&format!("/v1/webhook_endpoints/{id}"))
        .await;
    assert_eq!(endpoint.expect(200)["status"], "disabled");
    let second = app.onboarding(json!({})).await;
    let client = app.open(&second.link).await;
    simply_signed_up(&app, &client).await;
    app.status_until(&second.id, "completed").await;
    app.advance(48 * HOUR).await;
    assert_eq!(receiver.notices().len(), 1);
    let test = format!("/v1/webhook_endpoints/{id}/test");
    assert_eq!(app.partner().post(&test, json!({})).await.status, 409);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_asks_for_time_is_given_it() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let receiver = Receiver::start().await;
    registered(&app, &receiver, json!(["onboarding.completed"])).await;
    receiver.then([Reply::RetryAfter(900)]);
    simply_signed_up(&app, &client).await;
    let first = delivery_until(&app, "onboarding.completed", tried(1)).await;
    let next = first["next_attempt_at"].as_str().unwrap();
    assert!(next > first["attempts"][0]["at"].as_str().unwrap());
    app.advance(Duration::from_secs(890)).await;
    app.restart().await;
    assert_eq!(
        receiver.notices().len(),
        1,
        "5 s would have been due long ago"
    );
    app.advance(Duration::from_secs(20)).await;
    app.status_until(&onboarding.id, "completed").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_hangs_or_is_not_there_is_tried_again_later() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let receiver = Receiver::start().await;
    registered(&app, &receiver, json!(["onboarding.completed"])).await;
    receiver.then([Reply::Hang]);
    simply_signed_up(&app, &client).await;
    receiver.until("onboarding.completed", 1).await;
    // The command's own limit is 40 s of product time; a try's is 15 s of the machine's.
    app.advance(Duration::from_secs(41)).await;
    let delivery = delivery_until(&app, "onboarding.completed", |_| true).await;
    let id = delivery["id"].as_str().unwrap();
    let retries = |seen: &Value| seen["hold"]["kind"] == "retrying";
    app.instance_until(id, "retrying", retries).await;
    app.advance(Duration::from_secs(10)).await;
    receiver.until("onboarding.completed", 2).await;
    app.status_until(&onboarding.id, "completed").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_secret_is_rotated_both_the_old_and_the_new_one_verify() {
    let mut app = App::start().await;
    let receiver = Receiver::start().await;
    let (id, old) = registered(&app, &receiver, json!(["onboarding.created"])).await;
    let rotate = format!("/v1/webhook_endpoints/{id}/rotate");
    let rotated = app.partner().post(&rotate, json!({})).await.expect(200);
    let new = rotated["secret"].as_str().unwrap();
    app.onboarding(json!({})).await;
    let notice = &receiver.until("onboarding.created", 1).await[0];
    assert_eq!(notice.signatures().len(), 2);
    assert!(notice.is_verified_by(&old) && notice.is_verified_by(new));
    app.advance(25 * HOUR).await;
    app.onboarding(json!({})).await;
    let notice = &receiver.until("onboarding.created", 2).await[1];
    assert_eq!(notice.signatures().len(), 1);
    assert!(notice.is_signed_by(new) && !notice.is_signed_by(&old));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notices_under_way_survive_a_restart_and_one_endpoint_does_not_wait_for_another() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let (broken, sound) = (Receiver::start().await, Receiver::start().await);
    registered(&app, &broken, json!(["onboarding.completed"])).await;
    registered(&app, &sound, json!(["onboarding.completed"])).await;
    broken.then([Reply::Status(500)]);
    simply_signed_up(&app, &client).await;
    app.status_until(&onboarding.id, "completed").await;
    broken.until("onboarding.completed", 1).await;
    app.restart().await;
    app.advance(Duration::from_secs(6)).await;
    broken.until("onboarding.completed", 2).await;
    assert_eq!(sound.of("onboarding.completed").len(), 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_whose_endpoint_hangs_holds_nobody_else_up() {
    let mut app = App::start().await;
    let receiver = Receiver::start().await;
    receiver.always(Reply::Hang);
    let other = app.other_partner().await;
    let endpoint = json!({ "url": receiver.url, "events": ["onboarding.created"] });
    let made = other.post("/v1/webhook_endpoints", endpoint).await;
    made.expect(201);
    // More notices than the process has hands, each held for as long as a try may last.
    for _ in 0..120 {
        other.post("/v1/onboardings", json!({})).await.expect(201);
    }
    let began = tokio::time::Instant::now();
    let onboarding = app.onboarding(json!({})).await;
    let client = app.open(&onboarding.link).await;
    simply_signed_up(&app, &client).await;
    app.status_until(&onboarding.id, "completed").await;
    let took = began.elapsed();
    assert!(took < Duration::from_secs(8), "{took:?}");
    app.stop().await;
}
