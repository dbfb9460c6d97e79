//! What the crates may depend on, and that each dependency has its reason.

use std::fs;

use super::expect_none;
use super::tree::root;

/// Crates of the web, of databases and of vendors: none of them belongs in the inner layers.
const OUTSIDE: &[&str] = &[
    "actix",
    "axum",
    "chacha20",
    "config",
    "fantoccini",
    "figment",
    "governor",
    "http",
    "hyper",
    "maud",
    "metrics",
    "postgres",
    "reqwest",
    "ring",
    "rocket",
    "rusqlite",
    "rustls",
    "sled",
    "sqlx",
    "tokio-postgres",
    "tower",
    "tracing-subscriber",
    "warp",
];

const MEMBERS: &[&str] = &["adapters", "engine", "tests", "workflows"];

fn manifest(member: &str) -> String {
    fs::read_to_string(root().join(member).join("Cargo.toml")).unwrap()
}

/// The lines of every table whose name ends so, with the line above each.
fn entries<'a>(manifest: &'a str, table: &str) -> Vec<(&'a str, &'a str)> {
    let mut within = false;
    let mut above = "";
    let mut found = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            within = line.trim_matches(['[', ']']).ends_with(table);
        } else if within && line.contains('=') && !line.starts_with('#') {
            found.push((above, line));
        }
        above = line;
    }
    found
}

fn name_of(line: &str) -> &str {
    line.split(['.', '=', ' ']).next().unwrap()
}

#[test]
fn the_inner_layers_know_no_web_no_database_and_no_vendor() {
    let mut found = Vec::new();
    for member in ["engine", "workflows"] {
        for (_, line) in entries(&manifest(member), "dependencies") {
            let name = name_of(line);
            if OUTSIDE.iter().any(|outside| name.starts_with(outside)) {
                found.push(format!("{member}/Cargo.toml: {name}"));
            }
        }
    }
    expect_none(
        &found,
        "Declare a port in the inner layer and implement it in `adapters`.",
    );
}

#[test]
fn dependencies_point_inward() {
    let mut found = Vec::new();
    for (member, within) in [("engine", &[][..]), ("workflows", &["engine"])] {
        for (_, line) in entries(&manifest(member), "dependencies") {
            let name = name_of(line);
            if MEMBERS.contains(&name) && !within.contains(&name) {
                found.push(format!("{member}/Cargo.toml: {name}"));
            }
        }
    }
    expect_none(
        &found,
        "The order is adapters, workflows, engine, and never back.",
    );
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = manifest(".");
    let all = entries(&manifest, "workspace.dependencies");
    assert!(all.len() > 30, "the table of dependencies was not found");
    let bare = all
        .into_iter()
        .filter(|(above, line)| !above.starts_with("# ") && !MEMBERS.contains(&name_of(line)));
    let bare: Vec<_> = bare.map(|(_, line)| name_of(line).to_owned()).collect();
    expect_none(
        &bare,
        "Say in a comment above it, in the root's Cargo.toml, why it is worth carrying.",
    );
}

#[test]
fn members_share_the_versions_and_the_lints_of_the_workspace() {
    let mut found = Vec::new();
    for member in MEMBERS {
        let manifest = manifest(member);
        for (_, line) in entries(&manifest, "dependencies") {
            if !line.contains("workspace = true") {
                found.push(format!("{member}/Cargo.toml: {line}"));
            }
        }
        if !manifest.contains("[lints]\nworkspace = true") {
            found.push(format!(
                "{member}/Cargo.toml: has no `[lints] workspace = true`"
            ));
        }
    }
    expect_none(
        &found,
        "Write `name.workspace = true`; versions stand in the root's table.",
    );
}
