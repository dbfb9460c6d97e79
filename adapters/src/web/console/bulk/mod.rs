//! Bulk acts on the console: from a filtered list to a preview, to a job that is watched and steered.

mod job;
mod jobs;
mod order;

use maud::{Markup, html};
use rocket::Route;
use rocket::http::RawStr;
use serde_json::Value;

use super::words::humane;

/// The routes of these pages.
pub(super) fn routes() -> Vec<Route> {
    rocket::routes![
        jobs::jobs,
        order::preview,
        order::order,
        job::job,
        job::steer
    ]
}

/// The page of one job.
fn path_of(id: &str) -> String {
    format!("/console/bulk/{}", RawStr::new(id).percent_encode())
}

/// An act as a heading or a button says it.
fn act_name(act: &str, to: Option<&str>) -> String {
    match (act, to) {
        ("retry_now", _) => "Try again now".to_owned(),
        ("cancel", _) => "Cancel for good".to_owned(),
        ("rewind", Some(to)) => format!("Rewind to {}", humane(to).to_lowercase()),
        (other, _) => humane(other),
    }
}

/// What a job is done to, in words.
fn filter_words(filter: &Value) -> Markup {
    let parts = filter.as_object();
    let empty = parts.is_none_or(serde_json::Map::is_empty);
    html! {
        @if empty { "Everything that runs" }
        @for (place, (name, value)) in parts.into_iter().flatten().enumerate() {
            @if place > 0 { ", " }
            span.soft { (humane(name)) } " " (value.as_str().unwrap_or_default())
        }
    }
}
