//! A look at a Meta app before clients meet it: what is wrong, where to mend it, and links held back.

use serde_json::{Value, json};

use super::{opened, simply_signed_up};
use crate::app::{App, Product};

fn path(app: &Product) -> String {
    format!("/console/api/apps/{}/preflight", app.invented.app_id)
}

/// Looks at the sandbox's app until the look has ended.
async fn looked(app: &Product) -> Value {
    let begun = app.operator().post(&path(app), json!({})).await.expect(202);
    crate::app::until("the look has ended", || async {
        let last = app.operator().get(&path(app)).await.expect(200);
        if last["id"] == begun["id"] && last["status"] != "running" {
            Ok(last)
        } else {
            Err(last.to_string())
        }
    })
    .await
}

fn of<'a>(seen: &'a Value, check: &str) -> &'a Value {
    let findings = seen["findings"].as_array().unwrap();
    let found = findings.iter().find(|one| one["check"] == *check);
    found.unwrap_or_else(|| panic!("nothing of {check}: {seen:#}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sound_app_is_ready_and_says_what_cannot_be_seen() {
    let mut app = App::start().await;
    assert_eq!(app.operator().get(&path(&app)).await.status, 404);
    let nowhere = "/console/api/apps/123456789/preflight";
    assert_eq!(app.operator().post(nowhere, json!({})).await.status, 404);
    let seen = looked(&app).await;
    assert_eq!(seen["status"], "ready", "{seen:#}");
    for check in [
        "app",
        "login_configuration",
        "system_user",
        "permissions",
        "business",
        "webhook",
        "webhook_fields",
    ] {
        assert_eq!(of(&seen, check)["verdict"], "ok", "{check}: {seen:#}");
    }
    for check in ["domains", "app_mode"] {
        assert_eq!(of(&seen, check)["verdict"], "unknown", "{check}: {seen:#}");
    }
    let id = seen["id"].as_str().unwrap();
    let instance = app.instance_until(id, "there", |_| true).await;
    assert_eq!(instance["journal"][0]["to"], "examining", "{instance:#}");
    let apps = app.operator().get("/console/api/apps").await.expect(200);
    assert_eq!(apps["data"][0]["readiness"]["ready"], true, "{apps:#}");
    let partners = app
        .operator()
        .get("/console/api/partners")
        .await
        .expect(200);
    assert_eq!(
        partners["data"][0]["readiness"]["ready"], true,
        "{partners:#}"
    );
    let told = seen.to_string() + &apps.to_string();
    for secret in [&app.invented.app_secret, &app.invented.system_user_token] {
        assert!(!told.contains(secret.expose()));
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_thing_that_is_wrong_is_named_with_the_place_to_mend_it() {
    let mut app = App::start().await;
    let id = app.invented.app_id.clone();
    for (wrong, check, says, place) in [
        (
            json!({ "webhook_fields": ["account_update", "messages"] }),
            "webhook_fields",
            "security",
            "Webhook fields",
        ),
        (
            json!({ "webhook_url": "https://elsewhere.example/hook" }),
            "webhook",
            "must be http",
            "Configuration",
        ),
        (
            json!({ "lacking_scopes": ["whatsapp_business_management"] }),
            "permissions",
            "whatsapp_business_management",
            "App Review",
        ),
        (
            json!({ "system_token_dead": true }),
            "system_user",
            "dead",
            "System users",
        ),
    ] {
        let mut order = wrong.clone();
        order["app_id"] = json!(id);
        app.control("dashboard", order).await;
        let seen = looked(&app).await;
        assert_eq!(seen["status"], "not_ready", "{wrong}: {seen:#}");
        let found = of(&seen, check);
        assert_eq!(found["verdict"], "wrong", "{wrong}: {seen:#}");
        assert!(found["what"].as_str().unwrap().contains(says), "{found:#}");
        assert!(
            found["place"].as_str().unwrap().contains(place),
            "{found:#}"
        );
    }
    // What is wrong but lets signups through holds no link back.
    app.onboarding(json!({})).await;
    for (endpoint, check) in [
        ("client_whatsapp_business_accounts", "business"),
        ("app_subscriptions", "webhook"),
    ] {
        let mended = json!({ "app_id": id, "system_token_dead": false });
        app.control("dashboard", mended).await;
        let error = json!({ "code": 200, "http": 403 });
        app.scenario(json!({ "endpoint": endpoint, "effect": "fail", "error": error }))
            .await;
        let seen = looked(&app).await;
        assert_eq!(of(&seen, check)["verdict"], "wrong", "{seen:#}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_that_meta_refuses_at_an_exchange_gets_no_new_links_until_a_preflight_finds_it_ready()
 {
    for (code, subcode, message) in [
        (1, None, "Error validating client secret."),
        (
            100,
            Some(36_008),
            "Please make sure your redirect_uri is identical",
        ),
        (101, None, "Error validating application."),
        (191, None, "The domain is not allowed"),
    ] {
        let (mut app, onboarding, client) = opened(json!({})).await;
        let error = json!({ "code": code, "subcode": subcode, "http": 400, "message": message });
        app.scenario(json!({ "endpoint": "exchange", "effect": "fail", "error": error }))
            .await;
        simply_signed_up(&app, &client).await;
        let view = app.state_until(&onboarding.id, "needs_signup").await;
        assert_eq!(view["next_action"]["actor"], "operator", "{code}");
        let refused = app.partner().post("/v1/onboardings", json!({})).await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (409, &json!("app_not_ready")),
            "{code}: {}",
            refused.text
        );
        let apps = app.operator().get("/console/api/apps").await.expect(200);
        let paused = &apps["data"][0]["readiness"]["links_paused"];
        assert!(
            paused["text"].as_str().unwrap().contains(message),
            "{apps:#}"
        );
        app.stop().await;
        app.restart().await;
        assert_eq!(
            app.partner()
                .post("/v1/onboardings", json!({}))
                .await
                .status,
            409,
            "{code}"
        );
        let seen = looked(&app).await;
        assert_eq!(
            (&seen["status"], &seen["links_paused"]),
            (&json!("ready"), &Value::Null),
            "{code}"
        );
        app.onboarding(json!({})).await;
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_meta_refuses_is_found_by_the_preflight_and_holds_links_back() {
    let mut app = App::start().await;
    let error = json!({ "code": 190, "http": 401, "message": "Invalid OAuth access token." });
    app.scenario(json!({ "endpoint": "app", "effect": "fail", "error": error }))
        .await;
    let seen = looked(&app).await;
    assert_eq!(
        (&seen["status"], &of(&seen, "app")["verdict"]),
        (&json!("not_ready"), &json!("wrong"))
    );
    let refused = app.partner().post("/v1/onboardings", json!({})).await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    assert_eq!(looked(&app).await["status"], "ready");
    app.onboarding(json!({})).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_meta_that_does_not_answer_leaves_the_app_as_it_was() {
    let mut app = App::start().await;
    app.scenario(json!({ "endpoint": "app", "effect": "drop", "times": 10 }))
        .await;
    let begun = app
        .operator()
        .post(&path(&app), json!({}))
        .await
        .expect(202);
    let owed = |seen: &Value| seen["attempts"][0]["command"] == "examine_app";
    let id = begun["id"].as_str().unwrap();
    app.instance_until(id, "asked again", owed).await;
    for _ in 0..6 {
        app.advance(std::time::Duration::from_mins(1)).await;
        tokio::time::sleep(std::time::Duration::from_millis(40)).await;
    }
    let ended = crate::app::until("it has ended", || async {
        let last = app.operator().get(&path(&app)).await.expect(200);
        if last["status"] == "running" {
            Err(last.to_string())
        } else {
            Ok(last)
        }
    })
    .await;
    assert_eq!(ended["id"], begun["id"]);
    assert_eq!(of(&ended, "app")["verdict"], "unknown", "{ended:#}");
    assert_eq!(ended["status"], "not_ready", "silence is no readiness");
    let apps = app.operator().get("/console/api/apps").await.expect(200);
    assert_eq!(
        apps["data"][0]["readiness"]["ready"],
        Value::Null,
        "{apps:#}"
    );
    assert_eq!(ended["links_paused"], Value::Null);
    app.onboarding(json!({})).await;
    app.stop().await;
}
