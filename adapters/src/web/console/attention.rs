//! The console's first page: what waits for an operator, grouped, and how many of everything there are.

use engine::Timestamp;
use maud::{Markup, html};
use rocket::get;
use rocket::http::Status;
use rocket::request::FlashMessage;
use workflows::app::{AttentionGroup, HeldLane};

use super::filters::{act_on_all, list_path};
use super::frame::{Frame, Page, Place, Stop};
use super::session::Visitor;
use super::telling::code_name;
use super::words::{humane, lasted, mark, none, number, time, time_or_none};
use crate::web::UseCases;

/// One line of the tally: workflow, state, hold code, count.
type Count = (String, String, String, u64);

#[get("/console")]
pub(super) async fn attention(
    visitor: Visitor,
    app: UseCases<'_>,
    flash: Option<FlashMessage<'_>>,
) -> Result<Page, Stop> {
    let signed = visitor.signed()?;
    let groups = app.attention(&signed.operator).await?.data;
    let counts = app.gauges().await?.instances;
    let frame = Frame::load(&app, &signed, flash).await;
    let body = html! {
        (in_the_way(&app.held_lanes(), &frame))
        (body(&groups, &counts, frame.now))
    };
    Ok(Page(
        Status::Ok,
        frame.page(Place::Attention, "Needs attention", &body),
    ))
}

/// Dependencies that fail, and whatever else the header warns of.
pub(super) fn in_the_way(held: &[HeldLane], frame: &Frame) -> Markup {
    html! {
        @if !frame.warnings.is_empty() {
            section aria-labelledby="in-the-way" {
                h2 #in-the-way { "In the way of everything" }
                ul.states { @for warning in &frame.warnings { li { (warning) } } }
                @for lane in held {
                    p.small.soft {
                        (lane.dependency) ": left alone for " (lasted(&lane.since, frame.now)) ", "
                        @match &lane.next_probe {
                            Some(next) => { "tried again " (time(next, frame.now)) }
                            None => { "being tried now" }
                        }
                        " (" (lane.probes) " tries failed). No instance loses a try meanwhile."
                    }
                }
            }
        }
    }
}

/// The page's middle.
pub(super) fn body(groups: &[AttentionGroup], counts: &[Count], now: Timestamp) -> Markup {
    html! {
        div.title { h1 { "Needs attention" } }
        @if groups.is_empty() {
            div.empty {
                h2 { "Nothing needs you" }
                p { "When onboardings get stuck where only a person can move them, they appear here, grouped by what holds them up." }
                a.button href="/console/partners" { "Make a link for a partner" }
            }
        } @else { (grouped(groups, now)) }
        section aria-labelledby="all" {
            h2 #all { "Everything" }
            @if counts.is_empty() { p.soft { "Counts appear here with the first onboarding." } }
            @else { (tally(counts)) }
        }
    }
}

fn grouped(groups: &[AttentionGroup], now: Timestamp) -> Markup {
    let mut groups: Vec<&AttentionGroup> = groups.iter().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    html! {
        div.rows tabindex="0" role="group" aria-label="Table, scrolls sideways" {
            table.list {
                caption.unseen { "Groups that need a look, the largest first" }
                thead { tr {
                    th scope="col" { "Held up by" }
                    th scope="col" { "Where" }
                    th scope="col" { "Moved by" }
                    th.number scope="col" { "Waiting" }
                    th scope="col" { "Longest" }
                    th scope="col" { "Next" }
                    th scope="col" { span.unseen { "Act" } }
                } }
                tbody { @for group in groups { (line(group, now)) } }
            }
        }
    }
}

fn line(group: &AttentionGroup, now: Timestamp) -> Markup {
    let members = list_path(&group_filter(group));
    html! {
        tr.row {
            td {
                a.to href=(members) { (code_name(&group.code)) }
                br; (mark(&group.kind))
                @if group.code == "unclaimed_account" { " " a href="/console/unclaimed" { "Assign them" } }
            }
            td.tight {
                (humane(&group.state))
                @if let Some(command) = &group.command { br; span.soft.small { (humane(command)) } }
                @if group.workflow != "onboarding" { br; span.soft.small { (humane(&group.workflow)) } }
            }
            td.tight { (humane(&group.mover)) }
            td.number {
                (number(group.count))
                @if group.since_yesterday > 0 && group.looked_at == group.count {
                    br; span.soft.small { (number(group.since_yesterday)) " in the last day" }
                }
            }
            td.tight { @if let Some(since) = &group.oldest_since { (lasted(since, now)) } @else { (none()) } }
            td.tight { (time_or_none(group.next_due.as_deref(), now)) }
            td.tight { a.beside href=(act_on_all(&group_filter(group))) { "Act on all…" } }
        }
    }
}

fn group_filter(group: &AttentionGroup) -> [(&'static str, &str); 2] {
    [("fingerprint", &group.fingerprint), ("mover", &group.mover)]
}

fn tally(counts: &[Count]) -> Markup {
    html! {
        div.wide tabindex="0" role="group" aria-label="Table, scrolls sideways" {
            table {
                caption.unseen { "All instances by workflow, state and what they wait for" }
                thead { tr {
                    th scope="col" { "Workflow" }
                    th scope="col" { "State" }
                    th scope="col" { "Waits for" }
                    th.number scope="col" { "Count" }
                } }
                tbody {
                    @for (workflow, state, hold, count) in counts {
                        tr.row {
                            td.tight { (humane(workflow)) }
                            td.tight { a.to href=(list_path(&[("workflow", workflow), ("state", state)])) { (humane(state)) } }
                            td { @if hold.is_empty() { (none()) } @else { (hold_name(hold)) } }
                            td.number { (number(*count)) }
                        }
                    }
                }
            }
        }
    }
}

fn hold_name(hold: &str) -> Markup {
    let kinds = [
        "working", "retrying", "waiting", "parked", "paused", "awaiting",
    ];
    html! { @if kinds.contains(&hold) { (mark(hold)) } @else { (code_name(hold)) } }
}
