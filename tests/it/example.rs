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
