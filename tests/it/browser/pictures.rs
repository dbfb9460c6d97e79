//! The README's pictures: what the product looks like today, not what it looked like once.
//!
//! `GANGWAY_PICTURES=1 cargo test -p tests pictures` takes them anew.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::chrome::{Chrome, Screen};
use super::operator::signed_in;
use super::person::Person;
use crate::app::App;

/// Whoever reads the README on a slow line still sees it.
const SIZE_MAX: usize = 200_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_readmes_pictures_are_small_and_can_be_taken_anew() {
    if std::env::var_os("GANGWAY_PICTURES").is_some() {
        take().await;
    }
    for name in ["page.png", "console.png"] {
        let picture = std::fs::read(folder().join(name)).unwrap();
        assert!(picture.starts_with(b"\x89PNG"), "{name} is no picture");
        assert!(picture.len() < SIZE_MAX, "{name}: {} bytes", picture.len());
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/pictures")
}

/// A bakery's number, while Meta keeps silent, and a number that met a limit of Meta's.
async fn take() {
    let app = App::start().await;
    let name = "Panadería Sol";
    let phone = json!({ "code": "34", "number": "600111123" });
    let order = json!({
        "external_id": "panaderia-sol",
        "prefill": { "business": { "name": name, "phone": phone } },
    });
    let made = app.onboarding(order).await;
    let silence = json!({ "endpoint": "register", "effect": "hang_then_act", "times": 1 });
    app.scenario(silence).await;
    let person = Person::opens(&made.link, Screen::Phone).await;
    person.signs_up().await;
    let elapsed = "/^[5-9] s$/.test(document.querySelector('#steps [data-since]')?.textContent)";
    person
        .chrome
        .until("some seconds of silence", elapsed)
        .await;
    keep("page.png", &person.chrome).await;
    drop(person);
    app.heal().await;
    let order = json!({ "external_id": "sim:register_rate_limited" });
    let held = app.onboarding(order).await;
    let wish = json!({ "phone_number": "+34 600 111 456", "sim": "register_rate_limited" });
    let halves = app.sign_up(wish).await;
    app.open(&held.link).await.signup(&halves).await;
    app.instance_until(&held.id, "Meta's limit is met", |view| {
        view["hold"]["kind"] == "waiting" && view["hold"]["code"] == "register_limit"
    })
    .await;
    app.advance(Duration::from_mins(187)).await;
    let chrome = signed_in(&app, Screen::Desktop).await;
    chrome
        .goto(&format!("{}/console/instances/{}", app.url(), held.id))
        .await;
    chrome.see(".diagram").await;
    keep("console.png", &chrome).await;
}

async fn keep(name: &str, chrome: &Chrome) {
    std::fs::create_dir_all(folder()).unwrap();
    let picture = chrome.client.screenshot().await.unwrap();
    std::fs::write(folder().join(name), picture).unwrap();
}
