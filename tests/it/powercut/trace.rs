//! Runs the writer under `strace` and reads its system calls; knows nothing of what they mean.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use super::writer;

/// Everything that puts bytes or names on a disk, or makes them stay there.
const CALLS: &str = "trace=openat,creat,write,pwrite64,pwritev,writev,ftruncate,fallocate,rename,\
                     renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat,symlink,\
                     fsync,fdatasync,syncfs,sync_file_range";

/// One completed system call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) name: String,
    /// Its arguments: of descriptors the path, of strings the bytes, of all others the text.
    pub(super) args: Vec<Vec<u8>>,
    /// The line of the trace on which it began.
    pub(super) start: usize,
    /// The line on which it returned.
    pub(super) end: usize,
}

/// The calls of one traced run of the writer, in the order in which they returned.
pub(super) fn of_writer(folder: &Path, writers: u32) -> Vec<Call> {
    let trace = folder.join("trace");
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-y", "-xx", "-s", "1200000", "-e", CALLS, "-o"])
        .arg(&trace)
        .env(writer::FOLDER, folder)
        .env(writer::WRITERS, writers.to_string());
    run(strace, "powercut::a_writer_writes_while_it_is_traced");
    let calls = parse(&std::fs::read_to_string(trace).unwrap());
    assert!(!calls.is_empty(), "strace saw no system calls");
    calls
}

/// Runs one test of this binary under `strace` as it is set up, and fails when that test fails.
pub(super) fn run(mut strace: Command, test: &str) {
    let this = std::env::current_exe().unwrap();
    let traced = strace.arg(this).args(["--exact", test]).output();
    let output = traced.unwrap_or_else(|error| {
        panic!("this proof needs strace, which could not be started: {error}")
    });
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && told.contains("1 passed"),
        "{test} failed, or strace may not trace here:\n{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

pub(super) fn parse(trace: &str) -> Vec<Call> {
    let mut begun: HashMap<&str, (usize, &str)> = HashMap::new();
    let mut calls = Vec::new();
    for (line, text) in trace.lines().enumerate() {
        let (process, text) = text.split_once(' ').unwrap_or((text, ""));
        let text = text.trim_start();
        if let Some(head) = text.strip_suffix(" <unfinished ...>") {
            begun.insert(process, (line, head));
        } else if let Some(tail) = text.strip_prefix("<... ") {
            let (start, head) = begun.remove(process).unwrap_or((line, ""));
            let tail = tail.split_once(" resumed>").map_or("", |(_, tail)| tail);
            calls.extend(Call::parse(start, line, &format!("{head}{tail}")));
        } else {
            calls.extend(Call::parse(line, line, text));
        }
    }
    calls
}

impl Call {
    /// A call that succeeded; nothing for one that failed, for signals and for ends of processes.
    pub(super) fn parse(start: usize, end: usize, text: &str) -> Option<Self> {
        let (name, rest) = text.split_once('(')?;
        let (args, answer) = rest.rsplit_once(" = ")?;
        if answer.starts_with('-') || answer.starts_with('?') {
            return None;
        }
        let args = args.trim_end().strip_suffix(')')?;
        let args = args.split(", ").map(argument).collect();
        Some(Self {
            name: name.to_owned(),
            args,
            start,
            end,
        })
    }
}

fn argument(text: &str) -> Vec<u8> {
    let quoted = text.strip_prefix('"');
    if let Some(string) = quoted {
        assert!(!string.ends_with("..."), "strace has cut a string short");
        return unescape(string.trim_end_matches('"'));
    }
    match text.split_once('<') {
        Some((_, path)) => unescape(path.trim_end_matches('>')),
        None => text.as_bytes().to_vec(),
    }
}

/// Bytes from `\x61\x62`; other characters stand for themselves.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4);
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = rest.strip_prefix(b"\\x").and_then(|hex| hex.get(..2));
        let hex = hex.and_then(|hex| std::str::from_utf8(hex).ok());
        if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            bytes.push(byte);
            rest = &rest[4..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    bytes
}
