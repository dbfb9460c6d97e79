//! An operator's hand: the look before, the way back, taking back, letting hear, and mending details.

use std::time::Duration;

use serde_json::{Value, json};

use super::{acted, opened, phone_of, signed_up, simply_signed_up};
use crate::app::{Answer, Product};

/// What was answered to an act.
async fn act(app: &Product, id: &str, name: &str, mut body: Value) -> Answer {
    body["reason"] = json!("the client called");
    let path = format!("/console/api/instances/{id}/acts/{name}");
    app.operator().post(&path, body).await
}

/// The commands that a look says this of.
fn of_fate(look: &Value, fate: &str) -> Vec<String> {
    let effects = look["effects"].as_array().unwrap().iter();
    let of_fate = effects.filter(|effect| effect["fate"] == fate);
    of_fate
        .map(|effect| effect["command"].as_str().unwrap().to_owned())
        .collect()
}

async fn instance(app: &Product, id: &str) -> Value {
    let path = format!("/console/api/instances/{id}");
    app.operator().get(&path).await.expect(200)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn going_back_registers_nothing_twice_and_says_so_beforehand() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let id = &onboarding.id;
    let signup = simply_signed_up(&app, &client).await;
    app.status_until(id, "completed").await;
    let before = instance(&app, id).await;
    let look = json!({ "to": "token_exchanged", "dry_run": true });
    let look = act(&app, id, "rewind", look).await.expect(200);
    assert_eq!(look["object"], "preview", "{look:#}");
    assert_eq!(look["owes"], "check_assets");
    assert_eq!(
        of_fate(&look, "deduplicated"),
        ["subscribe_app", "register_number"]
    );
    assert_eq!(
        of_fate(&look, "cannot_be_undone"),
        ["register_number", "tell_partner"]
    );
    assert!(of_fate(&look, "runs_again").contains(&"tell_partner".to_owned()));
    let changes = look["changes"].as_array().unwrap();
    let differs = |name: &str| changes.iter().any(|change| change["name"] == name);
    assert!(differs("bound") && differs("subscribed_at") && !differs("token"));
    assert_eq!(
        instance(&app, id).await["version"],
        before["version"],
        "a look changes nothing"
    );
    let order =
        json!({ "to": "token_exchanged", "version": look["version"], "operation_id": "op-1" });
    let done = act(&app, id, "rewind", order.clone()).await.expect(200);
    assert_eq!(done["repeated"], false);
    app.status_until(id, "completed").await;
    let calls = app.calls("register").await;
    assert_eq!((calls.len(), acted(&calls, phone_of(&signup))), (1, 1));
    let subscribed = app.calls("subscribe").await.len();
    assert_eq!(subscribed, 1, "what stands is left alone");
    let again = act(&app, id, "rewind", order).await.expect(200);
    assert_eq!(
        (&again["repeated"], &again["state"]),
        (&json!(true), &json!("partner_notified"))
    );
    let lines = again["journal"].as_array().unwrap();
    let rewound: Vec<&Value> = lines
        .iter()
        .filter(|line| line["what"] == "rewound")
        .collect();
    assert_eq!(rewound.len(), 1);
    assert_eq!(
        (&rewound[0]["actor"], &rewound[0]["message"]),
        (&json!("operator"), &json!("the client called"))
    );
    let audit = app.operator().get("/console/api/audit").await.expect(200);
    let audit = audit["data"].as_array().unwrap();
    assert_eq!(
        audit.iter().filter(|line| line["act"] == "rewind").count(),
        1,
        "{audit:#?}"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_way_back_past_the_spent_code_or_after_the_end_is_refused_with_its_reason() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let id = &onboarding.id;
    let refused = act(&app, id, "rewind", json!({ "to": "waba_subscribed" })).await;
    assert!(
        refused.text.contains("never been in waba_subscribed"),
        "{}",
        refused.text
    );
    signed_up(&app, &client, json!({ "sim": "pin_mismatch" })).await;
    app.state_until(id, "needs_pin").await;
    let refused = act(&app, id, "rewind", json!({ "to": "es_completed" })).await;
    assert_eq!(refused.status, 409);
    assert!(refused.text.contains("code works once"), "{}", refused.text);
    let view = instance(&app, id).await;
    let offers = view["offers"].as_array().unwrap();
    let back = offers
        .iter()
        .find(|offer| offer["act"] == "rewind")
        .unwrap();
    let places = &back["needs"][0]["choices"];
    assert_eq!(
        places,
        &json!(["link_issued", "token_exchanged", "waba_subscribed"])
    );
    assert_eq!(back["refused"][0]["code"], "code_spent");
    // The client begins again: the old token is forgotten, a new code is taken.
    act(&app, id, "rewind", json!({ "to": "link_issued" }))
        .await
        .expect(200);
    assert_eq!(instance(&app, id).await["facts"]["token"], Value::Null);
    simply_signed_up(&app, &client).await;
    app.status_until(id, "completed").await;
    let refused = act(&app, id, "rewind", json!({ "to": "link_issued" })).await;
    assert!(
        refused.text.contains("the number is live"),
        "{}",
        refused.text
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calling_off_takes_the_subscription_back_where_the_operator_says_so() {
    for (compensate, calls) in [(true, 1), (false, 0)] {
        let (mut app, onboarding, client) = opened(json!({})).await;
        let id = &onboarding.id;
        signed_up(&app, &client, json!({ "sim": "pin_mismatch" })).await;
        app.state_until(id, "needs_pin").await;
        app.scenario(
            json!({ "endpoint": "unsubscribe", "effect": "fail", "times": 1,
            "error": { "code": 2, "http": 500 } }),
        )
        .await;
        let order = json!({ "compensate": compensate, "dry_run": true });
        let look = act(&app, id, "cancel", order).await.expect(200);
        let owes = compensate.then_some("unsubscribe_app");
        assert_eq!(look["owes"], json!(owes));
        let fate = if compensate { "undone" } else { "stays" };
        assert_eq!(of_fate(&look, fate), ["subscribe_app"], "{look:#}");
        // Whoever calls it off means it, whatever pause stood.
        act(&app, id, "pause", json!({})).await.expect(200);
        act(&app, id, "cancel", json!({ "compensate": compensate }))
            .await
            .expect(200);
        if compensate {
            // The taking back is a step like any other: seen, tried again, never given up silently.
            let held = app
                .instance_until(id, "held up", |seen| seen["hold"]["kind"] == "retrying")
                .await;
            assert_eq!(held["state"], "canceling", "{held:#}");
            assert_eq!(held["tasks"][0]["key"], "command");
            app.advance(Duration::from_mins(1)).await;
        }
        app.state_until(id, "canceled").await;
        let acted = app.calls("unsubscribe").await;
        assert_eq!(
            acted.iter().filter(|call| call["acted"] == true).count(),
            calls
        );
        assert!(app.calls("deregister").await.is_empty());
        assert_eq!(instance(&app, id).await["facts"]["token"], Value::Null);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn details_are_changed_by_name_and_every_wrong_one_is_told() {
    let (mut app, onboarding, _client) = opened(json!({ "external_id": "cust-1" })).await;
    let id = &onboarding.id;
    let wrong = json!({ "fields": { "external_id": 7, "token": "x", "metadata": [] } });
    let refused = act(&app, id, "edit", wrong).await;
    assert_eq!(refused.status, 422);
    let params: Vec<&str> = refused.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["param"].as_str().unwrap())
        .collect();
    assert_eq!(
        params,
        ["fields.token", "fields.external_id", "fields.metadata"]
    );
    let sequence = app.status_until(id, "opened").await["sequence"].clone();
    let edit = json!({ "fields": { "external_id": "cust-2" }, "dry_run": true });
    let look = act(&app, id, "edit", edit).await.expect(200);
    let change = json!([{ "name": "external_id", "before": "cust-1", "after": "cust-2" }]);
    assert_eq!((&look["changes"], &look["effects"]), (&change, &json!([])));
    app.open(&onboarding.link).await;
    let late = json!({ "fields": { "external_id": "cust-2" }, "version": look["version"] });
    let refused = act(&app, id, "edit", late).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (409, &json!("changed_since_preview"))
    );
    let edit = json!({ "fields": { "external_id": "cust-2" } });
    act(&app, id, "edit", edit.clone()).await.expect(200);
    let view = app
        .view_until(id, "changed", |view| view["external_id"] == "cust-2")
        .await;
    assert!(view["sequence"].as_u64() > sequence.as_u64());
    assert_eq!(
        act(&app, id, "edit", edit).await.status,
        409,
        "it would change nothing"
    );
    for (name, body) in [
        ("pause", json!({ "to": "x" })),
        ("submit", json!({})),
        ("rewind", json!({})),
    ] {
        assert_eq!(act(&app, id, name, body).await.status, 422, "{name}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn like_waits_are_one_group_that_leads_to_its_members() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let id = &onboarding.id;
    app.onboarding(json!({})).await;
    signed_up(&app, &client, json!({ "sim": "pin_mismatch" })).await;
    app.state_until(id, "needs_pin").await;
    let groups = app
        .operator()
        .get("/console/api/attention")
        .await
        .expect(200);
    let group = &groups["data"][0];
    assert_eq!(groups["data"].as_array().unwrap().len(), 1, "{groups:#}");
    assert_eq!(
        (&group["count"], &group["mover"]),
        (&json!(1), &json!("client")),
        "{group:#}"
    );
    assert_eq!(group["sample_ids"], json!([id]));
    assert!(
        group["oldest_since"].is_string() && group["next_due"].is_string(),
        "{group:#}"
    );
    let fingerprint = group["fingerprint"].as_str().unwrap();
    assert!(
        fingerprint.starts_with("onboarding:needs_pin:-:graph_133005"),
        "{fingerprint}"
    );
    let count = async |query: String| {
        let found = app
            .operator()
            .get(&format!("/console/api/instances?{query}"))
            .await;
        found.expect(200)["data"].as_array().unwrap().len()
    };
    assert_eq!(
        count(format!("fingerprint={fingerprint}&mover=client")).await,
        1
    );
    assert_eq!(
        count(format!("fingerprint={fingerprint}&mover=operator")).await,
        0
    );
    // The sandbox has an onboarding of its own, whose link nobody has opened either.
    assert_eq!(count("mover=client".to_owned()).await, 3);
    assert_eq!(
        count("waiting_for=enter_pin&workflow=onboarding".to_owned()).await,
        1
    );
    assert_eq!(count("waiting_for=open_link".to_owned()).await, 2);
    let wrong = app
        .operator()
        .get("/console/api/instances?mover=nobody")
        .await;
    assert_eq!(
        (wrong.status, &wrong.body["errors"][0]["param"]),
        (422, &json!("mover"))
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_that_nobody_takes_is_stopped_and_sent_again_by_hand() {
    let (mut app, _, _client) = opened(json!({})).await;
    // Nobody listens there.
    let endpoint = json!({ "url": "http://127.0.0.1:9/hooks", "events": ["onboarding.created"] });
    app.partner()
        .post("/v1/webhook_endpoints", endpoint)
        .await
        .expect(201);
    app.onboarding(json!({})).await;
    let waits = "/console/api/instances?workflow=delivery&waiting_for=send";
    let found = crate::app::until("a delivery that waits for its next try", || async {
        let found = app.operator().get(waits).await.expect(200);
        found["data"][0]["id"]
            .as_str()
            .map(str::to_owned)
            .ok_or(found.to_string())
    });
    let id = found.await;
    act(&app, &id, "cancel", json!({})).await.expect(200);
    let stopped = instance(&app, &id).await;
    assert_eq!(
        (&stopped["state"], &stopped["acts"]),
        (&json!("canceled"), &json!(["submit"]))
    );
    act(&app, &id, "submit", json!({ "event": "redeliver" }))
        .await
        .expect(200);
    let tried = |seen: &Value| seen["facts"]["attempts"].as_array().unwrap().len() > 1;
    app.instance_until(&id, "tried again", tried).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_may_allow_one_registration_more_and_not_without_end() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    let id = &onboarding.id;
    let error = json!({ "code": 131_016, "http": 500 });
    let order = json!({ "endpoint": "register", "effect": "fail", "times": 100, "error": error });
    app.scenario(order).await;
    simply_signed_up(&app, &client).await;
    let event = json!({ "event": "registration_allowed" });
    let mut allowed = 0;
    for _ in 0..80 {
        let rests = |seen: &Value| seen["hold"]["kind"] != "working";
        let seen = app.instance_until(id, "at rest", rests).await;
        if seen["hold"]["code"] == "register_attempts_used" && allowed < 3 {
            act(&app, id, "submit", event.clone()).await.expect(200);
            allowed += 1;
            // Time that leaps while a try is announced costs that try.
            app.calls_until("register", 6 + allowed).await;
        }
        if app.calls("register").await.len() == 9 {
            break;
        }
        app.advance(Duration::from_mins(5)).await;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    let used =
        |seen: &Value| seen["hold"]["kind"] == "retrying" || seen["hold"]["until"] != Value::Null;
    app.instance_until(id, "held back", used).await;
    assert_eq!(act(&app, id, "submit", event).await.status, 409);
    let calls = app.calls("register").await.len();
    assert_eq!((allowed, calls), (3, 9), "Meta blocks at ten");
    app.stop().await;
}
