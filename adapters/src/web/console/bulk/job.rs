//! One job: how far it is, what came of each item, and steering it.

use maud::{Markup, html};
use rocket::form::{Form, FromForm};
use rocket::http::{RawStr, Status};
use rocket::request::FlashMessage;
use rocket::response::{Flash, Redirect};
use rocket::{get, post};
use workflows::app::{BulkItemView, BulkView, Kind, ListQuery, ListView};

use super::{act_name, filter_words, path_of};
use crate::web::console::frame::{Frame, Page, Place, Stop};
use crate::web::console::instances;
use crate::web::console::session::{Author, Visitor};
use crate::web::console::words::{elided, humane, id, none, number, shape, time, time_or_none};
use crate::web::{Query, UseCases};

/// Items on one page.
const PAGE: i64 = 50;

/// What the items may be narrowed to.
const RESULTS: [(&str, &str); 4] = [
    ("", "All"),
    ("done", "Done"),
    ("skipped", "Skipped"),
    ("failed", "Failed"),
];

/// A job with a page of its items.
struct Shown {
    job: BulkView,
    items: ListView<BulkItemView>,
    result: String,
    is_first: bool,
}

#[get("/console/bulk/<id>")]
pub(super) async fn job(
    id: &str,
    visitor: Visitor,
    app: UseCases<'_>,
    query: Query<'_>,
    flash: Option<FlashMessage<'_>>,
) -> Result<Page, Stop> {
    let signed = visitor.signed()?;
    let (result, page) = query.items()?;
    let page = ListQuery {
        limit: Some(PAGE),
        ..page
    };
    let asked = (result.as_deref(), &page);
    let shown = Shown {
        job: app.bulk(&signed.operator, id).await?,
        items: app.bulk_items(&signed.operator, id, asked).await?,
        is_first: page.after.is_none(),
        result: result.unwrap_or_default(),
    };
    let frame = Frame::load(&app, &signed, flash).await;
    let body = body(&shown, &frame);
    let title = format!("{}: {}", shown.job.id, name_of(&shown.job));
    Ok(Page(Status::Ok, frame.page(Place::Jobs, &title, &body)))
}

/// Steering as the page sends it.
#[derive(FromForm)]
pub(super) struct SteerForm {
    token: String,
    reason: String,
}

#[post("/console/bulk/<id>/<act>", data = "<form>")]
pub(super) async fn steer(
    id: &str,
    act: &str,
    author: Author,
    app: UseCases<'_>,
    form: Form<SteerForm>,
) -> Result<Flash<Redirect>, Stop> {
    let signed = author.with(&form.token)?;
    let back = Redirect::to(path_of(id));
    match app
        .act_on_bulk(&signed.operator, id, (act, form.reason.trim()))
        .await
    {
        Ok(job) => Ok(Flash::success(back, job.headline)),
        Err(problem) if matches!(problem.kind, Kind::Unauthenticated | Kind::NotFound) => {
            Err(problem.into())
        }
        Err(problem) => Ok(Flash::error(back, problem.detail)),
    }
}

fn body(shown: &Shown, frame: &Frame) -> Markup {
    let job = &shown.job;
    let counts = job.counts;
    html! {
        div.title {
            h1 { (name_of(job)) }
            span { (id(&job.id)) }
            span.soft.small { a href=(instances::path_of(&job.id)) { "Its history" } }
        }
        p.headline { (job.headline) }
        @if job.ended_at.is_none() && job.hold.is_none() {
            // Looked at more often while it moves.
            span data-quick hidden {}
        }
        progress aria-label="How far it is" max=(counts.items.max(1)) value=(counts.items - counts.left) {}
        (told(job, frame))
        (steering(job, frame))
        section aria-labelledby="items" {
            h2 #items { "Items" }
            nav.zooms aria-label="Results" {
                @for (result, name) in RESULTS {
                    a href=(address(&job.id, result, None)) aria-current=[(result == shown.result).then_some("page")] {
                        (name) " " (number(count(job, result)))
                    }
                }
            }
            (items(shown, frame))
        }
    }
}

fn name_of(job: &BulkView) -> String {
    act_name(job.act, job.to.as_deref())
}

fn told(job: &BulkView, frame: &Frame) -> Markup {
    let kind = match (&job.hold, &job.ended_at) {
        (Some(hold), _) => hold.kind.as_str(),
        (None, Some(_)) => "rest",
        (None, None) => "waiting",
    };
    html! {
        dl class=(format!("hold {kind}")) {
            div { dt { "On" } dd { (filter_words(&job.filter)) } }
            div { dt { "Reason" } dd { (job.reason) } }
            div { dt { "Ordered" } dd { (time(&job.ordered_at, frame.now)) " by " (job.operator) } }
            div { dt { "Rate" } dd { (number(u64::from(job.rate))) " a minute" } }
            @if let Some(end) = &job.expected_end { div { dt { "Ends" } dd { (time(end, frame.now)) } } }
            @if let Some(end) = &job.ended_at { div { dt { "Ended" } dd { (time(end, frame.now)) } } }
            @if let Some(hold) = &job.hold { div.all { dt { (humane(&hold.kind)) } dd { (hold.text) " " code.soft { (hold.code) } } } }
        }
    }
}

fn steering(job: &BulkView, frame: &Frame) -> Markup {
    html! {
        @if !job.acts.is_empty() {
            div.acts {
                @for act in &job.acts {
                    @let end = *act == "cancel";
                    details.act.end[end] {
                        summary { (button(act)) "…" }
                        form method="post" action=(format!("{}/{act}", path_of(&job.id))) {
                            (frame.token_field())
                            p.small { (means(act)) }
                            label { "Reason" input name="reason" required maxlength="500" autocomplete="off"; }
                            button.main[!end].end[end] type="submit" { (button(act)) }
                        }
                    }
                }
            }
        }
    }
}

fn button(act: &str) -> &'static str {
    match act {
        "pause" => "Pause the job",
        "resume" => "Let it go on",
        "cancel" => "Call it off",
        _ => "Try the failed again",
    }
}

fn means(act: &str) -> &'static str {
    match act {
        "pause" => "No further item is acted on until someone resumes it.",
        "resume" => "It goes on with the items that are left.",
        "cancel" => "What was done stays done. The items that are left are not touched.",
        _ => "Each item that failed has its turn once more; no other does.",
    }
}

fn items(shown: &Shown, frame: &Frame) -> Markup {
    let list = &shown.items;
    html! {
        @if list.data.is_empty() { p.soft { (nothing(&shown.job, &shown.result)) } }
        @else {
            div.rows tabindex="0" role="group" aria-label="Table, scrolls sideways" { table.list {
                caption.unseen { "Items in the order of their turns" }
                thead { tr {
                    th scope="col" { "Id" }
                    th scope="col" { "Result" }
                    th scope="col" { "Why" }
                    th scope="col" { "When" }
                } }
                tbody { @for item in &list.data { tr.row {
                    td.tight { a.to href=(instances::path_of(&item.id)) title=(item.id) { code { (elided(&item.id)) } } }
                    td.tight { (result_mark(item.result)) }
                    td.reason { @if let Some(text) = &item.text { (text) " " code.soft { (item.code.as_deref().unwrap_or_default()) } } @else { (none()) } }
                    td { (time_or_none(item.at.as_deref(), frame.now)) }
                } } }
            } }
        }
        @let next = list.next_cursor.as_deref().filter(|_| list.has_more);
        @if !shown.is_first || next.is_some() {
            nav.pages aria-label="Pages" {
                @if !shown.is_first { a href=(address(&shown.job.id, &shown.result, None)) { "First" } }
                @if let Some(next) = next { a href=(address(&shown.job.id, &shown.result, Some(next))) rel="next" { "Further" } }
            }
        }
    }
}

fn nothing(job: &BulkView, result: &str) -> &'static str {
    match (result, job.state.as_str()) {
        ("failed", _) => "Nothing has failed.",
        ("skipped", _) => "Nothing was skipped.",
        ("done", _) => "Nothing is done yet.",
        (_, "listing") => "What matches is being written down.",
        _ => "Nothing is kept of its items any more, or nothing matched.",
    }
}

fn result_mark(result: Option<&str>) -> Markup {
    let (class, word) = match result {
        Some("done") => ("done", "Done"),
        Some("skipped") => ("rest", "Skipped"),
        Some("failed") => ("failed", "Failed"),
        _ => ("waiting", "Has yet to come"),
    };
    html! { span class=(format!("mark {class}")) { (shape(class)) (word) } }
}

fn count(job: &BulkView, result: &str) -> u64 {
    match result {
        "done" => job.counts.done,
        "skipped" => job.counts.skipped,
        "failed" => job.counts.failed,
        _ => job.counts.items,
    }
}

fn address(job: &str, result: &str, after: Option<&str>) -> String {
    let mut parts = Vec::new();
    if !result.is_empty() {
        parts.push(format!("result={result}"));
    }
    if let Some(after) = after {
        parts.push(format!("after={}", RawStr::new(after).percent_encode()));
    }
    let path = path_of(job);
    if parts.is_empty() {
        path
    } else {
        format!("{path}?{}", parts.join("&"))
    }
}
