//! What is foreseen of an act: which effects happen, happen again, or stay, and which facts differ.
//!
//! Nothing is done here; the same words tell afterwards what was done.

use serde_json::Value;

/// What a command does outside, and how that bears being gone over again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effect {
    /// What it does, as a verb phrase.
    pub does: &'static str,
    /// Whether it has happened, as far as the facts tell.
    pub happened: bool,
    /// What a second time comes to.
    pub again: Again,
    /// Whether it can be taken back.
    pub undo: Undo,
}

/// What doing something a second time comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// It only looks, so nothing outside changes.
    Looks,
    /// The far side takes a repeat for the same.
    Idempotent,
    /// It is looked for first, and not repeated if it is found.
    CheckedFirst,
    /// It happens once more, and this is what that means.
    Repeats(&'static str),
}

/// Whether something that happened outside can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undo {
    /// There is nothing to take back.
    Nothing,
    /// By this command of the same table, which a cancel that undoes leads through.
    By(&'static str),
    /// Not at all, and this is what stays.
    Impossible(&'static str),
}

/// What an act would come to, or came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// The act.
    pub act: &'static str,
    /// The version it was computed from.
    pub version: u64,
    /// The state before.
    pub from: &'static str,
    /// The state afterwards.
    pub to: &'static str,
    /// The command that is owed afterwards.
    pub owes: Option<&'static str>,
    /// What happens outside, and what stays.
    pub effects: Vec<Foreseen>,
    /// Facts that will differ, without secrets.
    pub facts: Vec<Difference>,
}

/// What becomes of one effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreseen {
    /// The command whose effect it is.
    pub command: &'static str,
    /// What it does.
    pub does: &'static str,
    /// What becomes of it.
    pub outlook: Outlook,
    /// Why so, or what it means.
    pub why: &'static str,
}

/// What becomes of an effect when an act is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// It happens, and had not before.
    Runs,
    /// It happens once more.
    RunsAgain,
    /// It is gone over and happens no second time.
    Deduplicated,
    /// It is taken back.
    Undone,
    /// It could be taken back, and is left as it is.
    Stays,
    /// It cannot be taken back.
    CannotBeUndone,
}

impl Outlook {
    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::RunsAgain => "runs_again",
            Self::Deduplicated => "deduplicated",
            Self::Undone => "undone",
            Self::Stays => "stays",
            Self::CannotBeUndone => "cannot_be_undone",
        }
    }
}

/// A fact that an act changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its path in the redacted facts, with dots.
    pub name: String,
    /// Before.
    pub before: Value,
    /// Afterwards.
    pub after: Value,
}

/// The facts that differ between two redacted views, by their paths.
pub(crate) fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", before, after, &mut found);
    found
}

fn compare(path: &str, before: &Value, after: &Value, found: &mut Vec<Difference>) {
    if before == after {
        return;
    }
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        found.push(Difference {
            name: path.to_owned(),
            before: before.clone(),
            after: after.clone(),
        });
        return;
    };
    let added = new.keys().filter(|name| !old.contains_key(*name));
    for name in old.keys().chain(added) {
        let deeper = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        let side = |side: &serde_json::Map<String, Value>| side.get(name).cloned();
        let (old, new) = (side(old).unwrap_or_default(), side(new).unwrap_or_default());
        compare(&deeper, &old, &new, found);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::differences;

    #[test]
    fn only_what_differs_is_told_and_by_its_path() {
        let before = json!({"a": 1, "b": {"c": 1, "d": [1]}, "gone": true});
        let after = json!({"a": 1, "b": {"c": 2, "d": [1]}, "come": "x"});
        let told: Vec<(String, Value, Value)> = differences(&before, &after)
            .into_iter()
            .map(|one| (one.name, one.before, one.after))
            .collect();
        assert_eq!(
            told,
            [
                ("b.c".to_owned(), json!(1), json!(2)),
                ("gone".to_owned(), json!(true), Value::Null),
                ("come".to_owned(), Value::Null, json!("x")),
            ]
        );
    }
}
