//! An operator's day at the console, in a real browser.

use std::time::Duration;

use serde_json::json;

use super::chrome::{Chrome, Screen};
use super::operator::{signed_in, signs_in};
use crate::app::App;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_token_opens_nothing_and_signing_out_closes_everything() {
    let app = App::start().await;
    let chrome = Chrome::start(Screen::Desktop).await;
    chrome.goto(&format!("{}/console", app.url())).await;
    signs_in(&chrome, "op_wrong").await;
    chrome.read("This token is not an operator’s").await;
    signs_in(&chrome, app.invented.operator_token.expose()).await;
    chrome.see(".top nav").await;
    chrome.click("form[action='/console/logout'] button").await;
    chrome.see("input[name=token]").await;
    chrome
        .goto(&format!("{}/console/instances", app.url()))
        .await;
    chrome.see("input[name=token]").await;
    chrome.check(&["401"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_sees_why_an_onboarding_is_held_up_and_moves_it() {
    let app = App::start().await;
    let error = json!({ "code": 2, "http": 500 });
    app.scenario(json!({ "endpoint": "register", "effect": "fail", "times": 99, "error": error }))
        .await;
    let made = app.onboarding(json!({ "external_id": "bakery-7" })).await;
    let client = app.open(&made.link).await;
    let halves = app.sign_up(json!({})).await;
    client.signup(&halves).await.expect(202);
    // Some tries later the pauses are long enough for a person to come before the next one.
    for tries in 1..=4 {
        app.instance_until(&made.id, "it is held up", |view| {
            view["hold"]["attempt"].as_u64() >= Some(tries)
        })
        .await;
        if tries < 4 {
            app.advance(Duration::from_mins(2)).await;
        }
    }
    let chrome = signed_in(&app, Screen::Desktop).await;
    chrome.click(".top nav a[href^='/console/instances']").await;
    chrome.read("bakery-7").await;
    chrome.fill("input[name=external_id]", "bakery-7").await;
    chrome.click("form.filters button").await;
    chrome.see(".chips a").await;
    chrome
        .until(
            "one row",
            "document.querySelectorAll('tr.row').length === 1",
        )
        .await;
    chrome.click("tr.row a.to").await;
    chrome.read("Registering the number failed").await;
    chrome.read("time, or an operator").await;
    chrome
        .see(".diagram .d-node.held[data-state=waba_subscribed]")
        .await;
    chrome.read("Code exchanged").await;
    app.heal().await;
    chrome.click("details.act summary").await;
    chrome
        .fill(
            "form[action$='/acts/retry_now'] input[name=reason]",
            "Meta is back",
        )
        .await;
    chrome.click("form[action$='/acts/retry_now'] button").await;
    chrome.see(".flash").await;
    app.status_until(&made.id, "completed").await;
    chrome.client.refresh().await.unwrap();
    chrome
        .see(".diagram .d-node.current[data-state=partner_notified]")
        .await;
    chrome.click(".top nav a[href='/console/audit']").await;
    chrome.read("Meta is back").await;
    chrome.check(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_looks_at_a_way_back_before_taking_it() {
    let app = App::start().await;
    let made = app.onboarding(json!({ "external_id": "bakery-8" })).await;
    let client = app.open(&made.link).await;
    let halves = app.sign_up(json!({})).await;
    client.signup(&halves).await.expect(202);
    app.status_until(&made.id, "completed").await;
    let chrome = signed_in(&app, Screen::Desktop).await;
    let page = format!("{}/console/instances/{}", app.url(), made.id);
    chrome.goto(&page).await;
    let open = "[...document.querySelectorAll('details.act')].forEach(act => act.open = true)";
    chrome.script(open).await;
    // A reason of blanks only is no reason, and nothing that was chosen is lost.
    let form = "form[action$='/acts/rewind']";
    chrome.choose(form, "fields[to]", "token_exchanged").await;
    chrome
        .fill(&format!("{form} input[name=reason]"), " ")
        .await;
    chrome.click(&format!("{form} button[type=submit]")).await;
    chrome.read("Say why").await;
    let chosen = format!("document.querySelector(\"{form} select\").value === 'token_exchanged'");
    chrome.until("the choice is kept", &chosen).await;
    let reason = format!("{form} input[name=reason]");
    chrome.fill(&reason, "Messages do not arrive").await;
    chrome.click(&format!("{form} button[type=submit]")).await;
    chrome.see(".effect[data-fate=cannot_be_undone]").await;
    chrome.see(".effect[data-fate=deduplicated]").await;
    chrome.read("a registered number stays registered").await;
    chrome.read("Messages do not arrive").await;
    keep_picture("rewind", &chrome).await;
    assert_eq!(
        app.calls("subscribe").await.len(),
        1,
        "a look changes nothing"
    );
    chrome.click("form.confirm button[type=submit]").await;
    chrome.read("Rewound").await;
    app.status_until(&made.id, "completed").await;
    assert_eq!(
        app.calls("subscribe").await.len(),
        1,
        "what stands is left alone"
    );
    assert_eq!(app.calls("register").await.len(), 1);
    chrome.check(&["422"]).await;
}

/// Keeps a picture where `GANGWAY_LOOK` says, for whoever wants to see the page.
async fn keep_picture(name: &str, chrome: &Chrome) {
    if let Some(folder) = std::env::var_os("GANGWAY_LOOK") {
        let path = std::path::Path::new(&folder).join(format!("{name}.png"));
        std::fs::write(path, chrome.picture().await).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_makes_a_link_that_a_client_can_open() {
    let app = App::start().await;
    let chrome = signed_in(&app, Screen::Desktop).await;
    chrome.click(".top nav a[href='/console/partners']").await;
    chrome.fill("input[name=external_id]", "walk-in").await;
    chrome.click("form.form button[type=submit]").await;
    let link = chrome
        .until(
            "the new link",
            "document.querySelector('.once code')?.textContent",
        )
        .await;
    app.open(link.as_str().unwrap()).await;
    // The keys work on every page.
    chrome
        .goto(&format!("{}/console/instances", app.url()))
        .await;
    chrome.see("tr.row").await;
    chrome.press("/").await;
    chrome.see("#find:focus").await;
    chrome.press("walk-in\u{E007}").await;
    chrome.see(".chips a").await;
    chrome.read("walk-in").await;
    chrome.check(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_checks_an_app_by_one_button() {
    let app = App::start().await;
    let chrome = signed_in(&app, Screen::Desktop).await;
    chrome
        .goto(&format!("{}/console/partners", app.url()))
        .await;
    chrome.click("a[href='/console/apps']").await;
    chrome.read("not checked yet").await;
    let id = &app.invented.app_id;
    let door = format!("/console/apps/{id}/preflight");
    chrome.click(&format!("form[action='{door}'] button")).await;
    chrome.read("Meta is being asked").await;
    let path = format!("/console/api/apps/{id}/preflight");
    crate::app::until("it has been looked at", || async {
        let last = app.operator().get(&path).await;
        if last.body["status"] == "ready" {
            Ok(())
        } else {
            Err(last.text)
        }
    })
    .await;
    chrome.goto(&format!("{}/console/apps", app.url())).await;
    chrome.see("section[data-status=ready]").await;
    chrome.read("Allowed domains").await;
    chrome.read("Facebook Login for Business").await;
    chrome.check(&[]).await;
}
