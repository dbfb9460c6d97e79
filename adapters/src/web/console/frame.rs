//! What every page of the console stands in: header, search, health, and what was just done.

use engine::Timestamp;
use maud::{DOCTYPE, Markup, html};
use rocket::http::{Header, Status};
use rocket::request::{FlashMessage, Request};
use rocket::response::content::RawHtml;
use rocket::response::{self, Redirect, Responder, Response};
use workflows::app::{App, Kind, Problem};

use super::assets;
use super::session::Signed;
use super::words::{number, shape, span};
use crate::web::{Csp, Refusal};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Where in the console a page belongs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Attention,
    Instances,
    Jobs,
    Partners,
    Schedules,
    Audit,
}

const PLACES: [(Place, &str, &str); 6] = [
    (Place::Attention, "/console", "Attention"),
    (
        Place::Instances,
        "/console/instances?workflow=onboarding",
        "Onboardings",
    ),
    (Place::Jobs, "/console/bulk", "Jobs"),
    (Place::Partners, "/console/partners", "Partners"),
    (Place::Schedules, "/console/schedules", "Schedules"),
    (Place::Audit, "/console/audit", "Audit"),
];

/// What the header tells on every page.
pub(super) struct Frame {
    pub(super) now: Timestamp,
    pub(super) token: String,
    pub(super) sandbox: bool,
    pub(super) attention: Option<u64>,
    /// Healthy with this lag, or the reason why not.
    pub(super) health: Result<String, String>,
    /// What stands in the way of everything at once.
    pub(super) warnings: Vec<String>,
    /// What the act just done came to: whether it failed, and a sentence.
    pub(super) flash: Option<(bool, String)>,
}

impl Frame {
    /// Asks what the header tells; an answer that fails leaves its place empty, not the page.
    pub(super) async fn load(app: &App, signed: &Signed, flash: Option<FlashMessage<'_>>) -> Self {
        let attention = app.attention_count(&signed.operator).await;
        let health = match app.readiness().await {
            Err(reason) => Err(reason),
            Ok(()) => match app.gauges().await {
                Ok(gauges) => Ok(span(gauges.lag)),
                Err(problem) => Err(problem.detail),
            },
        };
        Self {
            now: app.clock().now(),
            token: signed.form_token(),
            sandbox: signed.sandbox,
            attention: attention.ok(),
            health,
            warnings: app.warnings(),
            flash: flash.map(|flash| (flash.kind() == "error", flash.message().to_owned())),
        }
    }

    /// The hidden field of every form.
    pub(super) fn token_field(&self) -> Markup {
        html! { input type="hidden" name="token" value=(self.token); }
    }

    /// A whole page.
    pub(super) fn page(&self, place: Place, title: &str, body: &Markup) -> Markup {
        let inside = html! {
            a.skip href="#main" { "Skip to content" }
            (self.header(place))
            main #main tabindex="-1" data-live {
                @if let Some((failed, text)) = &self.flash {
                    p.flash.error[*failed] role="status" {
                        (shape(if *failed { "failed" } else { "done" })) (text)
                    }
                }
                (body)
            }
            p #told.unseen role="status" aria-live="polite" {}
            (keys())
        };
        sheet(title, &inside)
    }

    fn header(&self, place: Place) -> Markup {
        html! {
            header.top {
                div {
                    a.name href="/console" { "Gangway" }
                    @if self.sandbox { span.mark.awaiting title="Nothing here reaches Meta" { "Sandbox" } }
                    nav aria-label="Console" {
                        @for (target, path, name) in PLACES {
                            a href=(path) aria-current=[(target == place).then_some("page")] {
                                (name)
                                @if target == Place::Attention && let Some(count) = self.attention {
                                    " " span.count.some[count > 0] { (number(count)) }
                                }
                            }
                        }
                    }
                    form.find role="search" action="/console/find" method="get" {
                        label.unseen for="find" { "Find an onboarding by its id or the partner’s own id" }
                        input #find type="search" name="q" placeholder="Find an id  ( / )" autocomplete="off";
                    }
                    p.health.small {
                        @match &self.health {
                            Ok(lag) if !self.warnings.is_empty() => {
                                a.mark.failed href="/console" title=(self.warnings.join(" ")) {
                                    (shape("failed")) (self.warnings.len()) " in the way, lag " (lag)
                                }
                            }
                            Ok(lag) => span.mark.done title="How late the most overdue work is" { (shape("done")) "Healthy, lag " (lag) },
                            Err(reason) => span.mark.failed title=(reason) { (shape("failed")) "Not ready" },
                        }
                    }
                    form action="/console/logout" method="post" {
                        (self.token_field())
                        button.link type="submit" { "Sign out" }
                    }
                }
            }
        }
    }
}

fn keys() -> Markup {
    html! {
        dialog #keys aria-labelledby="keys-title" {
            form method="dialog" {
                h2 #keys-title { "Keys" }
                ul.states {
                    li { kbd { "j" } " " kbd { "k" } " next and previous row" }
                    li { kbd { "Enter" } " open the row" }
                    li { kbd { "/" } " find" }
                    li { kbd { "?" } " this list" }
                }
                button type="submit" { "Close" }
            }
        }
    }
}

/// A page without the header, for those who are not signed in.
pub(super) fn sheet(title: &str, inside: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex, nofollow";
                // Without it browsers that send no `Sec-Fetch-Site` post our own forms as from nowhere.
                meta name="referrer" content="same-origin";
                meta name="color-scheme" content="light dark";
                title { (title) " · Gangway" }
                link rel="stylesheet" href=(assets::CSS.path());
                link rel="icon" href="data:,";
            }
            body {
                (inside)
                script src=(assets::JS.path()) defer {}
            }
        }
    }
}

/// A page as it is answered, with the console's content policy.
pub(super) struct Page(pub(super) Status, pub(super) Markup);

impl<'r> Responder<'r, 'static> for Page {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        Csp::of(request).set(POLICY);
        (self.0, RawHtml(self.1.into_string())).respond_to(request)
    }
}

/// Why a page is not shown.
pub(super) enum Stop {
    /// Nobody is signed in: to the sign-in page.
    SignIn,
    /// The use case refused; the page says why.
    Refused(Problem),
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        if problem.kind == Kind::Unauthenticated {
            Self::SignIn
        } else {
            Self::Refused(problem)
        }
    }
}

impl<'r> Responder<'r, 'static> for Stop {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        match self {
            Self::SignIn => Redirect::to("/console/login").respond_to(request),
            Self::Refused(problem) => {
                let markup = refused(&problem);
                let retry = problem.retry_after;
                let status = Refusal::from(problem).status();
                let mut answer = Response::build_from(Page(status, markup).respond_to(request)?);
                if let Some(wait) = retry {
                    answer.header(Header::new(
                        "Retry-After",
                        wait.as_secs().max(1).to_string(),
                    ));
                }
                answer.ok()
            }
        }
    }
}

fn refused(problem: &Problem) -> Markup {
    let title = match problem.kind {
        Kind::NotFound => "There is nothing here",
        Kind::Limited | Kind::Unavailable => "Not possible right now",
        Kind::Fault => "Gangway failed on this page",
        _ => "That was refused",
    };
    let inside = html! {
        main #main.card {
            h1 { (title) }
            p { (problem.detail) }
            p.small.soft { code { (problem.code) } }
            p { a.button href="/console" { "To what needs attention" } }
        }
    };
    sheet(title, &inside)
}
