//! The token of a live number: made to live on in time, asked for again, and what follows where it is gone.

use std::time::Duration;

use serde_json::{Value, json};

use super::connection::{Number, connection_until, connections, listening, stands, went_live};
use crate::app::{App, Onboarding, Product};

const DAY: Duration = Duration::from_hours(24);

/// A token was seen to after the number went live, and this is when it ends.
fn end_of(seen: &Value) -> &str {
    seen["facts"]["token_expires_at"].as_str().unwrap()
}

/// Meta refuses this for good.
async fn refuses(app: &Product, endpoint: &str, code: i64, http: u16) {
    let error = json!({ "code": code, "http": http });
    let order = json!({ "endpoint": endpoint, "effect": "fail", "times": 1000, "error": error });
    app.scenario(order).await;
}

/// Days pass, each with the looks that fall into it.
async fn pass(app: &Product, number: &Number, days: u32) {
    for _ in 0..days {
        app.advance(DAY).await;
        rests(app, number).await;
    }
}

async fn rests(app: &Product, number: &Number) -> Value {
    let rests = |seen: &Value| seen["hold"]["kind"] == "awaiting";
    connection_until(app, &number.phone, "at rest", rests).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_sixty_days_is_extended_two_weeks_before_its_end() {
    let mut app = App::start().await;
    let number = went_live(&app, json!({})).await;
    let born = connection_until(&app, &number.phone, "live", stands("live")).await;
    pass(&app, &number, 44).await;
    assert_eq!(app.calls("extend_token").await.len(), 0);
    pass(&app, &number, 3).await;
    let seen = rests(&app, &number).await;
    assert_eq!(app.calls("extend_token").await.len(), 1);
    assert!(end_of(&seen) > end_of(&born), "{seen:#}");
    assert_eq!(seen["facts"]["warnings"], json!([]));
    // The new one works, long past the old one's end, and is extended in its turn.
    pass(&app, &number, 50).await;
    assert_eq!(app.calls("extend_token").await.len(), 2);
    let seen = rests(&app, &number).await;
    assert_eq!(seen["state"], "live", "{seen:#}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_died_is_asked_for_again_and_nobody_notices() {
    let mut app = App::start().await;
    let told = listening(
        &app,
        json!(["connection.disconnected", "connection.restored"]),
    )
    .await;
    let number = went_live(&app, json!({})).await;
    connection_until(&app, &number.phone, "live", stands("live")).await;
    refuses(&app, "extend_token", 100, 400).await;
    pass(&app, &number, 47).await;
    let warned = rests(&app, &number).await;
    let warning = &warned["facts"]["warnings"][0];
    assert_eq!(warning["kind"], "token", "{warned:#}");
    pass(&app, &number, 14).await;
    let seen = rests(&app, &number).await;
    assert!(end_of(&seen) > end_of(&warned), "{seen:#}");
    assert_eq!(seen["state"], "live", "{seen:#}");
    let id = &number.onboarding.id;
    let view = app.view_until(id, "seen", |_| true).await;
    assert_eq!(view["readiness"]["can_send"], true, "{view:#}");
    assert_eq!(view["status_reason"], Value::Null);
    assert!(told.notices().is_empty());
    app.stop().await;
}

/// A number whose token came to its end, and no other was to be had.
async fn lost(app: &Product, number: &Number) {
    refuses(app, "extend_token", 100, 400).await;
    refuses(app, "system_user_access_tokens", 200, 403).await;
    pass(app, number, 60).await;
    app.advance(DAY).await;
    connection_until(app, &number.phone, "disconnected", stands("disconnected")).await;
}

/// Calls about this number; the list of all accounts is looked through whatever becomes of one of them.
async fn asked_of(app: &Product, number: &Number) -> usize {
    let calls = app.calls("").await;
    let about = |call: &&Value| call["phone_number_id"] == number.phone.as_str();
    calls.iter().filter(about).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_cannot_be_had_again_disconnects_and_a_new_signup_heals() {
    let mut app = App::start().await;
    let told = listening(
        &app,
        json!(["connection.disconnected", "connection.restored"]),
    )
    .await;
    let wish = json!({ "phone_number": "+34 600 000 123" });
    let number = went_live(&app, wish.clone()).await;
    lost(&app, &number).await;
    let id = &number.onboarding.id;
    let view = app
        .view_until(id, "disconnected", |view| {
            view["status_reason"] == "disconnected"
        })
        .await;
    assert_eq!(view["status"], "completed", "{view:#}");
    assert_eq!(view["readiness"]["can_send"], false);
    let next = &view["next_action"];
    assert_eq!(
        (&next["actor"], &next["code"]),
        (&json!("partner"), &json!("reconnect"))
    );
    let notice = &told.until("connection.disconnected", 1).await[0];
    assert_eq!(notice.body["data"]["onboarding"]["id"], **id);
    // Nothing more is asked of Meta for a number that is gone.
    let before = asked_of(&app, &number).await;
    app.advance(10 * DAY).await;
    rests(&app, &number).await;
    assert_eq!(asked_of(&app, &number).await, before);
    let attention = app.operator().get("/console/api/attention").await;
    let attention = attention.expect(200).to_string();
    assert!(
        attention.contains("connection:disconnected:"),
        "{attention}"
    );

    app.heal().await;
    let again = went_live(&app, wish).await;
    connection_until(&app, &again.phone, "live again", stands("live")).await;
    let notice = &told.until("connection.restored", 1).await[0];
    assert_eq!(
        notice.body["data"]["onboarding"]["id"],
        *again.onboarding.id
    );
    assert_eq!(told.of("connection.disconnected").len(), 1);
    app.view_until(id, "moved", |view| view["status_reason"] == "moved")
        .await;
    let states: Vec<Value> = connections(&app, &again.phone)
        .await
        .into_iter()
        .map(|seen| seen["state"].clone())
        .collect();
    assert_eq!(states, ["live", "closed"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_who_mends_the_setup_has_a_lost_token_asked_for_again() {
    let mut app = App::start().await;
    let told = listening(&app, json!(["connection.restored"])).await;
    let number = went_live(&app, json!({})).await;
    lost(&app, &number).await;
    app.heal().await;
    let seen = rests(&app, &number).await;
    let path = format!(
        "/console/api/instances/{}/acts/submit",
        seen["id"].as_str().unwrap()
    );
    let body = json!({ "event": "look_wanted", "reason": "the system user works again" });
    app.operator().post(&path, body).await.expect(200);
    connection_until(&app, &number.phone, "live again", stands("live")).await;
    let view = app
        .view_until(&number.onboarding.id, "can send", |view| {
            view["readiness"]["can_send"] == true
        })
        .await;
    assert_eq!(view["status_reason"], Value::Null, "{view:#}");
    assert_eq!(told.until("connection.restored", 1).await.len(), 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_meta_does_not_answer_is_tried_again_and_shown() {
    let mut app = App::start().await;
    let number = went_live(&app, json!({})).await;
    connection_until(&app, &number.phone, "live", stands("live")).await;
    let error = json!({ "code": 2, "http": 503 });
    let order = json!({ "endpoint": "phone", "effect": "fail", "times": 1, "error": &error });
    app.scenario(order).await;
    app.advance(27 * Duration::from_hours(1)).await;
    let tried = |seen: &Value| !seen["attempts"].as_array().unwrap().is_empty();
    let seen = connection_until(&app, &number.phone, "tried", tried).await;
    assert_eq!(seen["attempts"][0]["command"], "look_at_number", "{seen:#}");
    app.advance(Duration::from_mins(2)).await;
    connection_until(&app, &number.phone, "live", stands("live")).await;
    // So is what is asked of Meta about the token.
    let order = json!({ "endpoint": "debug_token", "effect": "fail", "times": 1, "error": &error });
    app.scenario(order).await;
    app.advance(47 * DAY).await;
    let tried = |seen: &Value| seen["attempts"].to_string().contains("tend_token");
    connection_until(&app, &number.phone, "tried", tried).await;
    app.advance(Duration::from_mins(2)).await;
    app.calls_until("extend_token", 1).await;
    rests(&app, &number).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operators_reconnect_link_lets_in_that_number_and_no_other() {
    let mut app = App::start().await;
    let told = listening(&app, json!(["connection.restored"])).await;
    let number = went_live(&app, json!({ "phone_number": "+34 600 000 123" })).await;
    lost(&app, &number).await;
    app.heal().await;
    let seen = rests(&app, &number).await;
    let path = format!(
        "/console/api/connections/{}/reconnect",
        seen["id"].as_str().unwrap()
    );
    let operator = app.operator();
    operator
        .post(&path, json!({ "reason": " " }))
        .await
        .expect(422);
    let stranger = app.partner().post(&path, json!({ "reason": "so" })).await;
    assert_eq!(stranger.status, 401, "{}", stranger.text);
    let nothing = "/console/api/connections/con_1/reconnect";
    operator
        .post(nothing, json!({ "reason": "so" }))
        .await
        .expect(404);
    let why = json!({ "reason": "the client called" });
    let made = operator.post(&path, why).await.expect(201);
    assert_eq!(made["external_id"], "cust-42", "{made:#}");
    let again = Onboarding::of(&made);
    let client = app.open(&again.link).await;
    let other = app
        .sign_up(json!({ "phone_number": "+34 600 000 999" }))
        .await;
    client.signup(&other).await.expect(202);
    let view = app.status_until(&again.id, "action_required").await;
    assert_eq!(view["result"]["phone_number_id"], Value::Null, "{view:#}");
    let right = app
        .sign_up(json!({ "phone_number": "+34 600 000 123" }))
        .await;
    client.signup(&right).await.expect(202);
    app.status_until(&again.id, "completed").await;
    connection_until(&app, &number.phone, "live again", stands("live")).await;
    assert_eq!(told.until("connection.restored", 1).await.len(), 1);
    app.stop().await;
}
