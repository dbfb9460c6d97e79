//! What needs somebody's eye, in groups of like with like: counted exactly, aged by looking.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::{Actor, Filter, PageOrder, Record, TallyKey, Timestamp, WaitCell, Waiting};

use crate::app::App;
use crate::app::lists::list;
use crate::app::operators::Operator;
use crate::app::problem::Problem;
use crate::app::views::{AttentionGroup, ListView};

/// Records of one group that are looked at for its ages.
const LOOKED_AT_MAX: usize = 1_000;

/// Records looked at between two pauses for other work.
const PAGE: usize = 200;

/// Ids named of each group.
const SAMPLES: usize = 5;

/// What has waited for less is new.
const NEW: Duration = Duration::from_hours(24);

/// The members of one group that were looked at.
#[derive(Default)]
struct Look {
    waits: Vec<(Timestamp, Option<Timestamp>, String)>,
}

impl App {
    /// What needs somebody's eye, in groups of like with like, largest first.
    pub async fn attention(
        &self,
        _operator: &Operator,
    ) -> Result<ListView<AttentionGroup>, Problem> {
        let mut groups = Vec::new();
        for ((state, cell), count) in self.troubled().await? {
            let look = self.look_at(&cell).await?;
            groups.push(look.group((&state, &cell), count, self.engine.now()));
        }
        groups.sort_by_key(|group| std::cmp::Reverse(group.count));
        Ok(list(groups, None))
    }

    /// How many instances need somebody's eye.
    pub async fn attention_count(&self, _operator: &Operator) -> Result<u64, Problem> {
        Ok(self.troubled().await?.values().sum())
    }

    /// The cells that need somebody's eye, over all tenants.
    async fn troubled(&self) -> Result<BTreeMap<((String, String), WaitCell), u64>, Problem> {
        let mut cells = BTreeMap::new();
        for (key, count) in self.engine.tally().await? {
            let TallyKey {
                workflow,
                state,
                wait,
                ..
            } = key;
            if let Some(cell) = wait.filter(|cell| cell.attention && count > 0) {
                *cells.entry(((workflow, state), cell)).or_default() += count;
            }
        }
        Ok(cells)
    }

    async fn look_at(&self, cell: &WaitCell) -> Result<Look, Problem> {
        let filter = Filter {
            fingerprint: Some(cell.fingerprint.clone()),
            mover: Some(cell.mover),
            ..Filter::default()
        };
        let mut page = PageOrder {
            limit: PAGE,
            after: None,
        };
        let mut look = Look::default();
        loop {
            let found = self.engine.find(&filter, &page).await?;
            let now = self.engine.now();
            let of_group = found
                .items
                .iter()
                .filter_map(|record| member(record, cell, now));
            look.waits.extend(of_group);
            match found.next.filter(|_| look.waits.len() < LOOKED_AT_MAX) {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        look.waits.sort();
        Ok(look)
    }
}

fn member(
    record: &Record,
    cell: &WaitCell,
    now: Timestamp,
) -> Option<(Timestamp, Option<Timestamp>, String)> {
    let Waiting {
        kind, since, until, ..
    } = record.waiting(now)?;
    (kind == cell.kind).then(|| (since, until, record.id.to_string()))
}

impl Look {
    fn group(
        self,
        ((workflow, state), cell): (&(String, String), &WaitCell),
        count: u64,
        now: Timestamp,
    ) -> AttentionGroup {
        let mut parts = cell.fingerprint.rsplit(':');
        let code = parts.next().unwrap_or_default().to_owned();
        let command = parts.next().filter(|command| *command != "-");
        let oldest = self.waits.first().map(|(since, ..)| *since);
        let next = self.waits.iter().filter_map(|(_, until, _)| *until).min();
        let is_new = |since: &Timestamp| now.since(*since) < NEW;
        let new = self
            .waits
            .iter()
            .filter(|(since, ..)| is_new(since))
            .count();
        let samples = self.waits.iter().take(SAMPLES);
        AttentionGroup {
            code,
            state: state.clone(),
            workflow: workflow.clone(),
            count,
            fingerprint: cell.fingerprint.clone(),
            command: command.map(str::to_owned),
            kind: cell.kind.as_str().to_owned(),
            mover: Actor::as_str(cell.mover).to_owned(),
            oldest_since: oldest.map(Timestamp::to_rfc3339),
            oldest_age_s: oldest.map(|since| now.since(since).as_secs()),
            next_due: next.map(Timestamp::to_rfc3339),
            since_yesterday: new as u64,
            looked_at: self.waits.len() as u64,
            sample_ids: samples.map(|(_, _, id)| id.clone()).collect(),
        }
    }
}
