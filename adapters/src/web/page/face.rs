//! The hosted page before its script has run: branded, readable, and with everything that the
//! script will need as data. It must not contain a script or a style of its own.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::json;
use workflows::app::{BrandingView, PageView};

use super::texts::{Texts, texts};
use super::{accent, asset, icons};
use crate::web::WebSettings;

/// The use cases' code for a browser after which another has opened the link.
pub(super) const TAKEN: &str = "opened_elsewhere";

/// The page of a link that works.
pub(super) fn live(page: &PageView, web: &WebSettings, now: &str) -> Markup {
    let texts = texts();
    let body = html! {
        main #face aria-busy="true" {
            div data-part="headline" {
                div.headline {
                    h1 #status-headline tabindex="-1" { (texts.headline) }
                    p #status-text { (texts.text) }
                }
            }
            div data-part="trouble" hidden {}
            div data-part="deadline" hidden {}
            div data-part="ask" hidden {}
            div data-part="signup" { (before_signup(texts)) }
            div data-part="steps" hidden {}
            div data-part="leave" hidden {}
        }
        noscript { p.notice { (texts.needs_script) } }
        p #lost.lost role="status" hidden { (texts.lost) }
        p #announcer.unseen role="status" aria-live="polite" {}
        (foot(texts, &page.branding, Some(&page.link_expires_at), web.sandbox))
        (icons::sprite())
        script #settings type="application/json" { (data(texts, web, now)) }
        script src=(asset::JS.path()) defer {}
    };
    sheet(texts, texts.headline, &page.branding, &body)
}

fn before_signup(texts: &Texts) -> Markup {
    html! {
        div.stack {
            section.need aria-labelledby="need" {
                h2 #need { (texts.need) }
                ul {
                    li { (icons::icon("person")) span { (texts.need_login) } }
                    li { (icons::icon("phone")) span { (texts.need_number) } }
                }
            }
            button #continue.button type="button" disabled { (texts.button_loading) }
        }
    }
}

/// `<` is written as an escape, so that no text can end the block.
fn data(texts: &Texts, web: &WebSettings, now: &str) -> PreEscaped<String> {
    let data = json!({
        "now": now,
        "sdk_url": web.meta_sdk_url,
        "signup_origins": web.signup_origins,
        "taken_code": TAKEN,
        "texts": texts,
    });
    PreEscaped(data.to_string().replace('<', "\\u003c"))
}

/// A page that only tells something: what happened, what it means, what to do.
pub(super) struct Told<'a> {
    pub(super) happened: &'a str,
    pub(super) means: &'a str,
    pub(super) advice: Option<&'a str>,
}

/// The page of a link or a browser with which nothing can be done.
pub(super) fn told(texts: &Texts, told: &Told<'_>) -> Markup {
    let body = html! {
        main #face {
            div.headline {
                h1 #status-headline { (told.happened) }
                p #status-text { (told.means) }
            }
            @if let Some(advice) = told.advice { p { (advice) } }
        }
    };
    sheet(texts, told.happened, &BrandingView::default(), &body)
}

fn sheet(texts: &Texts, title: &str, branding: &BrandingView, body: &Markup) -> Markup {
    let accent = branding.accent.as_deref().and_then(accent::path);
    html! {
        (DOCTYPE)
        html lang=(texts.lang) dir="ltr" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex, nofollow";
                // Meta looks at which site opens its window; it gets the site and never the address.
                meta name="referrer" content="strict-origin";
                meta name="color-scheme" content="light dark";
                title {
                    (title)
                    @if !branding.display_name.is_empty() { " · " (branding.display_name) }
                }
                link rel="stylesheet" href=(asset::CSS.path());
                @if let Some(path) = accent { link rel="stylesheet" href=(path); }
                link rel="icon" href="data:,";
            }
            body {
                div.sheet {
                    @if branding.logo_url.is_some() || !branding.display_name.is_empty() {
                        header.brand {
                            @if let Some(logo) = &branding.logo_url { img src=(logo) alt=""; }
                            span { (branding.display_name) }
                        }
                    }
                    (body)
                }
            }
        }
    }
}

fn foot(texts: &Texts, branding: &BrandingView, expires: Option<&str>, sandbox: bool) -> Markup {
    html! {
        footer {
            @if sandbox { p { (texts.sandbox) } }
            @if let Some(expires) = expires {
                p { (texts.link_until) " " time datetime=(expires) { (day(expires)) } }
            }
            @if branding.support_url.is_some() || branding.support_email.is_some() {
                p {
                    (texts.help) ": "
                    @if let Some(url) = branding.support_url.as_deref().filter(|url| is_web(url)) {
                        a href=(url) target="_blank" rel="noopener" { (url.trim_start_matches("https://")) }
                        @if branding.support_email.is_some() { " · " }
                    }
                    @if let Some(email) = &branding.support_email {
                        a href=(format!("mailto:{email}")) { (email) }
                    }
                }
            }
        }
    }
}

fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// The moment as everybody can read it, until the script writes it in the reader's own way.
fn day(moment: &str) -> String {
    match (moment.get(..10), moment.get(11..16)) {
        (Some(date), Some(time)) => format!("{date}, {time} UTC"),
        _ => moment.to_owned(),
    }
}
