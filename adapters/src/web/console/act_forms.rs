//! The forms of acts: a reason and what the act needs, each field with its label and its mistake.

use std::collections::HashMap;

use maud::{Markup, html};
use rand::RngCore;
use serde_json::Value;
use workflows::app::{FieldError, InstanceView, NeedView, OfferView};

use super::frame::Frame;
use super::instances::path_of;
use super::words::humane;

/// What was typed into a form, and what is wrong with it.
#[derive(Clone, Default)]
pub(super) struct Filled {
    pub(super) reason: String,
    pub(super) operation_id: String,
    pub(super) event: Option<String>,
    pub(super) fields: HashMap<String, String>,
    pub(super) errors: Vec<FieldError>,
}

/// The buttons of these acts; each opens its form in place, without script.
pub(super) fn acts(view: &InstanceView, offers: &[&OfferView], frame: &Frame) -> Markup {
    html! {
        @if !offers.is_empty() {
            div.acts {
                @for offer in offers {
                    details.act.end[is_end(offer.act)] {
                        summary { (button(offer.act, offer.event)) "…" }
                        (explained(view, offer, frame))
                    }
                }
            }
        }
    }
}

fn explained(view: &InstanceView, offer: &OfferView, frame: &Frame) -> Markup {
    html! {
        div.sheet {
            p.small { (offer.means) }
            (form(&view.id, offer, &Filled::default(), frame))
            @if !offer.refused.is_empty() {
                ul.small.soft {
                    @for refused in &offer.refused {
                        li { "Not back to " (humane(refused.choice)) ": " (refused.why) "." }
                    }
                }
            }
        }
    }
}

/// One act's form, empty or as it was sent.
pub(super) fn form(id: &str, offer: &OfferView, filled: &Filled, frame: &Frame) -> Markup {
    let name = button(offer.act, offer.event);
    let label = if is_foreseen(offer.act) {
        "Look at what it does".to_owned()
    } else {
        name
    };
    let place = format!("{}-{}", offer.act, offer.event.unwrap_or_default());
    html! {
        form method="post" action=(format!("{}/acts/{}", path_of(id), offer.act)) {
            (frame.token_field())
            input type="hidden" name="operation_id" value=(known_or_fresh(&filled.operation_id));
            @if let Some(event) = offer.event { input type="hidden" name="event" value=(event); }
            @for need in &offer.needs { (field(need, filled, &place)) }
            label {
                "Reason"
                input name="reason" value=(filled.reason) required maxlength="500" autocomplete="off"
                    aria-invalid=[error(filled, "reason").map(|_| "true")] aria-describedby=[error(filled, "reason").map(|_| format!("{place}-reason"))];
            }
            (mistake(filled, "reason", &format!("{place}-reason")))
            button.main[!is_end(offer.act)].end[is_end(offer.act)] type="submit" { (label) }
        }
    }
}

fn field(need: &NeedView, filled: &Filled, place: &str) -> Markup {
    let name = format!("fields[{}]", need.name);
    let param = format!("fields.{}", need.name);
    let hint = format!("{place}-{}", need.name);
    let is_wrong = error(filled, &param).is_some();
    let invalid = is_wrong.then_some("true");
    let described = is_wrong.then_some(&hint);
    let typed = filled.fields.get(need.name).cloned();
    let text = typed.clone().unwrap_or_else(|| shown(need.value.as_ref()));
    html! {
        @match need.kind {
            "flag" => {
                label.check { input type="checkbox" name=(name) checked[typed.is_some()]; span { (need.label) } }
            }
            "choice" => {
                label {
                    (need.label)
                    select name=(name) required[need.required] aria-invalid=[invalid] aria-describedby=[described] {
                        @for choice in &need.choices { option value=(choice) selected[*choice == text] { (humane(choice)) } }
                    }
                }
            }
            "object" => {
                label { (need.label) textarea name=(name) rows="4" spellcheck="false" aria-invalid=[invalid] aria-describedby=[described] { (text) } }
            }
            _ => {
                label { (need.label) input name=(name) value=(text) maxlength=[need.chars_max] required[need.required] autocomplete="off" aria-invalid=[invalid] aria-describedby=[described]; }
            }
        }
        (mistake(filled, &param, &hint))
    }
}

fn error<'a>(filled: &'a Filled, param: &str) -> Option<&'a FieldError> {
    filled.errors.iter().find(|error| error.param == param)
}

fn mistake(filled: &Filled, param: &str, id: &str) -> Markup {
    html! {
        @if let Some(error) = error(filled, param) { p.mistake.small id=(id) { (error.message) } }
    }
}

/// A value as it stands in a field.
fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => serde_json::to_string_pretty(other).unwrap_or_default(),
    }
}

/// Whether there is no way back from it.
pub(super) fn is_end(act: &str) -> bool {
    matches!(act, "cancel" | "erase")
}

/// Whether a look at what it does comes before it.
pub(super) fn is_foreseen(act: &str) -> bool {
    matches!(act, "cancel" | "rewind" | "submit" | "edit")
}

/// Pressing twice is one act: each form that is shown carries its own id for it, and keeps it.
fn known_or_fresh(known: &str) -> String {
    if known.is_empty() {
        fresh_operation()
    } else {
        known.to_owned()
    }
}

/// An id for one operation.
pub(super) fn fresh_operation() -> String {
    let mut bytes = [0_u8; 16];
    rand::rng().fill_bytes(&mut bytes);
    format!("op_{}", hex::encode(bytes))
}

/// What an act is called.
pub(super) fn button(act: &str, event: Option<&str>) -> String {
    match (act, event) {
        ("retry_now", _) => "Try again now".to_owned(),
        ("cancel", _) => "Cancel for good".to_owned(),
        ("rewind", _) => "Go back".to_owned(),
        ("edit", _) => "Change details".to_owned(),
        ("submit", Some("otp_wanted")) => "Send another password".to_owned(),
        ("submit", Some("link_revoked")) => "Revoke the link".to_owned(),
        ("submit", Some("registration_allowed")) => "Allow one more registration".to_owned(),
        ("submit", Some("redeliver")) => "Send it again".to_owned(),
        ("submit", Some(event)) => humane(event),
        (other, _) => humane(other),
    }
}
