//! Meta's webhooks: what came, what came of it, and one button that has it heard again.

use engine::Timestamp;
use maud::{Markup, html};
use rocket::form::{Form, FromForm};
use rocket::http::Status;
use rocket::request::FlashMessage;
use rocket::response::{Flash, Redirect};
use rocket::{get, post};
use serde_json::{Value, json};
use workflows::app::Kind;

use super::frame::{Frame, Page, Place, Stop};
use super::session::{Author, Visitor};
use super::words::{humane, id, time, time_or_none};
use crate::web::{Query, UseCases};

const LIST: &str = "/console/webhooks";

/// The button's form.
#[derive(FromForm)]
pub(super) struct ReplayForm {
    token: String,
    reason: String,
}

#[get("/console/webhooks")]
pub(super) async fn webhooks(
    visitor: Visitor,
    app: UseCases<'_>,
    query: Query<'_>,
    flash: Option<FlashMessage<'_>>,
) -> Result<Page, Stop> {
    let signed = visitor.signed()?;
    let asked = query.webhooks()?;
    let list = app.webhooks(&signed.operator, &asked).await?;
    let frame = Frame::load(&app, &signed, flash).await;
    let waba = asked.waba_id.unwrap_or_default();
    let body = body(&list.data, list.next_cursor.as_deref(), &waba, frame.now);
    let page = frame.page(Place::Schedules, "Meta’s webhooks", &body);
    Ok(Page(Status::Ok, page))
}

#[get("/console/webhooks/<webhook>")]
pub(super) async fn webhook(
    visitor: Visitor,
    app: UseCases<'_>,
    webhook: &str,
    flash: Option<FlashMessage<'_>>,
) -> Result<Page, Stop> {
    let signed = visitor.signed()?;
    let seen = app.webhook(&signed.operator, webhook).await?;
    let frame = Frame::load(&app, &signed, flash).await;
    let body = one(&seen, &frame);
    let page = frame.page(Place::Schedules, "A webhook of Meta’s", &body);
    Ok(Page(Status::Ok, page))
}

#[post("/console/webhooks/<webhook>/replay", data = "<form>")]
pub(super) async fn replay(
    author: Author,
    app: UseCases<'_>,
    webhook: &str,
    form: Form<ReplayForm>,
) -> Result<Flash<Redirect>, Stop> {
    let signed = author.with(&form.token)?;
    let back = Redirect::to(path_of(webhook));
    let asked = json!({ "reason": form.reason.trim() });
    match app.replay_webhook(&signed.operator, webhook, &asked).await {
        Ok(_) => {
            let told = "It is being heard again. Reload this page to see what came of it.";
            Ok(Flash::success(back, told))
        }
        Err(problem) if matches!(problem.kind, Kind::Unauthenticated | Kind::NotFound) => {
            Err(problem.into())
        }
        Err(problem) => Ok(Flash::error(back, problem.detail)),
    }
}

fn path_of(webhook: &str) -> String {
    format!("{LIST}/{webhook}")
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

/// The list's middle.
pub(super) fn body(list: &[Value], next: Option<&str>, waba: &str, now: Timestamp) -> Markup {
    html! {
        div.title { h1 { "Meta’s webhooks" } }
        p { "What Meta told by itself, kept for 30 days without any conversation. Each change is heard once, however often it comes." }
        form.form method="get" action=(LIST) {
            label { "WhatsApp account" input name="waba_id" value=(waba) inputmode="numeric"; }
            button type="submit" { "Show" }
        }
        @if list.is_empty() {
            div.empty { h2 { "Nothing came yet" } p { "Meta’s news about accounts and numbers appears here as it comes." } }
        } @else {
            div.wide tabindex="0" role="group" aria-label="Table, scrolls sideways" { table {
                caption.unseen { "Webhooks, newest first" }
                thead { tr {
                    th scope="col" { "Webhook" } th scope="col" { "What Meta told" }
                    th scope="col" { "What came of it" } th scope="col" { "Came" }
                } }
                tbody {
                    @for webhook in list { tr {
                        td.tight { a href=(path_of(text(webhook, "id"))) { (id(text(webhook, "id"))) } }
                        td { (told(webhook)) }
                        td { (outcomes(webhook)) }
                        td { (time(text(webhook, "received_at"), now)) }
                    } }
                }
            } }
        }
        @if let Some(next) = next {
            p { a href={ (LIST) "?waba_id=" (waba) "&after=" (next) } { "Older" } }
        }
    }
}

/// What a webhook tells, each thing once.
fn told(webhook: &Value) -> String {
    let mut names: Vec<String> = Vec::new();
    for change in webhook["changes"].as_array().into_iter().flatten() {
        let event = change["event"].as_str();
        let name = humane(
            &event
                .unwrap_or_else(|| text(change, "field"))
                .to_lowercase(),
        );
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

fn outcomes(webhook: &Value) -> Markup {
    let counts = webhook["outcomes"].as_object();
    let counted = counts.into_iter().flatten();
    let counted: Vec<String> = counted
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    html! {
        @if text(webhook, "state") == "heard" { (counted.join(", ")) }
        @else if let Some(why) = webhook["hold"].as_str() { "held up: " (why) }
        @else { "being heard" }
    }
}

fn one(webhook: &Value, frame: &Frame) -> Markup {
    let now = frame.now;
    let name = text(webhook, "id");
    let shown = serde_json::to_string_pretty(&webhook["body"]).unwrap_or_default();
    html! {
        div.title { h1 { "A webhook of Meta’s" } }
        p { a href=(LIST) { "All webhooks" } " · " a href=(super::instances::path_of(name)) { "Its history" } }
        dl.facts {
            dt { "Webhook" } dd { (id(name)) }
            dt { "App" } dd { code { (text(webhook, "app_id")) } }
            dt { "Came" } dd { (time(text(webhook, "received_at"), now)) }
            dt { "Heard" } dd { (time_or_none(webhook["heard_at"].as_str(), now)) }
            dt { "What came of it" } dd { (outcomes(webhook)) }
        }
        section aria-labelledby="changes" {
            h2 #changes { "Changes" }
            ul {
                @for change in webhook["changes"].as_array().into_iter().flatten() {
                    li {
                        (humane(&change["event"].as_str().unwrap_or_else(|| text(change, "field")).to_lowercase()))
                        ", " (time(text(change, "at"), now)) ": " (text(change, "outcome"))
                        @if let Some(whom) = change["whom"].as_str() { " " (whom_of(whom)) }
                    }
                }
            }
        }
        section aria-labelledby="again" {
            h2 #again { "Hear it again" }
            @if webhook["body"].is_null() {
                p { "Its body is no longer kept, so it cannot be heard again." }
            } @else {
                p { "Everybody whom it concerns is told once more. What was learned from it already is not learned twice." }
                form.form method="post" action={ (path_of(name)) "/replay" } {
                    (frame.token_field())
                    label { "Why" input name="reason" required maxlength="500"; }
                    button type="submit" { "Hear it again" }
                }
            }
        }
        @if !webhook["body"].is_null() {
            section aria-labelledby="kept" {
                h2 #kept { "As it is kept" }
                div.wide tabindex="0" role="group" aria-label="The webhook, scrolls sideways" { pre { (shown) } }
            }
        }
    }
}

/// Whom a change concerned: an instance has a page.
fn whom_of(whom: &str) -> Markup {
    html! {
        @if whom.contains(' ') || whom.starts_with("prt_") { (whom) }
        @else { a href=(super::instances::path_of(whom)) { (id(whom)) } }
    }
}
