//! What the listener does before any use case is reached: which routes there are, whom they turn
//! away, and what is answered where there is none.

use std::collections::BTreeSet;

use rocket::Config;
use rocket::figment::Figment;
use rocket::http::{Accept, ContentType, Header, Method, Status};
use rocket::local::asynchronous::Client;
use serde_json::Value;

use super::settings::{Bounds, Rate, WebSettings};
use super::testing::{listener, method, mounted, problem, rooms, settings};
use super::{Authority, Metrics, authorities};

#[test]
fn every_route_says_whom_it_lets_in() {
    let listed: BTreeSet<_> = authorities()
        .iter()
        .map(|door| (door.method.to_owned(), door.path.to_owned()))
        .collect();
    assert_eq!(listed.len(), authorities().len(), "a door is listed twice");
    assert_eq!(mounted(&rooms()), listed);
}

#[test]
fn the_api_description_names_exactly_the_routes_under_v1() {
    let document: Value =
        serde_json::from_str(super::machine::OPENAPI).expect("the description is JSON");
    let described: BTreeSet<_> = document["paths"]
        .as_object()
        .expect("paths")
        .iter()
        .flat_map(|(path, calls)| {
            let calls = calls
                .as_object()
                .expect("calls")
                .keys()
                .filter(|key| *key != "parameters");
            calls.map(|call| {
                (
                    call.to_uppercase(),
                    path.replace('{', "<").replace('}', ">"),
                )
            })
        })
        .collect();
    let mounted: BTreeSet<_> = mounted(&rooms())
        .into_iter()
        .filter(|(_, path)| path.starts_with("/v1"))
        .collect();
    assert_eq!(mounted, described);
}

#[test]
fn every_reference_in_the_api_description_leads_somewhere() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(to)) = members.get("$ref") {
                    found.push(to.clone());
                }
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document: Value =
        serde_json::from_str(super::machine::OPENAPI).expect("the description is JSON");
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for to in found {
        assert!(
            document.pointer(to.trim_start_matches('#')).is_some(),
            "{to}"
        );
    }
}

#[rocket::async_test]
async fn strangers_are_turned_away_before_their_body_is_read() {
    let listener = listener().await;
    for door in authorities() {
        if !matches!(door.authority, Authority::Partner(_) | Authority::Operator) {
            continue;
        }
        let path = door.path.replace(['<', '>'], "");
        for credential in [None, Some("Basic nonsense"), Some("gw_test_a_b")] {
            let mut request = listener
                .req(method(door.method), &path)
                .body("x".repeat(4096));
            if let Some(credential) = credential {
                request = request.header(Header::new("authorization", credential));
            }
            let answer = request.dispatch().await;
            assert_eq!(
                answer.status(),
                Status::Unauthorized,
                "{} {path} {credential:?}",
                door.method
            );
            assert!(
                answer.headers().contains("www-authenticate"),
                "{} {path}",
                door.method
            );
            assert_eq!(problem(answer).await["status"], 401);
        }
    }
}

#[rocket::async_test]
async fn a_browser_needs_a_session_and_a_page_of_ours_to_act_for_a_client() {
    let listener = listener().await;
    for door in authorities() {
        // The page itself says, to people, that there is no session.
        if door.authority != Authority::Client || door.path == "/o" {
            continue;
        }
        let request = listener.req(method(door.method), door.path);
        let answer = request
            .header(Header::new("sec-fetch-site", "same-origin"))
            .dispatch()
            .await;
        assert_eq!(
            answer.status(),
            Status::Unauthorized,
            "{} {}",
            door.method,
            door.path
        );
        if door.method == "POST" {
            let request = listener
                .post(door.path)
                .header(Header::new("sec-fetch-site", "cross-site"));
            let request = request
                .cookie(("gangway", "stolen"))
                .cookie(("__Host-gangway", "stolen"));
            assert_eq!(
                request.dispatch().await.status(),
                Status::Forbidden,
                "{}",
                door.path
            );
        }
    }
}

#[rocket::async_test]
async fn a_wrong_method_is_told_the_right_ones() {
    let listener = listener().await;
    for (call, path, allow) in [
        (
            Method::Delete,
            "/v1/onboardings",
            "GET, HEAD, OPTIONS, POST",
        ),
        (
            Method::Put,
            "/v1/webhook_endpoints/whe_1",
            "DELETE, GET, HEAD, OPTIONS",
        ),
        (Method::Get, "/v1/links/olk_1/revoke", "OPTIONS, POST"),
        (
            Method::Delete,
            "/webhooks/meta/1",
            "GET, HEAD, OPTIONS, POST",
        ),
        (Method::Post, "/healthz", "GET, HEAD, OPTIONS"),
    ] {
        let answer = listener.req(call, path).dispatch().await;
        assert_eq!(answer.status(), Status::MethodNotAllowed, "{call} {path}");
        assert_eq!(
            answer.headers().get_one("allow"),
            Some(allow),
            "{call} {path}"
        );
        assert_eq!(problem(answer).await["code"], "method_not_allowed");
    }
    let options = listener.req(Method::Options, "/v1/errors").dispatch().await;
    assert_eq!(options.status(), Status::NoContent);
    assert_eq!(
        options.headers().get_one("allow"),
        Some("GET, HEAD, OPTIONS")
    );
}

#[rocket::async_test]
async fn a_missing_address_is_a_problem_for_programs_and_a_page_for_people() {
    let listener = listener().await;
    for path in [
        "/v1/nothing",
        "/webhooks/nothing/here",
        "/console/api/nothing",
    ] {
        let answer = listener.get(path).dispatch().await;
        assert_eq!(answer.status(), Status::NotFound, "{path}");
        assert_eq!(problem(answer).await["code"], "not_found", "{path}");
    }
    let answer = listener
        .get("/nothing")
        .header(Accept::JSON)
        .dispatch()
        .await;
    assert_eq!(problem(answer).await["status"], 404);

    let answer = listener
        .get("/nothing")
        .header(Accept::HTML)
        .dispatch()
        .await;
    assert_eq!(
        (answer.status(), answer.content_type()),
        (Status::NotFound, Some(ContentType::HTML))
    );
    let policy = answer
        .headers()
        .get_one("content-security-policy")
        .unwrap_or_default()
        .to_owned();
    let page = answer.into_string().await.unwrap_or_default();
    let nonce = page
        .split("nonce=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a nonce");
    assert!(policy.contains(&format!("'nonce-{nonce}'")), "{policy}");
    assert!(
        page.contains("<h1>") && page.contains("lang=\"en\""),
        "{page}"
    );
}

#[rocket::async_test]
async fn every_answer_carries_strict_headers_and_a_request_id() {
    let listener = listener().await;
    let answer = listener
        .get("/healthz")
        .header(Header::new("x-request-id", "caller-0001"))
        .dispatch()
        .await;
    assert_eq!(answer.status(), Status::Ok);
    for (name, value) in [
        ("x-request-id", "caller-0001"),
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
        ),
        ("cross-origin-opener-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        (
            "strict-transport-security",
            "max-age=63072000; includeSubDomains",
        ),
    ] {
        assert_eq!(answer.headers().get_one(name), Some(value), "{name}");
    }
    assert!(
        answer.headers().contains("permissions-policy") && !answer.headers().contains("server")
    );

    let answer = listener
        .get("/v1/errors")
        .header(Header::new("x-request-id", "bad id"))
        .dispatch()
        .await;
    let id = answer
        .headers()
        .get_one("x-request-id")
        .map(str::to_owned)
        .expect("an id");
    assert_ne!(id, "bad id");
    assert_eq!(problem(answer).await["request_id"], Value::String(id));
}

#[rocket::async_test]
async fn too_many_wrong_keys_from_one_address_must_wait() {
    let settings = WebSettings {
        bounds: Bounds {
            refusals_per_address: Rate::new(1, 2),
            ..Bounds::default()
        },
        ..settings()
    };
    let listener = Client::untracked(super::rooms(settings))
        .await
        .expect("the listener ignites");
    let from = || {
        listener
            .get("/v1/errors")
            .remote(([192, 0, 2, 7], 4000).into())
    };
    for _ in 0..2 {
        assert_eq!(from().dispatch().await.status(), Status::Unauthorized);
    }
    let answer = from()
        .header(Header::new("x-real-ip", "192.0.2.99"))
        .dispatch()
        .await;
    assert_eq!(answer.status(), Status::TooManyRequests);
    assert_eq!(answer.headers().get_one("retry-after"), Some("1"));
    assert_eq!(problem(answer).await["retryable"], true);
}

#[rocket::async_test]
async fn the_admin_listener_has_numbers_and_probes_and_nothing_else() {
    let admin = super::admin::rooms(Figment::from(Config::debug_default()), Metrics::install());
    let paths: Vec<_> = mounted(&admin).into_iter().map(|(_, path)| path).collect();
    assert_eq!(paths, ["/healthz", "/metrics", "/readyz"]);
    assert!(!mounted(&rooms()).iter().any(|(_, path)| path == "/metrics"));
}
