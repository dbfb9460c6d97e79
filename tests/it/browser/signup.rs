//! The client's way from the link to a live number, in a real browser.

use serde_json::{Value, json};

use super::chrome::Screen;
use super::person::Person;
use crate::app::App;

const TAB: &str = "\u{E004}";
const ENTER: &str = "\u{E007}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_on_a_phone_gets_from_the_link_to_a_live_number() {
    whole_way(Screen::Phone).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_at_a_desk_gets_from_the_link_to_a_live_number() {
    whole_way(Screen::Desktop).await;
}

/// Meta fails once on the way, so that there is progress to be seen.
async fn whole_way(screen: Screen) {
    let app = App::start().await;
    let error = json!({ "code": 2, "http": 500 });
    app.scenario(json!({ "endpoint": "register", "effect": "fail", "times": 1, "error": error }))
        .await;
    let made = app.onboarding(json!({ "external_id": "cust-42" })).await;
    let person = Person::opens(&made.link, screen).await;
    person.chrome.read("You will need").await;
    person.continues().await;
    person.finishes_window().await;
    person.chrome.see("#steps li[data-mark=done]").await;
    person.chrome.see("#trouble").await;
    person.chrome.read("Nothing is lost").await;
    person.chrome.read("Next try in").await;
    person.sees_in_time(&app, "#done").await;
    person.chrome.read("Your number is live").await;
    app.status_until(&made.id, "completed").await;
    meta_never_saw_the_token(&app, &made.link).await;
    person.leaves(&[]).await;
}

/// The SDK tells Meta the address of the page that it runs in.
async fn meta_never_saw_the_token(app: &App, link: &str) {
    let token = link.rsplit('/').next().unwrap();
    let dialogs = app.calls("dialog").await;
    assert!(!dialogs.is_empty());
    for dialog in &dialogs {
        assert_eq!(dialog["page"], format!("{}/o", app.url()), "{dialog}");
    }
    let everything = Value::Array(app.calls("").await).to_string();
    assert!(!everything.contains(token), "{everything}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_can_be_done_by_keyboard_alone() {
    let app = App::start().await;
    let made = app
        .onboarding(json!({ "external_id": "sim:pin_mismatch" }))
        .await;
    let person = Person::opens(&made.link, Screen::Desktop).await;
    let chrome = &person.chrome;
    chrome.see("#continue:enabled").await;
    tabs_to(&person, "#continue").await;
    chrome.press(ENTER).await;
    person.enters_window().await;
    tabs_to(&person, "#sim-login").await;
    chrome.press(ENTER).await;
    for step in ["business", "waba", "phone"] {
        chrome.see(&format!("[data-step={step}] input:focus")).await;
        chrome.press(ENTER).await;
    }
    chrome.see("#sim-otp:focus").await;
    let code = "document.getElementById('sim-sms').textContent.replace(/\\D/g, '')";
    let code = chrome.until("the text message", code).await;
    chrome
        .press(&format!("{}{ENTER}", code.as_str().unwrap()))
        .await;
    chrome.see("[data-step=review]").await;
    tabs_to(&person, "#sim-review-accept").await;
    chrome.press(ENTER).await;
    chrome.see("[data-step=final]").await;
    tabs_to(&person, "#sim-finish").await;
    chrome.press(ENTER).await;
    person.returns().await;
    // The page puts the focus where the client is asked for something.
    chrome.see("#pin:focus").await;
    chrome.press(&format!("246810{ENTER}")).await;
    chrome.see("#done").await;
    chrome.see("#status-headline:focus").await;
    person.leaves(&[]).await;
}

async fn tabs_to(person: &Person, css: &str) {
    for _ in 0..12 {
        person.chrome.press(TAB).await;
        let there = format!("return document.activeElement.matches({css:?})");
        if person.chrome.script(&there).await == true {
            return;
        }
    }
    panic!("{css} cannot be reached by the tab key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_is_loaded_again_goes_on_where_it_was() {
    let app = App::start().await;
    let error = json!({ "code": 2, "http": 500 });
    app.scenario(json!({ "endpoint": "register", "effect": "fail", "times": 99, "error": error }))
        .await;
    let made = app.onboarding(json!({})).await;
    let person = Person::opens(&made.link, Screen::Phone).await;
    person.chrome.see("#continue:enabled").await;
    person.chrome.client.refresh().await.unwrap();
    person
        .chrome
        .until(
            "the address without the token",
            "location.pathname === '/o'",
        )
        .await;
    person.signs_up().await;
    person.chrome.see("#trouble").await;
    person.chrome.client.refresh().await.unwrap();
    person
        .chrome
        .see("#steps li[data-key=number_registered][data-mark=now]")
        .await;
    app.heal().await;
    person.sees_in_time(&app, "#done").await;
    person.leaves(&[]).await;
}
