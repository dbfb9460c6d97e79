//! A client in front of the hosted page: opens the link, walks through Meta's window, comes back.
//!
//! Everything is done as a person does it, by what is to be seen; nothing is called behind the page's back.

use std::time::Duration;

use fantoccini::wd::WindowHandle;
use serde_json::Value;

use super::chrome::{Chrome, Screen};
use crate::app::App;

/// A client with a browser.
pub(super) struct Person {
    pub(super) chrome: Chrome,
    page: WindowHandle,
}

impl Person {
    /// Sits down with the link open.
    pub(super) async fn opens(link: &str, screen: Screen) -> Self {
        let chrome = Chrome::start(screen).await;
        chrome.goto(link).await;
        let page = chrome.client.window().await.unwrap();
        Self { chrome, page }
    }

    /// Presses the one button, and is then in Meta's window.
    pub(super) async fn continues(&self) {
        self.chrome.click("#continue").await;
        self.enters_window().await;
    }

    /// Turns to Meta's window.
    pub(super) async fn enters_window(&self) {
        loop {
            let windows = self.chrome.client.windows().await.unwrap();
            if let Some(other) = windows.into_iter().find(|window| *window != self.page) {
                self.chrome.client.switch_to_window(other).await.unwrap();
                break;
            }
            tokio::task::yield_now().await;
        }
        self.chrome.see("body[data-ready]").await;
    }

    /// Turns back to the page.
    pub(super) async fn returns(&self) {
        let page = self.page.clone();
        self.chrome.client.switch_to_window(page).await.unwrap();
    }

    /// Meta's window, from where it is up to this step, which is then to be seen.
    pub(super) async fn walks_to(&self, step: &str) {
        let chrome = &self.chrome;
        while self.step().await != step {
            let here = self.step().await;
            if here == "otp" {
                let code = "document.getElementById('sim-sms').textContent.replace(/\\D/g, '')";
                let code = chrome.until("the text message", code).await;
                chrome.fill("#sim-otp", code.as_str().unwrap()).await;
            }
            chrome.click(press(&here)).await;
            let left = format!("document.querySelector('[data-step={here}]').hidden");
            chrome.until("the next step", &left).await;
        }
    }

    async fn step(&self) -> String {
        let step = "document.querySelector('[data-step]:not([hidden])')?.dataset.step";
        let step = self.chrome.until("a step of Meta's window", step).await;
        step.as_str().unwrap_or_default().to_owned()
    }

    /// All of Meta's window, then back on the page.
    pub(super) async fn finishes_window(&self) {
        self.walks_to("final").await;
        self.chrome.click("#sim-finish").await;
        self.returns().await;
    }

    /// Waits for something that comes with product time, which passes quickly meanwhile: slowly at
    /// first, because a code lives for 30 seconds of it.
    pub(super) async fn sees_in_time(&self, app: &App, css: &str) {
        let there = format!("return Boolean(document.querySelector({css:?})?.checkVisibility())");
        for turn in 1..=60 {
            for _ in 0..10 {
                if self.chrome.script(&there).await == true {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            app.advance(Duration::from_secs(turn)).await;
        }
        panic!("half an hour of product time did not bring {css}");
    }

    /// Waits until what the signup brought is used: a code lives for 30 seconds of product time.
    pub(super) async fn is_taken_in(&self, app: &App, id: &str) {
        let waits =
            |view: &Value| view["state"] == "needs_signup" || view["state"] == "es_completed";
        app.view_until(id, "the code is used", |view| !waits(view))
            .await;
    }

    /// Gets up; nothing may have gone wrong in the browser's eyes but what was expected, and nothing may
    /// have been asked of another machine.
    pub(super) async fn leaves(self, expected: &[&str]) {
        self.chrome.check(expected).await;
    }

    /// The quick way through Meta's window, for tests about something else.
    pub(super) async fn signs_up(&self) {
        self.continues().await;
        self.chrome.click("#sim-fast").await;
        self.returns().await;
    }
}

fn press(step: &str) -> &'static str {
    match step {
        "login" => "#sim-login",
        "business" => "#sim-business-next",
        "waba" => "#sim-waba-next",
        "phone" => "#sim-phone-next",
        "otp" => "#sim-otp-next",
        "review" => "#sim-review-accept",
        _ => panic!("Meta's window has no way on from {step}"),
    }
}
