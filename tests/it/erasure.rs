//! A client's data is erased through every door: what operators, partners and clients then hear.

use serde_json::{Value, json};

use crate::app::{App, Onboarding, ask};

async fn act(app: &App, id: &str, act: &str, body: Value) -> crate::app::Answer {
    let path = format!("/console/api/instances/{id}/acts/{act}");
    app.operator().post(&path, body).await
}

/// An onboarding that is done, with a delivery of its own.
async fn completed(app: &App) -> Onboarding {
    let receiver = crate::receiver::Receiver::start().await;
    let endpoint = json!({ "url": receiver.url });
    let made = app.partner().post("/v1/webhook_endpoints", endpoint).await;
    made.expect(201);
    let onboarding = app.onboarding(json!({ "external_id": "cust-42" })).await;
    let client = app.open(&onboarding.link).await;
    let signup = app.sign_up(json!({})).await;
    client.signup(&signup).await.expect(202);
    app.status_until(&onboarding.id, "completed").await;
    onboarding
}

/// Nobody finds or reads the client any more.
async fn is_gone(app: &App, onboarding: &Onboarding) {
    let id = &onboarding.id;
    let path = format!("/v1/onboardings/{id}");
    let gone = app.partner().get(&path).await;
    assert_eq!(gone.status, 410, "{}", gone.text);
    assert_eq!(gone.body["code"], "erased");
    let stranger = app.other_partner().await.get(&path).await;
    assert_eq!(stranger.status, 404, "{}", stranger.text);
    let list = app
        .partner()
        .get("/v1/onboardings?external_id=cust-42")
        .await
        .expect(200);
    assert_eq!(list["data"], json!([]));
    app.partner()
        .get("/v1/webhook_deliveries")
        .await
        .expect(200);
    let token = onboarding.link.rsplit('/').next().unwrap();
    let page = app
        .http
        .get(format!("{}/o/{token}", app.url()))
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), 410);
    let seen = app
        .operator()
        .get(&format!("/console/api/instances/{id}"))
        .await
        .expect(200);
    assert!(seen["facts"]["erased_at"].is_string(), "{seen}");
    assert_eq!(seen["acts"], json!([]));
    let rows = app
        .operator()
        .get("/console/api/instances")
        .await
        .expect(200);
    assert!(!rows.to_string().contains("cust-42"), "{rows}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_client_is_gone_for_everybody_and_what_stays_is_said() {
    let mut app = App::start().await;
    let onboarding = completed(&app).await;
    let (id, reason) = (onboarding.id.as_str(), "the client asked for it");
    let preview = act(
        &app,
        id,
        "erase",
        json!({ "reason": reason, "dry_run": true }),
    )
    .await;
    let preview = preview.expect(200);
    assert_eq!(
        (&preview["dry_run"], &preview["erased_at"]),
        (&json!(true), &Value::Null)
    );
    assert!(
        preview["instances"].as_array().unwrap().len() > 1,
        "{preview}"
    );
    app.status_until(id, "completed").await;
    let erased = act(
        &app,
        id,
        "erase",
        json!({ "reason": reason, "operation_id": "op-1" }),
    )
    .await;
    let erased = erased.expect(200);
    assert_eq!(erased["instances"], preview["instances"]);
    assert!(
        erased["remains"].to_string().contains("backups"),
        "{erased}"
    );
    let again = act(&app, id, "erase", json!({ "reason": reason }))
        .await
        .expect(200);
    assert_eq!(again["erased_at"], erased["erased_at"]);

    for _ in 0..2 {
        is_gone(&app, &onboarding).await;
        app.restart().await;
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_onboarding_that_is_under_way_is_canceled_before_it_is_erased() {
    let mut app = App::start().await;
    let onboarding = app.onboarding(json!({})).await;
    let id = onboarding.id.as_str();
    let why = json!({ "reason": "the client asked for it" });
    let refused = act(&app, id, "erase", why.clone()).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (409, &json!("still_live"))
    );
    act(&app, id, "cancel", why.clone()).await.expect(200);
    act(&app, id, "erase", why).await.expect(200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_shows_what_an_erasure_comes_to_and_wants_the_id_typed() {
    let mut app = App::start().await;
    let onboarding = app.onboarding(json!({ "external_id": "cust-42" })).await;
    let id = onboarding.id.as_str();
    let why = json!({ "reason": "called off" });
    act(&app, id, "cancel", why).await.expect(200);
    let login = [("token", app.invented.operator_token.expose())];
    let request = app.http.post(format!("{}/console/login", app.url()));
    let answer = ask(request.header("origin", app.url()).form(&login)).await;
    let cookie = answer
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let page = format!("{}/console/instances/{id}", app.url());
    let shown = ask(app.http.get(&page).header("cookie", &cookie)).await;
    assert!(shown.text.contains("Erase the client"), "{}", shown.text);
    let token = shown.text.split("name=\"token\" value=\"").nth(1).unwrap();
    let token = token.split('"').next().unwrap().to_owned();
    let send = async |fields: &[(&str, &str)]| {
        let request = app
            .http
            .post(format!("{}/console/instances/{id}/erase", app.url()));
        let request = request
            .header("cookie", &cookie)
            .header("origin", app.url());
        let mut form = vec![
            ("token", token.as_str()),
            ("reason", "the client asked for it"),
        ];
        form.extend_from_slice(fields);
        ask(request.form(&form)).await
    };
    let looked = send(&[]).await;
    assert_eq!(looked.status, 200, "{}", looked.text);
    assert!(looked.text.contains("What stays"), "{}", looked.text);
    assert_eq!(send(&[("confirm", "onb_another")]).await.status, 303);
    app.status_until(id, "canceled").await;
    assert_eq!(send(&[("confirm", id)]).await.status, 303);
    let shown = ask(app.http.get(&page).header("cookie", &cookie)).await;
    assert!(shown.text.contains("data was erased"), "{}", shown.text);
    assert!(!shown.text.contains("cust-42"), "{}", shown.text);
    app.stop().await;
}
