//! The README is true: what it points at exists, and its test command is the one that is run.

use std::fs;

use super::expect_none;
use super::tree::root;

/// Endings by which a name in backticks is known to be a file's.
const FILES: &[&str] = &[".rs", ".toml", ".md", ".json", ".mmd", ".lock", ".sh"];

fn readme() -> String {
    let readme = fs::read_to_string(root().join("README.md"));
    readme.expect("README.md is missing at the root: write it")
}

/// Text without its blocks of commands.
fn prose(readme: &str) -> String {
    readme.split("```").step_by(2).collect()
}

#[test]
fn links_lead_somewhere() {
    let text = prose(&readme());
    let targets = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let dead = targets
        .map(|target| target.split(['#', ' ']).next().unwrap_or_default())
        .filter(|target| {
            !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:")
        })
        .filter(|target| !root().join(target).exists())
        .map(str::to_owned);
    expect_none(
        &dead.collect::<Vec<_>>(),
        "The README links to what is not there.",
    );
}

#[test]
fn headings_that_are_linked_exist() {
    let readme = readme();
    let anchor = |heading: &str| {
        let kept = heading.trim().to_lowercase();
        let kept = kept
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.collect::<String>().replace(' ', "-")
    };
    let text = prose(&readme);
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let known: Vec<String> = headings
        .map(|line| anchor(line.trim_start_matches('#')))
        .collect();
    let linked = text
        .split("](#")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let dead = linked.filter(|target| !known.contains(&(*target).to_owned()));
    let dead: Vec<_> = dead.map(str::to_owned).collect();
    expect_none(&dead, "The README links to a heading that is not there.");
}

#[test]
fn files_that_are_named_exist() {
    let text = prose(&readme());
    let named = text.split('`').skip(1).step_by(2);
    let missing = named
        .filter(|name| !name.contains([' ', '*', '{', '<', ':', '$']))
        .filter(|name| {
            let is_file = FILES.iter().any(|ending| name.ends_with(ending));
            name.contains('/') && is_file
        })
        .filter(|name| !root().join(name).exists())
        .map(str::to_owned);
    expect_none(
        &missing.collect::<Vec<_>>(),
        "The README names files that are not there; write their paths from the root.",
    );
}

#[test]
fn the_test_command_of_the_readme_is_the_one_that_is_run() {
    let script = fs::read_to_string(root().join(".ci/run")).unwrap();
    let line = script
        .lines()
        .find_map(|line| line.strip_prefix("readonly TEST='"));
    let command = line
        .expect("a line with the test command")
        .trim_end_matches('\'');
    let readme = readme();
    let mut commands = readme
        .lines()
        .map(|line| line.trim().trim_start_matches("$ "));
    let is_given = commands.any(|line| line.trim_matches('`') == command);
    assert!(
        is_given,
        "Give `{command}` in the README, on a line of its own, or change .ci/run."
    );
    assert!(
        readme.contains(".ci/run"),
        "Name .ci/run in the README: it installs what tests need."
    );
}
