//! Operators act on everything that a filter matches: counted first, each once, at a rate.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::app::{App, Binary, Caller, Product, until};

/// So many onboardings of the demo partner's, made at once.
async fn onboardings(product: &Product, count: usize) -> Vec<String> {
    let gate = Arc::new(tokio::sync::Semaphore::new(16));
    let mut made = JoinSet::new();
    for _ in 0..count {
        let (product, gate) = (product.clone(), Arc::clone(&gate));
        made.spawn(async move {
            let _one_of_few = gate.acquire().await.unwrap();
            product.onboarding(json!({})).await.id
        });
    }
    made.join_all().await
}

fn order(act: &str, rate: u32) -> Value {
    json!({
        "filter": { "workflow": "onboarding", "state": "link_issued" },
        "act": act, "reason": "Meta asked for it", "rate": rate,
    })
}

async fn ordered(operator: &Caller, order: Value) -> String {
    let made = operator.post("/console/api/bulk", order).await;
    assert_eq!(
        made.header("location").len(),
        made.body["id"].to_string().len() + 16
    );
    made.expect(202)["id"].as_str().unwrap().to_owned()
}

async fn job_until(
    operator: &Caller,
    id: &str,
    what: &str,
    satisfies: impl Fn(&Value) -> bool,
) -> Value {
    let path = format!("/console/api/bulk/{id}");
    until(what, || async {
        let answer = operator.get(&path).await;
        if answer.status == 200 && satisfies(&answer.body) {
            Ok(answer.body)
        } else {
            Err(answer.text)
        }
    })
    .await
}

async fn finished(operator: &Caller, id: &str) -> Value {
    let job = job_until(operator, id, "it is finished", |job| {
        job["state"] == "finished"
    })
    .await;
    job["counts"].clone()
}

async fn steered(operator: &Caller, id: &str, act: &str) -> Value {
    let path = format!("/console/api/bulk/{id}/{act}");
    let body = json!({ "reason": "the test wants it" });
    operator.post(&path, body).await.expect(200)
}

/// How often this happened to an instance.
async fn times(operator: &Caller, id: &str, what: &str) -> usize {
    let view = operator.get(&format!("/console/api/instances/{id}")).await;
    let view = view.expect(200);
    let journal = view["journal"].as_array().unwrap();
    journal.iter().filter(|entry| entry["what"] == what).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_are_acted_on_once_each_though_the_process_is_killed_in_the_middle() {
    let mut binary = Binary::start("warn,rocket=off").await;
    let ids = onboardings(&binary, 500).await;
    let operator = binary.operator();
    let preview =
        json!({ "dry_run": true, "filter": { "workflow": "onboarding" }, "act": "pause" });
    let preview = operator
        .post("/console/api/bulk", preview)
        .await
        .expect(200);
    // The sandbox's own demo link is one more.
    assert_eq!(
        (&preview["count"], &preview["possible"]),
        (&json!(501), &json!(501))
    );
    assert_eq!(preview["sample"].as_array().unwrap().len(), 10);
    let job = ordered(&operator, order("pause", 6_000)).await;
    job_until(&operator, &job, "it is in the middle", |job| {
        job["counts"]["done"].as_u64() >= Some(100)
    })
    .await;
    binary.kill();
    binary.start_again().await;
    let counts = finished(&operator, &job).await;
    let expected = json!({ "items": 501, "done": 501, "skipped": 0, "failed": 0, "left": 0 });
    assert_eq!(counts, expected);
    for id in &ids {
        assert_eq!(times(&operator, id, "paused").await, 1, "{id}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_waits_as_long_as_its_rate_says() {
    let app = App::start().await;
    onboardings(&app, 4).await;
    let operator = app.operator();
    let job = ordered(&operator, order("pause", 2)).await;
    let done = |count: u64| move |job: &Value| job["counts"]["done"] == count;
    job_until(&operator, &job, "the first is done", done(1)).await;
    app.advance(Duration::from_secs(30)).await;
    job_until(&operator, &job, "the second is done", done(2)).await;
    // Time that was lost is not made up for: whoever is acted upon is spared.
    app.advance(Duration::from_hours(1)).await;
    let third = job_until(&operator, &job, "the third is done", done(3)).await;
    let moment = |name: &str| {
        let text = third[name].as_str().unwrap();
        engine::Timestamp::parse_rfc3339(text).unwrap()
    };
    let left = moment("expected_end").since(moment("next_at"));
    assert_eq!(left, Duration::from_mins(1), "two at two a minute");
    assert!(moment("next_at").since(moment("ordered_at")) >= Duration::from_mins(61));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_failed_is_told_item_by_item_and_tried_again() {
    let app = App::start().await;
    let mut ids = onboardings(&app, 3).await;
    ids.sort();
    let operator = app.operator();
    let mut wanted = order("resume", 600);
    wanted["filter"] =
        json!({ "partner_id": app.invented.partner_id, "created_after": "2020-01-01T00:00:00Z" });
    wanted["dry_run"] = json!(true);
    let preview = operator
        .post("/console/api/bulk", wanted.clone())
        .await
        .expect(200);
    assert_eq!(
        (&preview["count"], &preview["possible"]),
        (&json!(4), &json!(0))
    );
    assert_eq!(preview["refused"][0]["count"], 4);
    let refusal = preview["sample"][0]["refusal"].as_str().unwrap();
    assert!(refusal.contains("it is not paused"), "{refusal}");
    wanted["dry_run"] = json!(false);
    let job = ordered(&operator, wanted).await;
    assert_eq!(finished(&operator, &job).await["failed"], 4);
    for id in &ids[..2] {
        let path = format!("/console/api/instances/{id}/acts/pause");
        operator
            .post(&path, json!({ "reason": "by hand" }))
            .await
            .expect(200);
    }
    steered(&operator, &job, "retry_failed").await;
    let counts = finished(&operator, &job).await;
    assert_eq!((&counts["done"], &counts["failed"]), (&json!(2), &json!(2)));
    let path = format!("/console/api/bulk/{job}/items?result=failed&limit=1");
    let page = operator.get(&path).await.expect(200);
    let item = &page["data"][0];
    assert_eq!(
        (&item["id"], &item["code"]),
        (&json!(ids[2]), &json!("not_paused"))
    );
    let path = format!("{path}&after={}", page["next_cursor"].as_str().unwrap());
    let page = operator.get(&path).await.expect(200);
    assert_eq!(
        (page["data"].as_array().unwrap().len(), &page["has_more"]),
        (1, &json!(false))
    );
    for id in &ids {
        let resumed = times(&operator, id, "resumed").await;
        assert_eq!(resumed, usize::from(*id != ids[2]), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_paused_goes_on_and_is_called_off() {
    let app = App::start().await;
    onboardings(&app, 5).await;
    let operator = app.operator();
    let job = ordered(&operator, order("cancel", 2)).await;
    let first = job_until(&operator, &job, "the first is done", |job| {
        job["counts"]["done"] == 1
    });
    assert_eq!(first.await["acts"], json!(["pause", "cancel"]));
    let paused = steered(&operator, &job, "pause").await;
    assert_eq!(
        (&paused["acts"], &paused["hold"]["kind"]),
        (&json!(["resume", "cancel"]), &json!("paused"))
    );
    // Paused, it stands in nobody's way and is no trouble of its own.
    app.advance(Duration::from_hours(1)).await;
    steered(&operator, &job, "resume").await;
    job_until(&operator, &job, "the second is done", |job| {
        job["counts"]["done"] == 2
    })
    .await;
    let over = steered(&operator, &job, "cancel").await;
    assert_eq!(
        (&over["state"], &over["counts"]["left"]),
        (&json!("canceled"), &json!(4))
    );
    let path = format!("/console/api/bulk/{job}/resume");
    let refused = operator.post(&path, json!({ "reason": "too late" })).await;
    assert_eq!(refused.expect(409)["code"], "not_in_this_state");
    let listed = operator.get("/console/api/bulk").await.expect(200);
    assert_eq!(listed["data"][0]["id"], *job);
    let audit = operator.get("/console/api/audit").await.expect(200);
    let acts: Vec<&str> = audit["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|line| line["act"].as_str())
        .collect();
    assert_eq!(acts[..4], ["cancel", "resume", "pause", "bulk cancel"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_given_once_and_judged_part_by_part() {
    let app = App::start().await;
    let operator = app.operator();
    let mut wanted = order("pause", 600);
    wanted["operation_id"] = json!("op-1");
    let once = ordered(&operator, wanted.clone()).await;
    let again = ordered(&operator, wanted.clone()).await;
    assert_eq!(once, again, "a double click makes one job");
    wanted["act"] = json!("cancel");
    let other = operator.post("/console/api/bulk", wanted).await.expect(422);
    assert_eq!(other["errors"][0]["param"], "operation_id");
    let wrong = json!({
        "act": "sing", "reason": " ", "rate": 0,
        "filter": { "status": "well", "created_after": "soon" },
    });
    let refused = operator.post("/console/api/bulk", wrong).await.expect(422);
    let errors = refused["errors"].as_array().unwrap().iter();
    let params: Vec<&str> = errors.filter_map(|error| error["param"].as_str()).collect();
    assert_eq!(
        params,
        [
            "act",
            "reason",
            "rate",
            "filter.status",
            "filter.created_after"
        ]
    );
    let unknown = json!({ "act": "pause", "reason": "r", "filter": { "color": "red" } });
    let refused = operator
        .post("/console/api/bulk", unknown)
        .await
        .expect(422);
    assert_eq!(refused["errors"][0]["param"], "filter.color");
    let path = format!("/console/api/bulk/{once}/items?after=nowhere");
    assert_eq!(
        operator.get(&path).await.expect(422)["errors"][0]["param"],
        "after"
    );
    assert_eq!(operator.get("/console/api/bulk/blk_none").await.status, 404);
}
