//! A Solution Partner's clients: its system user on their account, its credit line shared once and seen to pay.

use std::time::Duration;

use serde_json::{Value, json};

use super::{signed_up, simply_signed_up};
use crate::app::{App, Caller, Client, Onboarding, Product, ask, until};

const HOUR: Duration = Duration::from_hours(1);

/// A Solution Partner of this app, with its key.
async fn solution_partner(app: &Product, app_id: &str) -> Caller {
    let body = json!({ "name": "Solutions", "app_id": app_id, "role": "solution_partner" });
    let made = app.operator().post("/console/api/partners", body).await;
    app.caller(made.expect(201)["api_key"].as_str().unwrap())
}

/// An onboarding of this partner's, with its page open.
async fn opened_for(app: &Product, partner: &Caller, body: Value) -> (Onboarding, Client) {
    let made = partner.post("/v1/onboardings", body).await.expect(201);
    let onboarding = Onboarding::of(&made);
    let client = app.open(&onboarding.link).await;
    (onboarding, client)
}

/// Product, Solution Partner, onboarding and an open page.
async fn opened() -> (App, Caller, Onboarding, Client) {
    let app = App::start().await;
    let partner = solution_partner(&app, &app.invented.app_id).await;
    let (onboarding, client) = opened_for(&app, &partner, json!({})).await;
    (app, partner, onboarding, client)
}

async fn view_until(partner: &Caller, id: &str, status: &str) -> Value {
    let path = format!("/v1/onboardings/{id}");
    until(status.to_owned(), || async {
        let view = partner.get(&path).await.expect(200);
        if view["status"] == *status {
            Ok(view)
        } else {
            Err(view.to_string())
        }
    })
    .await
}

async fn held(app: &Product, onboarding: &Onboarding, code: &str) -> Value {
    let waits = |seen: &Value| seen["hold"]["code"] == *code;
    app.instance_until(&onboarding.id, code, waits).await
}

fn place(calls: &[Value], endpoint: &str) -> usize {
    let found = calls.iter().position(|call| call["endpoint"] == *endpoint);
    found.unwrap_or_else(|| panic!("no {endpoint} in {calls:#?}"))
}

async fn retry(app: &Product, onboarding: &Onboarding) {
    let act = format!("/console/api/instances/{}/acts/retry_now", onboarding.id);
    let body = json!({ "reason": "mended" });
    app.operator().post(&act, body).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_solution_partners_client_is_paid_for_by_its_line_before_the_number_is_registered() {
    let (mut app, partner, onboarding, client) = opened().await;
    let steps = client.opened["steps"].to_string();
    assert!(
        steps.contains("Set up billing through Solutions"),
        "{steps}"
    );
    let signup = simply_signed_up(&app, &client).await;
    let view = view_until(&partner, &onboarding.id, "completed").await;
    assert_eq!(view["result"]["flow"], "cloud_api");
    let calls = app.calls("").await;
    let order = [
        "subscribe",
        "assigned_users",
        "assign_user",
        "share_credit",
        "allocation",
        "register",
    ];
    let places: Vec<usize> = order.iter().map(|name| place(&calls, name)).collect();
    assert!(places.is_sorted(), "{places:?}");
    let seen = app.instance_until(&onboarding.id, "there", |_| true).await;
    assert!(
        seen["facts"]["credit"]["verified_at"].is_string(),
        "{seen:#}"
    );
    assert!(seen["journal"].to_string().contains("credit_shared"));
    assert!(
        client.status().await["steps"]
            .to_string()
            .contains("credit_shared")
    );

    // The same client comes back: the line is there, and the system user too.
    let again = json!({ "flow": { "mode": "reconnect" } });
    let (second, client) = opened_for(&app, &partner, again).await;
    let data = &signup["session"]["data"];
    let wish = json!({ "waba_id": data["waba_id"], "business_id": data["business_id"],
        "phone_number": view["result"]["display_phone_number"] });
    signed_up(&app, &client, wish).await;
    let view = view_until(&partner, &second.id, "completed").await;
    assert_eq!(view["status_reason"], Value::Null, "{view:#}");
    for endpoint in ["assign_user", "share_credit", "register"] {
        assert_eq!(app.calls(endpoint).await.len(), 1, "{endpoint}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tech_providers_client_is_never_given_credit() {
    let mut app = App::start().await;
    let onboarding = app.onboarding(json!({})).await;
    let client = app.open(&onboarding.link).await;
    simply_signed_up(&app, &client).await;
    app.status_until(&onboarding.id, "completed").await;
    for endpoint in ["assign_user", "share_credit"] {
        assert_eq!(app.calls(endpoint).await, Vec::<Value>::new());
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_share_of_the_line_whose_answer_was_lost_is_looked_for_and_not_made_twice() {
    for (effect, count) in [("act_then_drop", 1), ("drop", 2)] {
        let (mut app, partner, onboarding, client) = opened().await;
        app.scenario(json!({ "endpoint": "share_credit", "effect": effect }))
            .await;
        simply_signed_up(&app, &client).await;
        let retries = |seen: &Value| seen["hold"]["kind"] == "retrying";
        app.instance_until(&onboarding.id, "retrying", retries)
            .await;
        app.advance(Duration::from_secs(30)).await;
        view_until(&partner, &onboarding.id, "completed").await;
        let calls = app.calls("share_credit").await;
        let acted = calls.iter().filter(|call| call["acted"] == true).count();
        assert_eq!((calls.len(), acted), (count, 1), "{effect}");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_solution_partners_setup_lacks_is_named_and_mended_one_by_one() {
    let mut app = App::start().await;
    let mut setup = json!({
        "app_id": "700100200300", "app_secret": "second-secret", "config_id": "7",
        "business_id": "700900", "system_user_token": "second-system-token",
        "system_user_id": "700122", "credit_line_id": "700177",
    });
    app.control("app", setup.clone()).await;
    let lacking = ["system_user_id", "credit_line_id"];
    let mut told = setup.clone();
    for field in lacking {
        told.as_object_mut().unwrap().remove(field);
    }
    app.operator()
        .post("/console/api/apps", told.clone())
        .await
        .expect(201);
    let partner = solution_partner(&app, "700100200300").await;
    let (onboarding, client) = opened_for(&app, &partner, json!({})).await;
    let wish = json!({ "app_id": "700100200300" });
    let signup = app.control("signup", wish).await;
    client.signup(&signup).await.expect(202);
    setup["waba_currency"] = json!("EUR");
    for (code, field) in [
        ("system_user_missing", "system_user_id"),
        ("credit_line_missing", "credit_line_id"),
        ("waba_currency_missing", "waba_currency"),
    ] {
        let seen = held(&app, &onboarding, code).await;
        assert_eq!(seen["hold"]["mover"], "operator", "{seen:#}");
        assert!(seen["hold"]["text"].to_string().contains(field), "{seen:#}");
        let view = view_until(&partner, &onboarding.id, "action_required").await;
        assert_eq!(view["next_action"]["actor"], "operator");
        assert_eq!(client.status().await["phase"], "waiting");
        told[field] = setup[field].clone();
        app.operator()
            .post("/console/api/apps", told.clone())
            .await
            .expect(201);
        retry(&app, &onboarding).await;
    }
    view_until(&partner, &onboarding.id, "completed").await;
    let wrong =
        json!({ "app_id": "700100200300", "app_secret": "second-secret", "waba_currency": "CHF" });
    let refused = app.operator().post("/console/api/apps", wrong).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_meta_does_not_let_us_share_asks_the_operator_and_registers_nothing() {
    for (endpoint, error, code) in [
        (
            "share_credit",
            json!({ "code": 200, "http": 403 }),
            "graph_200",
        ),
        (
            "assign_user",
            json!({ "code": 10, "http": 403 }),
            "graph_10",
        ),
        (
            "assigned_users",
            json!({ "code": 190, "http": 401 }),
            "system_token_dead",
        ),
    ] {
        let (mut app, partner, onboarding, client) = opened().await;
        app.scenario(json!({ "endpoint": endpoint, "effect": "fail", "times": 1, "error": error }))
            .await;
        simply_signed_up(&app, &client).await;
        let seen = held(&app, &onboarding, code).await;
        assert_eq!(seen["hold"]["mover"], "operator", "{seen:#}");
        view_until(&partner, &onboarding.id, "action_required").await;
        assert_eq!(app.calls("register").await, Vec::<Value>::new());
        assert_eq!(client.status().await["phase"], "waiting");
        retry(&app, &onboarding).await;
        view_until(&partner, &onboarding.id, "completed").await;
        app.stop().await;
    }
}

/// Moves time to the second of a month.
async fn turn_of_the_month(app: &Product) {
    loop {
        let clock = ask(app.http.get(format!("{}/control/clock", app.meta_url())));
        let now = clock.await.expect(200)["now"].as_str().unwrap().to_owned();
        if &now[8..10] == "02" {
            return;
        }
        app.advance(12 * HOUR).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_another_provider_pays_for_is_not_moved_around_the_turn_of_a_month() {
    let mut app = App::start().await;
    turn_of_the_month(&app).await;
    let partner = solution_partner(&app, &app.invented.app_id).await;
    let (onboarding, client) = opened_for(&app, &partner, json!({})).await;
    signed_up(&app, &client, json!({ "paid_elsewhere": true })).await;
    let seen = held(&app, &onboarding, "credit_switch_window").await;
    assert!(
        seen["hold"]["until"].to_string().contains("-05T00:00:00"),
        "{seen:#}"
    );
    let page = client.status().await;
    assert!(
        page["trouble"]["happened"]
            .to_string()
            .contains("new month"),
        "{page:#}"
    );
    assert_eq!(app.calls("share_credit").await, Vec::<Value>::new());
    app.advance(3 * 24 * HOUR).await;
    view_until(&partner, &onboarding.id, "completed").await;
    assert_eq!(app.calls("share_credit").await.len(), 1);
    let seen = app.instance_until(&onboarding.id, "there", |_| true).await;
    let from = seen["facts"]["credit"]["pays_from"].to_string();
    assert!(
        from.contains("-01T00:00:00"),
        "the former provider pays until then: {seen:#}"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pin_or_a_password_does_not_lead_to_a_second_share() {
    let (mut app, partner, onboarding, client) = opened().await;
    signed_up(&app, &client, json!({ "pin": "246810" })).await;
    let asked = |seen: &Value| seen["state"] == "needs_pin";
    app.instance_until(&onboarding.id, "needs_pin", asked).await;
    client.pin("246810").await.expect(200);
    view_until(&partner, &onboarding.id, "completed").await;
    assert_eq!(app.calls("share_credit").await.len(), 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_apps_chats_are_asked_for_before_the_credit_that_may_wait() {
    let (mut app, partner, onboarding, client) = opened().await;
    let error = json!({ "code": 200, "http": 403 });
    app.scenario(
        json!({ "endpoint": "share_credit", "effect": "fail", "times": 1, "error": error }),
    )
    .await;
    signed_up(&app, &client, json!({ "kind": "coexistence" })).await;
    held(&app, &onboarding, "graph_200").await;
    assert_eq!(app.calls("smb_app_data").await.len(), 2);
    retry(&app, &onboarding).await;
    let view = view_until(&partner, &onboarding.id, "completed").await;
    assert_eq!(view["result"]["flow"], "coexistence");
    assert_eq!(app.calls("register").await, Vec::<Value>::new());
    assert_eq!(app.calls("smb_app_data").await.len(), 2);
    app.stop().await;
}
