//! The engine's example: short, told in the README as it is, and true under `kill -9`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::app::{until, within_profile};

/// Longer than this, nobody reads it to the end.
const LINES_MAX: usize = 60;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn source() -> String {
    fs::read_to_string(root().join("adapters/examples/order.rs")).unwrap()
}

#[test]
fn the_engines_readme_begins_with_the_example_that_is_compiled() {
    let readme = fs::read_to_string(root().join("engine/README.md")).unwrap();
    let shown = readme.split("```rust\n").nth(1).unwrap();
    let shown = shown.split("```").next().unwrap();
    assert_eq!(
        shown,
        source(),
        "copy adapters/examples/order.rs into engine/README.md"
    );
    let before = readme.split("```rust\n").next().unwrap();
    assert!(before.lines().count() < 15, "the README starts with it");
    assert!(source().lines().count() < LINES_MAX);
}

/// The example over this folder, at work.
fn started(folder: &Path) -> Child {
    let example = within_profile(&["build", "--quiet", "-p", "adapters", "--example", "order"]);
    let mut command = Command::new(example.join("examples/order"));
    command.arg(folder).stdout(Stdio::piped()).spawn().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_charges_once_though_it_is_killed_in_the_middle() {
    let folder = tempfile::tempdir().unwrap();
    let bank = folder.path().join("bank");
    let mut first = started(folder.path());
    until("the bank was asked", || async {
        fs::read_to_string(&bank).map_err(|error| error.to_string())
    })
    .await;
    // SIGKILL, while the bank has yet to answer.
    first.kill().unwrap();
    assert!(first.wait_with_output().unwrap().stdout.is_empty());
    for _ in 0..2 {
        let again = started(folder.path()).wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&again.stdout), "Paid\n");
        assert_eq!(fs::read_to_string(&bank).unwrap(), "order-1 charged\n");
    }
}

/// Everything that the engine's sources say, in one text.
fn sources() -> String {
    let mut text = String::new();
    let mut folders = vec![root().join("engine/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                text += &fs::read_to_string(path).unwrap();
            }
        }
    }
    text
}

#[test]
fn what_the_engines_readme_names_is_there() {
    let readme = fs::read_to_string(root().join("engine/README.md")).unwrap();
    let prose: String = readme.split("```").step_by(2).collect();
    let exported = fs::read_to_string(root().join("engine/src/lib.rs")).unwrap();
    let sources = sources();
    let is_said = |name: &str| {
        let kinds = [
            "fn ", "const ", "type ", "struct ", "trait ", "enum ", "pub ",
        ];
        let mut said = kinds.iter().map(|kind| format!("{kind}{name}"));
        // Ids stand alone on their lines, within the macro that makes them.
        said.any(|said| sources.contains(&said)) || sources.contains(&format!("    {name}\n}}"))
    };
    let quoted = prose.split('`').skip(1).step_by(2);
    let names = quoted.filter(|name| name.starts_with(char::is_uppercase));
    let missing: Vec<&str> = names
        .filter(|name| {
            let name = name.replace("::<W>()", "");
            let (first, last) = name.split_once("::").unwrap_or((&name, &name));
            !exported.contains(first) || !is_said(last)
        })
        .collect();
    assert_eq!(missing, Vec::<&str>::new(), "named and not there");
}
