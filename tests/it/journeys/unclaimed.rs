//! Accounts that clients shared and nobody has: an operator says whose they are, and Meta has to confirm it.

use reqwest::Method;
use serde_json::{Value, json};

use super::second_road::{A_MINUTE, grant_in, told_by_meta_alone};
use crate::app::{Answer, App, Product, ask};

/// An account that nobody's order names, as the operator sees it.
async fn unclaimed(app: &Product) -> (Value, Value) {
    let data = told_by_meta_alone(app, json!({ "phone_number": "+34600000123" })).await;
    grant_in(app, &data["waba_id"], "seen").await;
    app.advance(A_MINUTE).await;
    grant_in(app, &data["waba_id"], "unclaimed").await;
    let list = app.operator().get("/console/api/unclaimed").await;
    let list = list.expect(200);
    let mut found = list["data"].as_array().unwrap().iter();
    let entry = found.find(|one| one["waba_id"] == data["waba_id"]);
    (data, entry.unwrap().clone())
}

async fn assign(app: &Product, entry: &Value, onboarding: &str) -> Answer {
    let id = entry["id"].as_str().unwrap();
    let body = json!({ "onboarding_id": onboarding, "reason": "the client called us" });
    let path = format!("/console/api/unclaimed/{id}/assign");
    app.operator().post(&path, body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_nobody_pinned_waits_for_an_operator_and_is_assigned() {
    let mut app = App::start().await;
    let onboarding = app.onboarding(json!({})).await;
    let client = app.open(&onboarding.link).await;
    let (data, entry) = unclaimed(&app).await;
    assert_eq!(entry["object"], "unclaimed_account");
    assert_eq!(entry["business_id"], data["business_id"]);
    assert_eq!(entry["why"]["code"], "nobody_pinned");
    assert_eq!(
        entry["numbers"][0]["phone_number_id"],
        data["phone_number_id"]
    );
    assert!(!entry.to_string().contains("600000123"), "{entry:#}");
    let attention = app
        .operator()
        .get("/console/api/attention")
        .await
        .expect(200);
    assert!(
        attention.to_string().contains("unclaimed_account"),
        "{attention:#}"
    );

    let claim = json!({ "session": { "event": "FINISH", "data": data } });
    client.signup(&claim).await.expect(202);
    let list = app
        .operator()
        .get("/console/api/unclaimed")
        .await
        .expect(200);
    let named = &list["data"][0]["named_by_browsers"][0]["onboarding_id"];
    assert_eq!(*named, onboarding.id);

    let assigned = assign(&app, &entry, &onboarding.id).await.expect(200);
    assert_eq!(assigned["state"], "assigning");
    let view = app.status_until(&onboarding.id, "completed").await;
    assert_eq!(view["result"]["waba_id"], data["waba_id"]);
    let grant = grant_in(&app, &data["waba_id"], "claimed").await;
    assert_eq!(grant["facts"]["numbers"], json!([]), "only ids are kept");
    let list = app
        .operator()
        .get("/console/api/unclaimed")
        .await
        .expect(200);
    assert_eq!(list["data"], json!([]));
    let audit = app.operator().get("/console/api/audit").await.expect(200);
    let line = &audit["data"][0];
    assert_eq!(
        (&line["act"], &line["reason"]),
        (&json!("assign_unclaimed"), &json!("the client called us"))
    );
    assign(&app, &entry, &onboarding.id).await.expect(409);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_not_assigned_across_apps_or_to_whom_waits_for_nothing() {
    let mut app = App::start().await;
    let operator = app.operator();
    let other_app = json!({ "app_id": "424242", "app_secret": "another secret" });
    operator
        .post("/console/api/apps", other_app)
        .await
        .expect(201);
    let body = json!({ "name": "Other app", "app_id": "424242", "role": "tech_provider" });
    let made = operator
        .post("/console/api/partners", body)
        .await
        .expect(201);
    let stranger = app.caller(made["api_key"].as_str().unwrap());
    let foreign = stranger
        .post("/v1/onboardings", json!({}))
        .await
        .expect(201);
    let ended = app.onboarding(json!({})).await;
    let cancel = format!("/v1/onboardings/{}/cancel", ended.id);
    app.partner().post(&cancel, json!({})).await.expect(200);
    let (_, entry) = unclaimed(&app).await;
    let refused = assign(&app, &entry, foreign["id"].as_str().unwrap()).await;
    assert_eq!(refused.expect(409)["code"], "other_app");
    let refused = assign(&app, &entry, &ended.id).await;
    assert_eq!(refused.expect(409)["code"], "not_in_this_state");
    assign(&app, &entry, "onb_nobody").await.expect(422);
    let nothing = json!({ "id": "gra_nothing" });
    assign(&app, &nothing, &ended.id).await.expect(404);
    let path = format!(
        "/console/api/unclaimed/{}/assign",
        entry["id"].as_str().unwrap()
    );
    let silent = json!({ "onboarding_id": ended.id, "reason": " " });
    operator.post(&path, silent).await.expect(422);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_assignment_that_meta_does_not_confirm_goes_back() {
    let mut app = App::start().await;
    let onboarding = app.onboarding(json!({})).await;
    let (data, entry) = unclaimed(&app).await;
    let error = json!({ "code": 10, "http": 403 });
    let order = json!({ "endpoint": "system_user_access_tokens", "effect": "fail",
        "error": error, "times": 1 });
    app.scenario(order).await;
    assign(&app, &entry, &onboarding.id).await.expect(200);
    let view = app.state_until(&onboarding.id, "needs_signup").await;
    assert_eq!(view["next_action"]["actor"], "operator", "{view:#}");
    let grant = grant_in(&app, &data["waba_id"], "unclaimed").await;
    assert!(grant["facts"]["why"].is_string(), "{grant:#}");
    // The same again, once it is mended.
    assign(&app, &entry, &onboarding.id).await.expect(200);
    app.status_until(&onboarding.id, "completed").await;
    grant_in(&app, &data["waba_id"], "claimed").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_of_another_partners_is_given_to_nobody_else() {
    let mut app = App::start().await;
    let theirs = app.other_partner().await;
    let made = theirs.post("/v1/onboardings", json!({})).await.expect(201);
    let (data, entry) = unclaimed(&app).await;
    assign(&app, &entry, made["id"].as_str().unwrap())
        .await
        .expect(200);
    grant_in(&app, &data["waba_id"], "claimed").await;
    let ours = app.onboarding(json!({})).await;
    app.advance(A_MINUTE * 60).await;
    let again = json!({ "waba_id": data["waba_id"], "business_id": data["business_id"],
        "phone_number": "+34600000123" });
    told_by_meta_alone(&app, again).await;
    grant_in(&app, &data["waba_id"], "seen").await;
    app.advance(A_MINUTE).await;
    // Whoever has it keeps it; nobody is asked.
    grant_in(&app, &data["waba_id"], "claimed").await;
    assign(&app, &entry, &ours.id).await.expect(409);
    app.state_until(&ours.id, "link_issued").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_client_takes_back_or_an_operator_leaves_alone_waits_no_longer() {
    let mut app = App::start().await;
    let (data, entry) = unclaimed(&app).await;
    let path = format!(
        "/console/api/instances/{}/acts/cancel",
        entry["id"].as_str().unwrap()
    );
    let why = json!({ "reason": "nobody knows this account" });
    app.operator().post(&path, why).await.expect(200);
    grant_in(&app, &data["waba_id"], "gone").await;
    let (data, _) = unclaimed(&app).await;
    let removed = json!({ "event": "PARTNER_REMOVED" });
    let order = json!({ "app_id": app.invented.app_id, "field": "account_update",
        "entry_id": data["waba_id"], "value": removed });
    app.advance(A_MINUTE).await;
    app.control("webhook", order).await;
    grant_in(&app, &data["waba_id"], "gone").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_shows_unclaimed_accounts_and_takes_an_operators_word() {
    let mut app = App::start().await;
    let onboarding = app.onboarding(json!({})).await;
    let form = [("token", app.operator().bearer().to_owned())];
    let login = format!("{}/console/login", app.url());
    let login = app.http.post(login).header("sec-fetch-site", "same-origin");
    let signed_in = login.form(&form).send().await.unwrap();
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let console = |method: Method, path: &str| {
        let url = format!("{}{path}", app.url());
        let request = app.http.request(method, url).header("cookie", &cookie);
        request.header("sec-fetch-site", "same-origin")
    };
    let page = ask(console(Method::GET, "/console/unclaimed")).await;
    assert!(
        page.text
            .contains("Every shared account has its onboarding"),
        "{}",
        page.text
    );
    let (data, entry) = unclaimed(&app).await;
    let front = ask(console(Method::GET, "/console")).await;
    assert!(front.text.contains("/console/unclaimed"), "{}", front.text);
    let page = ask(console(Method::GET, "/console/unclaimed")).await;
    assert!(
        page.text.contains(data["waba_id"].as_str().unwrap()),
        "{}",
        page.text
    );
    let token = page.text.split("name=\"token\" value=\"").nth(1).unwrap();
    let token = token.split('"').next().unwrap();
    let path = format!(
        "/console/unclaimed/{}/assign",
        entry["id"].as_str().unwrap()
    );
    let given = [
        ("token", token),
        ("onboarding_id", &onboarding.id),
        ("reason", "she called"),
    ];
    let answer = ask(console(Method::POST, &path).form(&given)).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    app.status_until(&onboarding.id, "completed").await;
    app.stop().await;
}
