//! Acts as operators see them: what may be done, what one would come to, and what it came to.

use engine::{Field, FieldKind, Possible, Preview};
use serde::Serialize;
use serde_json::Value;

use crate::app::views::InstanceView;

/// What an act is answered with.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ActAnswer {
    /// It was carried out: the instance as it stands.
    Done {
        /// The instance.
        #[serde(flatten)]
        view: Box<InstanceView>,
        /// Whether this operation had been carried out before.
        repeated: bool,
        /// What it did; nothing for a repeat.
        done: Option<PreviewView>,
    },
    /// A dry run: what it would come to.
    Preview(PreviewView),
}

/// What an act would come to, or came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PreviewView {
    /// `preview`
    pub object: &'static str,
    /// The act.
    pub act: &'static str,
    /// The version it was computed from, to be named by the act itself.
    pub version: u64,
    /// The state before.
    pub from: &'static str,
    /// The state afterwards.
    pub to: &'static str,
    /// The step that is due afterwards.
    pub owes: Option<&'static str>,
    /// What happens outside, and what stays.
    pub effects: Vec<EffectView>,
    /// Facts that will differ.
    pub changes: Vec<ChangeView>,
}

/// What becomes of one effect.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EffectView {
    /// The step whose effect it is.
    pub command: &'static str,
    /// What it does.
    pub does: &'static str,
    /// `runs`, `runs_again`, `deduplicated`, `undone`, `stays` or `cannot_be_undone`.
    pub fate: &'static str,
    /// Why so, or what it means.
    pub why: &'static str,
}

/// A fact that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangeView {
    /// Its path among the facts.
    pub name: String,
    /// Before.
    pub before: Value,
    /// Afterwards.
    pub after: Value,
}

/// An act that may be done now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OfferView {
    /// Its name, as in its address.
    pub act: &'static str,
    /// Which event, among those to submit.
    pub event: Option<&'static str>,
    /// What comes of it.
    pub means: &'static str,
    /// What it needs besides a reason.
    pub needs: Vec<NeedView>,
    /// Choices that cannot be right now, each with why.
    pub refused: Vec<RefusedView>,
}

/// A field of an act.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NeedView {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub label: &'static str,
    /// `text`, `flag`, `choice` or `object`.
    pub kind: &'static str,
    /// What may be chosen.
    pub choices: Vec<&'static str>,
    /// The longest text.
    pub chars_max: Option<usize>,
    /// Whether the act cannot be without it.
    pub required: bool,
    /// What stands there now.
    pub value: Option<Value>,
}

/// A choice that cannot be right.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RefusedView {
    /// The choice.
    pub choice: &'static str,
    /// A stable code of why.
    pub code: String,
    /// Why, in a sentence.
    pub why: String,
}

pub(super) fn preview_view(preview: &Preview) -> PreviewView {
    let effects = preview.effects.iter();
    let changes = preview.facts.iter();
    PreviewView {
        object: "preview",
        act: preview.act,
        version: preview.version,
        from: preview.from,
        to: preview.to,
        owes: preview.owes,
        effects: effects
            .map(|effect| EffectView {
                command: effect.command,
                does: effect.does,
                fate: effect.outlook.as_str(),
                why: effect.why,
            })
            .collect(),
        changes: changes
            .map(|change| ChangeView {
                name: change.name.clone(),
                before: change.before.clone(),
                after: change.after.clone(),
            })
            .collect(),
    }
}

impl OfferView {
    pub(super) fn of(possible: Possible) -> Self {
        let refused = possible.refused.into_iter();
        Self {
            act: possible.act,
            event: possible.event,
            means: possible.means,
            needs: possible.fields.into_iter().map(NeedView::of).collect(),
            refused: refused
                .map(|(choice, reason)| RefusedView {
                    choice,
                    code: reason.code,
                    why: reason.text,
                })
                .collect(),
        }
    }
}

impl NeedView {
    fn of(field: Field) -> Self {
        let (kind, choices, chars_max) = match field.kind {
            FieldKind::Text { chars_max } => ("text", Vec::new(), Some(chars_max)),
            FieldKind::Flag => ("flag", Vec::new(), None),
            FieldKind::Choice(choices) => ("choice", choices, None),
            FieldKind::Object => ("object", Vec::new(), None),
        };
        Self {
            name: field.name,
            label: field.label,
            kind,
            choices,
            chars_max,
            required: field.required,
            value: field.value,
        }
    }
}
