//! Where everything lies in the one tree. Keys only; what lies under them is encoded elsewhere.
//!
//! | prefix | rest of the key                       | value                    | read for                  |
//! |--------|---------------------------------------|--------------------------|---------------------------|
//! | `m`    | name                                  | eight bytes, big endian  | layout number, epoch      |
//! | `r`    | instance                              | record                   | load; find, newest first  |
//! | `j`    | *instance*, sequence (8 bytes)        | entry                    | history, oldest first     |
//! | `t`    | *instance*, work                      | task                     | claims; due index at open |
//! | `u`    | *label name*, value                   | instance                 | unique labels; find       |
//! | `l`    | *label name*, *value*, instance       | nothing                  | find by a shared label    |
//! | `p`    | instance                              | nothing                  | find what is parked       |
//! | `v`    | instance                              | nothing                  | find what is live         |
//! | `x`    | *space*, key                          | document                 | documents, in key order   |
//! | `c`    | encoded tally cell                    | eight bytes, big endian  | tally                     |
//! | `o`    | *key of the head*, chunk (2 bytes)    | the rest of a long value | whatever the head is      |
//!
//! Parts in *italics* stand behind their length (2 bytes, big endian), so that no text, whatever
//! bytes it holds, can be mistaken for two. There is no key per due time: the order of what is due
//! is kept in memory, which makes moving a task one write instead of two.

use engine::{InstanceId, Label, TallyKey, TaskId};

pub(super) const META: u8 = b'm';
pub(super) const RECORD: u8 = b'r';
pub(super) const ENTRY: u8 = b'j';
pub(super) const TASK: u8 = b't';
pub(super) const UNIQUE_LABEL: u8 = b'u';
pub(super) const SHARED_LABEL: u8 = b'l';
pub(super) const PARKED: u8 = b'p';
pub(super) const LIVE: u8 = b'v';
pub(super) const DOCUMENT: u8 = b'x';
pub(super) const TALLY: u8 = b'c';
pub(super) const OVERFLOW: u8 = b'o';

/// What an operator is told when a value of that family cannot be read.
pub(super) fn family(key: &[u8]) -> &'static str {
    match key.first() {
        Some(&META) => "meta",
        Some(&RECORD) => "record",
        Some(&ENTRY) => "journal entry",
        Some(&TASK) => "task",
        Some(&UNIQUE_LABEL) => "unique label",
        Some(&SHARED_LABEL) => "shared label",
        Some(&PARKED) => "parked index",
        Some(&LIVE) => "live index",
        Some(&DOCUMENT) => "document",
        Some(&TALLY) => "tally",
        Some(&OVERFLOW) => "rest of a long value",
        _ => "unknown family",
    }
}

pub(super) fn meta(name: &str) -> Vec<u8> {
    key(META, &[], name.as_bytes())
}

pub(super) fn record(id: &str) -> Vec<u8> {
    key(RECORD, &[], id.as_bytes())
}

pub(super) fn parked(id: &InstanceId) -> Vec<u8> {
    key(PARKED, &[], id.as_str().as_bytes())
}

pub(super) fn live(id: &InstanceId) -> Vec<u8> {
    key(LIVE, &[], id.as_str().as_bytes())
}

pub(super) fn entry(instance: &InstanceId, sequence: u64) -> Vec<u8> {
    key(ENTRY, &[instance.as_str()], &sequence.to_be_bytes())
}

pub(super) fn task(id: &TaskId) -> Vec<u8> {
    key(TASK, &[id.instance.as_str()], id.key.as_bytes())
}

pub(super) fn tasks_of(instance: &InstanceId) -> Vec<u8> {
    key(TASK, &[instance.as_str()], &[])
}

pub(super) fn unique_label(name: &str, value: &str) -> Vec<u8> {
    key(UNIQUE_LABEL, &[name], value.as_bytes())
}

pub(super) fn shared_label(name: &str, value: &str, id: &str) -> Vec<u8> {
    key(SHARED_LABEL, &[name, value], id.as_bytes())
}

/// So many parts of a key, each behind its length, and the rest of it.
pub(super) fn parts(key: &[u8], count: usize) -> Option<(Vec<&[u8]>, &[u8])> {
    let mut rest = key.get(1..)?;
    let mut parts = Vec::with_capacity(count);
    for _ in 0..count {
        let (length, behind) = rest.split_first_chunk::<2>()?;
        let (part, behind) = behind.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        parts.push(part);
        rest = behind;
    }
    Some((parts, rest))
}

/// The index key of a label on an instance.
pub(super) fn label(label: &Label, id: &InstanceId) -> Vec<u8> {
    if label.unique {
        unique_label(&label.name, &label.value)
    } else {
        shared_label(&label.name, &label.value, id.as_str())
    }
}

pub(super) fn document(space: &str, name: &str) -> Vec<u8> {
    key(DOCUMENT, &[space], name.as_bytes())
}

pub(super) fn tally(cell: &TallyKey) -> Vec<u8> {
    key(TALLY, &[], &engine::encode(cell))
}

pub(super) fn overflow(head: &[u8], chunk: u16) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(head.len() + 5);
    bytes.push(OVERFLOW);
    push_part(&mut bytes, head);
    bytes.extend_from_slice(&chunk.to_be_bytes());
    bytes
}

/// The first key behind all that begin with `prefix`; prefixes here begin with a letter.
pub(super) fn behind(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while end.last() == Some(&u8::MAX) {
        end.pop();
    }
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    end
}

fn key(family: u8, parts: &[&str], rest: &[u8]) -> Vec<u8> {
    let size: usize = parts.iter().map(|part| part.len() + 2).sum();
    let mut bytes = Vec::with_capacity(1 + size + rest.len());
    bytes.push(family);
    for part in parts {
        push_part(&mut bytes, part.as_bytes());
    }
    bytes.extend_from_slice(rest);
    bytes
}

fn push_part(bytes: &mut Vec<u8>, part: &[u8]) {
    let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(part);
}

#[cfg(test)]
mod tests {
    use super::{behind, document, overflow, shared_label};

    #[test]
    fn no_two_places_share_a_key() {
        assert_ne!(shared_label("a", "bc", "d"), shared_label("ab", "c", "d"));
        assert_ne!(document("a", "b\0c"), document("a\0b", "c"));
        let head = document("space", "key");
        assert_ne!(overflow(&head, 1), overflow(&head, 256));
    }

    #[test]
    fn the_end_of_a_prefix_is_behind_all_that_begin_with_it() {
        for prefix in [&b"x"[..], b"x\xff", b"x\xff\xff"] {
            let longest = [prefix, &[0xff; 40]].concat();
            assert!(behind(prefix) > longest);
        }
    }
}
