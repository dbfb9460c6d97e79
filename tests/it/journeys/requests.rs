//! What partners may rely on in single requests: repeats, waiting, and that nobody sees others' things.

use serde_json::{Value, json};

use super::{opened, simply_signed_up};
use crate::app::{Answer, App, Caller, Product, ask};

async fn create(partner: &Caller, key: &str, body: &Value) -> Answer {
    let request = partner.request(reqwest::Method::POST, "/v1/onboardings");
    ask(request.header("idempotency-key", key).json(body)).await
}

async fn count(app: &Product) -> usize {
    let found = app
        .partner()
        .get("/v1/onboardings?limit=100")
        .await
        .expect(200);
    found["data"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_under_the_same_key_gets_the_first_answer_even_after_a_restart() {
    let mut app = App::start().await;
    let before = count(&app).await;
    let body = json!({ "external_id": "cust-42" });
    let first = create(&app.partner(), "order-1", &body).await;
    assert_eq!(
        (first.status, first.header("idempotency-replayed")),
        (201, "")
    );
    for _ in 0..2 {
        let again = create(&app.partner(), "order-1", &body).await;
        assert_eq!(
            (again.status, again.header("idempotency-replayed")),
            (201, "true")
        );
        assert_eq!(again.text, first.text, "the link included");
        app.restart().await;
    }
    let other = create(
        &app.partner(),
        "order-1",
        &json!({ "external_id": "cust-43" }),
    )
    .await;
    assert_eq!(other.status, 422, "{}", other.text);
    assert_eq!(count(&app).await, before + 1);
    app.open(first.body["link"]["url"].as_str().unwrap()).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeats_at_the_same_moment_make_one_onboarding() {
    let mut app = App::start().await;
    let before = count(&app).await;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let partner = app.partner();
        asking.spawn(async move { create(&partner, "order-1", &json!({})).await });
    }
    let answers = asking.join_all().await;
    let made = answers.iter().filter(|answer| answer.status == 201);
    let ids: std::collections::BTreeSet<&str> = made
        .map(|answer| answer.body["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(answer.status, 409, "{}", answer.text);
        assert!(!answer.header("retry-after").is_empty());
    }
    assert_eq!(count(&app).await, before + 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_different_partners_never_meet() {
    let mut app = App::start().await;
    let other = app.other_partner().await;
    let body = json!({ "external_id": "same" });
    let (mine, theirs) = (app.partner(), other);
    let one = create(&mine, "order-1", &body).await.expect(201);
    let two = create(&theirs, "order-1", &body).await.expect(201);
    assert_ne!(one["id"], two["id"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_partners_onboarding_is_not_there_for_anyone_else() {
    let (mut app, onboarding, _) = opened(json!({})).await;
    let view = app.status_until(&onboarding.id, "opened").await;
    let other = app.other_partner().await;
    let id = &onboarding.id;
    let link = view["link"]["id"].as_str().unwrap();
    for path in [
        format!("/v1/onboardings/{id}"),
        format!("/v1/onboardings/{id}/events"),
    ] {
        assert_eq!(other.get(&path).await.status, 404, "{path}");
    }
    let acts = [
        format!("/v1/onboardings/{id}/links"),
        format!("/v1/onboardings/{id}/cancel"),
        format!("/v1/onboardings/{id}/retry"),
        format!("/v1/links/{link}/revoke"),
    ];
    for path in acts {
        assert_eq!(other.post(&path, json!({})).await.status, 404, "{path}");
    }
    let list = other.get("/v1/onboardings").await.expect(200);
    assert_eq!(list["data"], json!([]));
    let stranger = app.caller("gw_test_0000000000000000_00");
    assert_eq!(stranger.get("/v1/onboardings").await.status, 401);
    assert_eq!(app.status_until(id, "opened").await, view);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_is_told_that_nothing_changed_or_held_until_something_does() {
    let mut app = App::start().await;
    let onboarding = app.onboarding(json!({})).await;
    let path = format!("/v1/onboardings/{}", onboarding.id);
    let first = app.partner().get(&path).await;
    let tag = first.header("etag").to_owned();
    assert!(!tag.is_empty());
    let known = |path: &str| {
        let request = app.partner().request(reqwest::Method::GET, path);
        ask(request.header("if-none-match", &tag))
    };
    let same = known(&path).await;
    assert_eq!((same.status, same.text.as_str()), (304, ""));
    assert_eq!(known(&format!("{path}?wait=1")).await.status, 304);

    let waiting = known(&format!("{path}?wait=30"));
    let opening = async {
        // The reader is on its way before anything moves; were it not, it would be answered all the same.
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        app.open(&onboarding.link).await
    };
    let (moved, client) = tokio::join!(waiting, opening);
    assert_eq!(
        (moved.status, &moved.body["status"]),
        (200, &json!("opened"))
    );
    assert_ne!(moved.header("etag"), tag);
    assert_eq!(known(&format!("{path}?wait=30")).await.status, 200);
    simply_signed_up(&app, &client).await;
    let done = app.status_until(&onboarding.id, "completed").await;
    let read = app.partner().get(&path).await;
    assert_eq!(read.body, done);
    assert!(done["sequence"].as_u64() > first.body["sequence"].as_u64());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happened_is_told_in_order_and_page_by_page() {
    let (mut app, onboarding, client) = opened(json!({})).await;
    simply_signed_up(&app, &client).await;
    app.status_until(&onboarding.id, "completed").await;
    let path = format!("/v1/onboardings/{}/events", onboarding.id);
    let whole = app.partner().get(&path).await.expect(200);
    let (mut paged, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let page = app
            .partner()
            .get(&format!("{path}{query}"))
            .await
            .expect(200);
        paged.extend(page["data"].as_array().unwrap().clone());
        if page["has_more"] == false {
            break;
        }
        query = format!("?limit=2&after={}", page["next_cursor"].as_str().unwrap());
    }
    assert_eq!(json!(paged), whole["data"]);
    let states = paged.iter().filter_map(|event| event["to"].as_str());
    let mut states: Vec<&str> = states.collect();
    states.dedup();
    let line = [
        "link_issued",
        "es_completed",
        "token_exchanged",
        "waba_subscribed",
    ];
    assert_eq!(states[..4], line);
    assert_eq!(states[4..], ["number_registered", "partner_notified"]);
    app.stop().await;
}
