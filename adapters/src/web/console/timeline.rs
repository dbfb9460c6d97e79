//! What happened to an instance, at three zooms: milestones, changes of state, every line.

use std::collections::BTreeMap;

use engine::Timestamp;
use maud::{Markup, html};
use workflows::app::{EventView, InstanceView};

use super::words::{humane, none, time};

/// How close one looks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Zoom {
    Milestones,
    Transitions,
    Raw,
}

const ZOOMS: [(Zoom, &str); 3] = [
    (Zoom::Milestones, "milestones"),
    (Zoom::Transitions, "transitions"),
    (Zoom::Raw, "raw"),
];

const MILESTONES: [&str; 6] = [
    "link_issued",
    "es_completed",
    "token_exchanged",
    "waba_subscribed",
    "number_registered",
    "partner_notified",
];

impl Zoom {
    /// What `?timeline=` names; changes of state unless it says otherwise.
    pub(super) fn read(query: &BTreeMap<String, String>) -> Self {
        let asked = query.get("timeline").map(String::as_str);
        ZOOMS
            .into_iter()
            .find(|(_, name)| Some(*name) == asked)
            .map_or(Self::Transitions, |(zoom, _)| zoom)
    }

    fn shows(self, line: &EventView) -> bool {
        match self {
            Self::Milestones => line
                .to
                .as_deref()
                .is_some_and(|state| MILESTONES.contains(&state)),
            Self::Transitions => line.to.is_some() && line.from != line.to,
            Self::Raw => true,
        }
    }
}

/// The section.
pub(super) fn timeline(view: &InstanceView, zoom: Zoom, now: Timestamp) -> Markup {
    let lines: Vec<&EventView> = view
        .journal
        .iter()
        .filter(|line| zoom.shows(line))
        .collect();
    html! {
        section aria-labelledby="timeline" {
            div.title {
                h2 #timeline { "Timeline" }
                nav.zooms aria-label="How close" {
                    @for (target, name) in ZOOMS {
                        a href=(format!("?timeline={name}")) aria-current=[(target == zoom).then_some("true")] { (humane(name)) }
                    }
                }
            }
            @if lines.is_empty() { p.soft { "Nothing at this zoom yet. Every line is under “Raw”." } }
            @else {
                div.wide tabindex="0" role="group" aria-label="Table, scrolls sideways" { table {
                    caption.unseen { "What happened, oldest first" }
                    thead { tr { th scope="col" { "When" } th scope="col" { "What" } th scope="col" { "State" } th scope="col" { "By" } } }
                    tbody { @for line in lines { (row(line, now)) } }
                } }
            }
        }
    }
}

fn row(line: &EventView, now: Timestamp) -> Markup {
    html! {
        tr {
            td { (time(&line.at, now)) }
            td.reason {
                (humane(&line.what))
                @if let Some(message) = &line.message { br; span.soft.small { (message) } }
                @if let Some(code) = &line.code { " " code.soft { (code) } }
            }
            td.moved { (moved(line)) }
            td.tight { (humane(&line.actor)) }
        }
    }
}

fn moved(line: &EventView) -> Markup {
    match (&line.from, &line.to) {
        (Some(from), Some(to)) if from != to => html! {
            span.soft { (humane(from)) } " → " span { (humane(to)) }
        },
        (_, Some(to)) => html! { (humane(to)) },
        _ => none(),
    }
}
