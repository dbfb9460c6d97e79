//! How files are shaped and where they lie.

use std::fs;

use super::expect_none;
use super::tree::{ignored, root, rust_files};

/// Longer than this, a file holds more than one idea.
const LINES_MAX: usize = 400;

/// What may stand at the root beside dotfiles.
const AT_THE_ROOT: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "README.md",
    "Rocket.toml",
    "adapters",
    "engine",
    "fixtures",
    "tests",
    "workflows",
];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["helper", "helpers", "manager", "misc", "util", "utils"];

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    let long = rust_files().into_iter().filter_map(|file| {
        let lines = file.text.lines().count();
        (lines > LINES_MAX).then(|| format!("{}: {lines} lines", file.path))
    });
    let remedy =
        format!("A file has at most {LINES_MAX} lines: split it where a second idea begins.");
    expect_none(&long.collect::<Vec<_>>(), &remedy);
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent = rust_files()
        .into_iter()
        .filter(|file| !file.text.starts_with("//! "))
        .map(|file| file.path);
    expect_none(
        &silent.collect::<Vec<_>>(),
        "Begin the file with `//!`: what it is for, and what it must not do.",
    );
}

#[test]
fn no_module_is_named_for_nothing() {
    let named = rust_files().into_iter().filter(|file| {
        let stem = file.path.trim_end_matches(".rs").trim_end_matches("/mod");
        EMPTY_NAMES.contains(&stem.rsplit('/').next().unwrap())
    });
    expect_none(
        &named.map(|file| file.path).collect::<Vec<_>>(),
        "Name the module for what lives in it.",
    );
}

#[test]
fn the_root_holds_the_layers_and_nothing_else() {
    let ignored = ignored();
    let names = fs::read_dir(root()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let strange = names.filter(|name| {
        !name.starts_with('.') && !ignored.contains(name) && !AT_THE_ROOT.contains(&name.as_str())
    });
    expect_none(
        &strange.collect::<Vec<_>>(),
        "Move it into the layer it belongs to; the root holds the layers only.",
    );
}
