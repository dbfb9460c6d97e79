//! What goes wrong between a client's browser and Meta's window: always told calmly, never a dead end.

use std::time::Duration;

use serde_json::json;

use super::chrome::Screen;
use super::person::Person;
use crate::app::{App, Onboarding, ask, until};

async fn sitting(order: serde_json::Value) -> (App, Onboarding, Person) {
    let app = App::start().await;
    let made = app.onboarding(order).await;
    let person = Person::opens(&made.link, Screen::Phone).await;
    (app, made, person)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_who_closes_metas_window_half_way_can_go_on() {
    let (app, made, person) = sitting(json!({})).await;
    person.continues().await;
    person.walks_to("phone").await;
    // A window that is gone sooner counts as blocked.
    person
        .chrome
        .until("a while", "performance.now() > 2200")
        .await;
    person.chrome.client.close_window().await.unwrap();
    person.returns().await;
    person.chrome.see("#trouble").await;
    person.chrome.read("closed before the").await;
    person.continues().await;
    person.finishes_window().await;
    person.chrome.see("#done").await;
    app.status_until(&made.id, "completed").await;
    person.leaves(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_who_cancels_in_metas_window_is_told_and_the_step_is_kept() {
    let (app, made, person) = sitting(json!({})).await;
    person.continues().await;
    person.walks_to("waba").await;
    person.chrome.click("#sim-cancel").await;
    person.returns().await;
    person.chrome.see("#trouble[data-code=canceled]").await;
    person.chrome.see("#continue:enabled").await;
    let events = app
        .partner()
        .get(&format!("/v1/onboardings/{}/events", made.id))
        .await;
    assert!(
        events.text.contains("WHATSAPP_BUSINESS_PROFILE_SETUP"),
        "{}",
        events.text
    );
    person.signs_up().await;
    person.chrome.see("#done").await;
    person.leaves(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_who_gives_up_at_the_phone_number_finds_the_button_again() {
    let (_app, _made, person) = sitting(json!({ "external_id": "sim:abandon_at_phone" })).await;
    person.signs_up().await;
    person.chrome.see("#trouble[data-code=canceled]").await;
    person.chrome.see("#continue:enabled").await;
    person.leaves(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_blocks_metas_window_is_told_of() {
    let (_app, _made, person) = sitting(json!({})).await;
    person.chrome.see("#continue:enabled").await;
    person
        .chrome
        .script("window.openForReal = window.open; window.open = () => null")
        .await;
    person.chrome.click("#continue").await;
    person.chrome.see("#trouble[data-code=popup_blocked]").await;
    person.chrome.read("Allow pop-up windows").await;
    person
        .chrome
        .script("window.open = window.openForReal")
        .await;
    person.signs_up().await;
    person.chrome.see("#done").await;
    person.leaves(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocked_meta_script_is_told_at_once_and_can_be_tried_again() {
    let (app, made, person) = sitting(json!({})).await;
    let chrome = &person.chrome;
    chrome.tool("Network.enable", json!({})).await;
    chrome
        .tool("Network.setBlockedURLs", json!({ "urls": ["*sdk.js*"] }))
        .await;
    chrome.goto(&made.link).await;
    chrome.see("#trouble[data-code=sdk_blocked]").await;
    chrome.read("content blocker").await;
    app.instance_until(&made.id, "the operator sees it too", |view| {
        view.to_string().contains("sdk_blocked")
    })
    .await;
    // The server's word of it must not take the one button away.
    let told = "return fetch('/o/status').then((answer) => answer.json())";
    let told = chrome.script(told).await;
    assert_eq!(told["trouble"]["code"], "sdk_blocked");
    let drawn = format!(
        "Number(document.getElementById('face').dataset.sequence) >= {}",
        told["sequence"]
    );
    chrome.until("the server's word", &drawn).await;
    chrome
        .tool("Network.setBlockedURLs", json!({ "urls": [] }))
        .await;
    chrome.click("#trouble .button").await;
    chrome.see("#continue:enabled").await;
    person.signs_up().await;
    person.chrome.see("#done").await;
    person.leaves(&["ERR_BLOCKED_BY_CLIENT"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_meta_script_that_never_comes_is_told_after_some_seconds() {
    let (_app, made, person) = sitting(json!({})).await;
    let chrome = &person.chrome;
    // Asked for and never answered.
    let patterns = json!({ "patterns": [{ "urlPattern": "*sdk.js*" }] });
    chrome.tool("Fetch.enable", patterns).await;
    chrome.goto(&made.link).await;
    chrome.see("#trouble[data-code=sdk_blocked]").await;
    person.leaves(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_ran_out_costs_one_more_click() {
    let (app, made, person) = sitting(json!({ "external_id": "sim:code_expired" })).await;
    person.signs_up().await;
    person.chrome.see("#trouble").await;
    person.chrome.read("Please confirm once more").await;
    person.signs_up().await;
    person.chrome.see("#done").await;
    app.status_until(&made.id, "completed").await;
    person.leaves(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_with_a_pin_of_its_own_asks_for_it_until_it_is_right() {
    let (_app, _made, person) = sitting(json!({ "external_id": "sim:pin_mismatch" })).await;
    person.signs_up().await;
    let chrome = &person.chrome;
    chrome.fill("#pin", "12345").await;
    chrome.click("#pin-submit").await;
    chrome.read("Enter all six digits").await;
    chrome.fill("#pin", "111111").await;
    chrome.click("#pin-submit").await;
    chrome
        .until(
            "the field for another try",
            "document.getElementById('pin')?.value === ''",
        )
        .await;
    chrome.read("not this number’s PIN").await;
    let text = chrome
        .script("return document.body.innerText")
        .await
        .to_string();
    for raw in ["133005", "trace", "register_number"] {
        assert!(
            !text.contains(raw),
            "{raw} is Meta's word, not the client's: {text}"
        );
    }
    chrome.fill("#pin", "246810").await;
    chrome.click("#pin-submit").await;
    chrome.see("#done").await;
    person.leaves(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unverified_number_is_proved_by_the_code_that_meta_sends() {
    let (app, made, person) = sitting(json!({ "external_id": "sim:otp_needed" })).await;
    person.signs_up().await;
    person.chrome.see("#otp").await;
    let view = app.view_until(&made.id, "the number is known", |view| {
        view["result"]["phone_number_id"].is_string()
    });
    let number = view.await["result"]["phone_number_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let url = format!("{}/control/sms?phone_number_id={number}", app.meta_url());
    let code = crate::app::until("the text message is sent", || async {
        let sms = ask(app.http.get(&url)).await.expect(200);
        sms["code"]
            .as_str()
            .map(str::to_owned)
            .ok_or(sms.to_string())
    });
    person.chrome.fill("#otp", &code.await).await;
    person.chrome.click("#otp-submit").await;
    person.chrome.see("#done").await;
    person.leaves(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signup_that_only_metas_webhook_tells_of_is_not_lost() {
    let (app, made, person) = sitting(json!({ "external_id": "sim:webhook_only" })).await;
    person.signs_up().await;
    person.chrome.see("#trouble").await;
    person.chrome.see("#continue:enabled").await;
    let view = app
        .partner()
        .get(&format!("/v1/onboardings/{}", made.id))
        .await;
    assert_ne!(view.body["status"], "failed");
    app.advance(Duration::from_secs(61)).await;
    until("an operator is asked whose it is", || async {
        let list = app.operator().get("/console/api/unclaimed").await;
        let one = list.body["data"].as_array().map_or(0, Vec::len) == 1;
        one.then_some(()).ok_or(list.text)
    })
    .await;
    person.leaves(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_was_taken_over_is_told_and_may_take_the_link_back() {
    let (app, made, person) = sitting(json!({})).await;
    person.chrome.see("#continue:enabled").await;
    app.open(&made.link).await;
    person.chrome.see("#take-back").await;
    person.chrome.read("You went on in another window").await;
    person.chrome.click("#take-back").await;
    person.chrome.see("#continue:enabled").await;
    person.signs_up().await;
    person.chrome.see("#done").await;
    person.leaves(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_inside_another_app_is_told_to_open_the_link_in_a_real_one() {
    let (_app, made, person) = sitting(json!({})).await;
    let chrome = &person.chrome;
    chrome.see("#continue:enabled").await;
    for app in [
        "Instagram 350.0",
        "[FBAN/FBIOS]",
        "WhatsApp/2.24",
        "Version/4.0; wv)",
    ] {
        let agent = json!({ "userAgent": format!("Mozilla/5.0 (Linux; Android 15) {app}") });
        chrome.tool("Network.setUserAgentOverride", agent).await;
        chrome.goto(&made.link).await;
        chrome.see("#trouble[data-code=inside_app]").await;
        chrome.read("Open this page in your browser").await;
        let loaded = "return Boolean(document.querySelector('script[src*=\"sdk.js\"]'))";
        assert_eq!(
            chrome.script(loaded).await,
            false,
            "nothing of Meta's yet: {app}"
        );
    }
    person.leaves(&[]).await;
}

/// Walks to the last question of Meta's window and has it misbehave there.
async fn misbehaves(person: &Person, how: &str) {
    person.continues().await;
    person.walks_to("review").await;
    let choose = format!("document.getElementById('sim-misbehave').value = '{how}'");
    person.chrome.script(&choose).await;
    person.chrome.click("#sim-review-accept").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_in_metas_window_is_told_calmly_and_kept_with_its_session() {
    let (app, made, person) = sitting(json!({})).await;
    misbehaves(&person, "error_event").await;
    person.returns().await;
    person.chrome.read("Business Support Home").await;
    let kept = |seen: &serde_json::Value| {
        let journey = &seen["facts"]["journey"];
        journey["error_code"] == "2655089"
            && journey["error_message"] == "Your account has been restricted."
            && journey["session_id"].is_string()
            && journey["timestamp"].is_string()
    };
    app.instance_until(&made.id, "kept for Meta's support", kept)
        .await;
    misbehaves(&person, "object_payload").await;
    person.chrome.click("#sim-finish").await;
    person.returns().await;
    person.chrome.see("#done").await;
    app.status_until(&made.id, "completed").await;
    person.leaves(&[]).await;
}
