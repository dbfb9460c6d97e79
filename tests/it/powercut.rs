//! What is acknowledged survives a power cut.
//!
//! A writer runs under `strace`; from its system calls the disk after a cut is rebuilt, with
//! nothing on it but what a completed sync covered, and opened again. Killing a process proves
//! nothing here: the kernel's cache survives it.

mod disk;
mod failing;
mod trace;
mod writer;

use std::collections::BTreeMap;
use std::path::Path;

use disk::Disk;
use tempfile::TempDir;

/// Looks at the disk at these many acknowledgements, at as many moments drawn from the whole run,
/// and while the store is opened, above all for the first time, when the folder comes to be.
const CUTS: usize = 30;

/// Opening takes more calls than any group; looking at every third of them is enough.
const OPENING_LINES: usize = 40;
const OPENING_STEP: usize = 3;

/// A traced run of the writer.
struct Run {
    _folder: TempDir,
    disk: Disk,
}

fn run(writers: u32) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let calls = trace::of_writer(folder.path(), writers);
    let disk = Disk::replay(&calls, folder.path());
    assert!(
        disk.acknowledgements().count() >= 60,
        "the writer acknowledged too little to prove anything"
    );
    Run {
        _folder: folder,
        disk,
    }
}

#[test]
fn nothing_is_acknowledged_before_the_log_is_synced() {
    let run = run(1);
    let mut log_writes = 0;
    for (line, _) in run.disk.acknowledgements() {
        let before = run.disk.steps.iter().filter(|step| step.start < line);
        let last = before
            .filter(|step| run.disk.is_write_to(step, "sled/db"))
            .max_by_key(|step| step.start)
            .expect("an acknowledged change was written to the log");
        assert!(
            last.durable_from < line,
            "line {line} of the trace acknowledges what no fdatasync had covered"
        );
        log_writes += 1;
    }
    assert!(log_writes >= 60);
}

#[test]
fn no_power_cut_loses_or_tears_what_was_acknowledged() {
    let run = run(8);
    let acknowledged: Vec<usize> = run.disk.acknowledgements().map(|(line, _)| line).collect();
    let first = acknowledged[0];
    let last = acknowledged[acknowledged.len() - 1];
    let mut dice = fastrand::Rng::with_seed(7);
    let at_acknowledgements = acknowledged
        .iter()
        .step_by(acknowledged.len().div_ceil(CUTS))
        .map(|line| line + 1);
    let anywhere: Vec<usize> = (0..CUTS).map(|_| dice.usize(1..=last)).collect();
    let openings = (1..=first).chain(acknowledged.windows(2).flat_map(opened_between));
    let drawn = anywhere.into_iter().chain(openings);
    for cut in at_acknowledgements.chain(drawn) {
        let told = format!("cut at line {cut}, only what was synced kept");
        check(&run.disk, cut, &mut || false, &told);
        let told = format!("cut at line {cut}, torn");
        check(&run.disk, cut, &mut || dice.bool(), &told);
    }
}

/// Moments while the store was closed and opened again, if it was between two acknowledgements.
fn opened_between(lines: &[usize]) -> impl Iterator<Item = usize> + use<> {
    let between = lines[0]..lines[1];
    let long = between.len() >= OPENING_LINES;
    between.filter(move |_| long).step_by(OPENING_STEP)
}

/// Opens the disk as the cut left it and looks for everything that was acknowledged before.
fn check(disk: &Disk, cut: usize, keep: &mut dyn FnMut() -> bool, told: &str) {
    let image = tempfile::tempdir().unwrap();
    disk.write_image(image.path(), cut, keep);
    let mut acknowledged = BTreeMap::new();
    for (_, (instance, version)) in disk.acknowledgements().filter(|(line, _)| *line < cut) {
        acknowledged.insert(instance, version);
    }
    let store = image.path().join(writer::STORE);
    writer::check(Path::new(&store), &acknowledged, told);
}

/// The half of these tests that is traced; without its folder it has nothing to do.
#[test]
fn a_writer_writes_while_it_is_traced() {
    if let Some(folder) = std::env::var_os(writer::FOLDER) {
        writer::write(Path::new(&folder));
    }
}

/// The second write had not returned when the sync behind it began.
const TRACE: &str = r#"
7 openat(AT_FDCWD</>, "/base/db", O_RDWR|O_CREAT, 0644) = 4</base/db>
7 pwrite64(4</base/db>, "ab", 2, 0) = 2
7 fdatasync(4</base/db>) = 0
7 fsync(5</base>)    = 0
7 pwrite64(4</base/db>, "\x78\x79", 2, 1 <unfinished ...>
8 fdatasync(4</base/db> <unfinished ...>
7 <... pwrite64 resumed>) = 2
8 <... fdatasync resumed>) = 0
7 sync_file_range(4</base/db>, 0, 3, 0x7) = 0
"#;

#[test]
fn the_rebuilt_disk_keeps_only_what_was_synced() {
    let disk = Disk::replay(&trace::parse(TRACE), Path::new("/base"));
    let image = |cut, keep: bool| {
        let image = tempfile::tempdir().unwrap();
        disk.write_image(image.path(), cut, &mut || keep);
        std::fs::read(image.path().join("db")).ok()
    };
    assert_eq!(image(4, false), None, "its name was not synced");
    assert_eq!(image(4, true), Some(b"ab".to_vec()));
    assert_eq!(image(10, false), Some(b"ab".to_vec()));
    assert_eq!(image(10, true), Some(b"axy".to_vec()));
}
