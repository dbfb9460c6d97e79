//! Real bytes of every generation of stored values, in `fixtures/records`, and whether today's
//! program reads the old ones and writes the newest one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use adapters::process::Process;
use adapters::settings::Settings;
use adapters::vault::{MasterKey, Vault};
use async_trait::async_trait;
use engine::testing::{ManualClock, MemoryStore};
use engine::{
    Actor, Bulk, Change, Chore, CommandOf, Document, Engine, Entry, Executor, Expected, Filter,
    Job, Outcome, Owner, PageOrder, PutDocument, PutRecord, Reason, Record, Store, Task, Workflow,
};
use reqwest::Method;
use rocket::figment::Figment;
use serde_json::{Value, json};
use workflows::connection::{Connection, TendNumbers};
use workflows::delivery::Delivery;
use workflows::grant::Grant;
use workflows::intake::Intake;
use workflows::journal_check::JournalCheck;
use workflows::onboarding::Onboarding;
use workflows::preflight::Preflight;

use crate::app::{self, Ports, Product, ask, free_port, http};

/// Opens the fixtures and nothing else: every run of these tests knows it.
const VAULT_KEY: &str = "Zml4dHVyZXMgb25seTogdGhpcyBrZXkgaXMgcHVibGk=";

/// Spaces whose documents are not sealed as a subject's: wrapped keys, tries beside the history, and what
/// an operation came to.
const UNSEALED: [&str; 3] = ["subject_keys", "attempts", "operations"];

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
    let operator = product.operator();
    let order = json!({ "filter": { "workflow": "onboarding" }, "act": "pause",
        "reason": "a fixture", "rate": 1 });
    operator.post("/console/api/bulk", order).await.expect(202);
    let look = format!("/console/api/apps/{}/preflight", product.invented.app_id);
    operator.post(&look, json!({})).await.expect(202);
    let verify = "/console/api/journal/verify";
    operator.post(verify, json!({})).await.expect(202);
}

async fn enter(product: &Product, name: &str) {
    let partner = product.partner();
    let body = json!({ "external_id": name });
    let asked = partner.request(Method::POST, "/v1/onboardings").json(&body);
    let made = ask(asked.header("idempotency-key", name)).await.expect(201);
    let made = app::Onboarding::of(&made);
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

/// Does nothing: what is stored is only read.
struct Nobody;

#[async_trait]
impl<W: Workflow> Executor<W> for Nobody {
    async fn perform(&self, _command: CommandOf<W>, _job: &Job<W>) -> Outcome<W::Event> {
        Outcome::Quiet {
            why: Reason::new("nobody", "there is nobody here"),
            mover: Actor::Operator,
        }
    }
}

/// A generation's files by family and name.
fn files_of(generation: u32) -> BTreeMap<(String, String), Vec<u8>> {
    let mut files = BTreeMap::new();
    for family in ["records", "entries", "tasks", "documents"] {
        let folder = folder().join(generation.to_string()).join(family);
        for file in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let name = file.file_name().into_string().unwrap();
            let bytes = std::fs::read(file.path()).unwrap();
            files.insert((family.to_owned(), name), bytes);
        }
    }
    files
}

fn generations() -> Vec<u32> {
    let found = std::fs::read_dir(folder()).unwrap().map(Result::unwrap);
    let names = found.map(|entry| entry.file_name().into_string().unwrap());
    let mut numbers: Vec<u32> = names.map(|name| name.parse().unwrap()).collect();
    numbers.sort_unstable();
    numbers
}

/// A store that holds a generation, and an engine of today's over it.
async fn opened(generation: u32) -> (Arc<MemoryStore>, Engine) {
    let store = Arc::new(MemoryStore::default());
    let mut change = Change::default();
    for ((family, name), bytes) in files_of(generation) {
        match family.as_str() {
            "records" => change.records.push(PutRecord {
                expected: Expected::Absent,
                record: engine::decode(&bytes).unwrap(),
            }),
            "tasks" => change.tasks.push(engine::decode(&bytes).unwrap()),
            "documents" => {
                let document: Document = engine::decode(&bytes).unwrap();
                change.documents.push(PutDocument {
                    space: space_of(&name).to_owned(),
                    key: document.key,
                    expected: Expected::Absent,
                    body: Some(document.body),
                    expires_at: document.expires_at,
                });
            }
            _ => drop(engine::decode::<Entry>(&bytes).unwrap()),
        }
    }
    store.commit(change).await.unwrap();
    let vault = Vault::new(MasterKey::from_base64(VAULT_KEY).unwrap(), Vec::new());
    let clock = Arc::new(ManualClock::default());
    let owner = Owner::new("reader");
    let engine = Engine::builder(store.clone(), clock, Arc::new(vault), owner)
        .workflow::<Bulk>(Arc::new(Nobody))
        .workflow::<JournalCheck>(Arc::new(Nobody))
        .workflow::<Grant>(Arc::new(Nobody))
        .workflow::<Intake>(Arc::new(Nobody))
        .workflow::<Preflight>(Arc::new(Nobody))
        .workflow::<Onboarding>(Arc::new(Nobody))
        .workflow::<Connection>(Arc::new(Nobody))
        .workflow::<Delivery>(Arc::new(Nobody))
        .build();
    (store, engine)
}

fn space_of(file: &str) -> &str {
    file.split('-').next().unwrap_or(file)
}

#[tokio::test]
async fn values_of_every_generation_are_read_today() {
    for generation in generations() {
        let (store, engine) = opened(generation).await;
        let page = PageOrder {
            limit: 100,
            after: None,
        };
        let found = engine.find(&Filter::default(), &page).await.unwrap();
        assert!(found.items.len() >= 3, "generation {generation} is empty");
        for record in found.items {
            let id = record.id.clone();
            let facts = engine.inspect(record).await.unwrap();
            assert!(facts.is_object(), "{generation}: {id}: {facts}");
            store.tasks(&id).await.unwrap();
        }
        for (family, name) in files_of(generation).into_keys() {
            let space = space_of(&name);
            if family == "documents" && !UNSEALED.contains(&space) {
                let documents = engine.documents();
                let (found, _) = documents.scan::<Value>(space, "", &page).await.unwrap();
                assert_eq!(found.len(), 1, "{generation}: {space}");
            }
        }
        let survey = engine.survey().await.unwrap();
        assert_eq!(survey.refused().count(), 0, "{generation}: {survey:?}");
    }
}

#[tokio::test]
async fn numbers_of_an_older_generation_are_looked_after_from_now_on() {
    let (_, engine) = opened(2).await;
    let told = TendNumbers.run(&engine).await.unwrap();
    assert_eq!(
        told,
        "2 numbers adopted, 0 tokens seen to that were overdue"
    );
    let again = TendNumbers.run(&engine).await.unwrap();
    assert!(again.starts_with("0 numbers adopted"), "{again}");
    let filter = Filter {
        workflow: Some("connection".to_owned()),
        ..Filter::default()
    };
    let page = PageOrder {
        limit: 9,
        after: None,
    };
    for number in engine.find(&filter, &page).await.unwrap().items {
        let parent = number.parent.clone().unwrap();
        let parent = engine.record(&parent).await.unwrap().unwrap();
        assert_eq!(number.subject, parent.subject);
        assert_eq!(number.owes.as_deref(), Some("take_over"));
    }
}

/// Decodes and encodes again, as the next write of the value would.
fn rewritten(family: &str, bytes: &[u8]) -> Vec<u8> {
    match family {
        "records" => engine::encode(&engine::decode::<Record>(bytes).unwrap()),
        "entries" => engine::encode(&engine::decode::<Entry>(bytes).unwrap()),
        "tasks" => engine::encode(&engine::decode::<Task>(bytes).unwrap()),
        _ => engine::encode(&engine::decode::<Document>(bytes).unwrap()),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn todays_values_are_written_as_the_newest_generation_says() {
    if let Ok(generation) = std::env::var(WRITE) {
        for (name, bytes) in written_today().await {
            let file = folder().join(&generation).join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, bytes).unwrap();
        }
    }
    let newest = generations().pop().unwrap();
    let next = newest + 1;
    let remedy = format!(
        "what is stored has another shape than generation {newest}: run this test with \
         {WRITE}={next} and keep the files of every generation that was ever released"
    );
    let files = files_of(newest);
    for ((family, name), bytes) in &files {
        assert!(
            rewritten(family, bytes) == *bytes,
            "{family}/{name}: {remedy}"
        );
    }
    let home = tempfile::tempdir().unwrap();
    let (process, _) = start(home.path()).await;
    let definitions = process.engine.definitions().clone();
    process.stop().await;
    for (workflow, version) in definitions.all() {
        let mut names = files.keys().map(|(_, name)| name);
        let is_there = names.any(|name| name.starts_with(&format!("{workflow}-{version}-")));
        assert!(is_there, "{workflow} {version} has no record: {remedy}");
    }
}
