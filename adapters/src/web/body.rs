//! Bodies as they arrive: type, size and patience are checked here; what they mean is not.

use std::time::Duration;

use rocket::data::{Data, FromData, Outcome, ToByteUnit};
use rocket::http::{ContentType, Status};
use rocket::request::Request;
use serde_json::Value;
use workflows::app::{FieldError, Kind, Problem};

use super::Refusal;
use super::settings::{Bounds, WebSettings};

/// A JSON object; an empty body counts as `{}`, because the fields of most calls are all optional.
pub(crate) struct JsonBody {
    /// The object.
    pub(crate) value: Value,
    /// The bytes it was read from, by which a repeated request is recognized.
    pub(crate) raw: Vec<u8>,
}

#[rocket::async_trait]
impl<'r> FromData<'r> for JsonBody {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        let bounds = bounds(request);
        let read = json_bytes(request, data, &bounds).await.and_then(|raw| {
            let value = parse(&raw)?;
            Ok(Self { value, raw })
        });
        settle(request, read)
    }
}

impl JsonBody {
    /// Refuses whatever was sent to a call that takes nothing.
    pub(crate) fn takes_no_fields(&self) -> Result<(), Problem> {
        let names = self
            .value
            .as_object()
            .into_iter()
            .flat_map(serde_json::Map::keys);
        let errors: Vec<FieldError> = names
            .map(|name| FieldError {
                param: name.clone(),
                code: "unknown_field".to_owned(),
                message: "this call takes no fields".to_owned(),
            })
            .collect();
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid(errors))
        }
    }
}

/// The bytes themselves, for signatures over them.
pub(crate) struct RawBody(pub(crate) Vec<u8>);

#[rocket::async_trait]
impl<'r> FromData<'r> for RawBody {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        let bounds = bounds(request);
        let read = read(request, data, bounds.meta_body, bounds.body_arrival).await;
        settle(request, read.map(Self))
    }
}

fn bounds(request: &Request<'_>) -> Bounds {
    request
        .rocket()
        .state::<WebSettings>()
        .map(|web| web.bounds.clone())
        .unwrap_or_default()
}

fn settle<'r, T>(request: &Request<'_>, read: Result<T, Refusal>) -> Outcome<'r, T, ()> {
    match read {
        Ok(body) => Outcome::Success(body),
        Err(refusal) => Outcome::Error((refusal.park(request), ())),
    }
}

async fn json_bytes(
    request: &Request<'_>,
    mut data: Data<'_>,
    bounds: &Bounds,
) -> Result<Vec<u8>, Refusal> {
    if !request.content_type().is_some_and(is_json) {
        let first = tokio::time::timeout(bounds.body_arrival, data.peek(1)).await;
        return match first {
            Ok([]) => Ok(Vec::new()),
            Ok(_) => Err(Refusal::of_status(Status::UnsupportedMediaType)),
            Err(_) => Err(Refusal::of_status(Status::RequestTimeout)),
        };
    }
    read(request, data, bounds.json_body, bounds.body_arrival).await
}

fn is_json(kind: &ContentType) -> bool {
    let named = kind.top() == "application"
        && (kind.sub() == "json" || kind.sub().as_str().ends_with("+json"));
    named
        && kind
            .param("charset")
            .is_none_or(|charset| charset.eq_ignore_ascii_case("utf-8"))
}

async fn read(
    request: &Request<'_>,
    data: Data<'_>,
    limit: usize,
    patience: Duration,
) -> Result<Vec<u8>, Refusal> {
    let announced = request
        .headers()
        .get_one("content-length")
        .and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    match tokio::time::timeout(patience, data.open(limit.bytes()).into_bytes()).await {
        Err(_) => Err(Refusal::of_status(Status::RequestTimeout)),
        Ok(Err(_)) => Err(Problem::new(
            Kind::Malformed,
            "incomplete_body",
            "The body broke off before its end.",
        )
        .into()),
        Ok(Ok(bytes)) if !bytes.is_complete() => Err(too_large(limit)),
        Ok(Ok(bytes)) => Ok(bytes.into_inner()),
    }
}

fn too_large(limit: usize) -> Refusal {
    Refusal::of_http(
        Status::PayloadTooLarge,
        "too_large",
        format!("The body is larger than {limit} bytes."),
    )
}

fn parse(raw: &[u8]) -> Result<Value, Problem> {
    if raw.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    let value: Value = serde_json::from_slice(raw).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Problem::new(
            Kind::Malformed,
            "malformed_json",
            format!("The body is not JSON: reading stopped at line {line}, column {column}."),
        )
    })?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(Problem::field(
            "body",
            "wrong_type",
            "must be a JSON object",
        ))
    }
}

#[cfg(test)]
mod tests {
    use rocket::http::ContentType;
    use serde_json::json;
    use workflows::app::Kind;

    use super::{is_json, parse};

    #[test]
    fn a_body_is_an_object_or_nothing() {
        assert_eq!(parse(b"").unwrap(), json!({}));
        assert_eq!(parse(b" \n").unwrap(), json!({}));
        assert_eq!(parse(br#"{"a":1}"#).unwrap(), json!({"a": 1}));
        assert_eq!(parse(b"[]").unwrap_err().kind, Kind::Invalid);
    }

    #[test]
    fn broken_json_is_told_by_place_and_never_quoted() {
        let problem = parse(b"{\n  \"secret\": tru }").unwrap_err();
        assert_eq!(problem.kind, Kind::Malformed);
        assert_eq!(
            problem.detail,
            "The body is not JSON: reading stopped at line 2, column 16."
        );
    }

    #[test]
    fn a_body_nested_without_end_is_refused_and_does_not_overflow() {
        let bomb = "{\"a\":".repeat(100_000);
        assert_eq!(parse(bomb.as_bytes()).unwrap_err().kind, Kind::Malformed);
    }

    #[test]
    fn json_is_known_by_its_content_type() {
        for (text, taken) in [
            ("application/json", true),
            ("application/json; charset=UTF-8", true),
            ("application/vnd.partner+json", true),
            ("application/json; charset=latin1", false),
            ("text/json", false),
            ("application/x-www-form-urlencoded", false),
        ] {
            let kind = ContentType::parse_flexible(text).unwrap();
            assert_eq!(is_json(&kind), taken, "{text}");
        }
    }
}
