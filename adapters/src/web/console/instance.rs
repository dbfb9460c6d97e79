//! The page of one instance: what it waits for in one sentence, where it stands, what happened, what may be done.

use engine::Timestamp;
use maud::{Markup, html};
use rocket::get;
use rocket::http::{ContentType, Status};
use rocket::request::FlashMessage;
use workflows::app::{DiagramView, HoldView, InstanceView};

use super::act_forms::{acts, is_end};
use super::deliveries::deliveries;
use super::frame::{Frame, Page, Place, Stop};
use super::session::{AnyOperator, Visitor};
use super::telling;
use super::timeline::{Zoom, timeline};
use super::words::{humane, id, mark_of, number, time};
use super::{diagram, facts};
use crate::web::{Query, Refusal, UseCases};

#[get("/console/instances/<id>")]
pub(super) async fn instance(
    id: &str,
    visitor: Visitor,
    app: UseCases<'_>,
    query: Query<'_>,
    flash: Option<FlashMessage<'_>>,
) -> Result<Page, Stop> {
    let signed = visitor.signed()?;
    let zoom = Zoom::read(&query.fields(&["timeline"])?);
    let view = app.instance(&signed.operator, id).await?;
    let picture = app.diagram(&signed.operator, id).await?;
    let frame = Frame::load(&app, &signed, flash).await;
    let body = body(&view, &picture, zoom, &frame);
    let title = format!("{}: {}", view.id, humane(&view.state));
    Ok(Page(
        Status::Ok,
        frame.page(Place::Instances, &title, &body),
    ))
}

/// The picture by itself.
#[get("/console/api/instances/<id>/diagram.svg")]
pub(super) async fn picture(
    id: &str,
    operator: AnyOperator,
    app: UseCases<'_>,
) -> Result<(ContentType, String), Refusal> {
    let view = app.diagram(&operator.0, id).await?;
    Ok((ContentType::SVG, diagram::svg(&view)))
}

/// The page's middle.
pub(super) fn body(
    view: &InstanceView,
    picture: &DiagramView,
    zoom: Zoom,
    frame: &Frame,
) -> Markup {
    let now = frame.now;
    let (ends, frequent): (Vec<_>, Vec<_>) =
        view.offers.iter().partition(|offer| is_end(offer.act));
    html! {
        div.title {
            h1 { (humane(&view.state)) }
            span { (id(&view.id)) }
            span.soft.small { (humane(&view.workflow)) " · revision " (number(view.version)) }
        }
        @if let Some(hold) = &view.hold {
            p.headline { (telling::sentence(&view.state, hold, now)) }
            (held(hold, now))
        } @else if view.erased_at.is_some() { p.headline { (view.headline) } }
        @else { p.headline { (telling::ended(&view.state).unwrap_or(&view.headline)) } }
        (acts(view, &frequent, frame))
        section aria-labelledby="picture" {
            h2.unseen #picture { "Path" }
            figure.picture tabindex="0" role="group" aria-label="Path, scrolls sideways" { (diagram::inline(picture)) }
            details { summary.small.soft { "The path as a list" } (diagram::list(picture)) }
        }
        div.columns {
            (timeline(view, zoom, now))
            section aria-labelledby="facts" { h2 #facts { "Facts" } (facts::list(&view.facts, now)) }
        }
        (owed(view, now))
        (tries(view, now))
        (deliveries(&view.deliveries, now))
        @if !ends.is_empty() {
            section aria-labelledby="ends" { h2 #ends { "End it" } (acts(view, &ends, frame)) }
        }
        (super::erase::button(view, frame))
        p.small.soft { "Made " (time(&view.created_at, now)) ", changed " (time(&view.updated_at, now)) ", in this state since " (time(&view.entered_at, now)) }
    }
}

fn held(hold: &HoldView, now: Timestamp) -> Markup {
    html! {
        dl class=(format!("hold {}", hold.kind)) {
            div { dt { "Now" } dd { (mark_of(hold)) } }
            div { dt { "Since" } dd { (time(&hold.since, now)) } }
            @if let Some(until) = &hold.until { div { dt { "Until" } dd { (time(until, now)) } } }
            @if hold.attempt > 0 { div { dt { "Tries so far" } dd { (hold.attempt) } } }
            div { dt { "Moved by" } dd { (telling::capital(&telling::movers(hold))) } }
            @if let Some(advice) = hold.advice { div.all { dt { "What to check" } dd { (advice) } } }
            div.all {
                dt { "Recorded as" }
                // What the sentence above has said already is not said twice.
                dd { @if telling::cause(hold) != hold.text { (hold.text) " " } code.soft { (hold.code) } }
            }
        }
    }
}

/// The newest tries that did not get through at once; older ones are only counted.
fn tries(view: &InstanceView, now: Timestamp) -> Markup {
    html! {
        @if !view.attempts.is_empty() {
            section aria-labelledby="tries" {
                h2 #tries { "Tries" }
                p.soft.small { (view.tried) " in all that did not get through at once; the newest are kept." }
                div.wide tabindex="0" role="group" aria-label="Table, scrolls sideways" { table {
                    caption.unseen { "The newest tries, the last one first" }
                    thead { tr { th.number scope="col" { "No." } th scope="col" { "What" } th scope="col" { "When" } th.number scope="col" { "Took" } th scope="col" { "Came to" } } }
                    tbody {
                        @for attempt in view.attempts.iter().rev() {
                            tr {
                                td.number { (attempt.number) } td { (humane(&attempt.command)) } td { (time(&attempt.at, now)) }
                                td.number { (attempt.duration_ms) " ms" }
                                td { (humane(&attempt.outcome)) @if let Some(message) = &attempt.message { ": " (message) } @if let Some(code) = &attempt.code { " " code.soft { (code) } } }
                            }
                        }
                    }
                } }
            }
        }
    }
}

fn owed(view: &InstanceView, now: Timestamp) -> Markup {
    html! {
        section aria-labelledby="owed" {
            h2 #owed { "Due next" }
            @if view.tasks.is_empty() { p.soft { "Nothing is due: it has ended, or it waits for a person." } }
            @else {
                div.wide tabindex="0" role="group" aria-label="Table, scrolls sideways" { table {
                    caption.unseen { "What is owed to this instance, with its time" }
                    thead { tr { th scope="col" { "What" } th scope="col" { "Due" } th.number scope="col" { "Tries" } } }
                    tbody {
                        @for task in &view.tasks {
                            tr { td { code { (task.key) } } td { (time(&task.due_at, now)) } td.number { (task.attempt) } }
                        }
                    }
                } }
            }
        }
    }
}
