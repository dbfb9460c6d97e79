//! What a client sees before any script has run.

use rocket::Config;
use rocket::figment::Figment;
use rocket::http::{ContentType, Header, Status};
use rocket::local::asynchronous::Client;
use workflows::app::{BrandingView, Kind, PageView, Problem};

use super::face::live;
use super::routes::{closed, dead};
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
fn a_browser_without_a_session_is_sent_back_to_its_link() {
    let (status, html) = closed(Status::Unauthorized);
    assert!(status == Status::Unauthorized && html.0.contains("Open your link once more"));
    let (status, html) = closed(Status::ServiceUnavailable);
    assert!(status == Status::ServiceUnavailable && !html.0.contains("Open your link"));
}

#[test]
fn data_for_the_script_cannot_end_its_block() {
    let mut web = web();
    web.meta_sdk_url = "https://x.example/</script><script>".to_owned();
    let html = live(&page(), &web, "2026-11-23T09:00:00.000Z").into_string();
    assert!(!html.contains("</script><script>"), "{html}");
}

async fn visitor() -> Client {
    let settings = WebSettings::new(Figment::from(Config::debug_default()), "https://g.example");
    Client::tracked(crate::web::rooms(settings)).await.unwrap()
}

#[rocket::async_test]
async fn the_pages_files_may_be_kept_for_ever() {
    let client = visitor().await;
    let accent = "/assets/accent/0b6e4f.css".to_owned();
    for (path, kind) in [
        (super::asset::CSS.path(), ContentType::CSS),
        (super::asset::JS.path(), ContentType::JavaScript),
        (accent, ContentType::CSS),
    ] {
        let answer = client.get(path).dispatch().await;
        assert_eq!(
            (answer.status(), answer.content_type()),
            (Status::Ok, Some(kind))
        );
        let kept = answer.headers().get_one("cache-control");
        assert_eq!(kept, Some("public, max-age=31536000, immutable"));
    }
    let other = client.get("/assets/accent/red.css").dispatch().await;
    assert_eq!(other.status(), Status::NotFound);
}

#[rocket::async_test]
async fn a_foreign_page_cannot_use_a_clients_cookie() {
    let client = visitor().await;
    for path in ["/o/journey", "/o/signup", "/o/pin", "/o/otp"] {
        let asked = client.post(path).header(ContentType::JSON).body("{}");
        let asked = asked
            .cookie(("__Host-gangway", "secret"))
            .header(Header::new("Origin", "https://evil.example"));
        let answer = asked.dispatch().await;
        assert_eq!(answer.status(), Status::Forbidden, "{path}");
    }
}

#[rocket::async_test]
async fn a_call_without_a_session_is_told_to_open_the_link() {
    let client = visitor().await;
    let asked = client.post("/o/pin").header(ContentType::JSON).body("{}");
    let asked = asked.header(Header::new("Origin", "https://g.example"));
    let answer = asked.dispatch().await;
    assert_eq!(answer.status(), Status::Unauthorized);
    assert!(answer.into_string().await.unwrap().contains("no_session"));
}
