//! Words that must not stand in the tree.

use super::expect_none;
use super::tree::{File, files, rust_files};

/// This file names the words, and only this one may.
const HERE: &str = "tests/it/tidy/words.rs";

/// Work that was put off, merges that were not finished, and paths of one machine.
const NOWHERE: &[&str] = &[
    "TODO",
    "FIXME",
    "XXX:",
    "todo!(",
    "unimplemented!(",
    "dbg!(",
    "<<<<<<< ",
    ">>>>>>> ",
    "/work/",
    "/root/",
    "/home/",
];

/// Excuses; sentences shown to people may use these words.
const NOT_IN_COMMENTS: &[&str] = &["for now", "placeholder", "hack", "temporary fix"];

/// Where a line may be printed: by the process for whoever started it, and by tests.
const MAY_PRINT: &[&str] = &["adapters/src/main.rs", "adapters/src/cli", "tests/"];

fn lines_with(files: &[File], is_bad: impl Fn(&File, &str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.path != HERE) {
        for (at, line) in file.text.lines().enumerate() {
            if is_bad(file, line) {
                found.push(format!("{}:{}: {}", file.path, at + 1, line.trim()));
            }
        }
    }
    found
}

#[test]
fn nothing_is_put_off_and_no_machine_is_named() {
    let found = lines_with(&files(), |file, line| {
        let is_list = file.path == "Cargo.lock";
        !is_list && NOWHERE.iter().any(|word| line.contains(word))
    });
    expect_none(
        &found,
        "Do it, or leave it out; and name no machine's paths.",
    );
}

#[test]
fn no_comment_makes_excuses() {
    let found = lines_with(&rust_files(), |_, line| {
        let Some((_, comment)) = line.split_once("//") else {
            return false;
        };
        let words = comment.to_lowercase().replace([',', '.', ';', ':'], " ");
        let words = format!(" {words} ");
        NOT_IN_COMMENTS
            .iter()
            .any(|word| words.contains(&format!(" {word} ")))
    });
    expect_none(&found, "Say why it is so, or make it otherwise.");
}

#[test]
fn only_the_process_prints() {
    let found = lines_with(&rust_files(), |file, line| {
        let prints = line.trim_start().starts_with("println!(") || line.contains(" println!(");
        prints && !MAY_PRINT.iter().any(|place| file.is_under(place))
    });
    expect_none(&found, "Use `tracing`: fields to query, a message to read.");
}
