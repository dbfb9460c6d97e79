//! Lists: instances that match, documents of a space, history. Nothing here writes.
//!
//! Long lists are read in short looks, so that the committer never waits long for a reader.

use std::sync::Arc;

use ::sled::IVec;
use engine::{Document, Entry, Filter, InstanceId, Page, PageOrder, Record, StoreError, Task};

use super::keys;
use super::view::{Shared, Snapshot, broken, decode};

/// Keys looked at before the committer is let in.
const KEYS_PER_LOOK: usize = 256;

/// What one look found, and where the next begins.
struct Look<T> {
    found: Vec<T>,
    /// The key the next look continues behind; nothing when the range is exhausted.
    behind: Option<Vec<u8>>,
}

/// Instances that match, newest first.
pub(super) async fn find(
    shared: &Arc<Shared>,
    filter: &Filter,
    order: &PageOrder,
) -> Result<Page<Record>, StoreError> {
    let limit = order.limit.max(1);
    let prefix = candidates(filter);
    let mut end = match &order.after {
        Some(cursor) => [prefix.as_slice(), cursor.as_bytes()].concat(),
        None => keys::behind(&prefix),
    };
    let mut items = unique_holder(shared, filter, order).await?;
    loop {
        let (start, upto, filter) = (prefix.clone(), end, filter.clone());
        let look = shared
            .read(move |snapshot| look_back(snapshot, &start, &upto, &filter))
            .await?;
        items.extend(look.found);
        let Some(behind) = look.behind.filter(|_| items.len() <= limit) else {
            break;
        };
        end = behind;
    }
    items.sort_by(|a, b| b.id.cmp(&a.id));
    items.dedup_by(|a, b| a.id == b.id);
    Ok(page(items, limit, |record| record.id.as_str()))
}

/// The index whose keys end in the ids to look at: the narrowest that the filter allows.
fn candidates(filter: &Filter) -> Vec<u8> {
    match filter.labels.first() {
        Some((name, value)) => keys::shared_label(name, value, ""),
        None if filter.parked => vec![keys::PARKED],
        None if filter.live => vec![keys::LIVE],
        None => vec![keys::RECORD],
    }
}

/// The one instance that holds the filter's first label alone, if it matches.
async fn unique_holder(
    shared: &Arc<Shared>,
    filter: &Filter,
    order: &PageOrder,
) -> Result<Vec<Record>, StoreError> {
    let Some((name, value)) = filter.labels.first() else {
        return Ok(Vec::new());
    };
    let key = keys::unique_label(name, value);
    let (filter, after) = (filter.clone(), order.after.clone());
    shared
        .read(move |snapshot| {
            let Some(holder) = snapshot.raw(&key)? else {
                return Ok(Vec::new());
            };
            let record = indexed(snapshot, &holder)?;
            let behind = after.is_none_or(|cursor| record.id.as_str() < cursor.as_str());
            let matches = behind && filter.admits(&record);
            Ok(matches.then_some(record).into_iter().collect())
        })
        .await
}

fn look_back(
    snapshot: &Snapshot<'_>,
    prefix: &[u8],
    end: &[u8],
    filter: &Filter,
) -> Result<Look<Record>, StoreError> {
    snapshot.note_range();
    let mut found = Vec::new();
    if end <= prefix {
        return Ok(Look {
            found,
            behind: None,
        });
    }
    let range = snapshot.db.range(prefix..end).rev();
    let mut behind = None;
    let mut looked = 0;
    for entry in range.take(KEYS_PER_LOOK) {
        let (key, head) = entry.map_err(|error| broken(&error))?;
        let record = if prefix == [keys::RECORD] {
            decode(&key, &snapshot.join(&key, &head)?)?
        } else {
            indexed(snapshot, &key[prefix.len()..])?
        };
        if filter.admits(&record) {
            found.push(record);
        }
        behind = Some(key.to_vec());
        looked += 1;
    }
    let behind = behind.filter(|_| looked == KEYS_PER_LOOK);
    Ok(Look { found, behind })
}

/// The record an index points to, which must be there.
fn indexed(snapshot: &Snapshot<'_>, id: &[u8]) -> Result<Record, StoreError> {
    let mut key = vec![keys::RECORD];
    key.extend_from_slice(id);
    snapshot.decoded(&key)?.ok_or_else(|| {
        StoreError::Corrupt("record: an index names one that is not there".to_owned())
    })
}

/// Documents whose keys begin with `prefix`, in key order.
pub(super) async fn scan(
    shared: &Arc<Shared>,
    space: &str,
    prefix: &str,
    order: &PageOrder,
) -> Result<Page<Document>, StoreError> {
    let limit = order.limit.max(1);
    let first = keys::document(space, prefix);
    let end = keys::behind(&first);
    let cursor = order.after.as_deref().filter(|cursor| *cursor >= prefix);
    let mut start = match cursor {
        Some(cursor) => after(keys::document(space, cursor)),
        None => first,
    };
    let mut items = Vec::new();
    loop {
        let wanted = (limit + 1 - items.len()).min(KEYS_PER_LOOK);
        let (from, upto) = (start, end.clone());
        let mut found: Vec<(IVec, Document)> = shared
            .read(move |snapshot| look_ahead(snapshot, from, upto, wanted))
            .await?;
        let behind = found.last().map(|(key, _)| after(key.to_vec()));
        let exhausted = found.len() < wanted;
        items.extend(found.drain(..).map(|(_, document)| document));
        match behind.filter(|_| !exhausted && items.len() <= limit) {
            Some(behind) => start = behind,
            None => break,
        }
    }
    Ok(page(items, limit, |document| &document.key))
}

/// One instance's history behind a sequence number.
pub(super) async fn journal(
    shared: &Arc<Shared>,
    id: &InstanceId,
    behind: u64,
    limit: usize,
) -> Result<Vec<Entry>, StoreError> {
    let start = keys::entry(id, behind.saturating_add(1));
    let end = after(keys::entry(id, u64::MAX));
    let found = shared
        .read(move |snapshot| look_ahead(snapshot, start, end, limit))
        .await?;
    Ok(found.into_iter().map(|(_, entry)| entry).collect())
}

/// What is owed to one instance, earliest first.
pub(super) async fn tasks(shared: &Arc<Shared>, id: &InstanceId) -> Result<Vec<Task>, StoreError> {
    let start = keys::tasks_of(id);
    let end = keys::behind(&start);
    let found = shared
        .read(move |snapshot| look_ahead(snapshot, start, end, usize::MAX))
        .await?;
    let mut tasks: Vec<Task> = found.into_iter().map(|(_, task)| task).collect();
    tasks.sort_by_key(|task| (task.due, task.id()));
    Ok(tasks)
}

fn look_ahead<T: serde::de::DeserializeOwned>(
    snapshot: &Snapshot<'_>,
    start: Vec<u8>,
    end: Vec<u8>,
    limit: usize,
) -> Result<Vec<(IVec, T)>, StoreError> {
    snapshot.note_range();
    let range = snapshot.db.range(start..end).take(limit);
    range
        .map(|entry| {
            let (key, head) = entry.map_err(|error| broken(&error))?;
            let value = decode(&key, &snapshot.join(&key, &head)?)?;
            Ok((key, value))
        })
        .collect()
}

/// The key right behind this one.
fn after(mut key: Vec<u8>) -> Vec<u8> {
    key.push(0);
    key
}

fn page<T>(mut items: Vec<T>, limit: usize, cursor: fn(&T) -> &str) -> Page<T> {
    let more = items.len() > limit;
    items.truncate(limit);
    let last = items.last().filter(|_| more);
    let next = last.map(|item| cursor(item).to_owned());
    Page { items, next }
}
