//! The client against a server of bare bytes: what leaves, how often, and what each answer means.

use std::fs;

use workflows::values::AppId;

use super::*;
use crate::graph::raw_server::{Act, RawServer};

const TOKEN: &str = "EAAJB0xSampleBusinessToken1234567890";
const SECRET: &str = "app-secret-9c4d";
const CODE: &str = "AQDx-code-77";

fn settings(url: &str) -> GraphSettings {
    GraphSettings {
        url: url.to_owned(),
        version: "v25.0".to_owned(),
        timeout: Duration::from_secs(5),
        redirect_uri: None,
    }
}

fn client(url: &str) -> GraphClient {
    client_with(settings(url))
}

fn client_with(settings: GraphSettings) -> GraphClient {
    // A second install fails, and the first one serves all tests.
    let _ = rustls::crypto::ring::default_provider().install_default();
    GraphClient::new(settings).unwrap()
}

fn app() -> AppCredentials {
    AppCredentials {
        app_id: AppId::new("2291"),
        app_secret: Secret::new(SECRET),
    }
}

fn token() -> Secret {
    Secret::new(TOKEN)
}

fn access() -> Access {
    Access::of(&app(), &token())
}

async fn exchange(url: &str) -> Result<GrantedToken, GraphError> {
    client(url).exchange_code(&app(), &Secret::new(CODE)).await
}

async fn register(url: &str) -> Result<(), GraphError> {
    let phone = PhoneNumberId::new("106");
    let pin = Secret::new("481502");
    client(url).register_number(&phone, &pin, &access()).await
}

fn fixture(name: &str) -> Value {
    let path = format!(
        "{}/../fixtures/graph/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn answer_of(fixture: &Value) -> Act {
    let body = match &fixture["body"] {
        Value::String(text) => text.clone(),
        json => json.to_string(),
    };
    let headers: Vec<(&str, &str)> = fixture["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
        .collect();
    let status = u16::try_from(fixture["status"].as_u64().unwrap()).unwrap();
    Act::answer(status, &headers, &body)
}

async fn call(client: &GraphClient, name: &str) -> Result<(), GraphError> {
    let (phone, waba) = (PhoneNumberId::new("106"), WabaId::new("102"));
    let six = Secret::new("481502");
    match name {
        "exchange_code" => client
            .exchange_code(&app(), &Secret::new(CODE))
            .await
            .map(drop),
        "inspect_token" => client.inspect_token(&app(), &token()).await.map(drop),
        "register_number" => client.register_number(&phone, &six, &access()).await,
        "health" => client.health(&phone, &access()).await.map(drop),
        "subscribe_app" => client.subscribe_app(&waba, &access()).await,
        "request_code" => client.request_code(&phone, &access()).await,
        "verify_code" => client.verify_code(&phone, &six, &access()).await,
        "request_sync" => client
            .request_sync(&phone, SyncKind::History, &access())
            .await
            .map(drop),
        "share_credit" => client
            .share_credit("77", &waba, "EUR", &access())
            .await
            .map(drop),
        "assign_user" => client.assign_user(&waba, "122", &access()).await,
        other => panic!("no such call: {other}"),
    }
}

#[tokio::test]
async fn every_refusal_tells_the_caller_what_to_do() {
    for row in fixture("refusals").as_array().unwrap() {
        let server = RawServer::start([answer_of(row)]).await;
        let name = row["call"].as_str().unwrap();
        let error = call(&client(&server.url()), name).await.unwrap_err();
        let reaction = format!("{:?}", error.reaction);
        assert_eq!(reaction, row["reaction"].as_str().unwrap(), "{row}");
        assert_eq!(error.call, name);
        if let Some(message) = row["body"]["error"]["message"].as_str() {
            assert!(error.message.starts_with(message), "{}", error.message);
            assert!(error.code.is_some());
        }
    }
}

#[tokio::test]
async fn code_and_secret_travel_in_the_body_alone() {
    let server = RawServer::start([answer_of(&fixture("exchange_with_life"))]).await;
    let granted = exchange(&server.url()).await.unwrap();
    assert_eq!(granted.token.expose(), TOKEN);
    let request = &server.requests()[0];
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("POST /v25.0/oauth/access_token HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(!head.to_lowercase().contains("authorization"), "{head}");
    assert_eq!(
        body,
        format!("client_id=2291&client_secret={SECRET}&code={CODE}")
    );
}

#[tokio::test]
async fn the_token_travels_in_the_header_and_ids_cannot_reach_another_edge() {
    let server = RawServer::start([answer_of(&fixture("success"))]).await;
    let waba = WabaId::new("1/../../me?x=");
    client(&server.url())
        .subscribe_app(&waba, &access())
        .await
        .unwrap();
    let heard = &server.requests()[0];
    let line = heard.lines().next().unwrap();
    assert_eq!(
        line,
        format!(
            "POST /v25.0/1%2F..%2F..%2Fme%3Fx=/subscribed_apps?appsecret_proof={} HTTP/1.1",
            access().proof.expose()
        )
    );
    assert!(
        heard.contains(&format!("authorization: Bearer {TOKEN}\r\n")),
        "{heard}"
    );
}

#[tokio::test]
async fn a_refused_connection_means_that_nothing_was_sent() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = exchange(&url).await.unwrap_err();
    assert_eq!(error.reaction, Reaction::NotSent);
    assert_eq!(error.fingerprint(), "graph_unreachable");
}

#[tokio::test]
async fn a_handshake_that_never_ends_means_that_nothing_was_sent() {
    let server = RawServer::start([Act::StaySilent]).await;
    let client = client_with(GraphSettings {
        timeout: Duration::from_millis(400),
        ..settings(&server.url().replace("http://", "https://"))
    });
    let code = Secret::new(CODE);
    let error = client.exchange_code(&app(), &code).await.unwrap_err();
    assert_eq!(error.reaction, Reaction::NotSent);
}

#[tokio::test]
async fn a_connection_lost_after_the_request_is_unanswered_and_the_code_is_sent_once() {
    let server = RawServer::start([Act::HangUp, Act::HangUp, Act::HangUp]).await;
    let error = exchange(&server.url()).await.unwrap_err();
    assert_eq!(error.reaction, Reaction::Unanswered);
    assert_eq!(server.requests().len(), 1);
    assert!(!error.message.contains(&server.url()), "{}", error.message);
}

#[tokio::test]
async fn calls_that_count_never_share_a_connection() {
    let ok = answer_of(&fixture("success"));
    let server = RawServer::start([ok.clone(), ok.clone(), Act::HangUp, ok]).await;
    let client = client(&server.url());
    let (phone, pin) = (PhoneNumberId::new("106"), Secret::new("481502"));
    for _ in 0..2 {
        client
            .register_number(&phone, &pin, &access())
            .await
            .unwrap();
    }
    assert_eq!(server.connections(), 2);
    let lost = client
        .register_number(&phone, &pin, &access())
        .await
        .unwrap_err();
    assert_eq!(lost.reaction, Reaction::Unanswered);
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_on() {
    let server = RawServer::start([Act::StaySilent]).await;
    let client = client_with(GraphSettings {
        timeout: Duration::from_millis(200),
        ..settings(&server.url())
    });
    let code = Secret::new(CODE);
    let error = client.exchange_code(&app(), &code).await.unwrap_err();
    assert_eq!(error.reaction, Reaction::Unanswered);
}

#[tokio::test]
async fn an_answer_without_sense_or_end_is_no_success() {
    let endless = "x".repeat(1024 * 1024 + 1);
    for body in ["<html>ok</html>", "", "[]", "{}", endless.as_str()] {
        let server = RawServer::start([Act::answer(200, &[], body)]).await;
        let error = register(&server.url()).await.unwrap_err();
        assert_eq!(error.reaction, Reaction::Unanswered, "{}", error.message);
    }
    let server = RawServer::start([Act::answer(200, &[], r#"{"success":false}"#)]).await;
    let error = register(&server.url()).await.unwrap_err();
    assert_eq!(error.reaction, Reaction::Refused);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_unanswered() {
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"succ".to_vec();
    let server = RawServer::start([Act::BreakOff(half)]).await;
    let error = register(&server.url()).await.unwrap_err();
    assert_eq!(error.reaction, Reaction::Unanswered);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn numbers_are_read_page_by_page_without_following_metas_address() {
    let pages = ["phone_numbers_more", "phone_numbers"].map(|name| answer_of(&fixture(name)));
    let server = RawServer::start(pages).await;
    let waba = WabaId::new("102");
    let numbers = client(&server.url())
        .phone_numbers(&waba, &access())
        .await
        .unwrap();
    assert_eq!(numbers.len(), 3);
    let requests = server.requests();
    assert!(
        requests[1]
            .lines()
            .next()
            .unwrap()
            .contains("&after=QVFIUa")
    );
    assert!(
        requests
            .iter()
            .all(|request| !request.lines().next().unwrap().contains(TOKEN))
    );
}

#[tokio::test]
async fn a_list_that_never_ends_is_left_after_a_thousand_numbers() {
    let page = |index: usize| {
        let body = format!(
            r#"{{"data":[{{"id":"{index}"}}],"paging":{{"cursors":{{"after":"c{index}"}},"next":"x"}}}}"#
        );
        Act::answer(200, &[], &body)
    };
    let server = RawServer::start((0..20).map(page)).await;
    let waba = WabaId::new("102");
    let numbers = client(&server.url())
        .phone_numbers(&waba, &access())
        .await
        .unwrap();
    assert_eq!(numbers.len(), PAGES_MAX);
}

#[tokio::test]
async fn nothing_secret_that_meta_echoes_reaches_the_error() {
    let echo = format!("bad {CODE} {SECRET} {TOKEN} 2291|{SECRET} 481502");
    let body = format!(r#"{{"error":{{"code":100,"message":"{echo}","fbtrace_id":"A{CODE}"}}}}"#);
    for name in ["exchange_code", "inspect_token", "register_number"] {
        let server = RawServer::start([Act::answer(400, &[], &body)]).await;
        let error = call(&client(&server.url()), name).await.unwrap_err();
        let shown = format!("{error} {error:?}");
        let own: &[&str] = match name {
            "exchange_code" => &[CODE, SECRET, TOKEN],
            "inspect_token" => &[SECRET, TOKEN],
            _ => &[TOKEN, "481502"],
        };
        for secret in own {
            assert!(!shown.contains(secret), "{name}: {shown}");
        }
    }
}

#[tokio::test]
async fn ending_a_registration_that_is_not_there_succeeds() {
    let body = r#"{"error":{"code":133010,"message":"(#133010) Phone number not registered"}}"#;
    let server = RawServer::start([Act::answer(400, &[], body)]).await;
    let phone = PhoneNumberId::new("106");
    client(&server.url())
        .deregister_number(&phone, &access())
        .await
        .unwrap();
}

#[test]
fn an_address_that_is_none_is_refused_at_the_start() {
    for url in ["", "graph.facebook.com", "ftp://graph.facebook.com"] {
        let error = GraphClient::new(settings(url)).unwrap_err();
        assert!(matches!(error, GraphSetupError::Address(_)), "{url}");
    }
}
