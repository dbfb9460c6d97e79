//! What a client sees before any script has run.

use rocket::figment::Figment;
use workflows::app::{BrandingView, Kind, PageView, Problem};

use super::face::live;
use super::routes::dead;
use crate::web::WebSettings;

fn page() -> PageView {
    PageView {
        branding: BrandingView {
            display_name: "Acme <Messaging>".to_owned(),
            logo_url: None,
            accent: Some("#0b6e4f".to_owned()),
            support_url: Some("https://acme.example/help".to_owned()),
            support_email: Some("help@acme.example".to_owned()),
        },
        link_expires_at: "2026-11-30T09:00:00.000Z".to_owned(),
        locale: "en".to_owned(),
        embed_origins: Vec::new(),
    }
}

fn web() -> WebSettings {
    WebSettings::new(Figment::new(), "https://signup.example")
}

/// Whether the markup has a script that is neither data nor a file, or any style of its own.
fn has_inline_code(html: &str) -> bool {
    let scripts = html.split("<script").skip(1);
    let inline = scripts
        .filter(|script| !script.contains("application/json"))
        .any(|script| !script.starts_with(" src=\"/assets/"));
    inline || html.contains("<style") || html.contains(" style=") || html.contains(" onclick=")
}

#[test]
fn the_first_paint_is_branded_and_says_what_is_needed() {
    let html = live(&page(), &web(), "2026-11-23T09:00:00.000Z").into_string();
    for text in [
        "Connect your WhatsApp number",
        "You will need",
        "Acme &lt;Messaging&gt;",
        "/assets/accent/0b6e4f.css",
        "2026-11-30, 09:00 UTC",
        "mailto:help@acme.example",
        "id=\"continue\"",
        "disabled",
        "<noscript>",
    ] {
        assert!(html.contains(text), "no {text} in {html}");
    }
    assert!(!has_inline_code(&html), "{html}");
}

#[test]
fn a_dead_link_says_what_happened_and_what_to_do() {
    for (kind, status, text) in [
        (Kind::NotFound, 404, "This link is not complete"),
        (Kind::Gone, 410, "This link has ended"),
        (Kind::Unavailable, 503, "Reload this page in a minute"),
    ] {
        let (answered, html) = dead(Problem::new(kind, "x", "inner words"));
        assert_eq!(answered.code, status);
        assert!(html.0.contains(text), "{}", html.0);
        assert!(!html.0.contains("inner words"));
        assert!(!html.0.contains("<script") && !has_inline_code(&html.0));
    }
}

#[test]
fn data_for_the_script_cannot_end_its_block() {
    let mut web = web();
    web.meta_sdk_url = "https://x.example/</script><script>".to_owned();
    let html = live(&page(), &web, "2026-11-23T09:00:00.000Z").into_string();
    assert!(!html.contains("</script><script>"), "{html}");
}
