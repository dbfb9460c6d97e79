//! A second web adapter, on bare hyper: proof that whatever a framework needs is in the use cases.

use std::convert::Infallible;
use std::net::SocketAddr;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, ETAG};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;
use workflows::app::{App as UseCases, Credential, Kind, Problem};

use crate::app::{App, ask};

type Reply = Response<Full<Bytes>>;

/// Serves probes and the partner's poll on a port of its own; answers where.
async fn serve(app: UseCases) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let app = app.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let app = app.clone();
                    async move { Ok::<_, Infallible>(answer(&app, &request).await) }
                });
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await
            });
        }
    });
    address
}

async fn answer(app: &UseCases, request: &Request<Incoming>) -> Reply {
    if request.method() != Method::GET {
        return reply(StatusCode::METHOD_NOT_ALLOWED, &json!({}));
    }
    let path = request.uri().path();
    let answered = match path.strip_prefix("/v1/onboardings/") {
        Some(id) => poll(app, request, id).await,
        None if path == "/healthz" => ready(app).await,
        None => Err(Problem::not_found("page")),
    };
    answered.unwrap_or_else(|problem| refusal(&problem))
}

async fn ready(app: &UseCases) -> Result<Reply, Problem> {
    app.readiness().await.map_err(|_| Problem::unavailable())?;
    Ok(reply(StatusCode::OK, &json!({ "status": "ready" })))
}

async fn poll(app: &UseCases, request: &Request<Incoming>, id: &str) -> Result<Reply, Problem> {
    let header = request.headers().get(AUTHORIZATION);
    let bearer = header
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    let credential = Credential::Bearer(bearer.to_owned());
    let caller = app.authenticate(&credential).await?;
    let view = app.onboarding(&caller, id).await?;
    let tag = format!("\"{}-{}\"", view.id, view.sequence);
    let mut reply = reply(StatusCode::OK, &json!(view));
    reply.headers_mut().insert(ETAG, tag.parse().unwrap());
    Ok(reply)
}

fn refusal(problem: &Problem) -> Reply {
    let status = match problem.kind {
        Kind::Malformed => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Gone => StatusCode::GONE,
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Limited => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Fault => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let body = json!({ "code": problem.code, "detail": problem.detail });
    reply(status, &body)
}

fn reply(status: StatusCode, body: &serde_json::Value) -> Reply {
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body.to_string())))
        .unwrap()
}

#[tokio::test]
async fn another_web_framework_serves_the_same_use_cases() {
    let mut app = App::start().await;
    let onboarding = app.onboarding(json!({ "external_id": "second" })).await;
    let address = serve(app.use_cases()).await;
    let url = format!("http://{address}/v1/onboardings/{}", onboarding.id);

    let asked = app.http.get(&url).bearer_auth(app.partner().bearer());
    let seen = ask(asked).await;
    assert!(
        seen.header("etag")
            .starts_with(&format!("\"{}", onboarding.id))
    );
    let first = app
        .partner()
        .get(&format!("/v1/onboardings/{}", onboarding.id))
        .await;
    assert_eq!(seen.expect(200), first.expect(200));

    ask(app.http.get(&url)).await.expect(401);
    let unknown = format!("http://{address}/v1/onboardings/onb_unknown");
    ask(app.http.get(unknown).bearer_auth(app.partner().bearer()))
        .await
        .expect(404);
    ask(app.http.get(format!("http://{address}/healthz")))
        .await
        .expect(200);
    app.stop().await;
}
