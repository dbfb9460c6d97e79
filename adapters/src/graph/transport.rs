//! The one sender: puts a request on the wire once, and says honestly whether it may have arrived.
//!
//! It neither repeats nor follows redirects, and it writes no address, code, token or PIN to any log.

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Client, ClientBuilder, Response, Url, redirect, retry};
use thiserror::Error;

use super::usage;
use super::wire::{Body, Method, Param, Request};

/// No answer of Graph's comes near this; past it, it is not Graph that answers.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// Part of the whole wait that connecting may take, so that a dead route is known as "not sent".
const CONNECT_SHARE: u32 = 2;

/// Why a client for Graph could not be made: the operator mends the settings or the machine.
#[derive(Debug, Error)]
pub enum GraphSetupError {
    /// The address in the settings is not one that requests can be made to.
    #[error("the Graph address {0:?} is not an http or https address")]
    Address(String),
    /// TLS could not be set up; most often the machine has no root certificates.
    #[error("the connection to Graph could not be set up")]
    Tls(#[source] reqwest::Error),
}

/// An answer of Graph's, whatever it says.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    /// How long its headers ask us to stay away.
    pub(super) wait: Option<Duration>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Silence {
    /// No connection came about: not one byte of the request left.
    NotSent(String),
    /// The request may have arrived.
    Unanswered(String),
    /// The request cannot be written at all, now or later.
    Unsendable(String),
}

/// Two clients: one keeps connections, the other opens a fresh one for each call that counts.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    base: Url,
    pooled: Client,
    single: Client,
}

impl Transport {
    /// A transport to the versioned root of Graph.
    pub(super) fn new(
        url: &str,
        version: &str,
        timeout: Duration,
    ) -> Result<Self, GraphSetupError> {
        let mut base = Url::parse(url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| GraphSetupError::Address(url.to_owned()))?;
        if let Ok(mut segments) = base.path_segments_mut() {
            segments.pop_if_empty().push(version);
        }
        let pooled = client(&base, timeout)
            .build()
            .map_err(GraphSetupError::Tls)?;
        // A pooled connection may be dead already; what is written to it may be resent unseen.
        let single = client(&base, timeout)
            .pool_max_idle_per_host(0)
            .build()
            .map_err(GraphSetupError::Tls)?;
        Ok(Self {
            base,
            pooled,
            single,
        })
    }

    /// Sends the request, once.
    pub(super) async fn send(&self, request: &Request) -> Result<Answer, Silence> {
        let client = if request.once {
            &self.single
        } else {
            &self.pooled
        };
        let url = self.address(request);
        let mut call = match request.method {
            Method::Get => client.get(url),
            Method::Post => client.post(url),
            Method::Delete => client.delete(url),
        };
        if let Some(token) = &request.bearer {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose()))
                .map_err(|_| Silence::Unsendable("the token cannot stand in a header".into()))?;
            value.set_sensitive(true);
            call = call.header(AUTHORIZATION, value);
        }
        call = match &request.body {
            Body::Empty => call,
            Body::Form(form) => call.form(&texts(form)),
            Body::Json(body) => call.json(body),
        };
        let response = call.send().await.map_err(silence)?;
        read(response).await
    }

    fn address(&self, request: &Request) -> Url {
        let mut url = self.base.clone();
        // Segments are escaped one by one, so an id can never reach another edge.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(&request.path);
        }
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(texts(&request.query));
        }
        url
    }
}

fn texts(params: &[(&'static str, Param)]) -> Vec<(&'static str, String)> {
    params
        .iter()
        .map(|(name, value)| (*name, value.text().to_owned()))
        .collect()
}

fn client(base: &Url, timeout: Duration) -> ClientBuilder {
    let builder = Client::builder()
        .user_agent(concat!("Gangway/", env!("CARGO_PKG_VERSION")))
        .timeout(timeout)
        .connect_timeout(timeout / CONNECT_SHARE)
        .redirect(redirect::Policy::none())
        .retry(retry::never());
    // An installation may reach Meta through a proxy; nothing on this machine is behind one.
    if is_loopback(base) {
        builder.no_proxy()
    } else {
        builder
    }
}

fn is_loopback(base: &Url) -> bool {
    let host = base.host_str().unwrap_or_default();
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || literal
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

async fn read(mut response: Response) -> Result<Answer, Silence> {
    let status = response.status().as_u16();
    let wait = usage::wait(response.headers());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(silence)? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(Silence::Unanswered("the answer is too large".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, body, wait })
}

/// The address may hold a token, so it is taken off before the error becomes text.
fn silence(error: reqwest::Error) -> Silence {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    if error.is_connect() {
        Silence::NotSent(text)
    } else if error.is_builder() {
        Silence::Unsendable(text)
    } else {
        Silence::Unanswered(text)
    }
}
