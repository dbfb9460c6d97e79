//! Which rooms may know which: one write path, and adapters that do not know each other.

use std::collections::BTreeSet;

use super::tree::{File, rust_files};
use super::{expect_none, stale};

/// The one room that writes, and the rooms that implement or prove the port.
const MAY_COMMIT: &[&str] = &[
    "engine/src/ledger.rs",
    "engine/src/testing/",
    "adapters/src/sled/",
];

/// The rooms that join the adapters into a process.
const MAY_NAME_SEVERAL: &[&str] = &[
    "adapters/src/cli/",
    "adapters/src/ground.rs",
    "adapters/src/lib.rs",
    "adapters/src/main.rs",
    "adapters/src/process.rs",
    "adapters/src/sandbox.rs",
    "adapters/src/settings.rs",
];

/// Files of one adapter that name another. May only become fewer.
const NEIGHBORS: &[&str] = &[
    // Tests that need a server of bare bytes share the one that Graph's client is tested with.
    "adapters/src/webhook/sender_tests.rs",
];

#[test]
fn only_the_ledger_writes() {
    let found = rust_files().into_iter().filter(|file| {
        !file.is_under("tests/")
            && !MAY_COMMIT.iter().any(|place| file.is_under(place))
            && file.text.contains(".commit(")
    });
    expect_none(
        &found.map(|file| file.path).collect::<Vec<_>>(),
        "Hand the change to the ledger: nothing else calls `Store::commit`.",
    );
}

/// The rooms that implement, hand on or prove the port, and the one that fills an empty store.
const MAY_TAKE_IN: &[&str] = &[
    "engine/src/import.rs",
    "engine/src/testing/",
    "adapters/src/sled/",
];

#[test]
fn only_an_import_takes_items_in() {
    let found = rust_files().into_iter().filter(|file| {
        !file.is_under("tests/")
            && !MAY_TAKE_IN.iter().any(|place| file.is_under(place))
            && file.text.contains(".take_in(")
    });
    expect_none(
        &found.map(|file| file.path).collect::<Vec<_>>(),
        "What is put past versions and claims is put into an empty store: call `engine::import`.",
    );
}

#[test]
fn adapters_do_not_know_each_other() {
    let files = rust_files();
    let rooms: BTreeSet<&str> = files.iter().filter_map(room_of).collect();
    assert!(
        rooms.contains("sled") && rooms.contains("web"),
        "no rooms found"
    );
    let knows_several = |file: &&File| {
        let known = known_to(file, &rooms);
        match room_of(file) {
            Some(_) => !known.is_empty(),
            None => known.len() > 1,
        }
    };
    let found: Vec<String> = files
        .iter()
        .filter(|file| file.is_under("adapters/src/"))
        .filter(|file| !MAY_NAME_SEVERAL.iter().any(|place| file.is_under(place)))
        .filter(knows_several)
        .map(|file| file.path.clone())
        .collect();
    let mut complaints: Vec<String> = found
        .iter()
        .filter(|path| !NEIGHBORS.contains(&path.as_str()))
        .cloned()
        .collect();
    complaints.extend(stale(NEIGHBORS, |path| {
        found.iter().any(|known| known == path)
    }));
    expect_none(
        &complaints,
        "An adapter knows the ports, never another adapter: the process joins them.",
    );
}

/// The adapter a file belongs to.
fn room_of(file: &File) -> Option<&str> {
    let inside = file.path.strip_prefix("adapters/src/")?;
    inside.split_once('/').map(|(room, _)| room)
}

/// The adapters, other than its own, that a file names.
fn known_to<'a>(file: &File, rooms: &BTreeSet<&'a str>) -> BTreeSet<&'a str> {
    let own = room_of(file);
    let code = file
        .text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code: String = code.collect();
    let named = |room: &&&str| {
        ["crate::", "adapters::"].iter().any(|from| {
            let path = format!("{from}{room}");
            code.match_indices(&path).any(|(at, _)| {
                let next = code[at + path.len()..].chars().next();
                !next.is_some_and(|next| next.is_alphanumeric() || next == '_')
            })
        })
    };
    let known = rooms.iter().filter(|room| Some(**room) != own);
    known.filter(named).copied().collect()
}
