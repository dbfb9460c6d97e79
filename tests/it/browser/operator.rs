//! An operator in front of the console.

use super::chrome::{Chrome, Screen};
use crate::app::App;

/// Signs in with the operator's token.
pub(super) async fn signed_in(app: &App, screen: Screen) -> Chrome {
    let chrome = Chrome::start(screen).await;
    chrome.goto(&format!("{}/console", app.url())).await;
    signs_in(&chrome, app.invented.operator_token.expose()).await;
    chrome.see(".top nav").await;
    chrome
}

/// Gives a token on the sign-in page.
pub(super) async fn signs_in(chrome: &Chrome, token: &str) {
    chrome.fill("input[name=token]", token).await;
    chrome.click("form button[type=submit]").await;
}
