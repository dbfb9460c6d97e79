//! What Meta's webhooks mean to a number that is live, and what the partner hears of it.

use std::time::Duration;

use serde_json::{Value, json};

use super::connection::{Number, connection_until, connections, listening, stands, went_live};
use crate::app::{App, Product};

const SECOND: Duration = Duration::from_secs(1);

/// Lets something happen to a number at Meta.
async fn happens(app: &Product, event: &str, number: &Number, more: Value) {
    let mut order = json!({ "event": event, "phone_number_id": number.phone });
    for (name, value) in more.as_object().into_iter().flatten() {
        order[name] = value.clone();
    }
    app.control("event", order).await;
}

async fn live(app: &Product) -> Number {
    let number = went_live(app, json!({})).await;
    connection_until(app, &number.phone, "live", stands("live")).await;
    app.advance(2 * SECOND).await;
    number
}

/// The connection, once it knows this of what Meta said.
async fn knows(app: &Product, number: &Number, what: &str) -> Value {
    let knows = |seen: &Value| seen.to_string().contains(what);
    connection_until(app, &number.phone, what, knows).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_who_disconnects_in_the_app_is_told_to_the_partner_with_the_reason() {
    let mut app = App::start().await;
    let told = listening(&app, json!(["connection.disconnected"])).await;
    let number = live(&app).await;
    let info = json!({ "reason": "PRIMARY_INACTIVITY", "initiated_by": "SYSTEM" });
    let value = json!({ "value": { "disconnection_info": info } });
    happens(&app, "PARTNER_REMOVED", &number, value).await;
    let seen = connection_until(&app, &number.phone, "gone", stands("disconnected")).await;
    let gone = &seen["facts"]["disconnected"];
    assert_eq!(gone["reason"], "primary_inactivity", "{seen:#}");
    assert_eq!(gone["by"], "system");
    assert_eq!(seen["hold"]["mover"], "partner");
    let notice = &told.until("connection.disconnected", 1).await[0];
    let view = &notice.body["data"]["onboarding"];
    assert_eq!(view["id"], *number.onboarding.id);
    assert_eq!(view["status_reason"], "disconnected", "{view:#}");
    let message = view["next_action"]["message"].to_string();
    assert!(message.contains("14 days"), "{message}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_uninstalled_app_disconnects_the_numbers_of_that_client_and_no_others() {
    let mut app = App::start().await;
    let (one, other) = (live(&app).await, live(&app).await);
    happens(&app, "PARTNER_APP_UNINSTALLED", &one, json!({})).await;
    let seen = connection_until(&app, &one.phone, "gone", stands("disconnected")).await;
    assert_eq!(
        seen["facts"]["disconnected"]["reason"], "app_removed",
        "{seen:#}"
    );
    connection_until(&app, &other.phone, "still live", stands("live")).await;
    // Where Meta does not say whose it was, each number's token tells.
    let third = live(&app).await;
    let app_id = &app.invented.app_id;
    let nobody = json!({ "app_id": app_id, "event": "PARTNER_APP_UNINSTALLED", "told_only": true });
    app.control("event", nobody).await;
    for number in [&other, &third] {
        knows(&app, number, "app_doubted").await;
    }
    app.advance(Duration::from_mins(11)).await;
    for number in [&other, &third] {
        let seen = |seen: &Value| seen["facts"]["token_seen_at"].is_string();
        connection_until(&app, &number.phone, "its token works", seen).await;
        connection_until(&app, &number.phone, "still live", stands("live")).await;
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_banned_account_blocks_and_a_reinstated_one_is_restored() {
    let mut app = App::start().await;
    let told = listening(
        &app,
        json!(["connection.disconnected", "connection.restored"]),
    )
    .await;
    let number = live(&app).await;
    let ban = |state: &str| json!({ "value": { "ban_info": { "waba_ban_state": state } } });
    happens(
        &app,
        "DISABLED_UPDATE",
        &number,
        ban("SCHEDULE_FOR_DISABLE"),
    )
    .await;
    let seen = knows(&app, &number, "will ban").await;
    assert_eq!(seen["state"], "live", "{seen:#}");
    app.advance(2 * SECOND).await;
    happens(&app, "DISABLED_UPDATE", &number, ban("DISABLE")).await;
    let seen = connection_until(&app, &number.phone, "banned", stands("blocked")).await;
    assert_eq!(seen["hold"]["mover"], "client", "{seen:#}");
    let notice = &told.until("connection.disconnected", 1).await[0];
    let next = &notice.body["data"]["onboarding"]["next_action"];
    assert_eq!(
        (&next["actor"], &next["code"]),
        (&json!("client"), &json!("appeal"))
    );
    app.advance(2 * SECOND).await;
    happens(&app, "DISABLED_UPDATE", &number, ban("REINSTATE")).await;
    connection_until(&app, &number.phone, "back", stands("live")).await;
    told.until("connection.restored", 1).await;
    let id = &number.onboarding.id;
    let view = app
        .view_until(id, "can send", |view| view["readiness"]["can_send"] == true)
        .await;
    assert_eq!(view["status_reason"], Value::Null, "{view:#}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_that_comes_late_undoes_nothing_that_a_newer_one_said() {
    let mut app = App::start().await;
    let number = live(&app).await;
    let went_live = knows(&app, &number, "handed_over_at").await;
    let at = went_live["facts"]["handed_over_at"].as_str().unwrap();
    let at = engine::Timestamp::parse_rfc3339(at).unwrap().seconds();
    // The phone left, came back, and the first of these is told last.
    happens(
        &app,
        "ACCOUNT_RECONNECTED",
        &number,
        json!({ "time": at + 600 }),
    )
    .await;
    knows(&app, &number, "looked_at").await;
    app.advance(2 * SECOND).await;
    happens(
        &app,
        "ACCOUNT_OFFBOARDED",
        &number,
        json!({ "time": at + 300 }),
    )
    .await;
    // Neither does one of a time before the number was connected.
    happens(
        &app,
        "ACCOUNT_OFFBOARDED",
        &number,
        json!({ "time": at - 300 }),
    )
    .await;
    let value = json!({ "value": { "decision": "REJECTED", "rejection_reason": "NAME_FORMAT_UNACCEPTABLE" } });
    happens(&app, "phone_number_name_update", &number, value).await;
    let seen = knows(&app, &number, "NAME_FORMAT_UNACCEPTABLE").await;
    assert_eq!(seen["facts"]["disconnected"], Value::Null, "{seen:#}");
    let id = &number.onboarding.id;
    app.view_until(id, "name declined", |view| {
        view["readiness"]["name_status"] == "DECLINED"
    })
    .await;
    happens(
        &app,
        "ACCOUNT_OFFBOARDED",
        &number,
        json!({ "time": at + 900 }),
    )
    .await;
    connection_until(&app, &number.phone, "gone", stands("disconnected")).await;
    happens(
        &app,
        "ACCOUNT_RECONNECTED",
        &number,
        json!({ "time": at + 1200 }),
    )
    .await;
    connection_until(&app, &number.phone, "back", stands("live")).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_meta_says_of_an_account_is_seen_by_operators_and_a_flood_of_it_asks_meta_little() {
    let mut app = App::start().await;
    let number = live(&app).await;
    let before = app.calls("phone").await.len();
    for _ in 0..5 {
        app.advance(2 * SECOND).await;
        happens(&app, "ACCOUNT_VIOLATION", &number, json!({})).await;
        happens(&app, "business_capability_update", &number, json!({})).await;
    }
    knows(&app, &number, "conversations_a_day").await;
    let seen = knows(&app, &number, "violation").await;
    assert!(seen["journal"].as_array().unwrap().len() > 4, "{seen:#}");
    app.advance(Duration::from_mins(2)).await;
    connection_until(&app, &number.phone, "live", stands("live")).await;
    let looks = app.calls("phone").await.len() - before;
    // Ten words, and no more than one look in each of the minutes that they took.
    assert!((1..=4).contains(&looks), "{looks} looks");
    let value = json!({ "value": { "decision": "REJECTED" } });
    happens(&app, "account_review_update", &number, value).await;
    let id = &number.onboarding.id;
    app.view_until(id, "appeal", |view| view["next_action"]["code"] == "appeal")
        .await;
    assert_eq!(connections(&app, &number.phone).await.len(), 1);
    app.stop().await;
}
