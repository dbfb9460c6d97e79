//! The items of a job with their results: sealed pages beside the job, forgotten after a while.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::documents::{Documents, Draft, Opened};
use crate::instance::{InstanceId, Reason, SubjectId};
use crate::ledger::EngineError;
use crate::store::{Expected, PutDocument};

/// The space of documents that holds the items of bulk jobs.
pub const BULK_ITEMS: &str = "bulk_items";

/// Items on one page: a page is read and written whole.
pub(super) const PAGE: usize = 100;

/// Results are kept this long.
const RESULTS_KEPT: Duration = Duration::from_hours(30 * 24);

/// Items whose turn has not come are kept this long: a slow job must not forget what it is about.
const OWED_KEPT: Duration = Duration::from_hours(400 * 24);

/// Pages looked through for one answer: results that are rare must not make it slow.
const LOOKED_THROUGH_MAX: u32 = 200;

/// Letters of a reason kept with an item.
const TEXT_KEPT: usize = 300;

/// What came of the act on one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BulkResult {
    /// It was acted on.
    Done,
    /// It no longer matched when its turn came, and was left alone.
    Skipped,
    /// It refused the act, or could not take it.
    Failed,
}

/// One instance of a job's set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkItem {
    /// The instance.
    pub id: InstanceId,
    /// What came of it, once its turn has come.
    pub result: Option<BulkResult>,
    /// Why it was skipped or failed.
    pub why: Option<Reason>,
    /// When its turn came.
    pub at: Option<Timestamp>,
    /// The round in which its turn came.
    pub round: u32,
}

impl BulkItem {
    pub(super) fn fresh(id: InstanceId) -> Self {
        Self {
            id,
            result: None,
            why: None,
            at: None,
            round: 0,
        }
    }

    /// Whether its turn has yet to come in this round.
    pub(super) fn is_owed(&self, round: u32) -> bool {
        match self.result {
            None => true,
            Some(BulkResult::Failed) => self.round < round,
            Some(BulkResult::Done | BulkResult::Skipped) => false,
        }
    }

    pub(super) fn settle(&mut self, result: BulkResult, why: Option<Reason>) {
        self.result = Some(result);
        self.why = why.map(|why| Reason {
            text: why.text.chars().take(TEXT_KEPT).collect(),
            ..why
        });
    }
}

/// A page of one job's items.
pub(super) struct ItemPage<'a> {
    pub(super) job: &'a InstanceId,
    pub(super) subject: &'a SubjectId,
    pub(super) number: u32,
}

impl ItemPage<'_> {
    pub(super) async fn read(
        &self,
        documents: &Documents,
    ) -> Result<Option<Opened<Vec<BulkItem>>>, EngineError> {
        let key = key_of(self.job, self.number);
        documents.get(BULK_ITEMS, &key).await
    }

    pub(super) async fn draft(
        &self,
        documents: &Documents,
        (expected, now): (Expected, Timestamp),
        items: &[BulkItem],
    ) -> Result<Vec<PutDocument>, EngineError> {
        let all_had_their_turn = items.iter().all(|item| item.result.is_some());
        let kept = if all_had_their_turn {
            RESULTS_KEPT
        } else {
            OWED_KEPT
        };
        let draft = Draft {
            space: BULK_ITEMS,
            key: &key_of(self.job, self.number),
            subject: self.subject,
            expected,
            body: &items,
            expires_at: Some(now + kept),
        };
        documents.seal(draft).await
    }
}

/// Where a further page of a job's items begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BulkCursor {
    page: u32,
    place: usize,
}

impl FromStr for BulkCursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (page, place) = text.split_once('.').ok_or(())?;
        Ok(Self {
            page: page.parse().map_err(drop)?,
            place: place.parse().map_err(drop)?,
        })
    }
}

impl fmt::Display for BulkCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.page, self.place)
    }
}

/// Items of a job in the order of their turns, those of one result or all, and the cursor to go on
/// with. An answer may be short of `limit` and yet not be the last.
pub async fn bulk_items(
    documents: &Documents,
    job: &InstanceId,
    result: Option<BulkResult>,
    (limit, after): (usize, BulkCursor),
) -> Result<(Vec<BulkItem>, Option<BulkCursor>), EngineError> {
    let BulkCursor {
        mut page,
        mut place,
    } = after;
    let mut found = Vec::new();
    for _ in 0..LOOKED_THROUGH_MAX {
        let key = key_of(job, page);
        let Some(opened) = documents.get::<Vec<BulkItem>>(BULK_ITEMS, &key).await? else {
            return Ok((found, None));
        };
        for (at, item) in opened.body.into_iter().enumerate().skip(place) {
            if result.is_some() && item.result != result {
                continue;
            }
            if found.len() == limit {
                return Ok((found, Some(BulkCursor { page, place: at })));
            }
            found.push(item);
        }
        (page, place) = (page + 1, 0);
    }
    Ok((found, Some(BulkCursor { page, place })))
}

fn key_of(job: &InstanceId, number: u32) -> String {
    format!("{job}/{number:08}")
}
