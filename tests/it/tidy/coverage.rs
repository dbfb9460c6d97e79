//! What the product can do is listed by the product itself; whatever no test names is found here.

use std::collections::BTreeSet;

use adapters::web::authorities;
use engine::{Diagram, Letter};
use strum::VariantArray;
use workflows::connection::{self, Connection};
use workflows::delivery::{self, Delivery};
use workflows::grant::{self, Grant};
use workflows::intake::{self, Intake};
use workflows::journal_check::{self, JournalCheck};
use workflows::onboarding::{self, Onboarding};
use workflows::preflight::{self, Preflight};

use super::tree::{File, rust_files};
use super::{expect_none, stale};

/// Files that list everything by themselves and so prove nothing of any one thing.
const LISTS: &[&str] = &["tests/it/tidy/", "tests/it/tables.rs"];

/// States and commands that no test names. May only become fewer.
const UNNAMED: &[&str] = &["posting", "request_otp", "submit_otp"];

/// Doors through which no test goes. May only become fewer.
const UNENTERED: &[&str] = &[
    "/assets/accent/<file>",
    "/console/api/onboardings",
    "/console/api/partners/<id>/keys",
    "/console/find",
    "/o/events",
    "/openapi.json",
    "/v1/channel-manager/whatsapp/tp-registration/url",
];

fn texts_of_tests() -> Vec<File> {
    let mut files = rust_files();
    files.retain(|file| {
        !LISTS.iter().any(|list| file.is_under(list)) && !file.test_part().is_empty()
    });
    files
}

/// Whether the text holds this word, not as a part of another.
fn names(text: &str, word: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

fn check(known: &BTreeSet<String>, unmet: &[&str], exceptions: &[&str], remedy: &str) {
    let unmet: BTreeSet<&str> = unmet.iter().copied().collect();
    let mut complaints: Vec<String> = known
        .iter()
        .filter(|name| unmet.contains(name.as_str()) && !exceptions.contains(&name.as_str()))
        .cloned()
        .collect();
    complaints.extend(stale(exceptions, |name| unmet.contains(name)));
    expect_none(&complaints, remedy);
}

#[test]
fn every_state_and_every_command_is_named_in_some_test() {
    let mut known = BTreeSet::new();
    for diagram in [
        Diagram::of::<Onboarding>(),
        Diagram::of::<Connection>(),
        Diagram::of::<Delivery>(),
        Diagram::of::<JournalCheck>(),
        Diagram::of::<Grant>(),
        Diagram::of::<Intake>(),
        Diagram::of::<Preflight>(),
    ] {
        known.extend(diagram.states.iter().map(|(state, _)| (*state).to_owned()));
    }
    let commands = onboarding::Command::VARIANTS.iter().map(|c| c.name());
    known.extend(commands.map(str::to_owned));
    let commands = connection::Command::VARIANTS.iter().map(|c| c.name());
    known.extend(commands.map(str::to_owned));
    let commands = delivery::Command::VARIANTS.iter().map(|c| c.name());
    known.extend(commands.map(str::to_owned));
    let commands = grant::Command::VARIANTS.iter().map(|c| c.name());
    known.extend(commands.map(str::to_owned));
    let commands = journal_check::Command::VARIANTS.iter().map(|c| c.name());
    known.extend(commands.map(str::to_owned));
    let commands = intake::Command::VARIANTS.iter().map(|c| c.name());
    known.extend(commands.map(str::to_owned));
    let commands = preflight::Command::VARIANTS.iter().map(|c| c.name());
    known.extend(commands.map(str::to_owned));
    let tests = texts_of_tests();
    let unmet: Vec<&str> = known
        .iter()
        .filter(|name| {
            let stored = format!("\"{name}\"");
            let variant = format!("::{}", camel(name));
            !tests.iter().any(|file| {
                file.test_part().contains(&stored) || names(file.test_part(), &variant[2..])
            })
        })
        .map(String::as_str)
        .collect();
    check(
        &known,
        &unmet,
        UNNAMED,
        "Write a journey that comes by here.",
    );
}

#[test]
fn every_door_is_entered_by_some_test() {
    let tests = texts_of_tests();
    let called: Vec<Vec<String>> = tests
        .iter()
        .flat_map(|file| paths_in(file.test_part()))
        .collect();
    let doors = authorities().iter();
    let known: BTreeSet<String> = doors.map(|door| door.path.to_owned()).collect();
    let unmet: Vec<&str> = known
        .iter()
        .filter(|pattern| !called.iter().any(|path| matches(pattern, path)))
        .map(String::as_str)
        .collect();
    check(
        &known,
        &unmet,
        UNENTERED,
        "Write a test that goes through this door.",
    );
}

/// The paths that string literals hold, cut into segments; what is filled in counts as one segment.
fn paths_in(text: &str) -> Vec<Vec<String>> {
    let literals = text.split('"').skip(1).step_by(2);
    let paths = literals.filter(|literal| literal.contains('/'));
    paths
        .map(|literal| {
            let path = literal.split(['?', '#']).next().unwrap_or_default();
            path.split('/').map(str::to_owned).collect()
        })
        .collect()
}

/// Whether a called path ends with what the pattern says; `<id>` stands for any segment.
fn matches(pattern: &str, path: &[String]) -> bool {
    let wanted: Vec<&str> = pattern.trim_start_matches('/').split('/').collect();
    let Some(start) = path.len().checked_sub(wanted.len()) else {
        return false;
    };
    if start == 0 {
        return false;
    }
    wanted.iter().zip(&path[start..]).all(|(wanted, segment)| {
        let is_open = wanted.starts_with('<');
        (is_open && !segment.is_empty()) || wanted == segment
    })
}

fn camel(name: &str) -> String {
    name.split('_')
        .map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_uppercase() + rest
        })
        .collect()
}

#[test]
fn a_path_with_something_filled_in_is_recognized() {
    let paths = paths_in(r#"get("/v1/onboardings/{id}/links?x=1"); get("{base}/v1/errors")"#);
    assert!(matches("/v1/onboardings/<id>/links", &paths[0]));
    assert!(!matches("/v1/onboardings/<id>", &paths[0]));
    assert!(matches("/v1/errors", &paths[1]));
}
