//! The check of all histories: a button, and what the last checks came to.

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
use super::words::{id, time};
use crate::web::UseCases;

/// The button's form.
#[derive(FromForm)]
pub(super) struct VerifyForm {
    token: String,
}

#[get("/console/journal")]
pub(super) async fn journal(
    visitor: Visitor,
    app: UseCases<'_>,
    flash: Option<FlashMessage<'_>>,
) -> Result<Page, Stop> {
    let signed = visitor.signed()?;
    let checks = app.journal_checks(&signed.operator).await?;
    let frame = Frame::load(&app, &signed, flash).await;
    let body = html! {
        div.title { h1 { "Journal" } }
        p { "Every line of every history is bound to the lines before it, and roots seal how far each history has come. A check reads all of it and names whatever is not as it was written." }
        form method="post" action="/console/journal/verify" {
            (frame.token_field())
            button.main type="submit" { "Check now" }
        }
        @if checks.data.is_empty() {
            div.empty { h2 { "No checks yet" } p { "What a check found appears here and stays." } }
        }
        @for check in &checks.data { (outcome(check, frame.now)) }
    };
    Ok(Page(
        Status::Ok,
        frame.page(Place::Schedules, "Journal", &body),
    ))
}

#[post("/console/journal/verify", data = "<form>")]
pub(super) async fn verify(
    author: Author,
    app: UseCases<'_>,
    form: Form<VerifyForm>,
) -> Result<Flash<Redirect>, Stop> {
    let signed = author.with(&form.token)?;
    app.verify_journal(&signed.operator).await?;
    let told = "The check has begun. Reload this page to see how far it is.";
    Ok(Flash::success(Redirect::to("/console/journal"), told))
}

/// One check.
fn outcome(check: &Value, now: Timestamp) -> Markup {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let findings = &check["findings"];
    let verdict = match check["status"].as_str() {
        Some("sound") => "Everything is as it was written",
        Some("broken") => "Histories are not as they were written",
        _ => "Reading histories",
    };
    let empty = Vec::new();
    let told = findings["told"].as_array().unwrap_or(&empty);
    html! {
        section {
            h2 { (verdict) }
            p.soft.small { (id(&text(&check["id"]))) " asked for " (time(&text(&check["asked_at"]), now)) }
            @if findings.is_null() {
                p { (check["progress"]["instances"]) " of about " (check["progress"]["of"]) " instances so far." }
            } @else {
                p {
                    (findings["instances"]) " instances, " (findings["lines"]) " lines, " (findings["roots"]) " roots. "
                    (findings["instances_since_root"]) " instances were born since the newest root."
                }
                @if !findings["newest_root"].is_null() {
                    p.small { "Newest root " code { (findings["newest_root"]["number"]) ":" (text(&findings["newest_root"]["mark"])) } }
                }
            }
            @if !told.is_empty() {
                ul {
                    @for found in told {
                        li {
                            @if let Some(instance) = found["instance"].as_str() {
                                a href=(super::instances::path_of(instance)) { (id(instance)) } ": "
                            }
                            (text(&found["text"])) " " code.soft { (text(&found["fault"])) }
                        }
                    }
                }
            }
        }
    }
}
