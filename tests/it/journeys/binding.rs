//! Whose a number is here: one partner's at a time, however near to one another two of them reach for it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{App, Caller, Client, Onboarding, Product, until};

const NUMBER: &str = "+34 600 000 123";

/// An onboarding of this partner's with its page open, and a signup that brings the number.
async fn prepared(app: &Product, partner: &Caller) -> (Onboarding, Client, Value) {
    let made = partner.post("/v1/onboardings", json!({})).await.expect(201);
    let onboarding = Onboarding::of(&made);
    let client = app.open(&onboarding.link).await;
    let signup = app.sign_up(json!({ "phone_number": NUMBER })).await;
    (onboarding, client, signup)
}

async fn view_until(
    partner: &Caller,
    id: &str,
    what: &str,
    fits: impl Fn(&Value) -> bool,
) -> Value {
    let path = format!("/v1/onboardings/{id}");
    until(what, || async {
        let view = partner.get(&path).await.expect(200);
        if fits(&view) {
            Ok(view)
        } else {
            Err(view.to_string())
        }
    })
    .await
}

async fn completes(partner: &Caller, onboarding: &Onboarding) {
    let done = |view: &Value| view["status"] == "completed";
    view_until(partner, &onboarding.id, "completed", done).await;
}

async fn is_refused(partner: &Caller, onboarding: &Onboarding) -> Value {
    let refused = |view: &Value| view["state"] == "needs_asset";
    let view = view_until(partner, &onboarding.id, "refused", refused).await;
    assert_eq!(view["status_reason"], "number_bound_elsewhere", "{view:#}");
    assert_eq!(view["next_action"]["actor"], "operator", "{view:#}");
    view
}

async fn act(app: &Product, onboarding: &Onboarding, name: &str) {
    let path = format!("/console/api/instances/{}/acts/{name}", onboarding.id);
    let why = json!({ "reason": "the client called" });
    app.operator().post(&path, why).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_partners_who_bind_one_number_at_the_same_moment_exactly_one_has_it() {
    let mut app = App::start().await;
    let partners = [app.partner(), app.other_partner().await];
    let one = prepared(&app, &partners[0]).await;
    let two = prepared(&app, &partners[1]).await;
    // Both have seen everything of the number before either may have it.
    let order = json!({ "endpoint": "waba", "effect": "slow", "times": 2, "for_ms": 400 });
    app.scenario(order).await;
    let (first, second) = tokio::join!(one.1.signup(&one.2), two.1.signup(&two.2));
    first.expect(202);
    second.expect(202);
    let settled = |view: &Value| view["status"] == "completed" || view["state"] == "needs_asset";
    let mut won = Vec::new();
    for (place, onboarding) in [&one.0, &two.0].into_iter().enumerate() {
        let partner = &partners[place];
        let view = view_until(partner, &onboarding.id, "settled", settled).await;
        won.push(view["status"] == "completed");
    }
    let winners = won.iter().filter(|won| **won).count();
    assert_eq!(winners, 1, "{won:?}");
    let (loser, client) = if won[0] { (1, &two) } else { (0, &one) };
    let view = is_refused(&partners[loser], &client.0).await;
    assert!(
        !view
            .to_string()
            .contains(if won[0] { &one.0.id } else { &two.0.id })
    );
    let page = client.1.status().await;
    let told = page["trouble"]["happened"].to_string();
    assert!(told.contains("another provider"), "{page:#}");
    assert_eq!(app.calls("register").await.len(), 1);
    assert_eq!(app.calls("subscribe").await.len(), 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_is_free_again_once_its_onboarding_is_called_off() {
    let mut app = App::start().await;
    let other = app.other_partner().await;
    let (first, client, _) = prepared(&app, &app.partner()).await;
    let signup = json!({ "phone_number": NUMBER, "sim": "otp_needed" });
    client.signup(&app.sign_up(signup).await).await.expect(202);
    app.state_until(&first.id, "needs_otp").await;
    let (second, client, signup) = prepared(&app, &other).await;
    client.signup(&signup).await.expect(202);
    is_refused(&other, &second).await;
    // Asking again changes nothing while the other has it.
    act(&app, &second, "retry_now").await;
    is_refused(&other, &second).await;
    act(&app, &first, "cancel").await;
    // What the first one asked of Meta a moment ago is not taken to be under way any more.
    app.advance(Duration::from_mins(2)).await;
    act(&app, &second, "retry_now").await;
    let asked = |view: &Value| view["state"] == "needs_otp";
    view_until(&other, &second.id, "bound", asked).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_stays_its_partners_for_as_long_as_it_is_looked_after_and_goes_with_its_client() {
    let mut app = App::start().await;
    let other = app.other_partner().await;
    let (first, client, signup) = prepared(&app, &app.partner()).await;
    client.signup(&signup).await.expect(202);
    completes(&app.partner(), &first).await;
    app.advance(Duration::from_hours(24 * 400)).await;
    let run = json!({ "reason": "now" });
    let path = "/console/api/schedules/archive/run";
    app.operator().post(path, run).await.expect(202);
    let (second, client, signup) = prepared(&app, &other).await;
    client.signup(&signup).await.expect(202);
    is_refused(&other, &second).await;
    let seen = app.instance_until(&first.id, "there", |_| true).await;
    assert_eq!(seen["archived_at"], Value::Null, "{seen:#}");
    act(&app, &first, "erase").await;
    act(&app, &second, "retry_now").await;
    completes(&other, &second).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_who_comes_back_to_its_partner_finds_its_number() {
    let mut app = App::start().await;
    let (first, client, signup) = prepared(&app, &app.partner()).await;
    client.signup(&signup).await.expect(202);
    completes(&app.partner(), &first).await;
    let (second, client, signup) = prepared(&app, &app.partner()).await;
    client.signup(&signup).await.expect(202);
    completes(&app.partner(), &second).await;
    let seen = app.instance_until(&second.id, "there", |_| true).await;
    assert_eq!(seen["facts"]["bound"]["returning"], true, "{seen:#}");
    app.stop().await;
}
