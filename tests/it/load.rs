//! Many onboardings at once: none lost, none stuck, counted exactly, and memory that stays flat.
//!
//! `LOAD_SIZE=2000` makes the run as large as that.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::app::{Binary, Onboarding, Product, ask};

/// Enough to see a trend; a build for debugging does some hundred in ten seconds.
const USUAL: usize = 400;
const AT_ONCE: usize = 32;

fn size() -> usize {
    let asked = std::env::var("LOAD_SIZE").ok();
    asked.map_or(USUAL, |asked| asked.parse().unwrap())
}

/// Memory that the process holds, in KiB.
fn resident(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

async fn one(product: &Product) -> String {
    let onboarding = loop {
        let made = product.partner().post("/v1/onboardings", json!({})).await;
        if made.status != 429 {
            break Onboarding::of(&made.expect(201));
        }
        // A partner may ask in bursts; who asks faster is told how long to wait.
        let wait = made.header("retry-after").parse().unwrap();
        tokio::time::sleep(Duration::from_secs(wait)).await;
    };
    let client = product.open(&onboarding.link).await;
    let signup = product.sign_up(json!({})).await;
    client.signup(&signup).await.expect(202);
    loop {
        let page = client.status().await;
        match page["phase"].as_str() {
            Some("done") => return onboarding.id,
            Some("working") => tokio::time::sleep(Duration::from_millis(50)).await,
            _ => panic!("{page:#}"),
        }
    }
}

async fn drive(product: &Product, count: usize) -> Vec<String> {
    let gate = Arc::new(Semaphore::new(AT_ONCE));
    let mut under_way = tokio::task::JoinSet::new();
    for _ in 0..count {
        let (product, gate) = (product.clone(), Arc::clone(&gate));
        under_way.spawn(async move {
            let _one_of_few = gate.acquire().await.unwrap();
            one(&product).await
        });
    }
    under_way.join_all().await
}

/// The gauges of onboardings by state.
async fn tally(product: &Product) -> BTreeMap<String, u64> {
    let url = format!("http://127.0.0.1:{}/metrics", product.ports.admin);
    let page = ask(product.http.get(url)).await;
    let mut found = BTreeMap::new();
    for line in page.text.lines() {
        if !line.starts_with("gangway_instances{") || !line.contains("workflow=\"onboarding\"") {
            continue;
        }
        let (labels, count) = line.rsplit_once(' ').unwrap();
        let state = labels.split("state=\"").nth(1).unwrap();
        let state = state.split('"').next().unwrap().to_owned();
        *found.entry(state).or_insert(0) += count.parse::<u64>().unwrap();
    }
    found
}

async fn completed(product: &Product) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/onboardings?status=completed&limit=100{after}");
        let page = product.partner().get(&path).await.expect(200);
        let rows = page["data"].as_array().unwrap().iter();
        ids.extend(rows.map(|row| row["id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) if page["has_more"] == true => after = format!("&after={next}"),
            _ => return ids,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clients_at_once_all_end_and_memory_stays_flat() {
    let count = size();
    let binary = Binary::start("warn,rocket=off").await;
    let began = tokio::time::Instant::now();
    let before = resident(binary.id());
    let mut ids = drive(&binary, count / 2).await;
    let middle = resident(binary.id());
    ids.extend(drive(&binary, count - count / 2).await);
    let after = resident(binary.id());
    let took = began.elapsed();
    let figures = format!("{count} in {took:.1?}; resident KiB: {before}, {middle}, {after}");
    // Where somebody asked for a size, the figures are what they want to see.
    if std::env::var("LOAD_SIZE").is_ok() {
        writeln!(std::io::stderr(), "{figures}").unwrap();
    }

    crate::app::until("all are told", || async {
        let tally = tally(&binary).await;
        // The sandbox's own demo link is the one that nobody has used.
        let fits = tally.get("partner_notified") == Some(&(count as u64))
            && tally.get("link_issued") == Some(&1)
            && tally.values().sum::<u64>() == count as u64 + 1;
        if fits {
            Ok(())
        } else {
            Err(format!("{tally:?}"))
        }
    })
    .await;
    let mut found = completed(&binary).await;
    found.sort();
    ids.sort();
    ids.dedup();
    assert_eq!(
        (ids.len(), &found),
        (count, &ids),
        "none lost, none made up"
    );
    each_number_once_and_nobody_needed(&binary, count).await;

    // The simulated Meta keeps its customers in memory; that share grows with their number.
    let allowed = middle.saturating_sub(before) * 13 / 10 + 16 * 1024;
    assert!(after.saturating_sub(middle) <= allowed, "{figures}");
    let allowed = 30 + count as u64 / 10;
    assert!(took < Duration::from_secs(allowed), "{figures}");
}

async fn each_number_once_and_nobody_needed(product: &Product, count: usize) {
    let registered = product.calls("register").await;
    let phones: std::collections::BTreeSet<String> = registered
        .iter()
        .map(|call| call["phone_number_id"].to_string())
        .collect();
    assert_eq!(
        (registered.len(), phones.len()),
        (count, count),
        "each number once"
    );
    let attention = product
        .operator()
        .get("/console/api/attention")
        .await
        .expect(200);
    assert_eq!(attention["data"], Value::Array(Vec::new()));
}
