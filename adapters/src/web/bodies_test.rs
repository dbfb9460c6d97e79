//! Bodies and handlers that misbehave, against routes that exist only here.

use std::time::Duration;

use rocket::fairing::AdHoc;
use rocket::figment::Figment;
use rocket::http::{ContentType, Status};
use rocket::local::asynchronous::Client;
use rocket::tokio::io::{AsyncReadExt, AsyncWriteExt};
use rocket::tokio::net::TcpStream;
use rocket::{Config, post};

use super::settings::{Bounds, WebSettings};
use super::testing::{problem, settings};
use super::{JsonBody, RawBody, Refusal, guarded};

#[post("/v1/echo", data = "<body>")]
fn echo(body: JsonBody) -> String {
    let JsonBody { value, .. } = body;
    value.to_string()
}

#[post("/v1/raw", data = "<body>")]
fn raw(body: RawBody) -> String {
    let RawBody(bytes) = body;
    bytes.len().to_string()
}

#[post("/v1/never")]
async fn never() -> Result<(), Refusal> {
    std::future::pending().await
}

#[post("/v1/broken")]
fn broken() -> Result<(), Refusal> {
    panic!("a bug in a handler")
}

async fn echoing(settings: WebSettings) -> Client {
    let rooms =
        super::rooms(settings).mount("/", guarded(rocket::routes![echo, raw, never, broken]));
    Client::untracked(rooms)
        .await
        .expect("the listener ignites")
}

#[rocket::async_test]
async fn a_body_is_refused_by_what_is_wrong_with_it() {
    let listener = echoing(settings()).await;
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(2000));
    for (kind, body, status, code) in [
        (Some(ContentType::JSON), "{\"a\":1}", 200, None),
        (Some(ContentType::JSON), "", 200, None),
        (None, "", 200, None),
        (None, "{}", 415, Some("unsupported_media_type")),
        (
            Some(ContentType::Form),
            "a=1",
            415,
            Some("unsupported_media_type"),
        ),
        (
            Some(ContentType::JSON),
            "{\"a\":",
            400,
            Some("malformed_json"),
        ),
        (Some(ContentType::JSON), "[1]", 422, Some("invalid_request")),
        (Some(ContentType::JSON), &large, 413, Some("too_large")),
    ] {
        let mut request = listener.post("/v1/echo").body(body);
        if let Some(kind) = kind {
            request = request.header(kind);
        }
        let answer = request.dispatch().await;
        assert_eq!(answer.status().code, status, "{body:.20}");
        if let Some(code) = code {
            assert_eq!(problem(answer).await["code"], code, "{body:.20}");
        }
    }
}

#[rocket::async_test]
async fn a_webhook_body_may_be_three_mebibytes_and_no_more() {
    let listener = echoing(settings()).await;
    let limit: usize = 3 * 1024 * 1024;
    let answer = listener
        .post("/v1/raw")
        .body(vec![b'x'; limit])
        .dispatch()
        .await;
    assert_eq!(answer.into_string().await, Some(limit.to_string()));
    let answer = listener
        .post("/v1/raw")
        .body(vec![b'x'; limit + 1])
        .dispatch()
        .await;
    assert_eq!(answer.status(), Status::PayloadTooLarge);
}

#[rocket::async_test]
async fn a_handler_that_hangs_is_given_up() {
    let bounds = Bounds {
        answer: Duration::from_millis(1),
        ..Bounds::default()
    };
    let listener = echoing(WebSettings {
        bounds,
        ..settings()
    })
    .await;
    let answer = listener.post("/v1/never").dispatch().await;
    assert_eq!(answer.status(), Status::ServiceUnavailable);
    assert_eq!(answer.headers().get_one("retry-after"), Some("5"));
    assert_eq!(problem(answer).await["code"], "timed_out");
}

#[rocket::async_test]
async fn a_handler_that_panics_is_our_fault_and_the_server_lives() {
    let listener = echoing(settings()).await;
    let answer = listener.post("/v1/broken").dispatch().await;
    assert_eq!(answer.status(), Status::InternalServerError);
    assert_eq!(problem(answer).await["code"], "internal_error");
    assert_eq!(
        listener.get("/healthz").dispatch().await.status(),
        Status::Ok
    );
}

#[rocket::async_test]
async fn a_body_that_never_arrives_is_given_up() {
    let figment = Figment::from(Config::debug_default())
        .merge(("port", 0))
        .merge(("address", "127.0.0.1"))
        .merge(("shutdown.ctrlc", false));
    let bounds = Bounds {
        body_arrival: Duration::from_millis(50),
        ..Bounds::default()
    };
    let (told, port) = rocket::tokio::sync::oneshot::channel();
    let told = std::sync::Mutex::new(Some(told));
    let rooms = super::rooms(WebSettings {
        figment,
        bounds,
        ..settings()
    })
    .mount("/", guarded(rocket::routes![echo]))
    .attach(AdHoc::on_liftoff("tells its port", move |rocket| {
        if let Some(told) = told.lock().expect("nobody panicked").take() {
            let _ = told.send(rocket.config().port);
        }
        Box::pin(async {})
    }));
    let ignited = rooms.ignite().await.expect("the listener ignites");
    let shutdown = ignited.shutdown();
    let server = rocket::tokio::spawn(ignited.launch());
    let mut line = TcpStream::connect(("127.0.0.1", port.await.expect("it lifts off")))
        .await
        .expect("it listens");
    // Rocket waits for the first bytes of any body by itself, so some must come before the silence.
    let head = "POST /v1/echo HTTP/1.1\r\nhost: g\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n";
    let head = format!("{head}{}", " ".repeat(64));
    line.write_all(head.as_bytes())
        .await
        .expect("it takes the head");
    let mut answer = [0_u8; 12];
    line.read_exact(&mut answer).await.expect("it answers");
    assert_eq!(&answer, b"HTTP/1.1 408");
    shutdown.notify();
    drop(line);
    server.await.expect("it ends").expect("it ends well");
}
