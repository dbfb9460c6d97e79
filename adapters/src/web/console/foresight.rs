//! The look before an act: what happens again, what does not, what stays, and which facts differ.
//! Confirming it names the version that was looked at.

use maud::{Markup, html};
use serde_json::Value;
use workflows::app::{EffectView, InstanceView, PreviewView};

use super::act_forms::{Filled, button, is_end};
use super::frame::Frame;
use super::instances::path_of;
use super::words::{humane, id, number};

/// The fates of effects, in the order in which an operator should read them.
const FATES: [(&str, &str); 6] = [
    ("cannot_be_undone", "Cannot be undone"),
    ("undone", "Is taken back first"),
    ("stays", "Stays as it is"),
    ("runs_again", "Happens again"),
    ("runs", "Happens"),
    ("deduplicated", "Is not repeated"),
];

/// The page's middle.
pub(super) fn foresight(
    view: &InstanceView,
    preview: &PreviewView,
    filled: &Filled,
    frame: &Frame,
) -> Markup {
    let name = button(preview.act, filled.event.as_deref());
    html! {
        div.title {
            h1 { (name) }
            span { (id(&view.id)) }
            span.soft.small { "as of revision " (number(preview.version)) }
        }
        p.headline { (sentence(preview)) }
        (effects(&preview.effects))
        (changes(preview))
        section aria-labelledby="confirm" {
            h2 #confirm { "Do it?" }
            p { "Reason: " (filled.reason) }
            form.confirm method="post" action=(format!("{}/acts/{}", path_of(&view.id), preview.act)) {
                (frame.token_field())
                input type="hidden" name="operation_id" value=(filled.operation_id);
                input type="hidden" name="reason" value=(filled.reason);
                input type="hidden" name="version" value=(preview.version);
                @if let Some(event) = &filled.event { input type="hidden" name="event" value=(event); }
                @for (name, value) in &filled.fields {
                    input type="hidden" name=(format!("fields[{name}]")) value=(value);
                }
                button.main[!is_end(preview.act)].end[is_end(preview.act)] type="submit" { "Yes: " (name) }
                a.button href=(path_of(&view.id)) { "No, change nothing" }
            }
        }
    }
}

fn sentence(preview: &PreviewView) -> Markup {
    html! {
        @if preview.from == preview.to { "It stays in " strong { (humane(preview.to)) } }
        @else { "From " strong { (humane(preview.from)) } " to " strong { (humane(preview.to)) } }
        @match preview.owes {
            Some(owes) => { "; next comes: " (humane(owes)) "." }
            None => "; nothing is due by itself then.",
        }
    }
}

fn effects(effects: &[EffectView]) -> Markup {
    html! {
        section aria-labelledby="effects" {
            h2 #effects { "Outside" }
            @if effects.is_empty() { p.soft { "Nothing is done outside." } }
            @else {
                div.wide tabindex="0" role="group" aria-label="Table, scrolls sideways" { table {
                    caption.unseen { "What the act does outside, and what stays" }
                    thead { tr { th scope="col" { "What becomes of it" } th scope="col" { "Step" } th scope="col" { "What it does" } th scope="col" { "Why" } } }
                    tbody {
                        @for (fate, words) in FATES {
                            @for effect in effects.iter().filter(|effect| effect.fate == fate) {
                                tr.effect data-fate=(fate) {
                                    td.tight { span class=(format!("fate {fate}")) { (words) } }
                                    td.tight { (humane(effect.command)) }
                                    td { (effect.does) }
                                    td { (effect.why) }
                                }
                            }
                        }
                    }
                } }
            }
        }
    }
}

fn changes(preview: &PreviewView) -> Markup {
    html! {
        section aria-labelledby="changes" {
            h2 #changes { "Facts that differ afterwards" }
            @if preview.changes.is_empty() { p.soft { "None." } }
            @else {
                div.wide tabindex="0" role="group" aria-label="Table, scrolls sideways" { table {
                    caption.unseen { "Facts before and after" }
                    thead { tr { th scope="col" { "Fact" } th scope="col" { "Now" } th scope="col" { "Then" } } }
                    tbody {
                        @for change in &preview.changes {
                            tr { td.tight { (humane(&change.name)) } td { (value(&change.before)) } td { (value(&change.after)) } }
                        }
                    }
                } }
            }
        }
    }
}

fn value(value: &Value) -> Markup {
    html! {
        @match value {
            Value::Null => { span.soft { "nothing" } }
            Value::String(text) => (text),
            other => { code { (other) } }
        }
    }
}
