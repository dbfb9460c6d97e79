//! Many onboardings at once, from a filtered list to a job that is watched, in a real browser.

use serde_json::json;

use super::chrome::{Chrome, Screen};
use super::operator::signed_in;
use crate::app::App;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_acts_on_all_that_match_and_watches_it_happen() {
    let app = App::start().await;
    let mut ids = Vec::new();
    for number in 0..24 {
        let body = json!({ "external_id": format!("shop-{number}") });
        ids.push(app.onboarding(body).await.id);
    }
    let hand = json!({ "reason": "it was odd" });
    let path = format!("/console/api/instances/{}/acts/pause", ids[20]);
    app.operator().post(&path, hand).await.expect(200);
    let chrome = signed_in(&app, Screen::Desktop).await;
    let list = format!(
        "{}/console/instances?workflow=onboarding&state=link_issued",
        app.url()
    );
    chrome.goto(&list).await;
    chrome.click(".title a.end").await;
    chrome.see("select[name=act]").await;
    let preview = format!("{}/console/bulk/new", app.url());
    let here = chrome.client.current_url().await.unwrap();
    assert!(here.as_str().starts_with(&preview), "{here}");
    let choose = "document.querySelector('select[name=act]').value = 'pause'";
    chrome.script(choose).await;
    chrome.fill("input[name=rate]", "120").await;
    chrome.click("form.filters button").await;
    chrome.read("25 match and still run").await;
    chrome.read("1 would refuse").await;

    is_ordered_by_its_count(&chrome).await;
    // The page keeps itself fresh: nobody reloads it.
    chrome
        .read("Finished: 24 of 25 done, 0 skipped, 1 failed.")
        .await;
    chrome.click("nav.zooms a[href*='result=failed']").await;
    chrome
        .until(
            "one row",
            "document.querySelectorAll('tr.row').length === 1",
        )
        .await;
    chrome.read("it is paused already").await;
    let path = format!("/console/api/instances/{}/acts/resume", ids[20]);
    let hand = json!({ "reason": "not so odd" });
    app.operator().post(&path, hand).await.expect(200);
    chrome.click("details.act summary").await;
    let job = chrome.script("return location.pathname.split('/').pop()");
    let job = job.await.as_str().unwrap().to_owned();
    let form = format!("form[action='/console/bulk/{job}/retry_failed']");
    chrome
        .fill(&format!("{form} input[name=reason]"), "it may now")
        .await;
    chrome.click(&format!("{form} button")).await;
    chrome
        .read("Finished: 25 of 25 done, 0 skipped, 0 failed.")
        .await;
    chrome.goto(&format!("{}/console/bulk", app.url())).await;
    chrome.read("Meta is down").await;
    chrome.click("tr.row a.to").await;
    chrome.see("progress").await;
    chrome.check(&["422"]).await;
}

/// Gives the order, first with a wrong count, then with the right one.
async fn is_ordered_by_its_count(chrome: &Chrome) {
    let reason = "form.order input[name=reason]";
    chrome.fill(reason, "Meta is down").await;
    let count = "form.order input[name=count]";
    chrome.fill(count, "24").await;
    chrome.click("form.order button").await;
    chrome.read("Type 25 to confirm").await;
    chrome.fill(count, "25").await;
    chrome.click("form.order button").await;
    chrome.see("progress").await;
}
