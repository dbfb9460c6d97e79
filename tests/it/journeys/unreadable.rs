//! A record that cannot be opened any more: its partner and its operators are told, and it hides no other.

use adapters::sled::{SledOptions, SledStore};
use engine::{Change, Expected, InstanceId, PutRecord, Store as _};
use serde_json::json;

use crate::app::{App, ask};

/// What is kept of an instance is damaged, as by another vault's key.
async fn damage(app: &App, id: &str) {
    let store = SledStore::open(app.folder(), SledOptions::default()).await;
    let store = store.unwrap();
    let mut record = store.load(&InstanceId::new(id)).await.unwrap().unwrap();
    let expected = Expected::Version(record.version);
    record.version += 1;
    let last = record.facts.last_mut().unwrap();
    *last ^= 1;
    let change = Change {
        records: vec![PutRecord { expected, record }],
        ..Change::default()
    };
    store.commit(change).await.unwrap();
    store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_cannot_be_opened_is_told_of_and_hides_no_other() {
    let mut app = App::start().await;
    let sound = app.onboarding(json!({})).await;
    let damaged = app.onboarding(json!({})).await;
    app.stop().await;
    damage(&app, &damaged.id).await;
    app.restart().await;

    let listed = app.partner().get("/v1/onboardings").await.expect(200);
    let ids: Vec<_> = listed["data"].as_array().unwrap().iter().collect();
    assert!(ids.iter().any(|one| one["id"] == sound.id), "{listed:#}");
    assert!(ids.iter().all(|one| one["id"] != damaged.id), "{listed:#}");
    let path = format!("/v1/onboardings/{}", damaged.id);
    let told = app.partner().get(&path).await;
    assert_eq!(told.status, 500, "{}", told.text);

    let path = format!("/console/api/instances/{}", damaged.id);
    let seen = app.operator().get(&path).await.expect(200);
    assert!(seen["facts"]["unreadable"].is_string(), "{seen:#}");
    let token = app.invented.operator_token.expose();
    let request = app.http.post(format!("{}/console/login", app.url()));
    let signed_in = ask(request.form(&[("token", token)])).await;
    let cookie = signed_in.header("set-cookie").split(';').next().unwrap();
    let url = format!("{}/console/instances/{}", app.url(), damaged.id);
    let page = ask(app.http.get(url).header("cookie", cookie)).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("cannot be opened"), "{}", page.text);
    let all = app.operator().get("/console/api/instances").await;
    assert!(all.expect(200).to_string().contains(&damaged.id));
    app.stop().await;
}
