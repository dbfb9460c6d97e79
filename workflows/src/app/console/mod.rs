//! What operators see of instances: lists, one instance whole, groups that need a person, numbers.

pub(super) mod acts;
mod attention;
mod diagram;
mod health;
mod previews;
mod schedules;
mod words;

use std::collections::BTreeMap;
use std::time::Duration;

use engine::{Attempt, EngineError, Entry, InstanceId, Jumps, LaneView, Record, Task, Timestamp};
use serde_json::json;

pub use acts::OperatorAct;
pub use diagram::{DiagramEdge, DiagramNode, DiagramView};
pub use previews::{
    ActAnswer, ChangeView, EffectView, NeedView, OfferView, PreviewView, RefusedView,
};

use self::acts::{names_of, offers_of};
use self::health::waits_for_lane;
use self::words::headline;
pub(super) use self::words::hold_of;
use super::App;
use super::lists::{ListQuery, list};
use super::onboardings::event_view;
use super::operators::Operator;
use super::problem::Problem;
use super::views::{InstanceRow, InstanceView, ListView, TaskView, TryView};
use crate::backups::last_backup;

/// History shown at once.
const JOURNAL_MAX: usize = 500;

/// How often an instance that moves while it is read is read again.
const REREADS_MAX: usize = 4;

/// Numbers for the metrics page.
#[derive(Clone, Debug, PartialEq)]
pub struct Gauges {
    /// Workflow, state, hold code, how many.
    pub instances: Vec<(String, String, String, u64)>,
    /// How late the earliest due task is.
    pub lag: Duration,
    /// What is under way in each lane, and which are held.
    pub lanes: Vec<LaneView>,
    /// What was noticed of the machine's clock.
    pub leaps: Jumps,
    /// How long ago the last backup was read to its end; nothing before the first.
    pub backup_age: Option<Duration>,
}

impl App {
    /// Instances, newest first.
    pub async fn instances(
        &self,
        _operator: &Operator,
        query: &ListQuery,
    ) -> Result<ListView<InstanceRow>, Problem> {
        let (filter, page) = query.judge()?;
        self.judge_names(query)?;
        self.know_cursor(&page, None).await?;
        let found = self.engine.find(&filter, &page).await?;
        let mut rows = Vec::with_capacity(found.items.len());
        let held = self.held_lanes();
        for record in found.items {
            let mut row = self.row(&record);
            if !held.is_empty() {
                let tasks = self.engine.tasks(&record.id).await?;
                if let Some(hold) = waits_for_lane(&record, &tasks, &held, self.engine.now()) {
                    row.headline = headline(&record, Some(&hold));
                    row.hold = Some(hold);
                }
            }
            rows.push(row);
        }
        Ok(list(rows, found.next))
    }

    /// A workflow or a state that does not exist would look like an empty list.
    pub(super) fn judge_names(&self, query: &ListQuery) -> Result<(), Problem> {
        let workflows = self.engine.workflows();
        if let Some(name) = &query.workflow
            && !workflows.contains(&name.as_str())
        {
            let message = format!("knows {}", workflows.join(", "));
            return Err(Problem::field("workflow", "unknown_value", message));
        }
        let diagrams = workflows
            .iter()
            .filter_map(|name| self.engine.diagram(name));
        let states: Vec<&str> = diagrams
            .flat_map(|diagram| diagram.states.into_iter().map(|(state, _)| state))
            .collect();
        match &query.state {
            Some(state) if !states.contains(&state.as_str()) => {
                let message = format!("knows {}", states.join(", "));
                Err(Problem::field("state", "unknown_value", message))
            }
            _ => Ok(()),
        }
    }

    /// One instance whole: what it waits for, what it knows, what happened, what may be done.
    pub async fn instance(&self, _operator: &Operator, id: &str) -> Result<InstanceView, Problem> {
        let id = InstanceId::new(id);
        let (record, tasks, journal) = self.at_one_moment(&id).await?;
        let facts = match self.engine.inspect(record.clone()).await {
            // Whoever has to see to it must see it.
            Err(error) if error.is_unreadable() => json!({ "unreadable": told(&error) }),
            read => read?,
        };
        let now = self.engine.now();
        let hold = waits_for_lane(&record, &tasks, &self.held_lanes(), now)
            .or_else(|| hold_of(&record, now));
        let possible = match self.engine.possible(record.clone()).await {
            Err(error) if error.is_unreadable() => Vec::new(),
            possible => possible?,
        };
        let mut acts = names_of(&possible);
        acts.extend(erasing(&record));
        Ok(InstanceView {
            id: id.to_string(),
            workflow: record.workflow.clone(),
            version: record.version,
            state: record.state.clone(),
            entered_at: record.entered_at.to_rfc3339(),
            headline: headline(&record, hold.as_ref()),
            acts,
            offers: offers_of(possible),
            erased_at: record.erased_at.map(Timestamp::to_rfc3339),
            archived_at: record.archived_at.map(Timestamp::to_rfc3339),
            hold,
            facts,
            tried: record.tried,
            attempts: self
                .engine
                .attempts(&record)
                .await?
                .into_iter()
                .map(try_view)
                .collect(),
            journal: journal
                .into_iter()
                .map(|entry| event_view(&id, entry))
                .collect(),
            tasks: tasks.iter().map(task_view).collect(),
            deliveries: self.deliveries_of(&id).await?,
            created_at: record.created_at.to_rfc3339(),
            updated_at: record.updated_at.to_rfc3339(),
        })
    }

    /// An instance with what is owed to it and its history; read again if it moved in between.
    async fn at_one_moment(
        &self,
        id: &InstanceId,
    ) -> Result<(Record, Vec<Task>, Vec<Entry>), Problem> {
        let mut record = self.found(id).await?;
        for _ in 0..REREADS_MAX {
            let tasks = self.engine.tasks(id).await?;
            let journal = self.engine.journal(id, 0, JOURNAL_MAX).await?;
            let now = self.found(id).await?;
            if now.version == record.version {
                return Ok((record, tasks, journal));
            }
            record = now;
        }
        // One that moves this fast is nobody's concern yet; the next look shows it at rest.
        let tasks = self.engine.tasks(id).await?;
        let journal = self.engine.journal(id, 0, JOURNAL_MAX).await?;
        Ok((record, tasks, journal))
    }

    /// Numbers for the metrics page.
    pub async fn gauges(&self) -> Result<Gauges, Problem> {
        let mut cells: BTreeMap<(String, String, String), u64> = BTreeMap::new();
        for (key, count) in self.engine.tally().await? {
            *cells
                .entry((key.workflow, key.state, key.hold))
                .or_default() += count;
        }
        let backup = last_backup(&self.engine.documents()).await?;
        Ok(Gauges {
            instances: cells
                .into_iter()
                .map(|((workflow, state, hold), count)| (workflow, state, hold, count))
                .collect(),
            lag: self.engine.lag().await?,
            lanes: self.engine.lanes(),
            leaps: self.clock_leaps(),
            backup_age: backup.map(|at| self.engine.now().since(at)),
        })
    }

    pub(super) async fn found(&self, id: &InstanceId) -> Result<Record, Problem> {
        let record = self.engine.record(id).await?;
        record.ok_or_else(|| Problem::not_found("instance"))
    }

    pub(super) fn row(&self, record: &Record) -> InstanceRow {
        let hold = hold_of(record, self.engine.now());
        InstanceRow {
            id: record.id.to_string(),
            workflow: record.workflow.clone(),
            state: record.state.clone(),
            tenant: record.label("tenant").unwrap_or_default().to_owned(),
            external_id: record.label("external_id").map(ToOwned::to_owned),
            headline: headline(record, hold.as_ref()),
            hold,
            created_at: record.created_at.to_rfc3339(),
            updated_at: record.updated_at.to_rfc3339(),
        }
    }
}

/// Erasing is possible once a client's own instance has ended; whatever was born of it goes along.
fn erasing(record: &Record) -> Option<&'static str> {
    let own = record.subject.as_str() == record.id.as_str();
    (own && record.ended && record.erased_at.is_none()).then_some("erase")
}

fn try_view(attempt: Attempt) -> TryView {
    TryView {
        number: attempt.number,
        command: attempt.command,
        at: attempt.started_at.to_rfc3339(),
        duration_ms: attempt.took_ms,
        outcome: attempt.outcome,
        code: attempt.reason.as_ref().map(|reason| reason.code.clone()),
        message: attempt.reason.map(|reason| reason.text),
    }
}

fn task_view(task: &Task) -> TaskView {
    TaskView {
        key: task.work.key(),
        due_at: task.due.to_rfc3339(),
        attempt: task.attempt,
    }
}

/// Why facts cannot be shown, and what helps.
fn told(error: &EngineError) -> String {
    match error {
        EngineError::Seal(_) => {
            "What is kept of it cannot be opened: it is damaged, or sealed under a \
                                 vault key that this process was not given. Give it that key, or \
                                 restore from a backup; until then nothing of it goes on."
                .to_owned()
        }
        other => other.to_string(),
    }
}
