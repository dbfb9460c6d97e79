//! The real binary is killed, at chosen and at random instants, and started again.
//!
//! What it acknowledged is there, everything ends by itself, and no number is registered twice.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{Binary, Client, Onboarding, Product, until};

const QUIET: &str = "warn,rocket=off";

/// Registrations that Meta carried out, by number, over all runs of the simulated Meta.
#[derive(Default)]
struct Registrations(BTreeMap<String, usize>);

impl Registrations {
    /// Adds what the present run has seen; to be called once before each end.
    async fn add(&mut self, product: &Product) {
        for call in product.calls("register").await {
            if call["acted"] == true && call["error_code"].is_null() {
                let phone = call["phone_number_id"].as_str().unwrap().to_owned();
                *self.0.entry(phone).or_default() += 1;
            }
        }
    }

    #[track_caller]
    fn none_twice(&self) {
        let twice: Vec<_> = self.0.iter().filter(|(_, count)| **count > 1).collect();
        assert!(twice.is_empty(), "registered more than once: {twice:?}");
    }
}

/// Signs up once more where the code was lost, and waits for the end.
async fn ends(product: &Product, onboarding: &Onboarding) -> Value {
    let rests = |view: &Value| {
        matches!(
            view["status"].as_str(),
            Some("completed" | "action_required" | "opened" | "pending")
        )
    };
    let view = product.view_until(&onboarding.id, "at an end", rests).await;
    if view["status"] == "completed" {
        return view;
    }
    if view["status"] == "action_required" {
        assert_eq!(view["state"], "needs_signup", "{view:#}");
        assert_eq!(view["next_action"]["actor"], "client", "{view:#}");
    }
    let client = product.open(&onboarding.link).await;
    assert_eq!(client.opened["phase"], "signup", "{:#}", client.opened);
    let signup = product.sign_up(json!({})).await;
    client.signup(&signup).await.expect(202);
    product.status_until(&onboarding.id, "completed").await
}

async fn begun(product: &Product) -> (Onboarding, Client) {
    let onboarding = product.onboarding(json!({})).await;
    let client = product.open(&onboarding.link).await;
    (onboarding, client)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_right_before_or_after_any_call_to_meta_loses_and_doubles_nothing() {
    let mut binary = Binary::start(QUIET).await;
    let mut registrations = Registrations::default();
    let calls = [
        "exchange",
        "debug_token",
        "phone_numbers",
        "subscribe",
        "subscribed_apps",
        "phone",
        "register",
    ];
    for endpoint in calls {
        for effect in ["slow", "act_then_hang"] {
            let (onboarding, client) = begun(&binary).await;
            let order = json!({ "endpoint": endpoint, "effect": effect, "for_ms": 60_000 });
            binary.scenario(order).await;
            let signup = binary.sign_up(json!({})).await;
            client.signup(&signup).await.expect(202);
            let seen = if effect == "slow" {
                Value::Null
            } else {
                json!(true)
            };
            binary.calls_until(endpoint, 1).await;
            until("it was done as far as ordered", || async {
                let calls = binary.calls(endpoint).await;
                let fits = seen.is_null() || calls.iter().any(|call| call["acted"] == seen);
                if fits {
                    Ok(())
                } else {
                    Err(format!("{calls:?}"))
                }
            })
            .await;
            registrations.add(&binary).await;
            binary.kill();
            binary.start_again().await;
            let view = if endpoint == "exchange" {
                let lost = binary.state_until(&onboarding.id, "needs_signup").await;
                assert_eq!(lost["status_reason"], "code_unanswered", "{effect}");
                ends(&binary, &onboarding).await
            } else {
                binary.status_until(&onboarding.id, "completed").await
            };
            let registered = view["result"]["phone_number_id"].as_str().unwrap();
            assert!(!registered.is_empty(), "{endpoint} {effect}");
            registrations.add(&binary).await;
            registrations.none_twice();
            // The next round's calls are counted from here.
            let url = format!("{}/control/calls", binary.meta_url());
            binary.http.delete(url).send().await.unwrap();
        }
    }
    let log = std::fs::read_to_string(binary.log()).unwrap();
    assert!(!log.contains("panicked"), "{log}");
}

/// Calls of this endpoint that Meta carried out for this account, in the present run.
async fn carried_out(product: &Product, endpoint: &str, waba: &Value) -> usize {
    let calls = product.calls(endpoint).await;
    let on_it = |call: &&Value| call["waba_id"] == *waba && call["acted"] == true;
    calls.iter().filter(on_it).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_around_a_shared_credit_line_or_a_sync_loses_nothing_and_shares_nothing_twice() {
    let mut binary = Binary::start(QUIET).await;
    let body = json!({ "name": "Solutions", "app_id": binary.invented.app_id,
        "role": "solution_partner" });
    let made = binary.operator().post("/console/api/partners", body).await;
    let partner = binary.caller(made.expect(201)["api_key"].as_str().unwrap());
    for (endpoint, kind) in [
        ("assign_user", "finish"),
        ("share_credit", "finish"),
        ("allocation", "finish"),
        ("smb_app_data", "coexistence"),
    ] {
        for effect in ["slow", "act_then_hang"] {
            let made = partner.post("/v1/onboardings", json!({})).await.expect(201);
            let onboarding = Onboarding::of(&made);
            let client = binary.open(&onboarding.link).await;
            let order = json!({ "endpoint": endpoint, "effect": effect, "for_ms": 60_000 });
            binary.scenario(order).await;
            let signup = binary.sign_up(json!({ "kind": kind })).await;
            let waba = signup["session"]["data"]["waba_id"].clone();
            client.signup(&signup).await.expect(202);
            binary.calls_until(endpoint, 1).await;
            let mut shares = carried_out(&binary, "share_credit", &waba).await;
            binary.kill();
            binary.start_again().await;
            let ended = |seen: &Value| seen["state"] == "partner_notified";
            binary
                .instance_until(&onboarding.id, "partner_notified", ended)
                .await;
            shares += carried_out(&binary, "share_credit", &waba).await;
            assert!(shares <= 1, "{endpoint} {effect}: shared {shares} times");
            let registered = carried_out(&binary, "register", &waba).await;
            assert_eq!(
                registered,
                usize::from(kind == "finish"),
                "{endpoint} {effect}"
            );
            let url = format!("{}/control/calls", binary.meta_url());
            binary.http.delete(url).send().await.unwrap();
        }
    }
    let log = std::fs::read_to_string(binary.log()).unwrap();
    assert!(!log.contains("panicked"), "{log}");
}

/// What a client with a flaky line did, as far as it was acknowledged.
#[derive(Clone, Debug)]
struct Attempt {
    onboarding: Onboarding,
    signed_up: bool,
}

/// One client's way until the product is gone; nothing if not even the link was acknowledged.
async fn try_a_journey(product: Product, key: String) -> Option<Attempt> {
    let partner = product.partner();
    let request = partner.request(reqwest::Method::POST, "/v1/onboardings");
    let request = request.header("idempotency-key", key).json(&json!({}));
    let made = request
        .send()
        .await
        .ok()
        .filter(|answer| answer.status() == 201)?;
    let onboarding = Onboarding::of(&made.json().await.ok()?);
    let mut attempt = Attempt {
        onboarding,
        signed_up: false,
    };
    attempt.signed_up = sign_up_somehow(&product, &attempt.onboarding)
        .await
        .is_some();
    Some(attempt)
}

async fn sign_up_somehow(product: &Product, onboarding: &Onboarding) -> Option<()> {
    let token = onboarding.link.rsplit('/').next().unwrap();
    let url = format!("{}/o/{token}/open", product.url());
    let opened: Value = product
        .http
        .post(url)
        .send()
        .await
        .ok()?
        .json()
        .await
        .ok()?;
    let wish = json!({ "app_id": product.invented.app_id });
    let url = format!("{}/control/signup", product.meta_url());
    let signup = product.http.post(url).json(&wish).send().await.ok()?;
    let signup: Value = signup.json().await.ok()?;
    let page = product.caller(opened["session"].as_str()?);
    let request = page
        .request(reqwest::Method::POST, "/o/signup")
        .json(&signup);
    let answer = request.send().await.ok()?;
    (answer.status() == 202).then_some(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_at_random_instants_lose_nothing_that_was_acknowledged() {
    const KILLS: usize = 14;
    let mut random = fastrand::Rng::with_seed(0x6761_6e67);
    let mut binary = Binary::start(QUIET).await;
    let mut registrations = Registrations::default();
    let mut attempts: Vec<(String, Option<Attempt>)> = Vec::new();
    for round in 0..KILLS {
        let mut under_way = tokio::task::JoinSet::new();
        for client in 0..6 {
            let key = format!("round-{round}-client-{client}");
            let product = Product::clone(&binary);
            under_way.spawn(async move { (key.clone(), try_a_journey(product, key).await) });
        }
        tokio::time::sleep(Duration::from_millis(random.u64(1..90))).await;
        registrations.add(&binary).await;
        binary.kill();
        attempts.extend(under_way.join_all().await);
        binary.start_again().await;
    }
    let acknowledged: Vec<&Attempt> = attempts
        .iter()
        .filter_map(|(_, one)| one.as_ref())
        .collect();
    assert!(
        acknowledged.len() >= KILLS,
        "the kills came too early to prove anything"
    );
    let mut lost_codes = 0;
    for attempt in &acknowledged {
        let path = format!("/v1/onboardings/{}", attempt.onboarding.id);
        let view = binary.partner().get(&path).await.expect(200);
        assert!(
            !attempt.signed_up || view["status"] != "pending",
            "{view:#}"
        );
        lost_codes += usize::from(view["state"] == "needs_signup");
        if attempt.signed_up {
            assert_ne!(
                view["state"], "link_issued",
                "an acknowledged code is never forgotten"
            );
        }
        ends(&binary, &attempt.onboarding).await;
    }
    registrations.add(&binary).await;
    registrations.none_twice();
    repeats_make_no_second(&binary, &attempts).await;
    assert!(
        lost_codes < acknowledged.len(),
        "some went on without their client"
    );
}

/// Every key leads to one onboarding, whether or not its first answer arrived.
async fn repeats_make_no_second(binary: &Binary, attempts: &[(String, Option<Attempt>)]) {
    // A request that a kill cut off may be taken up again after a minute.
    binary.advance(Duration::from_secs(61)).await;
    let before = total(binary).await;
    let mut fresh = 0;
    for (key, first) in attempts {
        let request = binary
            .partner()
            .request(reqwest::Method::POST, "/v1/onboardings");
        let request = request.header("idempotency-key", key).json(&json!({}));
        let answer = crate::app::ask(request).await;
        let replayed = answer.header("idempotency-replayed") == "true";
        let made = answer.expect(201);
        match first {
            Some(first) => assert_eq!(made["id"], first.onboarding.id, "{key}"),
            None => fresh += usize::from(!replayed),
        }
    }
    assert!(
        total(binary).await <= before + fresh,
        "a repeat made a second onboarding"
    );
}

async fn total(binary: &Binary) -> usize {
    let (mut count, mut query) = (0, "?limit=100".to_owned());
    loop {
        let page = binary
            .partner()
            .get(&format!("/v1/onboardings{query}"))
            .await;
        let page = page.expect(200);
        count += page["data"].as_array().unwrap().len();
        match page["next_cursor"].as_str() {
            Some(next) if page["has_more"] == true => query = format!("?limit=100&after={next}"),
            _ => return count,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_on_the_same_folder_is_refused_in_one_clear_line() {
    let binary = Binary::start(QUIET).await;
    let mut second = binary.command();
    second.env("ROCKET_PORT", crate::app::free_port().to_string());
    let second = second.stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = second.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<&str> = said
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    assert_eq!(output.status.code(), Some(78), "{said}");
    assert_eq!(lines.len(), 1, "{said}");
    assert!(lines[0].contains("another gangway process"), "{said}");
    assert!(output.stdout.is_empty());
    let (onboarding, _) = begun(&binary).await;
    binary.status_until(&onboarding.id, "opened").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_polite_end_finishes_what_is_under_way_and_leaves_the_rest_due() {
    let mut binary = Binary::start(QUIET).await;
    let (onboarding, client) = begun(&binary).await;
    let order = json!({ "endpoint": "register", "effect": "slow", "for_ms": 700 });
    binary.scenario(order).await;
    let signup = binary.sign_up(json!({})).await;
    client.signup(&signup).await.expect(202);
    binary.calls_until("register", 1).await;
    let view = binary.state_until(&onboarding.id, "waba_subscribed").await;
    let tag = format!("\"{}\"", view["sequence"]);
    let partner = binary.partner();
    let path = format!("/v1/onboardings/{}?wait=60", onboarding.id);
    let waiting = partner.request(reqwest::Method::GET, &path);
    let waiting = waiting.header("if-none-match", tag);
    let waiting = tokio::spawn(crate::app::ask(waiting));
    tokio::time::sleep(Duration::from_millis(100)).await;
    let ended = binary.terminate().await;
    assert_eq!(
        ended.code(),
        Some(0),
        "{ended}: {}",
        std::fs::read_to_string(binary.log()).unwrap()
    );
    let answer = waiting.await.unwrap();
    assert!(
        matches!(answer.status, 200 | 304),
        "a reader who waits is answered: {}",
        answer.text
    );
    binary.start_again().await;
    binary.status_until(&onboarding.id, "completed").await;
    assert_eq!(
        binary.calls("register").await,
        Vec::<Value>::new(),
        "it was finished before the end"
    );
}
