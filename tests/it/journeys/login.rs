//! What Meta's window is opened with: built in for Meta's present version, a setting for the next.

use serde_json::{Value, json};

use super::simply_signed_up;
use crate::app::App;

/// The `extras` of a new link that allows one way of signing up.
async fn extras_of(app: &App, flow: &str) -> Value {
    let onboarding = app
        .onboarding(json!({ "flow": { "allowed": [flow] } }))
        .await;
    let client = app.open(&onboarding.link).await;
    client.opened["signup"]["extras"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_options_of_a_flow_reach_metas_window_by_a_settings_change() {
    let mut app = App::start().await;
    let built_in = extras_of(&app, "coexistence").await;
    assert_eq!(built_in["featureType"], "whatsapp_business_app_onboarding");
    assert_eq!(built_in["version"], Value::Null);
    assert_eq!(extras_of(&app, "cloud_api").await, json!({ "setup": {} }));
    let login = json!({
        "coexistence": { "feature_type": "coexistence_of_tomorrow", "version": "v5" },
        "cloud_api": { "features": ["app_only_install"], "session_info_version": "3",
            "extras": { "ui": { "compact": true } } },
    });
    app.restart_with(json!({ "meta": { "login": login, "sdk_url": "https://sdk.example/v5.js" } }))
        .await;
    let told = extras_of(&app, "coexistence").await;
    assert_eq!(
        (&told["featureType"], &told["version"]),
        (&json!("coexistence_of_tomorrow"), &json!("v5"))
    );
    let told = extras_of(&app, "cloud_api").await;
    assert_eq!(told["features"], json!([{ "name": "app_only_install" }]));
    assert_eq!(told["sessionInfoVersion"], "3");
    assert_eq!(told["ui"]["compact"], true);
    assert_eq!(told["version"], Value::Null, "the other flow's");
    app.restart_with(json!({ "meta": { "login": { "coexistence": { "feature_type": "" } } } }))
        .await;
    assert_eq!(
        extras_of(&app, "coexistence").await["featureType"],
        Value::Null
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_app_says_of_its_window_goes_before_the_settings() {
    let mut app = App::start().await;
    let own = json!({ "coexistence": { "version": "v6" } });
    for (login_extras, there, elsewhere) in [
        (own, json!("v6"), Value::Null),
        (json!({ "version": "v7" }), json!("v7"), json!("v7")),
    ] {
        let setup = json!({ "app_id": app.invented.app_id,
            "app_secret": app.invented.app_secret.expose(), "login_extras": login_extras });
        app.operator()
            .post("/console/api/apps", setup)
            .await
            .expect(201);
        assert_eq!(extras_of(&app, "coexistence").await["version"], there);
        assert_eq!(extras_of(&app, "cloud_api").await["version"], elsewhere);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_address_is_sent_only_where_the_settings_say_so() {
    let mut app = App::start().await;
    app.restart_with(json!({ "meta": { "redirect_uri": "https://signup.example/back" } }))
        .await;
    let onboarding = app.onboarding(json!({})).await;
    let client = app.open(&onboarding.link).await;
    simply_signed_up(&app, &client).await;
    // The sandbox's codes come from a window without one, so Meta finds that the two differ.
    app.state_until(&onboarding.id, "needs_signup").await;
    assert_eq!(app.calls("exchange").await[0]["error_subcode"], 36_008);
    app.stop().await;
}
