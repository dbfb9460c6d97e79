//! Every face of the product, on a phone and on a desktop, in light and in dark: free of faults that a
//! machine can find, and worth looking at.
//!
//! With `GANGWAY_FACES=<folder>` each face is left there as a picture.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::chrome::{Chrome, Screen};
use super::operator::signed_in;
use super::person::Person;
use crate::app::App;

/// Deque's checker, vendored because the page's content policy and the tests both want no network.
const AXE: &str = include_str!("../../../fixtures/axe/axe.min.js");
const RUN: &str = "const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'] }).then(
        found => done(found.violations.map(one => one.id + ': ' + one.nodes.map(node => node.target.join(' ') + ' ' + (node.any[0]?.message ?? '')).join(' | '))),
        error => done([String(error)]))";

/// Looks at face after face and keeps what was wrong.
pub(super) struct Gallery {
    screen: &'static str,
    folder: Option<PathBuf>,
    faults: Vec<String>,
}

impl Gallery {
    pub(super) fn new(screen: Screen) -> Self {
        Self {
            screen: if screen == Screen::Phone {
                "phone"
            } else {
                "desktop"
            },
            folder: std::env::var_os("GANGWAY_FACES").map(PathBuf::from),
            faults: Vec::new(),
        }
    }

    /// Looks at what is to be seen now, in light and in dark.
    pub(super) async fn look(&mut self, chrome: &Chrome, face: &str) {
        for scheme in ["light", "dark"] {
            let features = json!([
                { "name": "prefers-color-scheme", "value": scheme },
                { "name": "prefers-reduced-motion", "value": "reduce" },
            ]);
            chrome
                .tool(
                    "Emulation.setEmulatedMedia",
                    json!({ "features": features }),
                )
                .await;
            if chrome.script("return typeof axe").await == "undefined" {
                chrome.script(AXE).await;
            }
            let found = chrome.client.execute_async(RUN, Vec::new()).await.unwrap();
            let found = found.as_array().cloned().unwrap_or_default();
            let name = format!("{face}-{}-{scheme}", self.screen);
            self.faults.extend(
                found
                    .iter()
                    .filter_map(Value::as_str)
                    .map(|fault| format!("{name}: {fault}")),
            );
            if let Some(folder) = &self.folder {
                std::fs::create_dir_all(folder).unwrap();
                std::fs::write(folder.join(format!("{name}.png")), chrome.picture().await).unwrap();
            }
        }
    }

    pub(super) fn check(self) {
        assert!(self.faults.is_empty(), "{:#?}", self.faults);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clients_page_is_accessible_in_every_state_on_a_phone() {
    clients_faces(Screen::Phone).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clients_page_is_accessible_in_every_state_on_a_desktop() {
    clients_faces(Screen::Desktop).await;
}

async fn clients_faces(screen: Screen) {
    let app = App::start().await;
    let mut gallery = Gallery::new(screen);
    let first = app.onboarding(json!({})).await;
    let person = Person::opens(&first.link, screen).await;
    person.chrome.see("#continue:enabled").await;
    gallery.look(&person.chrome, "page-start").await;
    person.continues().await;
    for step in [
        "login", "business", "waba", "phone", "otp", "review", "final",
    ] {
        person.walks_to(step).await;
        gallery.look(&person.chrome, &format!("popup-{step}")).await;
    }
    app.scenario(json!({ "endpoint": "register", "effect": "fail", "times": 2, "error": { "code": 131_000, "http": 500 } })).await;
    person.finishes_window().await;
    person.chrome.see("#trouble").await;
    gallery.look(&person.chrome, "page-retrying").await;
    app.heal().await;
    person.sees_in_time(&app, "#done").await;
    gallery.look(&person.chrome, "page-done").await;
    for (sim, see) in [
        ("sim:pin_mismatch", "#pin"),
        ("sim:otp_needed", "#otp"),
        ("sim:code_expired", "#trouble"),
        ("sim:abandon_at_phone", "#trouble"),
    ] {
        let made = app.onboarding(json!({ "external_id": sim })).await;
        person.chrome.goto(&made.link).await;
        person.signs_up().await;
        person.chrome.see(see).await;
        gallery
            .look(&person.chrome, &format!("page-{}", &sim[4..]))
            .await;
    }
    let made = app.onboarding(json!({})).await;
    person.chrome.goto(&made.link).await;
    person.chrome.see("#continue:enabled").await;
    person.chrome.script("window.open = () => null").await;
    person.chrome.click("#continue").await;
    person.chrome.see("#trouble[data-code=popup_blocked]").await;
    gallery.look(&person.chrome, "page-blocked").await;
    person.chrome.goto(&made.link).await;
    person.chrome.see("#continue:enabled").await;
    app.open(&made.link).await;
    person.chrome.see("#take-back").await;
    gallery.look(&person.chrome, "page-taken").await;
    person.chrome.goto(&format!("{}x", made.link)).await;
    gallery.look(&person.chrome, "page-unknown").await;
    app.partner()
        .post(&format!("/v1/onboardings/{}/cancel", made.id), json!({}))
        .await
        .expect(200);
    person.chrome.goto(&made.link).await;
    gallery.look(&person.chrome, "page-dead").await;
    gallery.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_is_accessible_on_a_desktop() {
    consoles_faces(Screen::Desktop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_is_accessible_on_a_phone() {
    consoles_faces(Screen::Phone).await;
}

async fn consoles_faces(screen: Screen) {
    let app = App::start().await;
    let mut gallery = Gallery::new(screen);
    let chrome = signed_in(&app, screen).await;
    let go = async |path: &str| chrome.goto(&format!("{}/console{path}", app.url())).await;
    gallery.look(&chrome, "console-attention-empty").await;
    let done = app.onboarding(json!({ "external_id": "cust-1" })).await;
    finish(&app, &done.link).await;
    app.status_until(&done.id, "completed").await;
    let pin = app
        .onboarding(json!({ "external_id": "sim:pin_mismatch:cust-2" }))
        .await;
    finish(&app, &pin.link).await;
    app.state_until(&pin.id, "needs_pin").await;
    app.scenario(json!({ "endpoint": "*", "effect": "down", "for_ms": 3_600_000 }))
        .await;
    let held = app.onboarding(json!({ "external_id": "cust-3" })).await;
    let halves = app.sign_up(json!({ "phone_number": "+34600111222" })).await;
    app.heal().await;
    app.scenario(json!({ "endpoint": "register", "effect": "fail", "times": 50, "error": { "code": 2, "http": 500 } })).await;
    app.open(&held.link).await.signup(&halves).await;
    app.instance_until(&held.id, "it is held up", |view| {
        view["hold"]["kind"] == "retrying"
    })
    .await;
    app.onboarding(json!({})).await;
    go("").await;
    gallery.look(&chrome, "console-attention").await;
    go("/instances").await;
    gallery.look(&chrome, "console-list").await;
    for (name, id) in [("held", &held.id), ("done", &done.id), ("pin", &pin.id)] {
        go(&format!("/instances/{id}")).await;
        gallery
            .look(&chrome, &format!("console-instance-{name}"))
            .await;
    }
    for place in ["partners", "schedules", "audit"] {
        go(&format!("/{place}")).await;
        gallery.look(&chrome, &format!("console-{place}")).await;
    }
    go(&format!("/instances/{}", held.id)).await;
    chrome.click("details.act summary").await;
    gallery.look(&chrome, "console-act").await;
    go("/partners").await;
    chrome.click("form.form button[type=submit]").await;
    chrome.see(".once").await;
    gallery.look(&chrome, "console-link").await;
    chrome
        .click(".top form[action='/console/logout'] button")
        .await;
    chrome.see("input[name=token]").await;
    gallery.look(&chrome, "console-login").await;
    gallery.check();
}

async fn finish(app: &App, link: &str) {
    let client = app.open(link).await;
    let view = client.status().await;
    let sim = view["signup"]["extras"]["sim"].clone();
    let halves = app.sign_up(json!({ "sim": sim })).await;
    client.signup(&halves).await;
}
