//! Reading request bodies: every wrong field is named by its path, with the remedy.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::problem::Problem;

/// Reads a body into its type; unknown fields and wrong types are refused by name.
pub(super) fn read<T: DeserializeOwned>(body: &Value) -> Result<T, Problem> {
    if !body.is_object() {
        return Err(Problem::field("", "wrong_type", "send a JSON object"));
    }
    serde_path_to_error::deserialize(body.clone()).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner().to_string();
        // serde_json adds a place that means nothing to a value that was parsed before.
        let message = inner.split(" at line ").next().unwrap_or(&inner).to_owned();
        let (code, param) = match message.strip_prefix("unknown field `") {
            Some(rest) => {
                let field = rest.split('`').next().unwrap_or_default();
                ("unknown_field", join(&path, field))
            }
            None => match message.strip_prefix("missing field `") {
                Some(rest) => {
                    let field = rest.split('`').next().unwrap_or_default();
                    ("missing", join(&path, field))
                }
                None => ("wrong_type", path),
            },
        };
        Problem::field(&param, code, message)
    })
}

/// An optional group: `null` means the same as leaving it out.
pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn join(path: &str, field: &str) -> String {
    let ends_with_field = path == field || path.ends_with(&format!(".{field}"));
    if path == "." || path.is_empty() {
        field.to_owned()
    } else if ends_with_field {
        path.to_owned()
    } else {
        format!("{path}.{field}")
    }
}

/// The text, or a problem that names the field, if it is longer than allowed.
pub(super) fn at_most(param: &str, text: &str, chars_max: usize) -> Result<(), Problem> {
    if text.chars().count() <= chars_max {
        return Ok(());
    }
    let message = format!("is longer than {chars_max} characters");
    Err(Problem::field(param, "too_long", message))
}
