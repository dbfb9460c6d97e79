//! The way without trouble, and the halves of a signup in every order.

use serde_json::json;

use crate::app::App;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_who_signs_up_ends_with_a_live_number_and_a_told_partner() {
    let mut app = App::start().await;
    let onboarding = app.onboarding(json!({ "external_id": "cust-42" })).await;
    let client = app.open(&onboarding.link).await;
    assert_eq!(client.opened["phase"], "signup");
    let signup = app
        .sign_up(json!({ "phone_number": "+34 600 000 123" }))
        .await;
    let view = client.signup(&signup).await.expect(202);
    assert_ne!(view["phase"], "signup");
    let view = app.status_until(&onboarding.id, "completed").await;
    println!("{view:#}");
    println!("{:#}", client.status().await);
    println!(
        "{:#}",
        app.instance_until(&onboarding.id, "there", |_| true).await
    );
    for call in app.calls("").await {
        println!("{} {} {}", call["method"], call["endpoint"], call["path"]);
    }
    app.stop().await;
}
