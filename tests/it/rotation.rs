//! The vault key is replaced between two starts, and the old one leaves the settings for good.

use adapters::vault::MasterKey;
use serde_json::json;

use crate::app::{App, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_vault_key_is_replaced_in_two_restarts_and_everything_still_opens() {
    let mut app = App::start().await;
    let onboarding = app.onboarding(json!({ "external_id": "cust-42" })).await;
    let client = app.open(&onboarding.link).await;
    let signup = app.sign_up(json!({})).await;
    client.signup(&signup).await.expect(202);
    app.status_until(&onboarding.id, "completed").await;

    let old = app.invented.vault_key.expose().to_owned();
    let new = MasterKey::random().to_base64();
    let new = new.as_str();
    app.restart_with(json!({ "vault_key": new, "vault_keys_old": [old] }))
        .await;
    app.advance(std::time::Duration::from_secs(600)).await;
    until("the keys are wrapped anew", || async {
        let list = app
            .operator()
            .get("/console/api/schedules")
            .await
            .expect(200);
        if list.to_string().contains("may be emptied") {
            Ok(())
        } else {
            Err(list.to_string())
        }
    })
    .await;

    app.restart_with(json!({ "vault_key": new })).await;
    let view = app.status_until(&onboarding.id, "completed").await;
    assert_eq!(view["external_id"], "cust-42");
    let another = app.onboarding(json!({})).await;
    let client = app.open(&another.link).await;
    // The same code as before is known by its digest, which no rotation changes.
    let repeated = client.signup(&signup).await;
    assert!(repeated.status < 500, "{}", repeated.text);
    app.stop().await;
}
