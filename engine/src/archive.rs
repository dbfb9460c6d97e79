//! The archive: what ended long ago leaves the live indexes. Its lines are packed into one document,
//! its labels and tries go, its record and its head stay, so that it can be read and roots hold.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::attempts;
use crate::chain::Mac;
use crate::codec::{decode, encode};
use crate::engine::Engine;
use crate::erase::lasting_labels;
use crate::instance::{Actor, Entry, InstanceId, Reason, Record, SubjectId};
use crate::ledger::EngineError;
use crate::schedule::Chore;
use crate::store::{
    Change, Expected, Filter, PageOrder, PutDocument, PutRecord, Store, StoreError, Trim,
};
use crate::workflow::Note;

const SPACE: &str = "archive";

/// Lines packed; of a longer history the oldest are condensed to the link that the rest follow.
const LINES_MAX: usize = 400;

/// What is packed stays well below the largest document.
const PACKED_MAX: usize = 200 * 1024;

/// Records looked at between two pauses for other work.
const PAGE: usize = 200;

/// The last line of every history that is put away.
const ARCHIVED: &str = "archived";

/// A history that was put away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Packed {
    /// The first line that is kept.
    pub(crate) from: u64,
    /// The link of the line before it.
    pub(crate) base: Option<Mac>,
    pub(crate) lines: Vec<Entry>,
}

impl Packed {
    /// Whether the last line says that so much was kept, so that none was cut from the front since.
    pub(crate) fn is_whole(&self) -> bool {
        let last = self.lines.last();
        last.is_some_and(|last| last.what == ARCHIVED && last.detail == Some(kept(self.from)))
    }
}

fn kept(from: u64) -> Reason {
    Reason::new("retention", format!("its history is kept from line {from}"))
}

/// What was put away of a record; nothing if it is live, or if the document is gone.
pub(crate) async fn packed(
    store: &dyn Store,
    record: &Record,
) -> Result<Option<Packed>, StoreError> {
    if record.archived_at.is_none() {
        return Ok(None);
    }
    let Some(found) = store.document(SPACE, record.id.as_str()).await? else {
        return Ok(None);
    };
    let read = decode(&found.body);
    let read =
        read.map_err(|error| StoreError::Corrupt(format!("archive of {}: {error}", record.id)));
    read.map(Some)
}

/// A record's history behind a line, oldest first, wherever it is kept.
pub(crate) async fn history(
    store: &dyn Store,
    record: &Record,
    after: u64,
    limit: usize,
) -> Result<Vec<Entry>, StoreError> {
    let packed = packed(store, record).await?;
    let lines = packed.into_iter().flat_map(|packed| packed.lines);
    let mut lines: Vec<Entry> = lines
        .filter(|line| line.sequence > after)
        .take(limit)
        .collect();
    if lines.len() < limit {
        let behind = lines.last().map_or(after, |line| line.sequence);
        let live = store
            .journal(&record.id, behind, limit - lines.len())
            .await?;
        lines.extend(live);
    }
    Ok(lines)
}

/// Puts away what ended long ago, and erases it after a longer time still.
#[derive(Clone, Copy, Debug)]
pub struct ArchiveEnded {
    /// How long after its end an instance is put away; never without it.
    pub archive_after: Option<Duration>,
    /// How long after the end of the last of its instances a subject's data is erased; never without
    /// it.
    pub erase_after: Option<Duration>,
}

#[async_trait]
impl Chore for ArchiveEnded {
    async fn run(&self, engine: &Engine) -> Result<String, EngineError> {
        let (mut archived, mut erased) = (0_usize, 0_usize);
        let mut judged = HashSet::new();
        let mut page = PageOrder {
            limit: PAGE,
            after: None,
        };
        loop {
            let found = engine.find(&Filter::default(), &page).await?;
            for record in found.items {
                let id = record.id.clone();
                match self.look_after(engine, record, &mut judged).await {
                    Ok(Done::Archived) => archived += 1,
                    Ok(Done::Erased) => erased += 1,
                    // Nothing is due, or it moved meanwhile, or is not over after all.
                    Ok(Done::Nothing)
                    | Err(EngineError::Contended(_) | EngineError::StillLive(_)) => {}
                    Err(error) => {
                        let cause: &dyn std::error::Error = &error;
                        tracing::error!(instance.id = %id, error = cause, "an instance was not put away");
                    }
                }
            }
            tokio::task::yield_now().await;
            match found.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        Ok(format!(
            "{archived} instances archived, {erased} clients erased"
        ))
    }
}

enum Done {
    Nothing,
    Archived,
    Erased,
}

impl ArchiveEnded {
    async fn look_after(
        &self,
        engine: &Engine,
        record: Record,
        judged: &mut HashSet<SubjectId>,
    ) -> Result<Done, EngineError> {
        let long_over = |limit: Option<Duration>| {
            let moment = limit.map(|limit| engine.now() - limit);
            moment.filter(|moment| record.ended && record.updated_at <= *moment)
        };
        let subject = &record.subject;
        if let Some(moment) = long_over(self.erase_after)
            && record.erased_at.is_none()
            && !subject.is_installation()
            && judged.insert(subject.clone())
            && engine.was_over(subject, moment).await?
        {
            let why = Reason::new("retention", "its time in the settings is over");
            engine.erase(subject, Actor::System, why).await?;
            return Ok(Done::Erased);
        }
        if long_over(self.archive_after).is_some()
            && record.archived_at.is_none()
            && !engine.has_live_child(&record).await?
        {
            put_away(engine, record).await?;
            return Ok(Done::Archived);
        }
        Ok(Done::Nothing)
    }
}

async fn put_away(engine: &Engine, before: Record) -> Result<(), EngineError> {
    let store = engine.store();
    let mut lines = whole_history(store, &before.id).await?;
    let mut base = None;
    // Room for the line that says so.
    while lines.len() >= LINES_MAX || encode(&lines).len() > PACKED_MAX {
        let Some(oldest) = (!lines.is_empty()).then(|| lines.remove(0)) else {
            break;
        };
        base = oldest.mac;
    }
    let from = lines
        .first()
        .map_or(before.journal + 1, |line| line.sequence);
    let mut record = Record {
        version: before.version + 1,
        archived_at: Some(engine.now()),
        tried: 0,
        labels: lasting_labels(&before),
        ..before.clone()
    };
    let note = Note::because(ARCHIVED, Actor::System, kept(from));
    let line = engine
        .ledger()
        .line(&mut record, note, engine.now())
        .await?;
    lines.push(line.entry);
    let packed = Packed { from, base, lines };
    let mut documents: Vec<PutDocument> = attempts::removals(&before).collect();
    documents.push(PutDocument {
        space: SPACE.to_owned(),
        key: before.id.to_string(),
        expected: Expected::Any,
        body: Some(encode(&packed)),
        expires_at: None,
    });
    let tasks = store.tasks(&before.id).await?;
    let change = Change {
        records: vec![PutRecord {
            expected: Expected::Version(before.version),
            record,
        }],
        drop_tasks: tasks.iter().map(crate::Task::id).collect(),
        trim: vec![Trim {
            upto: before.journal,
            instance: before.id,
        }],
        documents,
        ..Change::default()
    };
    engine.ledger().put(change).await.map(drop)
}

async fn whole_history(store: &dyn Store, id: &InstanceId) -> Result<Vec<Entry>, StoreError> {
    let mut lines: Vec<Entry> = Vec::new();
    loop {
        let after = lines.last().map_or(0, |line| line.sequence);
        let more = store.journal(id, after, PAGE).await?;
        let ended = more.len() < PAGE;
        lines.extend(more);
        if ended {
            return Ok(lines);
        }
    }
}
