//! The journal as an operator checks it: by a job of the running process, by a page, and by a
//! command over a folder at rest.

use engine::{Entry, Timestamp, Workflow};
use serde_json::{Value, json};
use workflows::journal_check::{Command, Facts, JournalCheck};

use crate::app::{App, Binary, Caller, ask, until};

/// The states in which a check ends, and the command that leads there.
const ENDS: [&str; 2] = ["sound", "broken"];

async fn checked(operator: &Caller) -> Value {
    let begun = operator
        .post("/console/api/journal/verify", json!({}))
        .await;
    let begun = begun.expect(202);
    assert_eq!(begun["object"], "journal_check");
    let path = format!(
        "/console/api/journal/verify/{}",
        begun["id"].as_str().unwrap()
    );
    until("the check has ended", || async {
        let view = operator.get(&path).await.expect(200);
        if ENDS.contains(&view["status"].as_str().unwrap()) {
            Ok(view)
        } else {
            Err(view.to_string())
        }
    })
    .await
}

#[test]
fn a_check_begins_by_itself() {
    let facts = Facts {
        asked_at: Timestamp::default(),
        ended_at: None,
        findings: None,
    };
    assert_eq!(JournalCheck::first(&facts), Some(Command::ReadHistories));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_asks_for_a_check_and_reads_what_it_found() {
    let mut app = App::start().await;
    let onboarding = app.onboarding(json!({})).await;
    let view = checked(&app.operator()).await;
    assert_eq!(view["status"], "sound", "{view}");
    assert_eq!(view["findings"]["discrepancies"], 0);
    assert!(view["findings"]["lines"].as_u64().unwrap() >= 2, "{view}");
    let id = view["id"].as_str().unwrap();
    let path = format!("/console/api/instances/{id}");
    let instance = app.operator().get(&path).await.expect(200);
    assert_eq!(instance["state"], "sound");
    assert_eq!(instance["journal"][0]["what"], "asked_for");
    assert_eq!(instance["journal"][0]["to"], "checking");
    let list = app
        .operator()
        .get("/console/api/journal/verify")
        .await
        .expect(200);
    assert_eq!(list["data"][0]["id"], view["id"]);
    drop(onboarding);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_at_rest_is_checked_by_a_command_that_names_what_was_changed() {
    let mut binary = Binary::start("info").await;
    let onboarding = binary.onboarding(json!({})).await;
    binary.open(&onboarding.link).await;
    let ended = binary.terminate().await;
    assert_eq!(ended.code(), Some(0));
    let verify = |arguments: &[&str]| {
        let mut command = binary.command();
        command.arg("verify").args(arguments);
        let printed = command
            .stdout(std::process::Stdio::piped())
            .output()
            .unwrap();
        let text = String::from_utf8(printed.stdout).unwrap();
        (printed.status.code(), text)
    };
    let (code, told) = verify(&[]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("Everything is as it was written."), "{told}");
    let (code, told) = verify(&["--root", "1:0123456789abcdef"]);
    assert_eq!(code, Some(1), "{told}");
    let (code, told) = verify(&["--root", "nonsense"]);
    assert_eq!(code, Some(64), "{told}");
    rewrite_first_line(&binary, &onboarding.id);
    let (code, told) = verify(&[]);
    assert_eq!(code, Some(1), "{told}");
    let expected = format!(
        "{}: line 1 (`invented`) is not what was written",
        onboarding.id
    );
    assert!(told.contains(&expected), "{told}");
}

fn rewrite_first_line(binary: &Binary, id: &str) {
    let db = sled::open(binary.folder().join("sled")).unwrap();
    let length = u16::try_from(id.len()).unwrap().to_be_bytes();
    let key = [
        b"j".as_slice(),
        &length,
        id.as_bytes(),
        &1_u64.to_be_bytes(),
    ]
    .concat();
    let stored = db.get(&key).unwrap().unwrap();
    let mut line: Entry = engine::decode(&stored[2..]).unwrap();
    "invented".clone_into(&mut line.what);
    db.insert(key, [&stored[..2], &engine::encode(&line)].concat())
        .unwrap();
    db.flush().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_has_a_page_that_begins_a_check_and_shows_its_outcome() {
    let mut app = App::start().await;
    let login = [("token", app.invented.operator_token.expose())];
    let request = app.http.post(format!("{}/console/login", app.url()));
    let answer = ask(request.header("origin", app.url()).form(&login)).await;
    let cookie = answer
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let page = |path: &str| {
        app.http
            .get(format!("{}{path}", app.url()))
            .header("cookie", &cookie)
    };
    let shown = ask(page("/console/journal")).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    let token = shown.text.split("name=\"token\" value=\"").nth(1).unwrap();
    let token = token.split('"').next().unwrap();
    let send = app
        .http
        .post(format!("{}/console/journal/verify", app.url()));
    let send = send.header("cookie", &cookie).header("origin", app.url());
    let begun = ask(send.form(&[("token", token)])).await;
    assert_eq!(begun.status, 303, "{}", begun.text);
    until("the page tells the outcome", || async {
        let shown = ask(page("/console/journal")).await.text;
        if shown.contains("Everything is as it was written") {
            Ok(())
        } else {
            Err(shown)
        }
    })
    .await;
    app.stop().await;
}
