//! Accounts that clients shared and nobody has: what is known of each, and a form that gives it to an onboarding.

use maud::{Markup, html};
use rocket::form::{Form, FromForm};
use rocket::http::Status;
use rocket::request::FlashMessage;
use rocket::response::{Flash, Redirect};
use rocket::{get, post};
use serde_json::{Value, json};
use workflows::app::{Kind, ListQuery};

use super::frame::{Frame, Page, Place, Stop};
use super::instances::path_of;
use super::session::{Author, Visitor};
use super::words::{humane, id as short, none, time};
use crate::web::UseCases;

/// Accounts on the page; those behind them come up as these are assigned.
const SHOWN_MAX: i64 = 100;

/// An assignment as the page sends it.
#[derive(FromForm)]
pub(super) struct AssignForm {
    token: String,
    onboarding_id: String,
    reason: String,
}

#[get("/console/unclaimed")]
pub(super) async fn unclaimed(
    visitor: Visitor,
    app: UseCases<'_>,
    flash: Option<FlashMessage<'_>>,
) -> Result<Page, Stop> {
    let signed = visitor.signed()?;
    let query = ListQuery {
        limit: Some(SHOWN_MAX),
        ..ListQuery::default()
    };
    let list = app.unclaimed(&signed.operator, &query).await?.data;
    let frame = Frame::load(&app, &signed, flash).await;
    let body = body(&list, &frame);
    Ok(Page(
        Status::Ok,
        frame.page(Place::Attention, "Unclaimed accounts", &body),
    ))
}

#[post("/console/unclaimed/<id>/assign", data = "<form>")]
pub(super) async fn assign(
    id: &str,
    author: Author,
    app: UseCases<'_>,
    form: Form<AssignForm>,
) -> Result<Flash<Redirect>, Stop> {
    let signed = author.with(&form.token)?;
    let back = Redirect::to("/console/unclaimed");
    let asked = json!({ "onboarding_id": form.onboarding_id.trim(), "reason": form.reason });
    match app.assign_unclaimed(&signed.operator, id, &asked).await {
        Ok(_) => Ok(Flash::success(
            back,
            "Meta is asked to confirm it. If it does not, the account appears here again.",
        )),
        Err(problem) if problem.kind == Kind::Unauthenticated => Err(problem.into()),
        Err(problem) => Ok(Flash::error(back, problem.detail)),
    }
}

/// The page's middle.
pub(super) fn body(list: &[Value], frame: &Frame) -> Markup {
    html! {
        div.title { h1 { "Unclaimed accounts" } span { a href="/console" { "Back to what needs attention" } } }
        @if list.is_empty() {
            div.empty {
                h2 { "Every shared account has its onboarding" }
                p { "When Meta tells of a signup whose browser brought no code, and no order names its number, account or portfolio, it waits here for you." }
            }
        } @else {
            p { "Clients shared these accounts with us, and no order names them beforehand. Give each to the onboarding it belongs to; Meta has to confirm it before anything is connected." }
            @for account in list { (one(account, frame)) }
        }
    }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn each<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

fn one(account: &Value, frame: &Frame) -> Markup {
    let (id, waba) = (text(account, "id"), text(account, "waba_id"));
    let candidates = each(account, "candidates");
    let named = each(account, "named_by_browsers");
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) {
                @match account["name"].as_str() { Some(name) => (name), None => { "Account " (waba) } }
            }
            dl.facts {
                dt { "Account" } dd { code { (waba) } " " a href=(path_of(id)) { "History" } }
                dt { "Portfolio" } dd { @match account["business_id"].as_str() { Some(id) => code { (id) }, None => (none()) } }
                dt { "Numbers" } dd { (numbers(each(account, "numbers"))) }
                dt { "Meta app" } dd { code { (text(account, "app_id")) } }
                dt { "Shared" } dd { (time(text(account, "granted_at"), frame.now)) ", told by " (humane(text(account, "source"))) }
                dt { "Why nobody has it" } dd { (text(&account["why"], "text")) }
                @if !candidates.is_empty() { dt { "Named by the orders of" } dd { (takers(candidates)) } }
                @if !named.is_empty() { dt { "Named by the browsers of" } dd { (takers(named)) p.small.soft { "Whoever has a link can name any account: ask before you believe it." } } }
            }
            (form(id, candidates.iter().chain(named), frame))
        }
    }
}

fn numbers(list: &[Value]) -> Markup {
    html! {
        @if list.is_empty() { (none()) }
        @for (place, number) in list.iter().enumerate() {
            @if place > 0 { ", " }
            @match number["number"].as_str() { Some(number) => (number), None => code { (text(number, "phone_number_id")) } }
        }
    }
}

fn takers(list: &[Value]) -> Markup {
    html! {
        ul.states { @for taker in list {
            @let id = text(taker, "onboarding_id");
            li {
                a href=(path_of(id)) { (short(id)) } " "
                @if let Some(own) = taker["external_id"].as_str() { (own) " " }
                span.soft { (humane(text(taker, "state"))) }
            }
        } }
    }
}

fn form<'v>(id: &str, likely: impl Iterator<Item = &'v Value>, frame: &Frame) -> Markup {
    let list = format!("likely-{id}");
    html! {
        div.acts { details.act {
            summary { "Give it to an onboarding…" }
            form method="post" action=(format!("/console/unclaimed/{id}/assign")) {
                (frame.token_field())
                p.small { "Its client signed up with Meta for this very account. The onboarding goes on from there, if Meta confirms it." }
                label { "Onboarding" input name="onboarding_id" required autocomplete="off" spellcheck="false" placeholder="onb_…" list=(list); }
                datalist id=(list) { @for taker in likely { option value=(text(taker, "onboarding_id")) {} } }
                label { "Reason" input name="reason" required maxlength="500" autocomplete="off"; }
                button type="submit" { "Give it to this onboarding" }
            }
        } }
    }
}
