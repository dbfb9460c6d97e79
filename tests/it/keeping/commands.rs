//! The commands of the real binary, as an operator types them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use engine::contents;
use serde_json::json;

use super::files::{exported, filled};
use crate::app::{Binary, until};

/// What a command said, and its exit code.
struct Said {
    text: String,
    code: i32,
}

fn said(command: &mut Command) -> Said {
    let output = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output();
    let output = output.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    Said {
        text: String::from_utf8(output.stdout).unwrap() + &errors,
        code: output.status.code().unwrap(),
    }
}

impl Said {
    #[track_caller]
    fn expect(self, code: i32, words: &[&str]) -> String {
        assert_eq!(self.code, code, "{}", self.text);
        for word in words {
            assert!(
                self.text.contains(word),
                "`{word}` is not in: {}",
                self.text
            );
        }
        self.text
    }
}

/// The binary's command with these arguments, over its own folder or another one.
fn command(binary: &Binary, folder: Option<&Path>, arguments: &[&str]) -> Command {
    let mut command = binary.command();
    command.args(arguments);
    if let Some(folder) = folder {
        command.env("GANGWAY_STORE", format!("sled:{}", folder.display()));
    }
    command
}

fn path(folder: &tempfile::TempDir, name: &str) -> PathBuf {
    folder.path().join(name)
}

/// Makes onboardings until it is stopped.
fn goes_on_working(binary: &Binary) -> tokio::task::JoinHandle<()> {
    let partner = binary.partner();
    tokio::spawn(async move {
        for number in 0..10_000 {
            let body = json!({ "external_id": format!("meanwhile-{number}") });
            if partner.post("/v1/onboardings", body).await.status != 201 {
                break;
            }
        }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_installation_is_backed_up_and_comes_up_elsewhere() {
    let mut binary = Binary::start("warn").await;
    let made = binary.onboarding(json!({ "external_id": "before" })).await;
    let working = goes_on_working(&binary);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let file = path(&elsewhere, "now.gangway");
    let name = file.to_str().unwrap();
    let mut backup = command(&binary, None, &["backup", "--to", name]);
    let backed_up = tokio::task::spawn_blocking(move || said(&mut backup)).await;
    let words = ["instances", "digest", "vault key is not inside"];
    let told = backed_up.unwrap().expect(0, &words);
    working.abort();
    binary.terminate().await;

    let folder = path(&elsewhere, "data");
    std::fs::create_dir(&folder).unwrap();
    let sandbox = binary.folder().join("sandbox.json");
    std::fs::copy(sandbox, folder.join("sandbox.json")).unwrap();
    let there = |arguments: &[&str]| said(&mut command(&binary, Some(&folder), arguments));
    let digest = told
        .lines()
        .find(|line| line.starts_with("digest"))
        .unwrap();
    there(&["restore", "--from", name]).expect(0, &[digest, "as in the file"]);
    there(&["doctor"]).expect(0, &["Nothing is wrong"]);
    there(&["import", "--from", name]).expect(0, &["as in the file"]);
    let own = said(&mut command(&binary, None, &["import", "--from", name]));
    own.expect(78, &["holds", "empty folder"]);

    let mut running = command(&binary, Some(&folder), &[]).spawn().unwrap();
    let ready = format!("{}/readyz", binary.url());
    until("it is ready", || async {
        match binary.http.get(&ready).send().await {
            Ok(answer) if answer.status() == 200 => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    let client = binary.open(&made.link).await;
    let halves = binary.sign_up(json!({})).await;
    client.signup(&halves).await.expect(202);
    binary.status_until(&made.id, "completed").await;
    running.kill().unwrap();
    running.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_a_running_process_the_commands_look_and_do_not_touch() {
    let binary = Binary::start("warn").await;
    binary.onboarding(json!({ "external_id": "one" })).await;
    let order =
        json!({ "filter": { "workflow": "onboarding" }, "act": "pause", "reason": "a try" });
    let operator = binary.operator();
    operator.post("/console/api/bulk", order).await.expect(202);
    let verify = "/console/api/journal/verify";
    operator.post(verify, json!({})).await.expect(202);
    let streamed = binary.operator().get("/console/api/backup").await;
    assert!(streamed.text.starts_with("gangway export"));
    let metrics = format!("http://127.0.0.1:{}/metrics", binary.ports.admin);
    let metrics = binary.http.get(metrics).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(
        metrics.contains("gangway_last_backup_age_seconds"),
        "{metrics}"
    );
    let elsewhere = tempfile::tempdir().unwrap();
    let file = path(&elsewhere, "now.gangway");
    let name = file.to_str().unwrap();
    let ask = |arguments: &[&str]| said(&mut command(&binary, None, arguments));
    ask(&["backup", "--to", name]).expect(0, &["digest"]);
    ask(&["report", "--of", name]).expect(0, &["onboarding 1", "all read as they stand"]);
    ask(&["doctor"]).expect(0, &["a process holds it", "ready"]);
    ask(&["report"]).expect(78, &["make a backup"]);
    ask(&["export", "--to", name]).expect(78, &["gangway backup"]);
    ask(&["import", "--from", name]).expect(78, &["another gangway process"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_was_killed_goes_on_where_it_was() {
    let mut binary = Binary::start("info").await;
    binary.terminate().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let (file, folder) = (path(&elsewhere, "file"), path(&elsewhere, "data"));
    let memory = filled(30_000).await;
    let pieces = exported(&memory).await;
    std::fs::write(&file, pieces.concat()).unwrap();
    let arguments = ["import", "--from", file.to_str().unwrap()];
    let mark = folder.join("import.unfinished");
    let mut importing = command(&binary, Some(&folder), &arguments).spawn().unwrap();
    let chunks = until("some chunks are in", || async {
        let text = std::fs::read_to_string(&mark).unwrap_or_default();
        let mark: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let chunks = mark["chunks"].as_u64().unwrap_or_default();
        if chunks >= 3 { Ok(chunks) } else { Err(text) }
    });
    let chunks = chunks.await;
    importing.kill().unwrap();
    importing.wait().unwrap();
    assert!(mark.exists(), "it was killed too late");
    let started = said(&mut command(&binary, Some(&folder), &[]));
    started.expect(78, &["has not ended"]);
    said(&mut command(&binary, Some(&folder), &["doctor"])).expect(1, &["WRONG  import"]);
    let mut again = command(&binary, Some(&folder), &arguments);
    let done = said(again.env("RUST_LOG", "info"));
    let digest = contents(&memory).await.unwrap().digest();
    let text = done.expect(0, &[&digest, "as in the file"]);
    let first = format!("chunk={chunks}");
    let earlier = text.lines().filter(|line| line.contains("taken in"));
    let first_taken = earlier.clone().next().unwrap();
    assert!(
        !first_taken.contains("chunk=1\n") && !text.contains(" chunk=1 "),
        "{first}: {first_taken}"
    );
    assert!(earlier.count() <= pieces.len() - 2 - usize::try_from(chunks).unwrap());
    assert!(!mark.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_that_was_killed_goes_on_or_begins_anew_and_says_which() {
    let mut binary = Binary::start("warn").await;
    binary.terminate().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let (file, folder) = (path(&elsewhere, "file"), path(&elsewhere, "data"));
    let taken = exported(&filled(2_000).await).await;
    std::fs::write(&file, taken.concat()).unwrap();
    let ask = |arguments: &[&str]| said(&mut command(&binary, Some(&folder), arguments));
    ask(&["import", "--from", file.to_str().unwrap()]).expect(0, &["as in the file"]);
    let out = path(&elsewhere, "out");
    let export = ["export", "--to", out.to_str().unwrap()];
    ask(&export).expect(0, &["2000 documents"]);
    let whole = std::fs::read(&out).unwrap();
    let left = path(&elsewhere, "out.unfinished");
    std::fs::write(&left, &whole[..whole.len() / 2]).unwrap();
    ask(&export).expect(0, &["went on with", "after 3 chunks", "2000 documents"]);
    assert!(whole == std::fs::read(&out).unwrap(), "the same file");
    std::fs::write(&left, exported(&filled(7).await).await.concat()).unwrap();
    ask(&export).expect(0, &["begun anew", "2000 documents"]);
    assert!(!left.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_not_whole_leaves_the_folder_empty() {
    let mut binary = Binary::start("warn").await;
    binary.terminate().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let (file, folder) = (path(&elsewhere, "file"), path(&elsewhere, "data"));
    let name = file.to_str().unwrap().to_owned();
    let pieces = exported(&filled(600).await).await;
    let mut altered = pieces.concat();
    altered[40_000] ^= 1;
    let torn = pieces[..3].concat();
    let rows = [
        (altered, "damaged in chunk"),
        (torn, "ends after 2 whole chunks (512 items)"),
        (b"something else".to_vec(), "not an export"),
    ];
    for (bytes, why) in rows {
        std::fs::write(&file, bytes).unwrap();
        let refused = said(&mut command(
            &binary,
            Some(&folder),
            &["import", "--from", &name],
        ));
        refused.expect(78, &[why]);
        assert!(!folder.exists());
    }
    said(&mut command(&binary, None, &["import"])).expect(64, &["--from is missing"]);
    said(&mut command(&binary, None, &["forget"])).expect(64, &["no command `forget`"]);
    said(&mut command(&binary, None, &["import", "--help"])).expect(0, &["vault key"]);
    said(&mut command(&binary, None, &["--help"])).expect(0, &["gangway doctor"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_tells_what_is_damaged_by_its_key() {
    let mut binary = Binary::start("warn").await;
    let made = binary.onboarding(json!({ "external_id": "one" })).await;
    binary.terminate().await;
    let doctor = |binary: &Binary| said(&mut command(binary, None, &["doctor"]));
    doctor(&binary).expect(0, &["Nothing is wrong", "facts and documents"]);
    let mut foreign = command(&binary, None, &["doctor"]);
    let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    said(foreign.env("GANGWAY_VAULT_KEY", key)).expect(1, &["do not", "vault_keys_old"]);
    let tamper = |with: &dyn Fn(&sled::Db)| {
        let db = sled::open(binary.folder().join("sled")).unwrap();
        with(&db);
        db.flush().unwrap();
    };
    let record = format!("r{}", made.id);
    let label = std::cell::OnceCell::new();
    tamper(&|db| {
        let mut keys = db.scan_prefix(b"l").keys().map(Result::unwrap);
        let key = keys.find(|key| key.ends_with(made.id.as_bytes())).unwrap();
        db.remove(&key).unwrap();
        label.set(key).unwrap();
    });
    doctor(&binary).expect(1, &[&record, "not found by its label"]);
    tamper(&|db| {
        db.insert(label.get().unwrap(), b"").unwrap();
        db.insert("pgone", b"").unwrap();
    });
    doctor(&binary).expect(1, &["pgone", "is not there"]);
    tamper(&|db| {
        db.remove("pgone").unwrap();
        db.insert(record.as_bytes(), b"\0\0\x01\xc1").unwrap();
    });
    let text = doctor(&binary).expect(1, &[&record, "WRONG  values", "restore the last backup"]);
    assert!(text.contains("the counts say"), "{text}");
}
