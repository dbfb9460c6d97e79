//! What a workflow lets operators say to an instance, and how the fields of it are judged.
//!
//! Only shapes are judged here; what a value means is the workflow's to say.

use serde_json::Value;

use crate::acts::Fields;
use crate::clock::Timestamp;
use crate::instance::{Actor, Reason};

/// Which act an [`Offer`] is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered {
    /// What `retry_now` means in a state that owes no command.
    RetryNow,
    /// Calling it off; a flag named [`UNDO`] among its fields says that something can be undone.
    Cancel,
    /// One event that operators may submit.
    Submit,
    /// The facts that operators may edit.
    Edit,
}

/// The field by which a cancel is asked to undo first.
pub const UNDO: &str = "compensate";

/// Something a workflow lets operators say in a state.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// The act it is part of.
    pub act: Offered,
    /// Its name; among the events to submit it tells one from another.
    pub name: &'static str,
    /// What comes of it, for whoever is about to do it.
    pub means: &'static str,
    /// What it needs.
    pub fields: Vec<Field>,
}

/// One field of an act.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it is, for people.
    pub label: &'static str,
    /// What may stand in it.
    pub kind: FieldKind,
    /// Whether the act cannot be without it.
    pub required: bool,
    /// What stands there now, where it stands already.
    pub value: Option<Value>,
}

/// What may stand in a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A text of at most so many characters; null takes it away where it is not required.
    Text {
        /// The longest.
        chars_max: usize,
    },
    /// Yes or no.
    Flag,
    /// One of these.
    Choice(Vec<&'static str>),
    /// A JSON object.
    Object,
}

/// A field that cannot be taken as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongField {
    /// Its name.
    pub field: String,
    /// A stable code, e.g. `missing`, `wrong_type`, `too_long`.
    pub code: &'static str,
    /// What would be right.
    pub message: String,
}

/// An offer taken up, with its fields judged by their kinds.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// Which offer.
    pub offer: &'a Offer,
    /// What was sent.
    pub fields: &'a Fields,
    /// By whom.
    pub actor: Actor,
    /// Why.
    pub reason: &'a Reason,
    /// When.
    pub now: Timestamp,
}

impl Said<'_> {
    /// Whether a flag was set.
    pub fn flag(&self, name: &str) -> bool {
        self.fields.get(name).and_then(Value::as_bool) == Some(true)
    }
}

/// Judges fields by what the offer says of them; every wrong one is named.
pub(crate) fn judge(offer: &[Field], sent: &Fields) -> Result<(), Vec<WrongField>> {
    let mut wrong = Vec::new();
    let mut add = |field: &str, code: &'static str, message: String| {
        wrong.push(WrongField {
            field: field.to_owned(),
            code,
            message,
        });
    };
    let known = |name: &String| offer.iter().any(|field| field.name == *name);
    for name in sent.keys().filter(|name| !known(name)) {
        let names: Vec<&str> = offer.iter().map(|field| field.name).collect();
        let message = match names.as_slice() {
            [] => "is not taken here; nothing is".to_owned(),
            _ => format!("is not taken here; {} may be", names.join(", ")),
        };
        add(name, "unknown_field", message);
    }
    for field in offer {
        match sent.get(field.name) {
            None | Some(Value::Null) if field.required => {
                add(field.name, "missing", "is needed".to_owned());
            }
            None | Some(Value::Null) => {}
            Some(value) => {
                if let Err((code, message)) = field.kind.takes(value) {
                    add(field.name, code, message);
                }
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

impl FieldKind {
    fn takes(&self, value: &Value) -> Result<(), (&'static str, String)> {
        let wrong_type = |what: &str| Err(("wrong_type", format!("must be {what}")));
        match (self, value) {
            (Self::Text { chars_max }, Value::String(text))
                if text.chars().count() > *chars_max =>
            {
                Err(("too_long", format!("is longer than {chars_max} characters")))
            }
            (Self::Choice(known), Value::String(text)) if !known.contains(&text.as_str()) => {
                Err(("unknown_value", format!("knows {}", known.join(", "))))
            }
            (Self::Text { .. } | Self::Choice(_), Value::String(_))
            | (Self::Flag, Value::Bool(_))
            | (Self::Object, Value::Object(_)) => Ok(()),
            (Self::Text { .. } | Self::Choice(_), _) => wrong_type("a text"),
            (Self::Flag, _) => wrong_type("true or false"),
            (Self::Object, _) => wrong_type("a JSON object"),
        }
    }
}
