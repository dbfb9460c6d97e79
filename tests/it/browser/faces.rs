//! Every face of the product, on a phone and on a desktop, in light and in dark: free of faults that a
//! machine can find, and worth looking at.
//!
//! With `GANGWAY_FACES=<folder>` each face is left there as a picture.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::chrome::{Chrome, Screen};
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
            screen: if screen == Screen::Phone { "phone" } else { "desktop" },
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
            chrome.tool("Emulation.setEmulatedMedia", json!({ "features": features })).await;
            if chrome.script("return typeof axe").await == "undefined" {
                chrome.script(AXE).await;
            }
            let found = chrome.client.execute_async(RUN, Vec::new()).await.unwrap();
            let found = found.as_array().cloned().unwrap_or_default();
            let name = format!("{face}-{}-{scheme}", self.screen);
            self.faults.extend(found.iter().filter_map(Value::as_str).map(|fault| format!("{name}: {fault}")));
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
    for step in ["login", "business", "waba", "phone", "otp", "review"] {
        person.walks_to(step).await;
        gallery.look(&person.chrome, &format!("popup-{step}")).await;
        // From here the next round walks on.
        person.chrome.script("history.replaceState(null, '', location.href)").await;
    }
    gallery.check();
}
