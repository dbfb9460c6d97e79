//! Links that do not work any more, and pages without a script: still whole pages that say what to do.

use std::time::Duration;

use serde_json::json;

use super::chrome::Screen;
use super::person::Person;
use crate::app::{App, ask};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_runs_out_before_the_clients_eyes_says_whom_to_ask() {
    let app = App::start().await;
    let made = app
        .onboarding(json!({ "link": { "expires_in": 3600 } }))
        .await;
    let person = Person::opens(&made.link, Screen::Phone).await;
    person.chrome.see("#continue:enabled").await;
    app.advance(Duration::from_secs(3 * 3600)).await;
    app.status_until(&made.id, "expired").await;
    person.chrome.goto(&made.link).await;
    person.chrome.read("This link has").await;
    person.chrome.read("new one").await;
    person.leaves(&["410", "401"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_and_unknown_links_are_pages_that_say_what_to_do() {
    let app = App::start().await;
    let made = app.onboarding(json!({})).await;
    let path = format!("/v1/onboardings/{}/cancel", made.id);
    app.partner().post(&path, json!({})).await.expect(200);
    let person = Person::opens(&made.link, Screen::Phone).await;
    person.chrome.read("This link has ended").await;
    person.chrome.read("ask whoever sent this one").await;
    person.chrome.goto(&made.link[..made.link.len() - 6]).await;
    person.chrome.read("This link is not complete").await;
    person.chrome.read("use the whole link").await;
    person.leaves(&["410", "404"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_paint_holds_the_essentials_without_a_script() {
    let app = App::start().await;
    let made = app.onboarding(json!({})).await;
    let page = ask(app.http.get(&made.link)).await;
    assert_eq!(page.status, 200);
    for essential in [
        "Connect your WhatsApp number",
        "Demo Messaging",
        "You will need",
        "A Facebook login",
        "This link works until",
        "<noscript>",
        "<html lang=\"en\"",
    ] {
        assert!(
            page.text.contains(essential),
            "no {essential} in {}",
            page.text
        );
    }
    let policy = page.header("content-security-policy");
    assert!(!policy.contains("unsafe"), "{policy}");
}
