//! What is kept of an endpoint's answer: its status, a little of its body, and how long it wants rest.

use std::time::{Duration, UNIX_EPOCH};

use engine::Timestamp;
use reqwest::Response;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// Enough of a body to recognize an error page; the rest is never read.
const HEAD_BYTES_MAX: usize = 1024;

/// No endpoint may silence its notices for longer than this by asking.
const REST_MAX: Duration = Duration::from_hours(24);

/// The first part of the body as readable text.
pub(super) async fn head(response: &mut Response) -> Result<String, reqwest::Error> {
    let mut bytes = Vec::new();
    while bytes.len() < HEAD_BYTES_MAX {
        let Some(chunk) = response.chunk().await? else {
            break;
        };
        bytes.extend_from_slice(&chunk);
    }
    bytes.truncate(HEAD_BYTES_MAX);
    Ok(String::from_utf8_lossy(&bytes)
        .chars()
        .filter(|c| !c.is_control() || *c == '\n')
        .collect())
}

/// `Retry-After`, in seconds or as a date after `now`.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let rest = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => until(text, now)?,
    };
    Some(rest.min(REST_MAX))
}

fn until(date: &str, now: Timestamp) -> Option<Duration> {
    let since_epoch = httpdate::parse_http_date(date)
        .ok()?
        .duration_since(UNIX_EPOCH)
        .ok()?;
    let moment = Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).ok()?);
    Some(moment.since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_may_ask_for_rest_in_seconds_or_until_a_date() {
        let now = Timestamp::parse_rfc3339("2026-11-23T10:00:00Z").unwrap();
        let rows = [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Mon, 23 Nov 2026 10:05:00 GMT", Some(300)),
            ("Mon, 23 Nov 2026 09:00:00 GMT", Some(0)),
            ("99999999", Some(86_400)),
            ("-5", None),
            ("soon", None),
        ];
        for (text, expected_s) in rows {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            let expected = expected_s.map(Duration::from_secs);
            assert_eq!(retry_after(&headers, now), expected, "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
