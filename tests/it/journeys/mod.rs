//! What client, partner and operator live through, one sentence each.

mod assets;
mod binding;
mod bulk;
mod codes;
mod coexistence;
mod connection;
mod credit;
mod happy;
mod links;
mod live_words;
mod login;
mod messages_callback;
mod meta;
mod notices;
mod number_ledger;
mod operators;
mod outages;
mod pinned;
mod pins;
mod preflight;
mod proof;
mod registration;
mod requests;
mod schedules;
mod second_road;
mod shared_list;
mod token_health;
mod told_by_meta;
mod unclaimed;
mod unreadable;
mod visibility;
mod window;
mod words;

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{App, Client, Onboarding, Product};

/// A try that has lasted this long is given up; less than a lease, so that nobody else takes it.
const OUR_PATIENCE: Duration = Duration::from_secs(46);

/// Product, onboarding and an open page: where most journeys begin.
async fn opened(body: Value) -> (App, Onboarding, Client) {
    let app = App::start().await;
    let onboarding = app.onboarding(body).await;
    let client = app.open(&onboarding.link).await;
    (app, onboarding, client)
}

/// A signup as Meta's popup gives it, with this outcome ordered.
async fn signed_up(app: &Product, client: &Client, wish: Value) -> Value {
    let signup = app.sign_up(wish).await;
    client.signup(&signup).await.expect(202);
    signup
}

/// A fresh signup without anything special.
async fn simply_signed_up(app: &Product, client: &Client) -> Value {
    signed_up(app, client, json!({})).await
}

/// The number of a signup's session half.
fn phone_of(signup: &Value) -> &str {
    signup["session"]["data"]["phone_number_id"]
        .as_str()
        .unwrap()
}

/// Calls but those by which the provider looks whose an account is.
async fn calls_for_clients(app: &Product) -> usize {
    let looks = [
        "client_whatsapp_business_accounts",
        "system_user_access_tokens",
        "debug_token",
        "phone_numbers",
    ];
    let mut calls = app.calls("").await;
    calls.retain(|call| !looks.iter().any(|look| call["endpoint"] == *look));
    calls.len()
}

/// How many of these calls the world acted on, answered or not.
fn acted(calls: &[Value], phone: &str) -> usize {
    let on_it = |call: &&Value| call["phone_number_id"] == *phone && call["acted"] == true;
    calls.iter().filter(on_it).count()
}

/// The history that the partner can read, as text.
async fn journal_of(app: &Product, onboarding: &Onboarding) -> String {
    let path = format!("/v1/onboardings/{}/events", onboarding.id);
    app.partner().get(&path).await.expect(200).to_string()
}
