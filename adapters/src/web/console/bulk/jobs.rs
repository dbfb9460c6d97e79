//! The list of bulk jobs.

use engine::Timestamp;
use maud::{Markup, html};
use rocket::get;
use rocket::http::{RawStr, Status};
use rocket::request::FlashMessage;
use workflows::app::{BulkView, ListQuery, ListView};

use super::{act_name, filter_words, path_of};
use crate::web::console::frame::{Frame, Page, Place, Stop};
use crate::web::console::session::Visitor;
use crate::web::console::words::{number, time};
use crate::web::{Query, UseCases};

#[get("/console/bulk")]
pub(super) async fn jobs(
    visitor: Visitor,
    app: UseCases<'_>,
    query: Query<'_>,
    flash: Option<FlashMessage<'_>>,
) -> Result<Page, Stop> {
    let signed = visitor.signed()?;
    let asked = ListQuery {
        limit: Some(50),
        after: query.fields(&["after"])?.remove("after"),
        ..ListQuery::default()
    };
    let list = app.bulks(&signed.operator, &asked).await?;
    let frame = Frame::load(&app, &signed, flash).await;
    let body = body(&list, frame.now);
    Ok(Page(Status::Ok, frame.page(Place::Jobs, "Jobs", &body)))
}

fn body(list: &ListView<BulkView>, now: Timestamp) -> Markup {
    html! {
        div.title { h1 { "Jobs" } }
        @if list.data.is_empty() {
            div.empty {
                h2 { "No jobs yet" }
                p { "A job does one act to everything that a filter matches. Filter the onboardings, then choose “Act on all that match”." }
                a.button href="/console/instances?workflow=onboarding" { "To the onboardings" }
            }
        } @else {
            div.rows tabindex="0" role="group" aria-label="Table, scrolls sideways" { table.list {
                caption.unseen { "Bulk jobs, newest first" }
                thead { tr {
                    th scope="col" { "Act" }
                    th scope="col" { "On" }
                    th scope="col" { "Progress" }
                    th.number scope="col" { "Failed" }
                    th scope="col" { "Ordered" }
                } }
                tbody { @for job in &list.data { (line(job, now)) } }
            } }
            @if let Some(next) = list.next_cursor.as_deref().filter(|_| list.has_more) {
                nav.pages aria-label="Pages" {
                    a href=(format!("/console/bulk?after={}", RawStr::new(next).percent_encode())) rel="next" { "Older" }
                }
            }
        }
    }
}

fn line(job: &BulkView, now: Timestamp) -> Markup {
    html! {
        tr.row {
            td.tight { a.to href=(path_of(&job.id)) { (act_name(job.act, job.to.as_deref())) } br; span.soft.small { (job.reason) } }
            td { (filter_words(&job.filter)) }
            td.reason { (job.headline) }
            td.number { (number(job.counts.failed)) }
            td { (time(&job.ordered_at, now)) br; span.soft.small { (job.operator) } }
        }
    }
}
