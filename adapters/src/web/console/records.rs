//! Two plain lists: what runs by the clock, and who did what.

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

#[get("/console/schedules")]
pub(super) async fn schedules(
    visitor: Visitor,
    app: UseCases<'_>,
    flash: Option<FlashMessage<'_>>,
) -> Result<Page, Stop> {
    let signed = visitor.signed()?;
    let list = app.schedules(&signed.operator).await?;
    let frame = Frame::load(&app, &signed, flash).await;
    let body = html! {
        div.title { h1 { "Schedules" } }
        p { a href="/console/journal" { "Check the journal" } }
        @if list.data.is_empty() { (empty("Nothing runs by the clock", "Sweeps that are switched on in the settings appear here with their last and next run.")) }
        @else { (facts::table("Schedules with their last and next run", &in_words(list.data), frame.now)) }
    };
    Ok(Page(
        Status::Ok,
        frame.page(Place::Schedules, "Schedules", &body),
    ))
}

/// The cron line as people say it, before the line itself.
fn in_words(mut schedules: Vec<Value>) -> Vec<Value> {
    for schedule in &mut schedules {
        let line = schedule["line"].as_str().unwrap_or_default();
        schedule["runs"] = plain(line).into();
    }
    schedules
}

/// The usual lines of six fields in words; others speak for themselves.
fn plain(line: &str) -> String {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let number = |text: &str| text.parse::<u8>().ok();
    match fields[..] {
        ["0", "*", "*", "*", "*", "*"] => "Every minute".to_owned(),
        ["0", every, "*", "*", "*", "*"] if every.starts_with("*/") => {
            format!("Every {} minutes", &every[2..])
        }
        ["0", minute, "*", "*", "*", "*"] if number(minute).is_some() => {
            format!("Every hour at minute {minute}")
        }
        ["0", minute, hour, "*", "*", "*"] => match (number(hour), number(minute)) {
            (Some(hour), Some(minute)) => format!("Every day at {hour:02}:{minute:02} UTC"),
            _ => line.to_owned(),
        },
        _ => line.to_owned(),
    }
}

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

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn usual_schedules_are_said_in_words() {
        for (line, words) in [
            ("0 * * * * *", "Every minute"),
            ("0 */15 * * * *", "Every 15 minutes"),
            ("0 5 * * * *", "Every hour at minute 5"),
            ("0 17 3 * * *", "Every day at 03:17 UTC"),
            ("0 0 9 * * MON", "0 0 9 * * MON"),
        ] {
            assert_eq!(plain(line), words);
        }
    }
}
