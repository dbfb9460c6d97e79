//! The addresses of the hosted page. A GET never changes anything: mail scanners open links.

use rocket::http::{CookieJar, Status};
use rocket::response::content::RawHtml;
use rocket::serde::json::Json;
use rocket::{Route, State, get, post, routes};
use serde_json::{Value, json};
use workflows::app::{ClientView, Kind, PageView, Problem};

use super::accent;
use super::asset::{self, Kept};
use super::events::events;
use super::face::{Told, live, told};
use super::policy;
use super::session::{Browser, cookie};
use super::texts::{Texts, texts};
use crate::web::{Csp, JsonBody, Refusal, UseCases, WebSettings, guarded};

type Page = (Status, RawHtml<String>);
type View = Result<Json<ClientView>, Refusal>;

/// The routes of the hosted page and its files.
pub(crate) fn routes() -> Vec<Route> {
    guarded(routes![
        by_link,
        by_session,
        open,
        journey,
        signup,
        pin,
        otp,
        status,
        events,
        asset_file,
        accent_file
    ])
}

#[get("/o/<token>")]
async fn by_link(token: &str, app: UseCases<'_>, web: &State<WebSettings>, csp: &Csp) -> Page {
    let page = app.page_of_link(token).await;
    answer(page, &app, web, csp)
}

#[get("/o")]
async fn by_session(
    browser: Result<Browser, Refusal>,
    app: UseCases<'_>,
    web: &State<WebSettings>,
    csp: &Csp,
) -> Page {
    match browser {
        Ok(browser) => {
            let shown = app.page_of_session(&browser.session).await;
            answer(shown, &app, web, csp)
        }
        Err(refusal) => {
            csp.set(policy::plain());
            closed(refusal.status())
        }
    }
}

/// The page of a browser without a session, or one whose session cannot be read now.
pub(super) fn closed(status: Status) -> Page {
    let texts = texts();
    let text = if status == Status::Unauthorized {
        Told {
            happened: texts.no_session,
            means: texts.no_session_text,
            advice: Some(texts.open_again),
        }
    } else {
        unavailable(texts)
    };
    (status, page(told(texts, &text)))
}

fn unavailable(texts: &'static Texts) -> Told<'static> {
    Told {
        happened: texts.unavailable,
        means: texts.unavailable_text,
        advice: None,
    }
}

fn answer(
    shown: Result<PageView, Problem>,
    app: &UseCases<'_>,
    web: &WebSettings,
    csp: &Csp,
) -> Page {
    match shown {
        Ok(view) => {
            csp.set(policy::policy(web, &view.embed_origins));
            csp.allow_popups();
            let now = app.clock().now().to_rfc3339();
            (Status::Ok, page(live(&view, web, &now)))
        }
        Err(problem) => {
            csp.set(policy::plain());
            dead(problem)
        }
    }
}

/// The page of a link that does not work.
pub(super) fn dead(problem: Problem) -> Page {
    let texts = texts();
    let text = match problem.kind {
        Kind::NotFound => Told {
            happened: texts.unknown_link,
            means: texts.unknown_link_text,
            advice: Some(texts.unknown_link_advice),
        },
        Kind::Gone => Told {
            happened: texts.dead_link,
            means: texts.dead_link_text,
            advice: Some(texts.dead_link_advice),
        },
        _ => unavailable(texts),
    };
    let status = Refusal::from(problem).status();
    (status, page(told(texts, &text)))
}

fn page(markup: maud::Markup) -> RawHtml<String> {
    RawHtml(markup.into_string())
}

#[post("/o/<token>/open", data = "<body>")]
async fn open(
    token: &str,
    body: JsonBody,
    app: UseCases<'_>,
    web: &State<WebSettings>,
    cookies: &CookieJar<'_>,
) -> Result<Json<Value>, Refusal> {
    let opened = app.open_link(token, &body.value).await?;
    cookies.add(cookie(&opened, web.is_secure()));
    Ok(Json(
        json!({ "session": opened.session, "view": opened.view }),
    ))
}

#[post("/o/journey", data = "<body>")]
async fn journey(browser: Browser, app: UseCases<'_>, body: JsonBody) -> View {
    Ok(Json(app.journey(&browser.session, &body.value).await?))
}

#[post("/o/signup", data = "<body>")]
async fn signup(
    browser: Browser,
    app: UseCases<'_>,
    body: JsonBody,
) -> Result<(Status, Json<ClientView>), Refusal> {
    let view = app.signup(&browser.session, &body.value).await?;
    Ok((Status::Accepted, Json(view)))
}

#[post("/o/pin", data = "<body>")]
async fn pin(browser: Browser, app: UseCases<'_>, body: JsonBody) -> View {
    Ok(Json(app.give_pin(&browser.session, &body.value).await?))
}

#[post("/o/otp", data = "<body>")]
async fn otp(browser: Browser, app: UseCases<'_>, body: JsonBody) -> View {
    Ok(Json(app.give_otp(&browser.session, &body.value).await?))
}

#[get("/o/status")]
async fn status(browser: Browser, app: UseCases<'_>) -> View {
    Ok(Json(app.client_view(&browser.session).await?))
}

#[get("/assets/<file>")]
fn asset_file(file: &str) -> Result<Kept, Refusal> {
    let kept = asset::CSS.called(file).or_else(|| asset::JS.called(file));
    kept.ok_or_else(no_file)
}

#[get("/assets/accent/<file>")]
fn accent_file(file: &str) -> Result<Kept, Refusal> {
    accent::style_sheet(file).map(Kept::css).ok_or_else(no_file)
}

fn no_file() -> Refusal {
    Refusal::of_status(Status::NotFound)
}
