//! What runs by the clock, and an operator's hand on it, over HTTP and on the console.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{App, Product, ask, until};

async fn schedule(product: &Product, name: &str) -> Value {
    let list = product.operator().get("/console/api/schedules").await;
    let list = list.expect(200);
    let mut found = list["data"].as_array().unwrap().iter();
    found
        .find(|one| one["name"] == name)
        .cloned()
        .unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_pauses_a_schedule_and_runs_it_on_demand() {
    let app = App::start().await;
    until("the schedules are known", || async {
        let known = schedule(&app, "retention").await;
        if known["runs"] == "Every day at 03:17 (UTC)" {
            Ok(())
        } else {
            Err(known.to_string())
        }
    })
    .await;
    let operator = app.operator();
    let refused = operator.post("/console/api/schedules/retention/pause", json!({}));
    let refused = refused.await.expect(422);
    assert_eq!(refused["errors"][0]["param"], "reason");
    let why = json!({ "reason": "the disk is being replaced" });
    let unknown = operator.post("/console/api/schedules/nothing/run", why.clone());
    unknown.await.expect(404);
    let paused = operator.post("/console/api/schedules/retention/pause", why.clone());
    let paused = paused.await.expect(202);
    assert_eq!(paused["paused"]["reason"], "the disk is being replaced");
    assert_eq!(paused["next_run"], Value::Null);
    let asked = operator.post("/console/api/schedules/retention/run", why.clone());
    asked.await.expect(202);
    until("it has run", || async {
        let known = schedule(&app, "retention").await;
        if known["history"][0]["outcome"] == "done" {
            Ok(())
        } else {
            Err(known.to_string())
        }
    })
    .await;
    let resumed = operator.post("/console/api/schedules/retention/resume", why);
    let resumed = resumed.await.expect(202);
    assert_eq!(resumed["paused"], Value::Null);
    assert!(resumed["next_run"].is_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_shows_the_schedules_and_takes_an_operators_wish() {
    let app = App::start().await;
    until("the schedules are known", || async {
        let known = schedule(&app, "expiry").await;
        if known.is_null() {
            Err(String::new())
        } else {
            Ok(())
        }
    })
    .await;
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
    let page = ask(console(Method::GET, "/console/schedules")).await;
    assert!(
        page.text.contains("Every hour at minute 41"),
        "{}",
        page.text
    );
    let token = page.text.split("name=\"token\" value=\"").nth(1).unwrap();
    let token = token.split('"').next().unwrap();
    let wish = [("token", token), ("reason", "after the incident")];
    let path = "/console/schedules/expiry/pause";
    let answer = ask(console(Method::POST, path).form(&wish)).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let known = schedule(&app, "expiry").await;
    assert_eq!(known["paused"]["reason"], "after the incident");
}
