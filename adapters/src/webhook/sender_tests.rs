//! The sender against a server of bare bytes, and its signatures against the standard's own verifier.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use engine::{Clock, SystemClock, Timestamp};
use reqwest::header::{HeaderMap, HeaderName};
use standardwebhooks::{Webhook, WebhookError};
use workflows::values::Secret;

use super::*;
use crate::graph::raw_server::{Act, RawServer};

fn sender(allow_private_addresses: bool) -> WebhookSender {
    // A second install fails, and the first one serves all tests.
    let _ = rustls::crypto::ring::default_provider().install_default();
    WebhookSender::new(WebhookSettings {
        allow_private_addresses,
        timeout: Duration::from_secs(5),
    })
    .unwrap()
}

fn secret(fill: u8) -> Secret {
    Secret::new(format!("whsec_{}", STANDARD.encode([fill; 32])))
}

fn notice(url: &str) -> Notice {
    Notice {
        id: "evt_01".to_owned(),
        at: SystemClock::default().now(),
        body: r#"{"type":"onboarding.completed","name":"Panadería"}"#.to_owned(),
        url: url.to_owned(),
        secrets: vec![secret(1)],
    }
}

async fn send_to(server: &RawServer) -> Result<Answer, Undelivered> {
    let notice = notice(&format!("{}/hook?key=k1", server.url()));
    sender(true).send(&notice).await
}

/// The headers and the body of a request as it came over the wire.
fn parts(request: &str) -> (HeaderMap, String) {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let headers = head
        .lines()
        .skip(1)
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| {
            let name: HeaderName = name.parse().unwrap();
            (name, value.parse().unwrap())
        })
        .collect();
    (headers, body.to_owned())
}

async fn verified_by(notice: Notice, with: &Secret) -> Result<(), WebhookError> {
    let server = RawServer::start([Act::answer(204, &[], "")]).await;
    let url = format!("{}/hook", server.url());
    sender(true).send(&Notice { url, ..notice }).await.unwrap();
    let (headers, body) = parts(&server.requests()[0]);
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["webhook-id"], "evt_01");
    assert!(
        headers["user-agent"]
            .to_str()
            .unwrap()
            .starts_with("Gangway/")
    );
    Webhook::new(with.expose())
        .unwrap()
        .verify(body.as_bytes(), &headers)
}

#[tokio::test]
async fn partners_verify_notices_with_the_standards_own_library() {
    let verdict = verified_by(notice(""), &secret(1)).await;
    assert!(verdict.is_ok(), "{verdict:?}");
    let stranger = verified_by(notice(""), &secret(9)).await;
    assert!(matches!(stranger, Err(WebhookError::InvalidSignature)));
}

#[tokio::test]
async fn while_a_secret_is_replaced_both_verify() {
    for with in [secret(1), secret(2)] {
        let secrets = vec![secret(1), secret(2)];
        let both = Notice {
            secrets,
            ..notice("")
        };
        assert!(verified_by(both, &with).await.is_ok());
    }
}

#[tokio::test]
async fn a_notice_replayed_after_minutes_is_refused() {
    let at = SystemClock::default().now() - Duration::from_secs(400);
    let old = verified_by(Notice { at, ..notice("") }, &secret(1)).await;
    assert!(matches!(old, Err(WebhookError::TimestampTooOldError)));
}

#[tokio::test]
async fn whatever_an_endpoint_answers_is_reported() {
    let date = httpdate::fmt_http_date(std::time::UNIX_EPOCH + Duration::from_secs(1_800_000_007));
    let now = Timestamp::from_millis(1_800_000_007_000 - 90_000);
    let rows = [
        (Act::answer(200, &[], "thanks"), 200, "thanks", None),
        (Act::answer(410, &[], "gone\u{7}"), 410, "gone", None),
        (
            Act::answer(429, &[("Retry-After", "30")], ""),
            429,
            "",
            Some(30),
        ),
        (
            Act::answer(503, &[("Retry-After", &date)], ""),
            503,
            "",
            Some(90),
        ),
    ];
    for (act, status, head, rest_s) in rows {
        let server = RawServer::start([act]).await;
        let url = format!("{}/hook", server.url());
        let notice = Notice {
            at: now,
            ..notice(&url)
        };
        let answer = sender(true).send(&notice).await.unwrap();
        assert_eq!(answer.status, status);
        assert_eq!(answer.head, head);
        assert_eq!(answer.retry_after, rest_s.map(Duration::from_secs));
    }
}

#[tokio::test]
async fn a_redirect_is_reported_and_not_followed() {
    let elsewhere = RawServer::start([Act::answer(200, &[], "")]).await;
    let location = elsewhere.url();
    let server = RawServer::start([Act::answer(307, &[("Location", &location)], "")]).await;
    assert_eq!(send_to(&server).await.unwrap().status, 307);
    assert_eq!(elsewhere.requests().len(), 0);
}

#[tokio::test]
async fn of_a_long_answer_only_the_beginning_is_kept() {
    let server = RawServer::start([Act::answer(500, &[], &"é".repeat(100_000))]).await;
    let answer = send_to(&server).await.unwrap();
    assert_eq!(answer.head.len(), 1024);
}

#[tokio::test]
async fn a_lost_connection_is_no_answer_and_tells_no_address() {
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal".to_vec();
    for act in [Act::HangUp, Act::BreakOff(half)] {
        let server = RawServer::start([act]).await;
        let Err(Undelivered::Unreachable(text)) = send_to(&server).await else {
            panic!("an answer out of nothing");
        };
        assert!(!text.contains("key=k1") && !text.is_empty(), "{text}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn nothing_is_sent_to_a_private_address_or_unsigned() {
    let server = RawServer::start([]).await;
    let strict = sender(false);
    for url in [server.url(), format!("https://{}/", server.address)] {
        let refused = strict.send(&notice(&url)).await;
        assert!(matches!(refused, Err(Undelivered::Forbidden(_))), "{url}");
        assert!(strict.admits(&url).is_err());
    }
    let unsigned = Notice {
        secrets: Vec::new(),
        ..notice(&server.url())
    };
    let refused = sender(true).send(&unsigned).await;
    assert!(matches!(refused, Err(Undelivered::Forbidden(_))));
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_refused_when_it_is_resolved() {
    let server = RawServer::start([]).await;
    // Past the check of the address itself, as a name of a partner's own would be.
    let url = Url::parse(&format!("https://localhost:{}/", server.address.port())).unwrap();
    let refused = sender(false).post(url, &notice("")).await;
    let Err(Undelivered::Forbidden(reason)) = refused else {
        panic!("{refused:?}");
    };
    assert!(!reason.contains("127.0.0.1"), "{reason}");
    assert_eq!(server.connections(), 0);
}
