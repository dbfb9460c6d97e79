//! No secret of a whole journey is found where it has no business: folder, logs, answers, numbers.
//!
//! The real binary logs everything it can; its standard output is left out, because the sandbox
//! prints its keys there on purpose.

mod search;

use serde_json::{Value, json};

use self::search::Evidence;
use crate::app::{Answer, Binary, Client, Onboarding, ask};
use crate::receiver::Receiver;

/// The PIN that the client's number has.
const PIN: &str = "246810";

/// Answers that may show what they were asked for, and all others.
struct Seen<'a> {
    binary: &'a Binary,
    evidence: Evidence,
}

impl Seen<'_> {
    /// Keeps an answer as evidence; every status counts, refusals too.
    fn keep(&mut self, name: &str, answer: Answer) -> Answer {
        let text = format!("{:?}\n{}", answer.headers, answer.text);
        self.evidence.place(name, text.as_bytes());
        answer
    }

    async fn partner(&mut self, path: &str) -> Answer {
        let answer = self.binary.partner().get(path).await;
        self.keep(path, answer)
    }

    async fn operator(&mut self, path: &str) -> Answer {
        let answer = self.binary.operator().get(path).await;
        self.keep(path, answer)
    }

    fn secret(&mut self, name: &str, value: &Value) {
        let value = value.as_str().unwrap();
        self.evidence
            .secret(name, value.trim_start_matches("whsec_"));
    }
}

/// A journey with every secret there is: both questions, notices, a rotation, a repeat.
async fn journey(seen: &mut Seen<'_>, receiver: &Receiver) -> (Onboarding, Client) {
    let binary = seen.binary;
    let body = json!({ "url": receiver.url });
    let endpoint = binary
        .partner()
        .post("/v1/webhook_endpoints", body)
        .await
        .expect(201);
    seen.secret("endpoint secret", &endpoint["secret"]);
    let rotate = format!(
        "/v1/webhook_endpoints/{}/rotate",
        endpoint["id"].as_str().unwrap()
    );
    let rotated = binary.partner().post(&rotate, json!({})).await.expect(200);
    seen.secret("rotated endpoint secret", &rotated["secret"]);

    let create = || {
        let request = binary
            .partner()
            .request(reqwest::Method::POST, "/v1/onboardings");
        ask(request
            .header("idempotency-key", "order-1")
            .json(&json!({ "external_id": "cust-42" })))
    };
    let made = create().await.expect(201);
    assert_eq!(create().await.header("idempotency-replayed"), "true");
    let onboarding = Onboarding::of(&made);
    let token = onboarding.link.rsplit('/').next().unwrap();
    seen.evidence.secret("link token", token);
    let client = binary.open(&onboarding.link).await;
    seen.evidence
        .secret("client session", client.caller.bearer());

    let expired = binary.sign_up(json!({ "sim": "code_expired" })).await;
    seen.secret("lost code", &expired["code"]);
    let answer = client.signup(&expired).await;
    seen.keep("signup", answer).expect(202);
    binary.state_until(&onboarding.id, "needs_signup").await;
    let signup = binary
        .sign_up(json!({ "unverified": true, "pin": PIN }))
        .await;
    seen.secret("code", &signup["code"]);
    let answer = client.signup(&signup).await;
    seen.keep("signup", answer).expect(202);
    binary.state_until(&onboarding.id, "needs_otp").await;
    binary.calls_until("request_code", 1).await;
    let phone = signup["session"]["data"]["phone_number_id"]
        .as_str()
        .unwrap();
    let url = format!("{}/control/sms?phone_number_id={phone}", binary.meta_url());
    let sms = ask(binary.http.get(url)).await.expect(200);
    seen.secret("one-time password", &sms["code"]);
    let answer = client.otp(sms["code"].as_str().unwrap()).await;
    seen.keep("otp", answer).expect(200);
    binary.state_until(&onboarding.id, "needs_pin").await;
    seen.evidence.secret("PIN", PIN);
    let answer = client.pin(PIN).await;
    seen.keep("pin", answer).expect(200);
    binary.status_until(&onboarding.id, "completed").await;
    receiver.until("onboarding.completed", 1).await;
    (onboarding, client)
}

/// Everything that can be read of it afterwards, by whom it may be read.
async fn look_everywhere(seen: &mut Seen<'_>, onboarding: &Onboarding, client: &Client) {
    let id = &onboarding.id;
    let status = client.caller.get("/o/status").await;
    seen.keep("/o/status", status);
    for path in [
        "/v1/onboardings",
        "/v1/webhook_endpoints",
        "/v1/webhook_deliveries",
        "/v1/errors",
    ] {
        seen.partner(path).await.expect(200);
    }
    seen.partner(&format!("/v1/onboardings/{id}"))
        .await
        .expect(200);
    seen.partner(&format!("/v1/onboardings/{id}/events"))
        .await
        .expect(200);
    for path in ["instances", "attention", "audit", "schedules", "partners"] {
        seen.operator(&format!("/console/api/{path}"))
            .await
            .expect(200);
    }
    seen.operator(&format!("/console/api/instances/{id}"))
        .await
        .expect(200);
    seen.operator(&format!("/console/api/instances/{id}/diagram.svg"))
        .await;
    // The same app told again with other secrets is refused, and the refusal repeats none of them.
    let app = json!({ "app_id": seen.binary.invented.app_id, "app_secret": "another-secret-of-this-app" });
    seen.evidence
        .secret("refused app secret", "another-secret-of-this-app");
    let refused = seen.binary.operator().post("/console/api/apps", app).await;
    let refused = seen.keep("/console/api/apps", refused);
    assert!(refused.status >= 400, "{}", refused.text);
    look_at_pages(seen, onboarding).await;
    for path in ["metrics", "readyz", "healthz"] {
        let url = format!("http://127.0.0.1:{}/{path}", seen.binary.ports.admin);
        let answer = ask(seen.binary.http.get(url)).await;
        seen.keep(path, answer);
    }
}

async fn look_at_pages(seen: &mut Seen<'_>, onboarding: &Onboarding) {
    let binary = seen.binary;
    let form = [("token", binary.invented.operator_token.expose())];
    let url = format!("{}/console/login", binary.url());
    let request = binary
        .http
        .post(url)
        .header("origin", binary.url())
        .form(&form);
    let login = ask(request).await;
    let cookie = login
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    assert!(cookie.contains('='), "{} {}", login.status, login.text);
    seen.evidence
        .secret("console session", cookie.split_once('=').unwrap().1);
    for path in ["", "/instances", "/partners", "/audit", "/schedules"] {
        let url = format!("{}/console{path}", binary.url());
        let page = ask(binary.http.get(url).header("cookie", &cookie)).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text);
        seen.keep(&format!("page {path}"), page);
    }
    let url = format!("{}/console/instances/{}", binary.url(), onboarding.id);
    let page = ask(binary.http.get(url).header("cookie", &cookie)).await;
    assert_eq!(page.status, 200, "{}", page.text);
    seen.keep("page of the instance", page);
    let dead = ask(binary.http.get(&onboarding.link)).await;
    assert_eq!(dead.status, 410);
    seen.keep("page of the link", dead);
}

fn sandbox_secrets(evidence: &mut Evidence, binary: &Binary) {
    let invented = &binary.invented;
    evidence.secret("app secret", invented.app_secret.expose());
    evidence.secret("system user token", invented.system_user_token.expose());
    evidence.secret("verify token", invented.verify_token.expose());
    evidence.secret("operator token", invented.operator_token.expose());
    let key = invented.partner_key.expose();
    evidence.secret("partner key", key);
    evidence.secret("partner key's secret", key.rsplit('_').next().unwrap());
    let demo = invented.demo_link.as_ref();
    let demo = demo.and_then(|link| link.expose().rsplit('/').next());
    if let Some(demo) = demo {
        evidence.secret("demo link's token", demo);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_of_a_whole_journey_is_found_where_it_has_no_business() {
    let mut binary = Binary::start("trace").await;
    let receiver = Receiver::start().await;
    let mut evidence = Evidence::default();
    sandbox_secrets(&mut evidence, &binary);
    let mut seen = Seen {
        binary: &binary,
        evidence,
    };
    let (onboarding, client) = journey(&mut seen, &receiver).await;
    look_everywhere(&mut seen, &onboarding, &client).await;
    let mut evidence = seen.evidence;
    for notice in receiver.notices() {
        evidence.place("a notice", &notice.bytes);
    }
    let ended = binary.terminate().await;
    assert_eq!(ended.code(), Some(0));
    let log = std::fs::read(binary.log()).unwrap();
    assert!(
        log.len() > 50_000,
        "everything is logged for this: {}",
        log.len()
    );
    evidence.place("the log", &log);
    evidence.folder(&binary.folder());
    // The sandbox keeps the one key that opens the rest beside it; in live mode it comes from outside.
    let vault_key = binary.invented.vault_key.expose();
    assert_eq!(evidence.leaks_of(vault_key), ["sandbox.json"]);
    assert_eq!(evidence.leaks(), Vec::<String>::new());
}

#[test]
fn the_search_finds_each_kind_of_secret_wherever_one_is_planted() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("sled")).unwrap();
    let mut planted = b"\x00\x01binary".to_vec();
    planted.extend(b"EAAthe-token-of-a-customer-itself-0123456789\x00");
    std::fs::write(folder.path().join("sled/db"), planted).unwrap();
    let mut evidence = Evidence::default();
    evidence.secret("PIN", PIN);
    evidence.secret("link token", "abcDEF123456789");
    evidence.folder(folder.path());
    evidence.place("the log", b"register pin=246810 for 1246810 and 2468101");
    evidence.place("an answer", b"{\"url\":\"http://x/o/abcDEF123456789\"}");
    evidence.place("a coded answer", b"YWJjREVGMTIzNDU2Nzg5");
    let leaks = evidence.leaks();
    assert_eq!(leaks.len(), 4, "{leaks:#?}");
    evidence.place("the log", b"pin 1246810, 2468101 and EAAB");
    assert_eq!(
        evidence.leaks().len(),
        4,
        "longer numbers are other numbers"
    );
}
