//! How long to stay away from Graph, read from the headers that tell how much of a limit is used.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::Value;

use super::reading::number;

/// Limits count over a rolling hour, so a used-up one may take that long.
const WINDOW: Duration = Duration::from_hours(1);

/// The wait that the headers ask for, if they ask for one.
pub(super) fn wait(headers: &HeaderMap) -> Option<Duration> {
    regained(headers)
        .or_else(|| retry_after(headers))
        .or_else(|| used_up(headers))
}

/// The longest of the minutes that `X-Business-Use-Case-Usage` names.
fn regained(headers: &HeaderMap) -> Option<Duration> {
    let usage = json(headers, "x-business-use-case-usage")?;
    let minutes = usage
        .as_object()?
        .values()
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(|entry| entry.get("estimated_time_to_regain_access"))
        .filter_map(number)
        .filter_map(|minutes| u64::try_from(minutes).ok())
        .max()
        .filter(|minutes| *minutes > 0)?;
    Some(Duration::from_secs(minutes.saturating_mul(60)))
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get("retry-after")?.to_str().ok()?.trim();
    seconds.parse().ok().map(Duration::from_secs)
}

/// `X-App-Usage` counts in percent and names no time.
fn used_up(headers: &HeaderMap) -> Option<Duration> {
    let usage = json(headers, "x-app-usage")?;
    let fullest = usage.as_object()?.values().filter_map(number).max()?;
    (fullest >= 100).then_some(WINDOW)
}

fn json(headers: &HeaderMap, name: &str) -> Option<Value> {
    serde_json::from_slice(headers.get(name)?.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn check(rows: &[(&'static str, &'static str)], expected_s: Option<u64>) {
        let headers = rows
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        assert_eq!(
            wait(&headers),
            expected_s.map(Duration::from_secs),
            "{rows:?}"
        );
    }

    #[test]
    fn the_headers_tell_how_long_to_stay_away() {
        let business = "x-business-use-case-usage";
        check(&[], None);
        check(
            &[(
                business,
                r#"{"1":[{"type":"whatsapp","call_count":90,"estimated_time_to_regain_access":0}]}"#,
            )],
            None,
        );
        check(
            &[(
                business,
                r#"{"1":[{"estimated_time_to_regain_access":3}],"2":[{"estimated_time_to_regain_access":"12"}]}"#,
            )],
            Some(720),
        );
        check(
            &[("x-app-usage", r#"{"call_count":28,"total_time":25}"#)],
            None,
        );
        check(
            &[("x-app-usage", r#"{"call_count":28,"total_time":101}"#)],
            Some(3600),
        );
        check(
            &[
                ("retry-after", "30"),
                ("x-app-usage", r#"{"call_count":100}"#),
            ],
            Some(30),
        );
        check(&[(business, "not json")], None);
    }
}
