//! The Meta apps: what each preflight found, where at Meta it is mended, and the button that looks again.

use engine::Timestamp;
use maud::{Markup, html};
use rocket::form::{Form, FromForm};
use rocket::http::Status;
use rocket::request::FlashMessage;
use rocket::response::{Flash, Redirect};
use rocket::{get, post};
use serde_json::Value;

use super::frame::{Frame, Page, Place, Stop};
use super::session::{Author, Visitor};
use super::words::time;
use crate::web::UseCases;

/// The button's form.
#[derive(FromForm)]
pub(super) struct LookForm {
    token: String,
}

#[get("/console/apps")]
pub(super) async fn apps(
    visitor: Visitor,
    app: UseCases<'_>,
    flash: Option<FlashMessage<'_>>,
) -> Result<Page, Stop> {
    let signed = visitor.signed()?;
    let mut rows = Vec::new();
    for row in app.meta_apps(&signed.operator).await?.data {
        let id = row["app_id"].as_str().unwrap_or_default();
        // An app that was never looked at has no preflight to show.
        let last = app
            .preflight(&signed.operator, id)
            .await
            .unwrap_or_default();
        rows.push((row, last));
    }
    let frame = Frame::load(&app, &signed, flash).await;
    let body = html! {
        div.title { h1 { "Meta apps" } a href="/console/partners" { "Partners" } }
        p { "A preflight asks Meta about an app before clients meet it, and says where each thing is mended. It changes nothing." }
        @if rows.is_empty() {
            div.empty { h2 { "No apps yet" } p { "Set one up with " code { "POST /console/api/apps" } "." } }
        }
        @for (row, last) in &rows { (section(row, last, &frame)) }
    };
    Ok(Page(
        Status::Ok,
        frame.page(Place::Partners, "Meta apps", &body),
    ))
}

#[post("/console/apps/<id>/preflight", data = "<form>")]
pub(super) async fn preflight(
    author: Author,
    app: UseCases<'_>,
    id: &str,
    form: Form<LookForm>,
) -> Result<Flash<Redirect>, Stop> {
    let signed = author.with(&form.token)?;
    app.begin_preflight(&signed.operator, id).await?;
    let told = "Meta is being asked. Reload this page in some seconds.";
    Ok(Flash::success(Redirect::to("/console/apps"), told))
}

fn section(row: &Value, last: &Value, frame: &Frame) -> Markup {
    let id = row["app_id"].as_str().unwrap_or_default();
    let paused = &row["readiness"]["links_paused"];
    html! {
        section data-app=(id) data-status=(status(last)) {
            h2 { "App " (id) " · " (verdict(last)) }
            @if let Some(text) = paused["text"].as_str() {
                p { strong { "No new links are made for this app." } " " (text) }
            }
            (seen(last, frame.now))
            form method="post" action=(format!("/console/apps/{id}/preflight")) {
                (frame.token_field())
                button.main type="submit" { "Check this app" }
            }
        }
    }
}

fn status(last: &Value) -> &str {
    last["status"].as_str().unwrap_or("never")
}

fn verdict(last: &Value) -> &'static str {
    match status(last) {
        "ready" => "ready",
        "not_ready" => "not ready",
        "running" => "being checked",
        _ => "not checked yet",
    }
}

/// What the last preflight found, what is wrong first.
fn seen(last: &Value, now: Timestamp) -> Markup {
    let none = Vec::new();
    let findings = last["findings"].as_array().unwrap_or(&none);
    let of = |verdict: &'static str| findings.iter().filter(move |one| one["verdict"] == verdict);
    let sorted = of("wrong").chain(of("unknown")).chain(of("ok"));
    html! {
        @if let Some(at) = last["ended_at"].as_str() { p.soft.small { "Checked " (time(at, now)) } }
        @if !findings.is_empty() {
            table {
                caption.unseen { "What was looked at" }
                thead { tr { th scope="col" { "Thing" } th scope="col" { "Found" } th scope="col" { "Where to mend it" } } }
                tbody {
                    @for one in sorted {
                        tr {
                            th scope="row" { (super::words::humane(text(one, "check"))) }
                            td { strong { (said(one)) } " " (text(one, "what")) }
                            td { (text(one, "place")) @if let Some(param) = one["param"].as_str() { " " code.soft { (param) } } }
                        }
                    }
                }
            }
        }
    }
}

fn said(finding: &Value) -> &'static str {
    match finding["verdict"].as_str() {
        Some("ok") => "Right.",
        Some("wrong") => "Wrong.",
        _ => "Please look.",
    }
}

fn text<'a>(finding: &'a Value, name: &str) -> &'a str {
    finding[name].as_str().unwrap_or_default()
}
