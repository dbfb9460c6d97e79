//! Real bytes of every generation of stored values, in `fixtures/records`, and whether today's
//! program reads the old ones and writes the newest one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use adapters::process::Process;
use adapters::settings::Settings;
use engine::{Document, Entry, Record, Task};
use reqwest::Method;
use rocket::figment::Figment;
use serde_json::{Value, json};

use crate::app::{Onboarding, Ports, Product, ask, free_port, http};

/// Opens the fixtures and nothing else: every run of these tests knows it.
const VAULT_KEY: &str = "Zml4dHVyZXMgb25seTogdGhpcyBrZXkgaXMgcHVibGk=";

/// Set, the tests write a new generation instead of judging the newest.
const WRITE: &str = "WRITE_RECORDS";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/records")
}

/// The stored values that a walk through the product leaves, one of each kind, by file name.
async fn written_today() -> BTreeMap<String, Vec<u8>> {
    let home = tempfile::tempdir().unwrap();
    let (process, product) = start(home.path()).await;
    walk(&product).await;
    process.stop().await;
    let db = sled::open(home.path().join("sled")).unwrap();
    let mut files = BTreeMap::new();
    for (key, bytes) in b"rjtx".iter().flat_map(|family| values(&db, *family)) {
        files.entry(name_of(&key, &bytes)).or_insert(bytes);
    }
    files
}

/// One client who arrived, one who stands at the door, one of whom the partner does not hear, one
/// whom Meta keeps waiting.
async fn walk(product: &Product) {
    enter(product, "arrives").await;
    let nowhere = json!({ "url": format!("http://127.0.0.1:{}/", free_port()) });
    let partner = product.partner();
    partner
        .post("/v1/webhook_endpoints", nowhere)
        .await
        .expect(201);
    enter(product, "is_not_told").await;
    enter(product, "sim:graph_down_60s").await;
    let body = json!({ "external_id": "stands" });
    product.onboarding(body).await;
}

async fn enter(product: &Product, name: &str) {
    let partner = product.partner();
    let body = json!({ "external_id": name });
    let asked = partner.request(Method::POST, "/v1/onboardings").json(&body);
    let made = ask(asked.header("idempotency-key", name)).await.expect(201);
    let made = Onboarding::of(&made);
    let client = product.open(&made.link).await;
    let halves = product.sign_up(json!({})).await;
    client.signup(&halves).await.expect(202);
    let there = |view: &Value| match name {
        "arrives" => view["state"] == "partner_notified",
        "is_not_told" => view["state"] == "number_registered",
        _ => !view["hold"].is_null(),
    };
    product.instance_until(&made.id, name, there).await;
}

async fn start(home: &Path) -> (Process, Product) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let ports = Ports::free();
    let figment = Figment::from(rocket::Config::figment())
        .merge(("port", ports.public))
        .merge(("gangway.store", format!("sled:{}", home.display())))
        .merge(("gangway.vault_key", VAULT_KEY))
        .merge(("gangway.admin.port", ports.admin))
        .merge(("gangway.simulator.port", ports.simulator));
    let settings = Settings::from_figment(&figment).unwrap();
    let process = Box::pin(Process::start(settings, figment)).await.unwrap();
    let product = Product {
        ports,
        http: http(),
        invented: process.invented.clone().unwrap(),
    };
    (process, product)
}

/// Whole values of one family, as they lie in the tree behind the count of their further parts.
fn values(db: &sled::Db, family: u8) -> Vec<(Vec<u8>, Vec<u8>)> {
    let found = db.scan_prefix([family]).map(Result::unwrap);
    let short = found.filter(|(_, value)| value.starts_with(&[0, 0]));
    short
        .map(|(key, value)| (key.to_vec(), value[2..].to_vec()))
        .collect()
}

/// The file of a stored value.
fn name_of(key: &[u8], bytes: &[u8]) -> String {
    match key[0] {
        b'r' => {
            let record: Record = engine::decode(bytes).unwrap();
            let (workflow, state) = (record.workflow, record.state);
            format!("records/{workflow}-{}-{state}", record.definition)
        }
        b'j' => {
            let entry: Entry = engine::decode(bytes).unwrap();
            let kind = if entry.to.is_some() { "moved" } else { "noted" };
            let why = entry.detail.map_or("", |_| "-because");
            format!("entries/{kind}{why}")
        }
        b't' => {
            let task: Task = engine::decode(bytes).unwrap();
            format!("tasks/{}", task.work.key().replace(':', "-"))
        }
        _ => {
            let document: Document = engine::decode(bytes).unwrap();
            let length = usize::from(u16::from_be_bytes([key[1], key[2]]));
            let space = String::from_utf8(key[3..3 + length].to_vec()).unwrap();
            match space.as_str() {
                // Each opens another fixture.
                "subject_keys" => {
                    format!("documents/subject_keys-{}", document.key.replace(':', "-"))
                }
                _ => format!("documents/{space}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn todays_values_are_written_as_the_newest_generation_says() {
    let Ok(generation) = std::env::var(WRITE) else {
        return;
    };
    for (name, bytes) in written_today().await {
        let file = folder().join(&generation).join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }
}
