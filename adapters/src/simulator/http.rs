//! Requests and answers as the simulator sees them, and nothing of what they mean.

use std::collections::BTreeMap;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response, header};
use serde_json::Value;

/// Graph refuses larger bodies too; nothing an onboarding sends comes near it.
const BODY_LIMIT: usize = 1024 * 1024;

/// The connection ends without an answer, as an outage looks to a client.
#[derive(Debug, thiserror::Error)]
#[error("the simulator dropped the connection")]
pub(crate) struct Dropped;

/// Parameters of a call, wherever they stood: query, form or JSON members.
#[derive(Clone, Default)]
pub(crate) struct Params(BTreeMap<String, String>);

impl Params {
    /// What a query string or a form body says.
    pub(crate) fn from_form(text: &str) -> Self {
        let mut params = Self::default();
        params.add_form(text);
        params
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The parameter if it is there and says something.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    pub(crate) fn is_true(&self, name: &str) -> bool {
        matches!(self.get(name), Some("true" | "1"))
    }

    fn add_form(&mut self, text: &str) {
        let Ok(parsed) = reqwest::Url::parse(&format!("http://form/?{text}")) else {
            return;
        };
        for (name, value) in parsed.query_pairs() {
            self.0.insert(name.into_owned(), value.into_owned());
        }
    }

    fn add_json(&mut self, body: &Value) {
        for (name, value) in body.as_object().into_iter().flatten() {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Null => continue,
                other => other.to_string(),
            };
            self.0.insert(name.clone(), text);
        }
    }
}

/// One request, read to its end.
pub(crate) struct Inbound {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) bearer: Option<String>,
    pub(crate) body: Bytes,
    is_json: bool,
}

impl Inbound {
    /// Reads the whole request; one that breaks off is answered by nothing.
    pub(crate) async fn read(request: Request<Incoming>) -> Result<Self, Dropped> {
        let (parts, body) = request.into_parts();
        let header = |name| {
            parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let bearer = header(header::AUTHORIZATION)
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| {
                scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("oauth")
            })
            .map(|(_, token)| token.trim().to_owned());
        let is_json = header(header::CONTENT_TYPE).is_some_and(|kind| kind.contains("json"));
        let body = Limited::new(body, BODY_LIMIT)
            .collect()
            .await
            .map_err(|_| Dropped)?;
        Ok(Self {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            bearer,
            body: body.to_bytes(),
            is_json,
        })
    }

    /// The body as JSON; an empty body is an empty object.
    pub(crate) fn json(&self) -> Result<Value, serde_json::Error> {
        if self.body.is_empty() {
            return Ok(Value::Object(serde_json::Map::new()));
        }
        serde_json::from_slice(&self.body)
    }

    /// Query and body together, as Graph takes them; the body wins.
    pub(crate) fn params(&self) -> Params {
        let mut params = Params::from_form(&self.query);
        let text = std::str::from_utf8(&self.body).unwrap_or_default();
        if self.is_json || text.trim_start().starts_with('{') {
            if let Ok(body) = self.json() {
                params.add_json(&body);
            }
        } else {
            params.add_form(text);
        }
        params
    }
}

/// One answer.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Graph's error code and subcode, for the call log.
    pub(crate) error: Option<(i64, Option<i64>)>,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            error: None,
            headers: vec![
                ("content-type", "application/json; charset=UTF-8".to_owned()),
                ("cache-control", "no-store".to_owned()),
            ],
            body: Bytes::from(body.to_string()),
        }
    }

    pub(crate) fn text(text: String) -> Self {
        Self {
            status: 200,
            error: None,
            headers: vec![
                ("content-type", "text/plain; charset=UTF-8".to_owned()),
                ("cache-control", "no-store".to_owned()),
            ],
            body: Bytes::from(text),
        }
    }

    pub(crate) fn asset(kind: &'static str, text: &'static str) -> Self {
        Self {
            status: 200,
            error: None,
            headers: vec![
                ("content-type", kind.to_owned()),
                ("cache-control", "no-store".to_owned()),
                ("x-content-type-options", "nosniff".to_owned()),
            ],
            body: Bytes::from_static(text.as_bytes()),
        }
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn into_response(self) -> Result<Response<Full<Bytes>>, Dropped> {
        let mut response = Response::builder().status(self.status);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        response.body(Full::new(self.body)).map_err(|_| Dropped)
    }
}
