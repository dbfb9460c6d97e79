//! Before a job: how many match, some of them, what would be refused; then the order itself, which
//! is given by typing the count.

use maud::{Markup, html};
use rocket::form::{Form, FromForm};
use rocket::http::Status;
use rocket::response::{Flash, Redirect};
use rocket::{get, post};
use workflows::app::{BulkPreviewView, BulkRequest, BulkSampleView, Kind, Problem, rewind_targets};

use super::{act_name, path_of};
use crate::web::console::act_forms::{fresh_operation, is_end};
use crate::web::console::filters::Filters;
use crate::web::console::frame::{Frame, Page, Place, Stop};
use crate::web::console::instances;
use crate::web::console::session::{Author, Visitor};
use crate::web::console::words::{elided, humane, number, span, time};
use crate::web::query::integer;
use crate::web::{Query, Refusal, UseCases};

/// The acts to choose from, the harmless first; rewinds follow, one for each milestone.
const ACTS: [&str; 4] = ["retry_now", "pause", "resume", "cancel"];

fn means(act: &str) -> &'static str {
    match act {
        "retry_now" => "What is waiting is done at once, as if its time had come.",
        "pause" => "Nothing more happens until someone resumes it. What is under way is finished.",
        "resume" => "It goes on where it was paused.",
        "rewind" => {
            "It begins again at that milestone. What was done outside is looked for before it is done anew."
        }
        _ => "The link dies and the partner is told. This cannot be undone.",
    }
}

/// Acts a minute, unless the operator says otherwise.
const RATE: i64 = 600;

/// What was chosen so far.
struct Choice {
    filters: Filters,
    /// One of the acts, a rewind with its milestone behind a colon.
    act: String,
    rate: i64,
    reason: String,
}

/// The order as the page sends it.
#[derive(FromForm)]
pub(super) struct OrderForm {
    token: String,
    operation_id: String,
    act: String,
    rate: i64,
    reason: String,
    /// The filters, as the address of a list carries them.
    on: String,
    /// How many the page told of.
    shown: u64,
    /// How many the operator typed.
    count: String,
}

impl Choice {
    fn act_and_target(&self) -> (&str, Option<&str>) {
        match self.act.split_once(':') {
            Some((act, to)) => (act, Some(to)),
            None => (&self.act, None),
        }
    }

    fn name(&self) -> String {
        let (act, to) = self.act_and_target();
        act_name(act, to)
    }

    fn request(&self, operation_id: Option<String>) -> BulkRequest {
        let (act, to) = self.act_and_target();
        BulkRequest {
            filter: self.filters.to_bulk(),
            act: act.to_owned(),
            to: to.map(str::to_owned),
            compensate: false,
            reason: self.reason.clone(),
            rate: Some(self.rate),
            operation_id,
            dry_run: false,
        }
    }
}

#[get("/console/bulk/new")]
pub(super) async fn preview(
    visitor: Visitor,
    app: UseCases<'_>,
    query: Query<'_>,
) -> Result<Page, Stop> {
    let signed = visitor.signed()?;
    let (filters, mut fields) = Filters::read_with(query, &["act", "rate"])?;
    let rate = fields.remove("rate");
    let rate = rate.map(|text| integer("rate", &text)).transpose()?;
    let choice = Choice {
        filters,
        act: fields.remove("act").unwrap_or_else(|| ACTS[0].to_owned()),
        rate: rate.unwrap_or(RATE),
        reason: String::new(),
    };
    let seen = app
        .preview_bulk(&signed.operator, &choice.request(None))
        .await?;
    let frame = Frame::load(&app, &signed, None).await;
    let body = body(&seen, &choice, &frame);
    Ok(Page(
        Status::Ok,
        frame.page(Place::Jobs, "Act on all", &body),
    ))
}

#[post("/console/bulk", data = "<form>")]
pub(super) async fn order(
    author: Author,
    app: UseCases<'_>,
    form: Form<OrderForm>,
) -> Result<Result<Flash<Redirect>, Page>, Stop> {
    let signed = author.with(&form.token)?;
    let choice = Choice {
        filters: Filters::read(Query::of(&form.on))?,
        act: form.act.clone(),
        rate: form.rate,
        reason: form.reason.trim().to_owned(),
    };
    let request = choice.request(Some(form.operation_id.clone()));
    let typed: String = form.count.chars().filter(char::is_ascii_digit).collect();
    let refused = if typed == form.shown.to_string() {
        match app.order_bulk(&signed.operator, &request).await {
            Ok(job) => {
                let told = "Ordered. It goes on by itself; this page may be closed.";
                return Ok(Ok(Flash::success(Redirect::to(path_of(&job.id)), told)));
            }
            Err(problem) if problem.kind == Kind::Invalid => problem,
            Err(problem) => return Err(problem.into()),
        }
    } else {
        let message = format!("Type {} to confirm. Nothing was ordered.", form.shown);
        Problem::field("count", "differs", message)
    };
    let seen = app.preview_bulk(&signed.operator, &request).await?;
    let mut frame = Frame::load(&app, &signed, None).await;
    frame.flash = Some((true, said(&refused)));
    let body = body(&seen, &choice, &frame);
    let status = Refusal::from(refused).status();
    let page = frame.page(Place::Jobs, "Act on all", &body);
    Ok(Err(Page(status, page)))
}

fn said(problem: &Problem) -> String {
    let messages = problem.errors.iter().map(|error| error.message.clone());
    messages.collect::<Vec<_>>().join(" ")
}

fn body(seen: &BulkPreviewView, choice: &Choice, frame: &Frame) -> Markup {
    html! {
        div.title { h1 { "Act on all that match" } }
        (choice.filters.chips_of("/console/bulk/new"))
        form.filters action="/console/bulk/new" method="get" {
            (choice.filters.hidden())
            label {
                "Act"
                select name="act" {
                    @for act in ACTS { option value=(act) selected[act == choice.act] { (act_name(act, None)) } }
                    @for to in rewind_targets() {
                        @let act = format!("rewind:{to}");
                        option value=(act) selected[act == choice.act] { (act_name("rewind", Some(to))) }
                    }
                }
            }
            label { "Acts a minute" input type="number" name="rate" min="1" max="60000" required value=(choice.rate); }
            button type="submit" { "Preview" }
        }
        @if seen.count == 0 {
            div.empty {
                h2 { "Nothing matches that still runs" }
                p { "Remove one of the filters above, or look at the list." }
                a.button href=(choice.filters.list()) { "Back to the list" }
            }
        } @else {
            (counted(seen))
            (sample(seen, frame))
            (confirm(seen, choice, frame))
        }
    }
}

fn counted(seen: &BulkPreviewView) -> Markup {
    let takes = std::time::Duration::from_secs(seen.takes_seconds);
    html! {
        p.headline {
            strong { (number(seen.count)) @if !seen.count_is_exact { " or more" } }
            @if seen.count == 1 { " matches" } @else { " match" } @if seen.act != "rewind" { " and still run" @if seen.count == 1 { "s" } } "."
        }
        p { "To each: " (means(seen.act)) }
        dl.hold.waiting[seen.refused.is_empty()].awaiting[!seen.refused.is_empty()] {
            div { dt { "Can be done to" } dd { (number(seen.possible)) } }
            div { dt { "Would refuse" } dd { (number(seen.count - seen.possible)) } }
            div { dt { "Takes about" } dd { (span(takes)) } }
            @for group in &seen.refused {
                div.all { dt { (number(group.count)) " would refuse" } dd { (group.text) " " code.soft { (group.code) } } }
            }
        }
    }
}

fn sample(seen: &BulkPreviewView, frame: &Frame) -> Markup {
    html! {
        section aria-labelledby="sample" {
            h2 #sample { @if seen.count > seen.sample.len() as u64 { "The newest " (seen.sample.len()) " of them" } @else { "These" } }
            div.rows tabindex="0" role="group" aria-label="Table, scrolls sideways" { table.list {
                caption.unseen { "Some of what would be acted on, newest first" }
                thead { tr {
                    th scope="col" { "Id" }
                    th scope="col" { "For" }
                    th scope="col" { "State" }
                    th scope="col" { "The act" }
                    th scope="col" { "Changed" }
                } }
                tbody { @for one in &seen.sample { (line(one, frame)) } }
            } }
        }
    }
}

fn line(one: &BulkSampleView, frame: &Frame) -> Markup {
    let row = &one.row;
    html! {
        tr.row {
            td.tight { a.to href=(instances::path_of(&row.id)) title=(row.id) { code { (elided(&row.id)) } } }
            td { @if let Some(external) = &row.external_id { (external) br; } span.soft.small.keep title=(row.tenant) { (elided(&row.tenant)) } }
            td.tight { (humane(&row.state)) }
            td.reason { @if let Some(refusal) = &one.refusal { "Would refuse: " (refusal) } @else { "Can be done" } }
            td { (time(&row.updated_at, frame.now)) }
        }
    }
}

fn confirm(seen: &BulkPreviewView, choice: &Choice, frame: &Frame) -> Markup {
    let end = is_end(seen.act);
    html! {
        section aria-labelledby="confirm" {
            h2 #confirm { "Order it" }
            p.small.soft { "What matches now is written down first; what comes to match later is left alone. What no longer matches when its turn comes is skipped." }
            form.order method="post" action="/console/bulk" {
                (frame.token_field())
                input type="hidden" name="operation_id" value=(fresh_operation());
                input type="hidden" name="on" value=(choice.filters.query());
                input type="hidden" name="act" value=(choice.act);
                input type="hidden" name="rate" value=(choice.rate);
                input type="hidden" name="shown" value=(seen.count);
                label { "Reason" input name="reason" required maxlength="500" autocomplete="off" value=(choice.reason); }
                label { "Type " (seen.count) " to confirm" input name="count" required inputmode="numeric" autocomplete="off"; }
                button.main[!end].end[end] type="submit" { (choice.name()) ": " (number(seen.count)) }
            }
        }
    }
}
