//! A plain list: who did what.

use engine::Timestamp;
use maud::{Markup, html};
use rocket::get;
use rocket::http::{RawStr, Status};
use rocket::request::FlashMessage;
use serde_json::Value;
use workflows::app::{ListQuery, ListView};

use super::facts;
use super::frame::{Frame, Page, Place, Stop};
use super::session::Visitor;
use crate::web::{Query, UseCases};

#[get("/console/audit")]
pub(super) async fn audit(
    visitor: Visitor,
    app: UseCases<'_>,
    query: Query<'_>,
    flash: Option<FlashMessage<'_>>,
) -> Result<Page, Stop> {
    let signed = visitor.signed()?;
    let asked = ListQuery {
        limit: Some(100),
        after: query.fields(&["after"])?.remove("after"),
        ..ListQuery::default()
    };
    let list = app.audit(&signed.operator, &asked).await?;
    let frame = Frame::load(&app, &signed, flash).await;
    let body = audited(&list, frame.now);
    Ok(Page(Status::Ok, frame.page(Place::Audit, "Audit", &body)))
}

/// The audit page's middle.
pub(super) fn audited(list: &ListView<Value>, now: Timestamp) -> Markup {
    html! {
        div.title { h1 { "Audit" } }
        @if list.data.is_empty() { (empty("No acts yet", "Each act of an operator appears here with its reason, and stays.")) }
        @else { (facts::table("Acts of operators, newest first", &list.data, now)) }
        @if let Some(next) = list.next_cursor.as_deref().filter(|_| list.has_more) {
            nav.pages aria-label="Pages" {
                a href=(format!("/console/audit?after={}", RawStr::new(next).percent_encode())) rel="next" { "Older" }
            }
        }
    }
}

fn empty(title: &str, text: &str) -> Markup {
    html! { div.empty { h2 { (title) } p { (text) } } }
}
