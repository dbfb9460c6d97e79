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
pub(super) fn act_name(act: &str) -> String {
    match act {
        "retry_now" => "Try again now".to_owned(),
        "cancel" => "Cancel for good".to_owned(),
        "retry_failed" => "Try the failed again".to_owned(),
        other => humane(other),
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
