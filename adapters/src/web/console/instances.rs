//! The list of instances, and finding one.

use engine::Timestamp;
use maud::{Markup, html};
use rocket::get;
use rocket::http::{RawStr, Status};
use rocket::request::FlashMessage;
use rocket::response::Redirect;
use workflows::app::{InstanceRow, Kind, ListView};

use super::filters::{Filters, list_path};
use super::frame::{Frame, Page, Place, Stop};
use super::session::Visitor;
use super::telling;
use super::words::{elided, humane, mark_of, none, time};
use crate::web::{Query, UseCases};

#[get("/console/instances")]
pub(super) async fn instances(
    visitor: Visitor,
    app: UseCases<'_>,
    query: Query<'_>,
    flash: Option<FlashMessage<'_>>,
) -> Result<Page, Stop> {
    let signed = visitor.signed()?;
    let filters = Filters::read(query)?;
    let list = app.instances(&signed.operator, &filters.to_query()).await?;
    let frame = Frame::load(&app, &signed, flash).await;
    let body = body(&list, &filters, frame.now);
    Ok(Page(
        Status::Ok,
        frame.page(Place::Instances, "Onboardings", &body),
    ))
}

/// An id leads to its instance; anything else is looked for as a partner's own id.
#[get("/console/find")]
pub(super) async fn find(
    visitor: Visitor,
    app: UseCases<'_>,
    query: Query<'_>,
) -> Result<Redirect, Stop> {
    let signed = visitor.signed()?;
    let asked = query.fields(&["q"])?.remove("q").unwrap_or_default();
    let asked = asked.trim();
    if asked.is_empty() {
        return Ok(Redirect::to("/console/instances"));
    }
    match app.instance(&signed.operator, asked).await {
        Ok(found) => Ok(Redirect::to(path_of(&found.id))),
        Err(problem) if matches!(problem.kind, Kind::NotFound | Kind::Invalid) => {
            Ok(Redirect::to(list_path(&[("external_id", asked)])))
        }
        Err(problem) => Err(problem.into()),
    }
}

/// The page of one instance.
pub(super) fn path_of(id: &str) -> String {
    format!("/console/instances/{}", RawStr::new(id).percent_encode())
}

/// The page's middle.
pub(super) fn body(list: &ListView<InstanceRow>, filters: &Filters, now: Timestamp) -> Markup {
    html! {
        div.title {
            h1 { "Onboardings" }
            @if !list.data.is_empty() { a.end href=(filters.act_on_all()) { "Act on all that match…" } }
        }
        (filters.form())
        (filters.chips())
        @if list.data.is_empty() {
            div.empty {
                @if filters.any() {
                    h2 { "Nothing matches these filters" }
                    p { "Remove one of them above, or look at everything." }
                    a.button href="/console/instances" { "Show everything" }
                } @else {
                    h2 { "No onboardings yet" }
                    p { "Each link that a partner makes appears here at once." }
                    a.button href="/console/partners" { "Make a link for a partner" }
                }
            }
        } @else {
            div.rows tabindex="0" role="group" aria-label="Table, scrolls sideways" { table.list {
                caption.unseen { "Instances, newest first" }
                thead { tr {
                    th scope="col" { "Id" }
                    th scope="col" { "For" }
                    th scope="col" { "State" }
                    th scope="col" { "Now" }
                    th scope="col" { "What it waits for" }
                    th scope="col" { "Changed" }
                } }
                tbody { @for row in &list.data { (line(row, now)) } }
            } }
            (filters.pages(list.next_cursor.as_deref().filter(|_| list.has_more)))
        }
    }
}

fn line(row: &InstanceRow, now: Timestamp) -> Markup {
    html! {
        tr.row {
            td.tight {
                a.to href=(path_of(&row.id)) title=(row.id) { code { (elided(&row.id)) } }
                @if row.workflow != "onboarding" { br; span.soft.small { (humane(&row.workflow)) } }
            }
            td {
                @if let Some(external) = &row.external_id { (external) br; }
                span.soft.small.keep title=(row.tenant) { (elided(&row.tenant)) }
            }
            td.tight { (humane(&row.state)) }
            td.tight { @if let Some(hold) = &row.hold { (mark_of(hold)) } @else { (none()) } }
            td.reason { @if let Some(hold) = &row.hold { (telling::short(&row.state, hold)) } @else { (telling::ended(&row.state).unwrap_or(&row.headline)) } }
            td { (time(&row.updated_at, now)) }
        }
    }
}
