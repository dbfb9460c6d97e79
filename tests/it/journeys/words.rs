//! What Meta tells by itself: each change once, in any order and shape, kept before it is acknowledged.

use engine::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use super::meta::{send, signed};
use super::signed_up;
use crate::app::{App, Binary, Client, Onboarding, Product, ask, until};

const ACCOUNT: &str = "102290129340398";

/// One change as Meta frames it.
fn change(field: &str, value: &Value) -> Value {
    json!({ "field": field, "value": value })
}

fn webhook(account: &str, time: i64, changes: &[Value]) -> Value {
    let entry = json!({ "id": account, "time": time, "changes": changes });
    json!({ "object": "whatsapp_business_account", "entry": [entry] })
}

/// Tells the product something in Meta's name.
async fn tell(app: &Product, webhook: &Value) {
    let body = webhook.to_string().into_bytes();
    let signature = signed(app.invented.app_secret.expose(), &body);
    let answer = send(app, &app.invented.app_id, &body, &signature).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// The webhooks about an account, newest first, once all of them were heard.
async fn heard(app: &Product, account: &str) -> Vec<Value> {
    let path = format!("/console/api/webhooks?waba_id={account}");
    until("everybody was told", || async {
        let list = app.operator().get(&path).await.expect(200);
        let found = list["data"].as_array().unwrap().clone();
        if found.iter().all(|one| one["state"] == "heard") {
            Ok(found)
        } else {
            Err(list.to_string())
        }
    })
    .await
}

/// An onboarding whose number has a PIN that only the client knows.
async fn needs_pin(app: &Product) -> (Onboarding, Client, Value) {
    let onboarding = app.onboarding(json!({})).await;
    let client = app.open(&onboarding.link).await;
    let signup = signed_up(app, &client, json!({ "pin": "246810" })).await;
    app.state_until(&onboarding.id, "needs_pin").await;
    (onboarding, client, signup["session"]["data"].clone())
}

fn text<'v>(data: &'v Value, name: &str) -> &'v str {
    data[name].as_str().unwrap()
}

/// Product time in Meta's seconds.
async fn seconds(app: &Product) -> i64 {
    let clock = app.control("clock", json!({ "advance_ms": 0 })).await;
    Timestamp::parse_rfc3339(text(&clock, "now"))
        .unwrap()
        .seconds()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_change_is_heard_once_however_often_and_however_batched_it_comes() {
    let mut app = App::start().await;
    let review = change("account_review_update", &json!({ "decision": "APPROVED" }));
    let limits = change(
        "business_capability_update",
        &json!({ "max_phone_numbers_per_waba": 25 }),
    );
    let one = webhook(ACCOUNT, 1_739_321_024, std::slice::from_ref(&review));
    tell(&app, &one).await;
    heard(&app, ACCOUNT).await;
    tell(&app, &one).await;
    tell(
        &app,
        &webhook(ACCOUNT, 1_739_321_024, &[limits.clone(), review.clone()]),
    )
    .await;
    heard(&app, ACCOUNT).await;
    tell(
        &app,
        &webhook(ACCOUNT, 1_739_321_024, &[review.clone(), limits]),
    )
    .await;
    // The same news at another moment is other news.
    heard(&app, ACCOUNT).await;
    tell(&app, &webhook(ACCOUNT, 1_739_321_999, &[review])).await;
    let found = heard(&app, ACCOUNT).await;
    let outcomes: Vec<&Value> = found.iter().map(|one| &one["outcomes"]).collect();
    let (fresh, both, all) = (
        json!({ "seen": 1 }),
        json!({ "repeat": 1, "seen": 1 }),
        json!({ "repeat": 2 }),
    );
    assert_eq!(outcomes, [&fresh, &all, &both, &fresh], "{found:#?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_durable_before_it_is_acknowledged() {
    let mut binary = Binary::start("warn,rocket=off").await;
    let (onboarding, _, data) = needs_pin(&binary).await;
    let removed = json!({ "event": "ACCOUNT_DELETED" });
    let time = seconds(&binary).await + 1;
    let account = text(&data, "waba_id");
    tell(
        &binary,
        &webhook(account, time, &[change("account_update", &removed)]),
    )
    .await;
    binary.kill();
    binary.start_again().await;
    let told = binary.state_until(&onboarding.id, "needs_signup").await;
    assert_eq!(told["status_reason"], "account_deleted", "{told:#}");
    let found = heard(&binary, account).await;
    let last = found.first().unwrap();
    let whom = last["changes"][0]["whom"].as_str();
    // A death between telling and marking tells it twice, and then nothing is left to move.
    let once = last["outcomes"] == json!({ "moved": 1 }) && whom == Some(&onboarding.id);
    assert!(once || last["outcomes"] == json!({ "seen": 1 }), "{last:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_word_never_undoes_a_newer_one() {
    let mut app = App::start().await;
    let (onboarding, client, data) = needs_pin(&app).await;
    let (account, now) = (text(&data, "waba_id"), seconds(&app).await);
    let review = |decision: &str| change("account_review_update", &json!({ "decision": decision }));
    tell(&app, &webhook(account, now, &[review("REJECTED")])).await;
    let rejected = |view: &Value| view["last_error"]["code"] == "account_rejected";
    app.view_until(&onboarding.id, "told of the review", rejected)
        .await;
    // Meta's tries of what it said before come now; so does what it said of an earlier signup.
    let removed =
        json!({ "event": "PARTNER_APP_UNINSTALLED", "waba_info": { "waba_id": account } });
    let before = [review("APPROVED"), change("account_update", &removed)];
    tell(&app, &webhook(account, now - 500, &before)).await;
    let found = heard(&app, account).await;
    assert_eq!(found[0]["outcomes"], json!({ "seen": 2 }), "{found:#?}");
    let view = app.view_until(&onboarding.id, "as before", rejected).await;
    assert_eq!(view["state"], "needs_pin", "{view:#}");
    let told = client.status().await["trouble"]["happened"].to_string();
    assert!(told.contains("PIN"), "{told}");
    tell(&app, &webhook(account, now + 1, &[review("APPROVED")])).await;
    let cleared = |view: &Value| view["last_error"].is_null();
    app.view_until(&onboarding.id, "no longer rejected", cleared)
        .await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_here_knows_is_kept_and_answered_with_200() {
    let mut app = App::start().await;
    let unknown = change("something_new", &json!({ "of": "Meta's" }));
    let stranger = json!({ "event": "ACCOUNT_DELETED" });
    let told = webhook(ACCOUNT, 7, &[unknown, change("account_update", &stranger)]);
    tell(&app, &told).await;
    let found = heard(&app, ACCOUNT).await;
    assert_eq!(found[0]["outcomes"], json!({ "seen": 2 }));
    let path = format!("/console/api/webhooks/{}", found[0]["id"].as_str().unwrap());
    let kept = app.operator().get(&path).await.expect(200);
    assert_eq!(kept["body"], told);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metas_odd_shapes_are_read() {
    let mut app = App::start().await;
    for shape in ["beside", "inside", "as_text", "one"] {
        let (onboarding, _, data) = needs_pin(&app).await;
        let (account, time) = (text(&data, "waba_id"), seconds(&app).await + 1);
        let number: u64 = account.parse().unwrap();
        let mut value = json!({ "event": "PARTNER_APP_UNINSTALLED",
            "waba_info": { "waba_id": number, "partner_app_id": app.invented.app_id } });
        let mut entry = json!({ "id": app.invented.business_id, "time": time });
        match shape {
            "beside" => {
                entry["field"] = json!("account_update");
                entry["changes"] = json!([{ "value": value }]);
            }
            "inside" => {
                value["field"] = json!("account_update");
                entry["changes"] = json!([{ "value": value }]);
            }
            "as_text" => {
                let text = value.to_string();
                entry["changes"] = json!([{ "field": "account_update", "value": text }]);
            }
            _ => entry["change"] = change("account_update", &value),
        }
        tell(&app, &json!({ "entry": [entry] })).await;
        let told = app.state_until(&onboarding.id, "needs_signup").await;
        assert_eq!(told["status_reason"], "app_removed", "{shape}: {told:#}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_replays_a_stored_webhook_and_nothing_happens_twice() {
    let mut app = App::start().await;
    let (onboarding, client, data) = needs_pin(&app).await;
    let (account, time) = (text(&data, "waba_id"), seconds(&app).await + 1);
    let deleted = change("account_update", &json!({ "event": "ACCOUNT_DELETED" }));
    tell(&app, &webhook(account, time, &[deleted])).await;
    app.state_until(&onboarding.id, "needs_signup").await;
    let moved = heard(&app, account).await.remove(0);
    assert_eq!(moved["outcomes"], json!({ "moved": 1 }), "{moved:#}");
    app.advance(std::time::Duration::from_mins(1)).await;
    signed_up(&app, &client, json!({})).await;
    let done = app.status_until(&onboarding.id, "completed").await;
    let id = text(&moved, "id");
    let replay = format!("/console/api/webhooks/{id}/replay");
    let operator = app.operator();
    operator.post(&replay, json!({})).await.expect(422);
    let why = json!({ "reason": "to see that it is quiet" });
    operator.post(&replay, why).await.expect(202);
    let path = format!("/console/api/webhooks/{id}");
    let replayed = until("it was heard again", || async {
        let seen = app.operator().get(&path).await.expect(200);
        let again = seen["state"] == "heard" && !seen["replayed_at"].is_null();
        if again {
            Ok(seen)
        } else {
            Err(seen.to_string())
        }
    })
    .await;
    assert_eq!(replayed["outcomes"], json!({ "seen": 1 }), "{replayed:#}");
    assert_eq!(app.status_until(&onboarding.id, "completed").await, done);
    let audit = operator.get("/console/api/audit").await.expect(200);
    let line = &audit["data"][0];
    assert_eq!(
        (text(line, "act"), text(line, "target")),
        ("replay_webhook", id)
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chats_are_stored_nowhere() {
    let mut app = App::start().await;
    let said = json!({ "metadata": { "phone_number_id": "106", "display_phone_number": "15550783881" },
        "contacts": [{ "wa_id": "16505551234", "profile": { "name": "Sheena" } }],
        "messages": [{ "from": "16505551234", "text": { "body": "in another color?" } }] });
    let chat = change("messages", &said);
    let odd = json!({ "value": said.to_string(), "field": "standby" });
    tell(&app, &webhook(ACCOUNT, 1, std::slice::from_ref(&chat))).await;
    assert!(
        heard(&app, ACCOUNT).await.is_empty(),
        "a chat concerns nobody"
    );
    let news = change("account_update", &json!({ "event": "ACCOUNT_OFFBOARDED" }));
    tell(&app, &webhook(ACCOUNT, 1, &[chat, news, odd])).await;
    let found = heard(&app, ACCOUNT).await;
    assert_eq!(found[0]["outcomes"], json!({ "seen": 1 }), "{found:#?}");
    let path = format!("/console/api/webhooks/{}", text(&found[0], "id"));
    let kept = app.operator().get(&path).await.expect(200);
    assert_eq!(kept["body"]["entry"][0]["changes"][0]["field"], "messages");
    let shown = kept.to_string();
    for private in ["another color", "16505551234", "Sheena", "15550783881"] {
        assert!(!shown.contains(private), "{private}: {shown}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_secrets_are_believed_while_one_is_rotated() {
    let mut app = App::start().await;
    let id = app.invented.app_id.clone();
    let old = app.invented.app_secret.expose().to_owned();
    let body = webhook(ACCOUNT, 1, &[]).to_string().into_bytes();
    let next = "the-secret-that-follows";
    let answer = async |secret: &str| send(&app, &id, &body, &signed(secret, &body)).await.status;
    let setup = async |body: Value| app.operator().post("/console/api/apps", body).await;
    assert_eq!((answer(&old).await, answer(next).await), (200, 401));
    let begun = json!({ "app_id": id, "app_secret": old, "app_secret_next": next });
    let shown = setup(begun).await.expect(201);
    assert_eq!(shown["has"]["app_secret_next"], true);
    assert_eq!((answer(&old).await, answer(next).await), (200, 200));
    let ended = setup(json!({ "app_id": id, "app_secret": next }))
        .await
        .expect(201);
    assert_eq!(ended["has"]["app_secret_next"], false);
    assert_eq!((answer(&old).await, answer(next).await), (401, 200));
    setup(json!({ "app_id": id, "app_secret": old }))
        .await
        .expect(409);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_lists_metas_webhooks_and_has_one_heard_again_by_a_button() {
    let mut app = App::start().await;
    let limits = json!({ "max_phone_numbers_per_waba": 25 });
    let told = webhook(ACCOUNT, 1, &[change("business_capability_update", &limits)]);
    tell(&app, &told).await;
    let found = heard(&app, ACCOUNT).await;
    let id = text(&found[0], "id");
    let login = [("token", app.invented.operator_token.expose())];
    let request = app.http.post(format!("{}/console/login", app.url()));
    let answer = ask(request.header("origin", app.url()).form(&login)).await;
    let cookie = answer.header("set-cookie").split(';').next().unwrap();
    let console = |method: Method, path: String| {
        let request = app.http.request(method, format!("{}{path}", app.url()));
        request.header("cookie", cookie).header("origin", app.url())
    };
    let list = ask(console(
        Method::GET,
        format!("/console/webhooks?waba_id={ACCOUNT}"),
    ))
    .await;
    for said in ["Business capability update", "1 seen", id] {
        assert!(list.text.contains(said), "{said}: {}", list.text);
    }
    let page = ask(console(Method::GET, format!("/console/webhooks/{id}"))).await;
    assert!(
        page.text.contains("max_phone_numbers_per_waba"),
        "{}",
        page.text
    );
    let token = page.text.split("name=\"token\" value=\"").nth(1).unwrap();
    let token = token.split('"').next().unwrap();
    let form = [("token", token), ("reason", "the button works")];
    let again = console(Method::POST, format!("/console/webhooks/{id}/replay"));
    assert_eq!(ask(again.form(&form)).await.status, 303);
    let shown = app
        .operator()
        .get(&format!("/console/api/webhooks/{id}"))
        .await;
    assert!(!shown.expect(200)["replayed_at"].is_null());
    app.stop().await;
}
