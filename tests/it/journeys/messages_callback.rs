//! Where an account's messages go: to the partner's own address, number by number, and nobody's later
//! subscription takes that away.

use serde_json::{Value, json};

use super::signed_up;
use crate::app::{App, Onboarding, Product, until};
use crate::receiver::Receiver;

/// An onboarding whose messages go to this address; its signup, and whether it is completed.
async fn completed(app: &Product, to: &Receiver, wish: Value) -> Value {
    let (_, signup) = begun(app, to, wish).await;
    signup
}

async fn begun(app: &Product, to: &Receiver, wish: Value) -> (Onboarding, Value) {
    let callback = json!({ "url": to.url, "verify_token": "theirs" });
    let onboarding = app
        .onboarding(json!({ "messages_callback": callback }))
        .await;
    let client = app.open(&onboarding.link).await;
    let signup = signed_up(app, &client, wish).await;
    app.status_until(&onboarding.id, "completed").await;
    (onboarding, signup)
}

/// Somebody writes to the number of this signup; the address at which it is told of.
async fn is_heard_at(app: &Product, signup: &Value, to: &Receiver) {
    let phone = &signup["session"]["data"]["phone_number_id"];
    let of_number = |notice: &crate::receiver::Notice| {
        let change = &notice.body["entry"][0]["changes"][0];
        change["field"] == "messages" && change["value"]["metadata"]["phone_number_id"] == *phone
    };
    let before = to.notices().iter().filter(|one| of_number(one)).count();
    let order = json!({ "event": "messages", "phone_number_id": phone });
    app.control("event", order).await;
    until("the message is told of there", || async {
        let all = to.notices();
        let now = all.iter().filter(|one| of_number(one)).count();
        if now > before {
            Ok(())
        } else {
            Err(format!("{} notices, none of it", all.len()))
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_go_to_the_partners_address_once_the_app_is_subscribed() {
    let mut app = App::start().await;
    let theirs = Receiver::start().await;
    let signup = completed(&app, &theirs, json!({})).await;
    let calls = app.calls("subscribe").await;
    assert_eq!(calls.len(), 2, "plain, then with the address: {calls:#?}");
    is_heard_at(&app, &signup, &theirs).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_number_of_the_account_leaves_the_first_ones_messages_alone() {
    let mut app = App::start().await;
    let (first, second) = (Receiver::start().await, Receiver::start().await);
    let one = completed(&app, &first, json!({})).await;
    let account = &one["session"]["data"];
    let wish = json!({ "waba_id": account["waba_id"], "business_id": account["business_id"],
        "phone_number": "+34 600 000 456" });
    let other = completed(&app, &second, wish).await;
    assert_eq!(
        other["session"]["data"]["waba_id"], account["waba_id"],
        "one account"
    );
    is_heard_at(&app, &one, &first).await;
    is_heard_at(&app, &other, &second).await;
    let subscribed = app.calls("subscribe").await;
    assert_eq!(subscribed.len(), 2, "the subscription stood already");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_is_subscribed_again_keeps_its_address() {
    let mut app = App::start().await;
    let theirs = Receiver::start().await;
    let (onboarding, signup) = begun(&app, &theirs, json!({})).await;
    let act = format!("/console/api/instances/{}/acts/rewind", onboarding.id);
    let why = json!({ "reason": "to be sure", "to": "token_exchanged" });
    app.operator().post(&act, why).await.expect(200);
    app.calls_until("subscribed_apps", 4).await;
    app.status_until(&onboarding.id, "completed").await;
    assert_eq!(app.calls("subscribe").await.len(), 2, "nothing was missing");
    is_heard_at(&app, &signup, &theirs).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_does_not_answer_meta_is_the_partners_to_mend() {
    let mut app = App::start().await;
    let theirs = Receiver::start().await;
    let callback = json!({ "url": theirs.url, "verify_token": "another" });
    let onboarding = app
        .onboarding(json!({ "messages_callback": callback }))
        .await;
    let client = app.open(&onboarding.link).await;
    signed_up(&app, &client, json!({})).await;
    let view = app.status_until(&onboarding.id, "action_required").await;
    assert_eq!(view["next_action"]["actor"], "partner", "{view:#}");
    assert!(app.calls("register").await.is_empty());
    app.stop().await;
}
