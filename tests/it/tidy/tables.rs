//! Tables say what they were written to say: a second arm for one input would be shadowed silently.

use std::collections::BTreeMap;

use engine::{Bulk, Diagram, Edge};
use workflows::connection::Connection;
use workflows::delivery::Delivery;
use workflows::grant::Grant;
use workflows::intake::Intake;
use workflows::journal_check::JournalCheck;
use workflows::onboarding::Onboarding;
use workflows::preflight::Preflight;

use super::expect_none;
use super::tree::{root, rust_files};

type Arm = (String, String, String, Option<String>);

fn tables() -> Vec<(&'static str, Diagram)> {
    vec![
        ("engine/src/bulk/machine.rs", Diagram::of::<Bulk>()),
        (
            "workflows/src/connection/machine.rs",
            Diagram::of::<Connection>(),
        ),
        (
            "workflows/src/delivery/machine.rs",
            Diagram::of::<Delivery>(),
        ),
        ("workflows/src/grant/machine.rs", Diagram::of::<Grant>()),
        ("workflows/src/intake/machine.rs", Diagram::of::<Intake>()),
        (
            "workflows/src/journal_check/machine.rs",
            Diagram::of::<JournalCheck>(),
        ),
        (
            "workflows/src/preflight/machine.rs",
            Diagram::of::<Preflight>(),
        ),
        (
            "workflows/src/onboarding/machine.rs",
            Diagram::of::<Onboarding>(),
        ),
    ]
}

#[test]
fn every_table_is_held_by_this_test() {
    let known: Vec<_> = tables().into_iter().map(|(path, _)| path).collect();
    let unknown = rust_files().into_iter().filter(|file| {
        (file.is_under("workflows/") || file.is_under("engine/"))
            && file.text.contains("\nstate_machine! {")
            && !known.contains(&file.path.as_str())
    });
    expect_none(
        &unknown.map(|file| file.path).collect::<Vec<_>>(),
        "Add the table to `tables()` here and to tests/it/tables.rs.",
    );
}

#[test]
fn arms_written_are_arms_that_count() {
    let mut complaints = Vec::new();
    for (path, diagram) in tables() {
        let text = std::fs::read_to_string(root().join(path)).unwrap();
        let mut written: BTreeMap<Arm, usize> = BTreeMap::new();
        for arm in arms_in(&text) {
            *written.entry(arm).or_default() += 1;
        }
        let counted: Vec<Arm> = diagram.edges.iter().map(arm_of).collect();
        for (arm, times) in &written {
            if *times > 1 || !counted.contains(arm) {
                complaints.push(format!("{path}: {arm:?} is written and shadowed"));
            }
        }
        for arm in counted.iter().filter(|arm| !written.contains_key(*arm)) {
            complaints.push(format!(
                "{path}: {arm:?} counts and was not found in the text"
            ));
        }
    }
    expect_none(
        &complaints,
        "Each state takes each input once: strike the arm that is shadowed.",
    );
}

#[test]
fn a_shadowed_arm_would_be_found() {
    let text = "state_machine! {\n    A => {\n        Go => B [Run],\n        Go => C,\n    },\n}";
    let arms: Vec<Arm> = arms_in(text).collect();
    let arm = |to: &str, command: Option<&str>| {
        let command = command.map(str::to_owned);
        ("a".to_owned(), "go".to_owned(), to.to_owned(), command)
    };
    assert_eq!(arms, [arm("b", Some("run")), arm("c", None)]);
}

fn arm_of(edge: &Edge) -> Arm {
    let command = edge.command.map(str::to_owned);
    (
        edge.from.to_owned(),
        edge.input.to_owned(),
        edge.to.to_owned(),
        command,
    )
}

/// Reads the arms off the text of a table: `From => {`, then `Input => To [Command],` lines.
fn arms_in(text: &str) -> impl Iterator<Item = Arm> {
    let table = text.split("state_machine! {").nth(1).expect("a table");
    let mut from = String::new();
    table
        .lines()
        .map_while(|line| (line != "}").then_some(line))
        .filter_map(move |line| {
            let (left, right) = line.trim().split_once(" => ")?;
            if right == "{" {
                from = snake(left);
                return None;
            }
            let right = right.trim_end_matches(',');
            let (to, command) = match right.split_once(" [") {
                Some((to, command)) => (to, Some(snake(command.trim_end_matches(']')))),
                None => (right, None),
            };
            Some((from.clone(), snake(left), snake(to), command))
        })
}

/// `LinkIssued` as it is stored: `link_issued`.
fn snake(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push('_');
        }
        words.extend(letter.to_lowercase());
    }
    words
}
