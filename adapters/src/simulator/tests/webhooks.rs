//! Webhooks as a receiver sees them.

use std::net::Ipv4Addr;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::super::webhooks::signature;
use super::{BUSINESS, SECRET, Sandbox};

/// A receiver that answers the first delivery with `first` and hands over every signature and body.
pub(super) async fn receiver(first: u16) -> (String, mpsc::UnboundedReceiver<(String, Bytes)>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sender, received) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut status = first;
        while let Ok((stream, _)) = listener.accept().await {
            let (sender, now) = (sender.clone(), status);
            status = 200;
            let service = service_fn(move |request: Request<Incoming>| {
                let sender = sender.clone();
                async move {
                    let signed = request.headers()["x-hub-signature-256"]
                        .to_str()
                        .unwrap()
                        .to_owned();
                    let body = request.into_body().collect().await.unwrap().to_bytes();
                    sender.send((signed, body)).unwrap();
                    let answer = Response::builder()
                        .status(now)
                        .header("connection", "close");
                    answer.body(Full::new(Bytes::new()))
                }
            });
            let connection = hyper::server::conn::http1::Builder::new();
            let _ = connection
                .serve_connection(TokioIo::new(stream), service)
                .await;
        }
    });
    (url, received)
}

#[tokio::test]
async fn a_finish_is_told_by_a_signed_webhook_until_somebody_takes_it() {
    let (url, mut received) = receiver(500).await;
    let sandbox = Sandbox::start(None, Some(url)).await;
    let signup = sandbox.sign_up(json!({})).await;
    let (signed, refused) = received.recv().await.unwrap();
    assert_eq!(signed, signature(SECRET, &refused));
    let again = async {
        loop {
            sandbox.clock.advance(Duration::from_secs(1));
            tokio::select! {
                taken = received.recv() => return taken.unwrap().1,
                () = tokio::task::yield_now() => {}
            }
        }
    };
    let taken = tokio::time::timeout(Duration::from_secs(10), again)
        .await
        .expect("no second try");
    assert_eq!(taken, refused);
    let body: Value = serde_json::from_slice(&taken).unwrap();
    let entry = &body["entry"][0];
    let value = &entry["changes"][0]["value"];
    assert_eq!(
        (&entry["id"], &value["event"]),
        (&json!(BUSINESS), &json!("PARTNER_ADDED"))
    );
    assert_eq!(
        value["waba_info"]["waba_id"],
        signup["session"]["data"]["waba_id"]
    );
}

#[test]
fn webhooks_are_signed_as_meta_signs_them() {
    let body = br#"{"object":"whatsapp_business_account","entry":[]}"#;
    let known = "sha256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756";
    assert_eq!(signature("test_app_secret", body), known);
}
