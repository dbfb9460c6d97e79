//! The second road to the token: what Meta itself tells of a grant makes a lost code good, and nothing that a browser
//! says does.

use std::time::Duration;

use serde_json::{Value, json};

use super::{acted, opened, phone_of, signed_up, simply_signed_up};
use crate::app::{App, Onboarding, Product, until};

/// The browser's chance, and a moment more.
pub(super) const A_MINUTE: Duration = Duration::from_secs(61);

/// How often Meta was asked for a token without a code.
async fn minted(app: &Product) -> usize {
    app.calls("system_user_access_tokens").await.len()
}

/// The token is refused so often at this call.
async fn token_dies(app: &Product, endpoint: &str, subcode: i64, times: u32) {
    let error = json!({ "code": 190, "http": 401, "subcode": subcode });
    let order = json!({ "endpoint": endpoint, "effect": "fail", "error": error, "times": times });
    app.scenario(order).await;
}

async fn facts_of(app: &Product, onboarding: &Onboarding) -> Value {
    let seen = app.instance_until(&onboarding.id, "there", |_| true).await;
    seen["facts"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_dies_on_the_way_is_minted_again() {
    let (mut app, _, _) = opened(json!({})).await;
    for (place, endpoint) in ["subscribe", "phone", "register"].into_iter().enumerate() {
        let onboarding = app.onboarding(json!({})).await;
        let client = app.open(&onboarding.link).await;
        token_dies(&app, endpoint, 463, 1).await;
        let signup = simply_signed_up(&app, &client).await;
        let view = app.status_until(&onboarding.id, "completed").await;
        assert_eq!(view["last_error"], Value::Null, "{endpoint}");
        assert_eq!(acted(&app.calls("register").await, phone_of(&signup)), 1);
        assert_eq!(minted(&app).await, place + 1, "{endpoint}");
        let facts = facts_of(&app, &onboarding).await;
        assert!(facts["token_sought_at"].is_string(), "{facts:#}");
    }
    assert_eq!(app.calls("exchange").await.len(), 3);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_dies_twice_asks_the_client_and_meta_no_third_time() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    token_dies(&app, "subscribe", 463, 2).await;
    simply_signed_up(&app, &client).await;
    let view = app.state_until(&onboarding.id, "needs_signup").await;
    assert_eq!(view["next_action"]["actor"], "client", "{view:#}");
    assert_eq!(minted(&app).await, 1);
    simply_signed_up(&app, &client).await;
    app.status_until(&onboarding.id, "completed").await;
    assert_eq!(minted(&app).await, 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_who_took_the_app_off_is_asked_itself() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    token_dies(&app, "subscribe", 458, 1).await;
    simply_signed_up(&app, &client).await;
    let view = app.state_until(&onboarding.id, "needs_signup").await;
    assert_eq!(view["next_action"]["actor"], "client", "{view:#}");
    assert_eq!(minted(&app).await, 0);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_token_of_the_providers_is_the_operators_and_a_new_signup_helps_all_the_same() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    token_dies(&app, "subscribe", 463, 1).await;
    token_dies(&app, "system_user_access_tokens", 463, 1).await;
    simply_signed_up(&app, &client).await;
    let view = app.state_until(&onboarding.id, "needs_signup").await;
    assert_eq!(view["status_reason"], "system_token_dead", "{view:#}");
    assert_eq!(view["next_action"]["actor"], "operator");
    simply_signed_up(&app, &client).await;
    app.status_until(&onboarding.id, "completed").await;
    app.stop().await;
}

/// The one grant of this account, once Meta has told of it and it stands like this.
pub(super) async fn grant_in(app: &Product, waba: &Value, state: &str) -> Value {
    until(format!("the grant is {state}"), || async {
        let path = "/console/api/instances?workflow=grant&limit=100";
        let list = app.operator().get(path).await.expect(200);
        for row in list["data"].as_array().unwrap() {
            let path = format!("/console/api/instances/{}", row["id"].as_str().unwrap());
            let grant = app.operator().get(&path).await.expect(200);
            if grant["facts"]["waba_id"] == *waba && grant["state"] == state {
                return Ok(grant);
            }
        }
        Err(list.to_string())
    })
    .await
}

/// A signup of which only Meta's webhook tells; answers the session half that the browser would have had.
pub(super) async fn told_by_meta_alone(app: &Product, wish: Value) -> Value {
    let mut wish = wish;
    wish["kind"] = json!("code_missing");
    app.sign_up(wish).await["session"]["data"].clone()
}

pub(super) fn pinned() -> Value {
    json!({ "flow": { "expected_phone_number": "+34600000123" } })
}

pub(super) fn with_number() -> Value {
    json!({ "phone_number": "+34600000123" })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_dies_after_the_finish_costs_a_pinned_client_nothing() {
    let (mut app, onboarding, client) = opened(pinned()).await;
    let id = app.invented.app_id.clone();
    app.control("proof", json!({ "app_id": id, "required": true }))
        .await;
    let data = told_by_meta_alone(&app, with_number()).await;
    grant_in(&app, &data["waba_id"], "seen").await;
    app.advance(A_MINUTE).await;
    let view = app.status_until(&onboarding.id, "completed").await;
    assert_eq!(view["result"]["waba_id"], data["waba_id"]);
    assert_eq!(view["result"]["phone_number_id"], data["phone_number_id"]);
    assert_eq!(client.status().await["phase"], "done");
    let grant = grant_in(&app, &data["waba_id"], "claimed").await;
    assert_eq!(grant["facts"]["onboarding"], onboarding.id);
    assert!(app.calls("exchange").await.is_empty());
    let register = app.calls("register").await;
    assert_eq!(
        acted(&register, data["phone_number_id"].as_str().unwrap()),
        1
    );
    let calls = app.calls("").await;
    let refused = calls.iter().any(|call| call["error_code"] == 100);
    assert!(!refused, "a call went without its proof: {calls:#?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_comes_first_wins_and_meta_is_asked_for_nothing_more() {
    let (mut app, onboarding, client) = opened(pinned()).await;
    let signup = app.sign_up(with_number()).await;
    let waba = &signup["session"]["data"]["waba_id"];
    grant_in(&app, waba, "seen").await;
    app.advance(Duration::from_secs(20)).await;
    client.signup(&signup).await.expect(202);
    app.status_until(&onboarding.id, "completed").await;
    let before = app.calls("").await.len();
    app.advance(A_MINUTE).await;
    let grant = grant_in(&app, waba, "claimed").await;
    assert_eq!(grant["facts"]["onboarding"], onboarding.id);
    assert_eq!(
        (minted(&app).await, app.calls("exchange").await.len()),
        (0, 1)
    );
    assert_eq!(acted(&app.calls("register").await, phone_of(&signup)), 1);
    let after = app.calls("").await;
    let about_it = after[before..]
        .iter()
        .filter(|call| call["waba_id"] == *waba);
    assert_eq!(about_it.count(), 0);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_road_begins_only_after_sixty_seconds() {
    let (mut app, onboarding, _) = opened(pinned()).await;
    let data = told_by_meta_alone(&app, with_number()).await;
    grant_in(&app, &data["waba_id"], "seen").await;
    app.advance(Duration::from_secs(50)).await;
    let view = app.state_until(&onboarding.id, "link_issued").await;
    assert_eq!(view["status"], "opened");
    grant_in(&app, &data["waba_id"], "seen").await;
    assert_eq!(minted(&app).await, 0);
    app.advance(Duration::from_secs(11)).await;
    app.status_until(&onboarding.id, "completed").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_code_of_a_pinned_client_is_made_good_and_registered_once() {
    let (mut app, onboarding, client) = opened(pinned()).await;
    app.scenario(json!({ "endpoint": "exchange", "effect": "act_then_drop" }))
        .await;
    let signup = signed_up(&app, &client, with_number()).await;
    app.state_until(&onboarding.id, "needs_signup").await;
    let waba = &signup["session"]["data"]["waba_id"];
    grant_in(&app, waba, "seen").await;
    app.advance(A_MINUTE).await;
    let view = app.status_until(&onboarding.id, "completed").await;
    assert_eq!(view["result"]["phone_number_id"], phone_of(&signup));
    assert_eq!(view["last_error"], Value::Null);
    assert_eq!(app.calls("exchange").await.len(), 1);
    assert_eq!(acted(&app.calls("register").await, phone_of(&signup)), 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_alone_never_brings_another_clients_token() {
    let (mut app, attacked, thief) = opened(json!({})).await;
    // Another number is pinned; the browser says what it likes.
    let other = json!({ "flow": { "expected_phone_number": "+34600000999" } });
    let disguised = app.onboarding(other).await;
    let second_thief = app.open(&disguised.link).await;
    let victim = told_by_meta_alone(&app, with_number()).await;
    grant_in(&app, &victim["waba_id"], "seen").await;
    let claim = json!({ "session": { "event": "FINISH", "data": victim } });
    thief.signup(&claim).await.expect(202);
    second_thief.signup(&claim).await.expect(202);
    app.advance(A_MINUTE).await;
    let grant = grant_in(&app, &victim["waba_id"], "unclaimed").await;
    assert_eq!(grant["facts"]["candidates"], json!([]));
    app.advance(Duration::from_hours(1)).await;
    // A code that is lost on the way makes the claim no better.
    app.scenario(json!({ "endpoint": "exchange", "effect": "drop" }))
        .await;
    let mut lost = claim.clone();
    lost["code"] = json!("a code that never was");
    thief.signup(&lost).await.expect(202);
    app.state_until(&attacked.id, "needs_signup").await;
    app.advance(Duration::from_hours(1)).await;
    grant_in(&app, &victim["waba_id"], "unclaimed").await;
    for (onboarding, state) in [(&attacked, "needs_signup"), (&disguised, "link_issued")] {
        let view = app.state_until(&onboarding.id, state).await;
        assert_eq!(view["result"]["waba_id"], Value::Null, "{view:#}");
        let facts = facts_of(&app, onboarding).await;
        assert_eq!(
            (&facts["token"], &facts["matched"]),
            (&Value::Null, &Value::Null)
        );
    }
    assert!(app.calls("subscribe").await.is_empty());
    assert!(app.calls("register").await.is_empty());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pin_that_is_made_after_the_grant_binds_nothing() {
    let mut app = App::start().await;
    let data = told_by_meta_alone(&app, with_number()).await;
    grant_in(&app, &data["waba_id"], "seen").await;
    app.advance(Duration::from_secs(30)).await;
    let late = app.onboarding(pinned()).await;
    app.advance(Duration::from_secs(31)).await;
    grant_in(&app, &data["waba_id"], "unclaimed").await;
    app.state_until(&late.id, "link_issued").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_partners_who_pin_the_same_number_leave_it_to_an_operator() {
    let (mut app, ours, _) = opened(pinned()).await;
    let other = app.other_partner().await;
    let theirs = other.post("/v1/onboardings", pinned()).await.expect(201);
    let theirs = Onboarding::of(&theirs);
    let data = told_by_meta_alone(&app, with_number()).await;
    grant_in(&app, &data["waba_id"], "seen").await;
    app.advance(A_MINUTE).await;
    let grant = grant_in(&app, &data["waba_id"], "unclaimed").await;
    let mut candidates = grant["facts"]["candidates"].as_array().unwrap().clone();
    candidates.sort_by_key(Value::to_string);
    let mut both = vec![json!(ours.id), json!(theirs.id)];
    both.sort_by_key(Value::to_string);
    assert_eq!(candidates, both);
    assert_eq!(grant["hold"]["mover"], "operator", "{grant:#}");
    app.state_until(&ours.id, "link_issued").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_or_a_portfolio_that_the_order_names_is_enough() {
    for pin in ["waba_id", "business_id"] {
        let mut app = App::start().await;
        let first = told_by_meta_alone(&app, with_number()).await;
        grant_in(&app, &first["waba_id"], "seen").await;
        app.advance(Duration::from_secs(2)).await;
        let order = json!({ "flow": { format!("expected_{pin}"): first[pin] } });
        let onboarding = app.onboarding(order).await;
        app.advance(A_MINUTE).await;
        grant_in(&app, &first["waba_id"], "unclaimed").await;
        let mut again = json!({ "phone_number": "+34600000124" });
        again[pin] = first[pin].clone();
        again["business_id"] = first["business_id"].clone();
        let data = told_by_meta_alone(&app, again).await;
        grant_in(&app, &data["waba_id"], "seen").await;
        app.advance(A_MINUTE).await;
        let view = app.status_until(&onboarding.id, "completed").await;
        assert_eq!(view["result"]["waba_id"], data["waba_id"], "{pin}");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_of_metas_only_delays_the_second_road() {
    let (mut app, onboarding, _) = opened(pinned()).await;
    let data = told_by_meta_alone(&app, with_number()).await;
    let grant = grant_in(&app, &data["waba_id"], "seen").await;
    for endpoint in ["system_user_access_tokens", "subscribe"] {
        let error = json!({ "code": 2, "http": 503 });
        let order = json!({ "endpoint": endpoint, "effect": "fail", "error": error, "times": 1 });
        app.scenario(order).await;
    }
    app.advance(A_MINUTE).await;
    let held = |seen: &Value| {
        let fingerprint = seen["hold"]["fingerprint"].as_str().unwrap_or_default();
        fingerprint.starts_with("grant:matching:match_grant:")
    };
    let id = grant["id"].as_str().unwrap();
    grant_in(&app, &data["waba_id"], "matching").await;
    app.instance_until(id, "tried again", held).await;
    app.advance(Duration::from_mins(5)).await;
    let given = |view: &Value| !view["last_error"].is_null();
    app.view_until(&onboarding.id, "subscribing", given).await;
    app.advance(Duration::from_mins(5)).await;
    app.status_until(&onboarding.id, "completed").await;
    grant_in(&app, &data["waba_id"], "claimed").await;
    app.stop().await;
}
