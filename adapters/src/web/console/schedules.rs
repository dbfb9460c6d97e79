//! What runs by the clock: when, how it went, and a person's hand on it.

use engine::Timestamp;
use maud::{Markup, html};
use rocket::form::{Form, FromForm};
use rocket::http::Status;
use rocket::request::FlashMessage;
use rocket::response::{Flash, Redirect};
use rocket::{get, post};
use serde_json::Value;
use workflows::app::Kind;

use super::frame::{Frame, Page, Place, Stop};
use super::session::{Author, Visitor};
use super::words::{humane, mark, none, span, time, time_or_none};
use crate::web::UseCases;

/// One act as the page sends it.
#[derive(FromForm)]
pub(super) struct ActForm {
    token: String,
    reason: String,
}

#[get("/console/schedules")]
pub(super) async fn schedules(
    visitor: Visitor,
    app: UseCases<'_>,
    flash: Option<FlashMessage<'_>>,
) -> Result<Page, Stop> {
    let signed = visitor.signed()?;
    let list = app.schedules(&signed.operator).await?.data;
    let frame = Frame::load(&app, &signed, flash).await;
    let body = body(&list, &frame);
    Ok(Page(
        Status::Ok,
        frame.page(Place::Schedules, "Schedules", &body),
    ))
}

#[post("/console/schedules/<name>/<act>", data = "<form>")]
pub(super) async fn change(
    name: &str,
    act: &str,
    author: Author,
    app: UseCases<'_>,
    form: Form<ActForm>,
) -> Result<Flash<Redirect>, Stop> {
    let signed = author.with(&form.token)?;
    let back = Redirect::to("/console/schedules");
    let reason = form.reason.trim();
    if reason.is_empty() {
        return Ok(Flash::error(
            back,
            "Say why: the reason is kept with the act.",
        ));
    }
    let changed = app
        .change_schedule(&signed.operator, name, act, reason)
        .await;
    match changed {
        Ok(_) => Ok(Flash::success(back, done(act, name))),
        Err(problem) if matches!(problem.kind, Kind::Unauthenticated | Kind::NotFound) => {
            Err(problem.into())
        }
        Err(problem) => Ok(Flash::error(back, problem.detail)),
    }
}

fn done(act: &str, name: &str) -> String {
    let name = humane(name);
    match act {
        "run" => format!("{name} runs within moments. Its result appears here."),
        "pause" => format!("{name} is paused. Its times pass until someone resumes it."),
        _ => format!("{name} is kept again, from its next time on."),
    }
}

/// The page's middle.
pub(super) fn body(list: &[Value], frame: &Frame) -> Markup {
    html! {
        div.title { h1 { "Schedules" } }
        p { a href="/console/journal" { "Check the journal" } " · " a href="/console/webhooks" { "Meta’s webhooks" } }
        @if list.is_empty() {
            div.empty {
                h2 { "Nothing runs by the clock" }
                p { "Sweeps that are switched on in the settings appear here with their last and next run." }
            }
        } @else {
            @for schedule in list { (one(schedule, frame)) }
        }
    }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn one(schedule: &Value, frame: &Frame) -> Markup {
    let (name, now) = (text(schedule, "name"), frame.now);
    let paused = &schedule["paused"];
    html! {
        section aria-labelledby=(name) {
            h2 id=(name) { (humane(name)) " " (standing(schedule)) }
            dl.facts {
                dt { "Runs" } dd { (text(schedule, "runs")) " " code.soft { (text(schedule, "line")) } }
                dt { "Time zone" } dd { (text(schedule, "zone")) }
                dt { "Missed runs" } dd { (text(schedule, "missed_means")) }
                dt { "Next run" } dd { (time_or_none(schedule["next_run"].as_str(), now)) }
                dt { "Last run" } dd {
                    (time_or_none(schedule["last_run"].as_str(), now))
                    @if let Some(result) = schedule["last_result"].as_str() { " · " (result) }
                }
                @if !paused.is_null() {
                    dt { "Paused" } dd { (time(text(paused, "at"), now)) " by " (text(paused, "by")) ": " (text(paused, "reason")) }
                }
            }
            div.acts {
                (act(name, "run", "Run now", "It runs at once and keeps its other times.", frame))
                @if paused.is_null() {
                    (act(name, "pause", "Pause", "Its times pass until someone resumes it.", frame))
                } @else {
                    (act(name, "resume", "Resume", "It runs again from its next time on.", frame))
                }
            }
            (history(schedule, now))
        }
    }
}

fn standing(schedule: &Value) -> Markup {
    if !schedule["running_since"].is_null() {
        mark("working")
    } else if !schedule["paused"].is_null() {
        mark("paused")
    } else {
        mark("waiting")
    }
}

fn act(name: &str, act: &str, label: &str, means: &str, frame: &Frame) -> Markup {
    html! {
        details.act {
            summary { (label) "…" }
            form method="post" action=(format!("/console/schedules/{name}/{act}")) {
                (frame.token_field())
                p.small { (means) }
                label { "Reason" input name="reason" required maxlength="500" autocomplete="off"; }
                button.main type="submit" { (label) }
            }
        }
    }
}

fn history(schedule: &Value, now: Timestamp) -> Markup {
    let runs = schedule["history"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    html! {
        @if !runs.is_empty() {
            details {
                summary { "Last " (runs.len()) " runs" }
                div.wide tabindex="0" role="group" aria-label="Table, scrolls sideways" {
                    table {
                        caption.unseen { "Runs, newest first" }
                        thead { tr {
                            th scope="col" { "Began" }
                            th scope="col" { "Ended" }
                            th.number scope="col" { "Took" }
                            th scope="col" { "Result" }
                            th scope="col" { "By" }
                        } }
                        tbody { @for run in runs { (line(run, now)) } }
                    }
                }
            }
        }
    }
}

fn line(run: &Value, now: Timestamp) -> Markup {
    let took = run["took_ms"]
        .as_u64()
        .map(std::time::Duration::from_millis);
    html! {
        tr.row {
            td.tight { (time(text(run, "began"), now)) }
            td.tight { (outcome(text(run, "outcome"))) }
            td.number {
                @match took {
                    Some(took) if took.as_secs() == 0 => { (took.as_millis()) "\u{2009}ms" }
                    Some(took) => { (span(took)) }
                    None => { (none()) }
                }
            }
            td { (text(run, "result")) }
            td.tight { (run["asked_by"].as_str().unwrap_or("the calendar")) " · " (text(run, "process")) }
        }
    }
}

fn outcome(word: &str) -> Markup {
    match word {
        "failed" => mark("failed"),
        other => html! { (humane(other)) },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::body;
    use crate::web::console::samples;

    #[test]
    fn a_schedule_says_when_it_runs_and_how_it_went() {
        let schedule = json!({
            "name": "retention", "runs": "Every day at 03:17 (Europe/Berlin)", "line": "0 17 3 * * *",
            "zone": "Europe/Berlin", "missed_means": "After missed runs it runs once, late.",
            "next_run": "2026-11-24T02:17:00.000Z", "paused": null,
            "last_run": "2026-11-23T02:17:00.000Z", "last_result": "7 expired documents forgotten",
            "history": [{"began": "2026-11-23T02:17:00.000Z", "took_ms": 12, "outcome": "done",
                "result": "7 expired documents forgotten", "process": "process-1", "asked_by": null}],
        });
        let html = body(&[schedule], &samples::frame()).into_string();
        for said in [
            "Every day at 03:17 (Europe/Berlin)",
            "7 expired documents forgotten",
            "action=\"/console/schedules/retention/run\"",
            "action=\"/console/schedules/retention/pause\"",
            "the calendar · process-1",
        ] {
            assert!(html.contains(said), "{said}: {html}");
        }
    }
}
