//! A listener without use cases, for tests of what happens before any is reached.

use std::collections::BTreeSet;

use rocket::figment::Figment;
use rocket::http::Method;
use rocket::local::asynchronous::{Client, LocalResponse};
use rocket::{Build, Config, Rocket};
use serde_json::Value;

use super::settings::{Bounds, Rate, WebSettings};

pub(super) fn settings() -> WebSettings {
    WebSettings {
        bounds: Bounds {
            json_body: 1024,
            refusals_per_address: Rate::new(1, 1000),
            ..Bounds::default()
        },
        ..WebSettings::new(Figment::from(Config::debug_default()), "https://g.example")
    }
}

pub(super) fn rooms() -> Rocket<Build> {
    super::rooms(settings())
}

pub(super) async fn listener() -> Client {
    Client::untracked(rooms())
        .await
        .expect("the listener ignites")
}

pub(super) fn mounted(rocket: &Rocket<Build>) -> BTreeSet<(String, String)> {
    rocket
        .routes()
        .map(|route| (route.method.to_string(), route.uri.path().to_owned()))
        .collect()
}

pub(super) async fn problem(answer: LocalResponse<'_>) -> Value {
    let kind = answer.headers().get_one("content-type").map(str::to_owned);
    assert_eq!(kind.as_deref(), Some("application/problem+json"));
    serde_json::from_str(&answer.into_string().await.expect("a problem has a body"))
        .expect("a problem is JSON")
}

pub(super) fn method(name: &str) -> Method {
    name.parse().expect("a method")
}
