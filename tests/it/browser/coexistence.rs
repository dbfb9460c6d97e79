//! The page of a client whose number stays in the WhatsApp Business app, and of a Solution Partner's client,
//! on a phone: their own steps, the time that is left, and a way on from everywhere.

use std::time::Duration;

use serde_json::json;

use super::chrome::Screen;
use super::faces::Gallery;
use super::person::Person;
use crate::app::{App, Onboarding};

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_the_app_sees_how_long_the_chats_can_wait_and_ends_without_registering() {
    let app = App::start().await;
    let mut gallery = Gallery::new(Screen::Phone);
    let order = json!({ "flow": { "allowed": ["coexistence"] } });
    let made = app.onboarding(order).await;
    let person = Person::opens(&made.link, Screen::Phone).await;
    let chrome = &person.chrome;
    chrome.read("Connect your WhatsApp Business app").await;
    chrome
        .read("Your phone with the WhatsApp Business app")
        .await;
    gallery.look(chrome, "coexistence-start").await;
    let error = json!({ "code": 131_016, "http": 500 });
    let order =
        json!({ "endpoint": "smb_app_data", "effect": "fail", "times": 999, "error": error });
    app.scenario(order).await;
    person.signs_up().await;
    chrome
        .see("#steps li[data-key=sync_requested][data-mark=now]")
        .await;
    chrome.read("Keep the app on your phone open").await;
    chrome.read("Ends in 24 hours").await;
    gallery.look(chrome, "coexistence-waiting").await;

    app.advance(23 * HOUR + Duration::from_mins(20)).await;
    app.advance(HOUR).await;
    app.state_until(&made.id, "needs_signup").await;
    chrome.goto(&made.link).await;
    chrome.read("Business Platform and disconnect").await;
    chrome.see("#continue:enabled").await;
    gallery.look(chrome, "coexistence-too-late").await;
    app.heal().await;
    person.signs_up().await;
    // What Meta did with the day before's attempt is not known, so the next one may come after a pause.
    person.is_taken_in(&app, &made.id).await;
    person.sees_in_time(&app, "#done").await;
    chrome.read("Go on using the app as before").await;
    gallery.look(chrome, "coexistence-done").await;
    assert!(app.calls("register").await.is_empty());
    gallery.check();
    person.leaves(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_solution_partners_client_sees_billing_as_a_step_and_who_must_act_where_it_stops() {
    let app = App::start().await;
    let mut gallery = Gallery::new(Screen::Phone);
    let body =
        json!({ "name": "Solutions", "app_id": app.invented.app_id, "role": "solution_partner" });
    let made = app.operator().post("/console/api/partners", body).await;
    let key = made.expect(201)["api_key"].as_str().unwrap().to_owned();
    let made = app.caller(&key).post("/v1/onboardings", json!({})).await;
    let made = Onboarding::of(&made.expect(201));
    let error = json!({ "code": 200, "http": 403 });
    app.scenario(
        json!({ "endpoint": "share_credit", "effect": "fail", "times": 1, "error": error }),
    )
    .await;
    let person = Person::opens(&made.link, Screen::Phone).await;
    person.signs_up().await;
    let chrome = &person.chrome;
    chrome
        .see("#steps li[data-key=credit_shared][data-mark=trouble]")
        .await;
    chrome.read("Set up billing through Solutions").await;
    chrome.read("You have nothing to do").await;
    gallery.look(chrome, "credit-held").await;
    let act = format!("/console/api/instances/{}/acts/retry_now", made.id);
    let retry = json!({ "reason": "mended" });
    app.operator().post(&act, retry).await.expect(200);
    chrome.see("#done").await;
    gallery.check();
    person.leaves(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_whose_account_has_no_number_is_told_to_add_one_and_can() {
    let app = App::start().await;
    let mut gallery = Gallery::new(Screen::Phone);
    let made = app
        .onboarding(json!({ "external_id": "sim:only_waba" }))
        .await;
    let person = Person::opens(&made.link, Screen::Phone).await;
    person.signs_up().await;
    let chrome = &person.chrome;
    person.sees_in_time(&app, "#continue:enabled").await;
    chrome.read("Your account needs a number").await;
    chrome.read("Ends in 14 days").await;
    gallery.look(chrome, "number-missing").await;
    person.signs_up().await;
    chrome.see("#done").await;
    gallery.check();
    person.leaves(&[]).await;
}
