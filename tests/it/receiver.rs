//! A partner's endpoint for notices: real HTTP on loopback, told what to answer, keeping what came.
//!
//! Signatures are judged by a crate of others, never by our own code.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use crate::app::until;

/// What the endpoint does with a notice.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Answers with a status.
    Status(u16),
    /// Asks to be left alone for some seconds.
    RetryAfter(u64),
    /// Never answers.
    Hang,
}

/// A notice as it came.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
    pub(crate) body: Value,
}

impl Notice {
    pub(crate) fn kind(&self) -> &str {
        self.body["type"].as_str().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    pub(crate) fn signatures(&self) -> Vec<&str> {
        self.header("webhook-signature").split(' ').collect()
    }

    /// Whether the crate that partners use takes it, its timestamp included.
    pub(crate) fn is_verified_by(&self, secret: &str) -> bool {
        let webhook = Webhook::new(secret).unwrap();
        webhook.verify(&self.bytes, &self.headers).is_ok()
    }

    /// Whether the secret signed it, however far the sandbox's clock was pushed.
    pub(crate) fn is_signed_by(&self, secret: &str) -> bool {
        let timestamp = self.header("webhook-timestamp").parse().unwrap();
        let webhook = Webhook::new(secret).unwrap();
        let signed = webhook.sign(self.header("webhook-id"), timestamp, &self.bytes);
        self.signatures().contains(&signed.unwrap().as_str())
    }
}

#[derive(Default)]
struct Kept {
    notices: Vec<Notice>,
    next: VecDeque<Reply>,
    always: Option<Reply>,
}

/// What Meta is to repeat when it verifies the address for messages.
const VERIFY_TOKEN: &str = "theirs";

/// An endpoint that listens until it is dropped.
pub(crate) struct Receiver {
    pub(crate) url: String,
    kept: Arc<Mutex<Kept>>,
    listening: AbortHandle,
}

impl Receiver {
    /// Listens; answers 200 unless told otherwise.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/notices", listener.local_addr().unwrap());
        let kept = Arc::new(Mutex::new(Kept::default()));
        let listening = tokio::spawn(listen(listener, Arc::clone(&kept))).abort_handle();
        Self {
            url,
            kept,
            listening,
        }
    }

    /// What the next notices meet, one after the other.
    pub(crate) fn then(&self, replies: impl IntoIterator<Item = Reply>) {
        self.kept.lock().unwrap().next.extend(replies);
    }

    /// What every notice meets that nothing else was said of.
    pub(crate) fn always(&self, reply: Reply) {
        self.kept.lock().unwrap().always = Some(reply);
    }

    /// Everything that came, oldest first.
    pub(crate) fn notices(&self) -> Vec<Notice> {
        self.kept.lock().unwrap().notices.clone()
    }

    /// What came of one type.
    pub(crate) fn of(&self, kind: &str) -> Vec<Notice> {
        let all = self.notices().into_iter();
        all.filter(|notice| notice.kind() == kind).collect()
    }

    /// Waits until so many of a type have come.
    #[track_caller]
    pub(crate) fn until(&self, kind: &str, count: usize) -> impl Future<Output = Vec<Notice>> {
        until(format!("{count} × {kind}"), move || async move {
            let found = self.of(kind);
            if found.len() >= count {
                return Ok(found);
            }
            let kinds: Vec<String> = self.notices().iter().map(|n| n.kind().to_owned()).collect();
            Err(format!("{kinds:?}"))
        })
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, kept: Arc<Mutex<Kept>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let kept = Arc::clone(&kept);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(Arc::clone(&kept), request));
            // A sender that hangs up mid-way is its own business.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(
    kept: Arc<Mutex<Kept>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.method() == Method::GET {
        return Ok(verified(request.uri().query().unwrap_or_default()));
    }
    let headers = request.headers().clone();
    let bytes = match request.into_body().collect().await {
        Ok(body) => body.to_bytes().to_vec(),
        Err(_) => Vec::new(),
    };
    let reply = {
        let mut kept = kept.lock().unwrap();
        kept.notices.push(Notice {
            headers,
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
            bytes,
        });
        let usual = kept.always.clone().unwrap_or(Reply::Status(200));
        kept.next.pop_front().unwrap_or(usual)
    };
    let response = Response::builder();
    let response = match reply {
        Reply::Status(status) => response.status(status),
        Reply::RetryAfter(seconds) => response.status(503).header("retry-after", seconds),
        Reply::Hang => std::future::pending().await,
    };
    Ok(response.body(Full::new(Bytes::from("noted"))).unwrap())
}

/// Meta's question whether the address wants what it is to be sent.
fn verified(query: &str) -> Response<Full<Bytes>> {
    let value = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find_map(|(key, value)| (key == name).then(|| value.to_owned()))
    };
    let wanted = value("hub.verify_token").as_deref() == Some(VERIFY_TOKEN);
    let challenge = value("hub.challenge").unwrap_or_default();
    let (status, body) = if wanted {
        (200, challenge)
    } else {
        (403, String::new())
    };
    let response = Response::builder().status(status);
    response.body(Full::new(Bytes::from(body))).unwrap()
}
