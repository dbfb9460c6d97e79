//! What operators see and do with instances: lists, one instance whole, acts, numbers.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::{
    Act, Actor, Awaited, DocumentDraft, EngineError, Expected, HoldKind, InstanceId, Reason,
    Record, TallyKey, Task, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::App;
use super::lists::{ListQuery, list};
use super::onboardings::event_view;
use super::operators::Operator;
use super::problem::{Kind, Problem};
use super::views::{AttentionGroup, HoldView, InstanceRow, InstanceView, ListView, TaskView};
use crate::directory::house_subject;
use crate::ids;
use crate::onboarding::{Event, Onboarding};

const AUDIT: &str = "audit";

/// History shown at once.
const JOURNAL_MAX: usize = 500;

/// An act of an operator on an instance.
#[derive(Clone, Debug)]
pub struct OperatorAct {
    /// `retry_now`, `cancel`, `pause` or `resume`.
    pub act: String,
    /// Why; journalled and audited.
    pub reason: String,
    /// The same for a double click.
    pub operation_id: Option<String>,
    /// Only say whether it would be done.
    pub dry_run: bool,
}

/// A table drawn as nodes and edges.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DiagramView {
    /// Its states.
    pub nodes: Vec<DiagramNode>,
    /// Its moves.
    pub edges: Vec<DiagramEdge>,
}

/// One state of the picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DiagramNode {
    /// `link_issued`
    pub state: String,
    /// `LinkIssued`
    pub label: String,
    /// On the straight line, or a side state.
    pub milestone: bool,
    /// `visited`, `current`, `held` (current and in trouble) or `ahead`.
    pub mark: String,
}

/// One arrow of the picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DiagramEdge {
    /// The state before.
    pub from: String,
    /// The state after.
    pub to: String,
    /// The input that moves it.
    pub input: String,
}

/// Numbers for the metrics page.
#[derive(Clone, Debug, PartialEq)]
pub struct Gauges {
    /// Workflow, state, hold code, how many.
    pub instances: Vec<(String, String, String, u64)>,
    /// How late the earliest due task is.
    pub lag: Duration,
}

#[derive(Serialize, Deserialize)]
struct AuditLine {
    at: Timestamp,
    operator: String,
    act: String,
    target: String,
    reason: String,
    state_before: String,
}

/// The milestones that the user named, in order.
const MILESTONES: [&str; 6] = [
    "link_issued",
    "es_completed",
    "token_exchanged",
    "waba_subscribed",
    "number_registered",
    "partner_notified",
];

impl App {
    /// Instances, newest first.
    pub async fn instances(
        &self,
        _operator: &Operator,
        query: &ListQuery,
    ) -> Result<ListView<InstanceRow>, Problem> {
        let (filter, page) = query.judge()?;
        let found = self.engine.find(&filter, &page).await?;
        let mut rows = Vec::with_capacity(found.items.len());
        for record in found.items {
            rows.push(self.row(record).await?);
        }
        Ok(list(rows, found.next))
    }

    /// One instance whole: what it waits for, what it knows, what happened, what may be done.
    pub async fn instance(&self, _operator: &Operator, id: &str) -> Result<InstanceView, Problem> {
        let id = InstanceId::new(id);
        let record = self.found(&id).await?;
        let (facts, awaited) = self.engine.inspect(record.clone()).await?;
        let tasks = self.engine.tasks(&id).await?;
        let journal = self.engine.journal(&id, 0, JOURNAL_MAX).await?;
        let hold = hold_of(&record, awaited.as_ref(), &tasks, self.engine.now());
        Ok(InstanceView {
            id: id.to_string(),
            workflow: record.workflow.clone(),
            version: record.version,
            state: record.state.clone(),
            entered_at: record.entered_at.to_rfc3339(),
            headline: headline(&record, hold.as_ref()),
            acts: acts_of(&record),
            hold,
            facts,
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

    /// Carries an act out, audited with who and why. A repeat of one operation is answered, not repeated.
    pub async fn act(
        &self,
        operator: &Operator,
        id: &str,
        act: &OperatorAct,
    ) -> Result<InstanceView, Problem> {
        if act.reason.trim().is_empty() {
            return Err(Problem::field(
                "reason",
                "missing",
                "say why; it is kept in the history",
            ));
        }
        let instance = InstanceId::new(id);
        let record = self.found(&instance).await?;
        if !acts_of(&record).contains(&act.act.as_str()) {
            let acts = acts_of(&record).join(", ");
            return Err(Problem::new(
                Kind::Conflict,
                "not_in_this_state",
                format!(
                    "`{}` is not possible in {}; possible are: {acts}.",
                    act.act, record.state
                ),
            ));
        }
        if act.dry_run {
            return self.instance(operator, id).await;
        }
        let operation = match &act.operation_id {
            Some(operation) => format!("{id}/{operation}"),
            None => ids::fresh("op", self.engine.now()),
        };
        match self
            .write_audit(operator, &operation, &record, act, Expected::Absent)
            .await
        {
            Ok(()) => {}
            Err(EngineError::DocumentMoved { .. }) => return self.instance(operator, id).await,
            Err(other) => return Err(other.into()),
        }
        self.carry_out(&instance, &record, act).await?;
        self.instance(operator, id).await
    }

    /// What needs a person, in groups of like with like, largest first.
    pub async fn attention(
        &self,
        _operator: &Operator,
    ) -> Result<ListView<AttentionGroup>, Problem> {
        let mut groups: Vec<AttentionGroup> = self
            .engine
            .tally()
            .await?
            .into_iter()
            .filter(|(key, count)| *count > 0 && needs_attention(key))
            .fold(BTreeMap::new(), |mut groups, (key, count)| {
                let code = if key.hold.is_empty() {
                    key.state.clone()
                } else {
                    key.hold
                };
                *groups.entry((code, key.state, key.workflow)).or_insert(0) += count;
                groups
            })
            .into_iter()
            .map(|((code, state, workflow), count)| AttentionGroup {
                code,
                state,
                workflow,
                count,
            })
            .collect();
        groups.sort_by(|one, other| other.count.cmp(&one.count));
        Ok(list(groups, None))
    }

    /// The schedules with their last and next runs.
    pub async fn schedules(&self, _operator: &Operator) -> Result<ListView<Value>, Problem> {
        let states = engine::schedule_states(&self.engine).await?;
        let views = states
            .into_iter()
            .map(|state| {
                json!({
                    "object": "schedule", "name": state.name, "line": state.line,
                    "next_run": state.next_run.to_rfc3339(),
                    "last_run": state.last_run.map(Timestamp::to_rfc3339),
                    "last_result": state.last_result,
                })
            })
            .collect();
        Ok(list(views, None))
    }

    /// What operators did, oldest first.
    pub async fn audit(
        &self,
        _operator: &Operator,
        query: &ListQuery,
    ) -> Result<ListView<Value>, Problem> {
        let (_, page) = query.judge()?;
        let documents = self.engine.documents();
        let (found, next) = documents.scan::<AuditLine>(AUDIT, "", &page).await?;
        let views = found
            .into_iter()
            .map(|opened| {
                let line = opened.body;
                json!({
                    "object": "audit_line", "id": opened.key, "at": line.at.to_rfc3339(),
                    "operator": line.operator, "act": line.act, "target": line.target,
                    "reason": line.reason, "state_before": line.state_before,
                })
            })
            .collect();
        Ok(list(views, next))
    }

    /// The instance's table as a picture, with its path through it.
    pub async fn diagram(&self, _operator: &Operator, id: &str) -> Result<DiagramView, Problem> {
        let id = InstanceId::new(id);
        let record = self.found(&id).await?;
        let diagram = self
            .engine
            .diagram(&record.workflow)
            .ok_or_else(Problem::fault)?;
        let journal = self.engine.journal(&id, 0, JOURNAL_MAX).await?;
        let visited = |state: &str| {
            journal
                .iter()
                .any(|entry| entry.to.as_deref() == Some(state))
        };
        let troubled = record.hold.is_some() || record.state.starts_with("needs_");
        let mark = |state: &str| match state == record.state {
            true if troubled => "held",
            true => "current",
            false if visited(state) => "visited",
            false => "ahead",
        };
        let is_onboarding = record.workflow == "onboarding";
        let nodes = diagram
            .states
            .iter()
            .map(|(state, ends)| DiagramNode {
                state: (*state).to_owned(),
                label: camel(state),
                milestone: if is_onboarding {
                    MILESTONES.contains(state)
                } else {
                    !ends
                },
                mark: mark(state).to_owned(),
            })
            .collect();
        let edges = diagram
            .edges
            .iter()
            .map(|edge| DiagramEdge {
                from: edge.from.to_owned(),
                to: edge.to.to_owned(),
                input: edge.input.to_owned(),
            })
            .collect();
        Ok(DiagramView { nodes, edges })
    }

    /// Numbers for the metrics page.
    pub async fn gauges(&self) -> Result<Gauges, Problem> {
        let mut cells: BTreeMap<(String, String, String), u64> = BTreeMap::new();
        for (key, count) in self.engine.tally().await? {
            *cells
                .entry((key.workflow, key.state, key.hold))
                .or_default() += count;
        }
        Ok(Gauges {
            instances: cells
                .into_iter()
                .map(|((workflow, state, hold), count)| (workflow, state, hold, count))
                .collect(),
            lag: self.engine.lag().await?,
        })
    }

    async fn found(&self, id: &InstanceId) -> Result<Record, Problem> {
        let record = self.engine.record(id).await?;
        record.ok_or_else(|| Problem::not_found("instance"))
    }

    async fn row(&self, record: Record) -> Result<InstanceRow, Problem> {
        let (_, awaited) = self.engine.inspect(record.clone()).await?;
        let tasks = self.engine.tasks(&record.id).await?;
        let hold = hold_of(&record, awaited.as_ref(), &tasks, self.engine.now());
        Ok(InstanceRow {
            id: record.id.to_string(),
            workflow: record.workflow.clone(),
            state: record.state.clone(),
            tenant: record.label("tenant").unwrap_or_default().to_owned(),
            external_id: record.label("external_id").map(ToOwned::to_owned),
            headline: headline(&record, hold.as_ref()),
            hold,
            created_at: record.created_at.to_rfc3339(),
            updated_at: record.updated_at.to_rfc3339(),
        })
    }

    async fn carry_out(
        &self,
        id: &InstanceId,
        record: &Record,
        act: &OperatorAct,
    ) -> Result<(), Problem> {
        if act.act == "cancel" {
            let event = Event::Canceled {
                actor: Actor::Operator,
                reason: act.reason.clone(),
            };
            self.engine.submit::<Onboarding>(id, event).await?;
            return Ok(());
        }
        if act.act == "retry_now" && record.state == "needs_asset" {
            let event = Event::AssetsRecheck {
                actor: Actor::Operator,
            };
            self.engine.submit::<Onboarding>(id, event).await?;
            return Ok(());
        }
        let intervention = match act.act.as_str() {
            "pause" => Act::Pause,
            "resume" => Act::Resume,
            _ => Act::RetryNow,
        };
        let reason = Reason::new("operator", act.reason.clone());
        Ok(self
            .engine
            .intervene(id, intervention, Actor::Operator, reason)
            .await?)
    }

    async fn write_audit(
        &self,
        operator: &Operator,
        operation: &str,
        record: &Record,
        act: &OperatorAct,
        expected: Expected,
    ) -> Result<(), EngineError> {
        let line = AuditLine {
            at: self.engine.now(),
            operator: operator.name.clone(),
            act: act.act.clone(),
            target: record.id.to_string(),
            reason: act.reason.clone(),
            state_before: record.state.clone(),
        };
        let documents = self.engine.documents();
        let puts = documents
            .seal(DocumentDraft {
                space: AUDIT,
                key: operation,
                subject: &house_subject(),
                expected,
                body: &line,
                expires_at: None,
            })
            .await?;
        documents.write(puts).await
    }
}

fn needs_attention(key: &TallyKey) -> bool {
    !key.hold.is_empty() || key.state.starts_with("needs_")
}

/// What an operator may do to an instance as it stands.
fn acts_of(record: &Record) -> Vec<&'static str> {
    if record.ended {
        return Vec::new();
    }
    let paused = matches!(&record.hold, Some(hold) if hold.kind == HoldKind::Paused);
    let mut acts = Vec::new();
    if paused {
        acts.push("resume");
    } else {
        if record.owes.is_some() || record.state == "needs_asset" {
            acts.push("retry_now");
        }
        acts.push("pause");
    }
    if record.workflow == "onboarding" && record.state != "number_registered" {
        acts.push("cancel");
    }
    acts
}

/// What it waits for: what holds it up, else whom its state awaits, else the task that is owed.
fn hold_of(
    record: &Record,
    awaited: Option<&Awaited>,
    tasks: &[Task],
    now: Timestamp,
) -> Option<HoldView> {
    if let Some(hold) = &record.hold {
        let kind = match hold.kind {
            HoldKind::Retrying => "retrying",
            HoldKind::Waiting => "waiting",
            HoldKind::Parked => "parked",
            HoldKind::Paused => "paused",
        };
        return Some(HoldView {
            kind: kind.to_owned(),
            code: hold.reason.code.clone(),
            text: hold.reason.text.clone(),
            since: hold.since.to_rfc3339(),
            until: hold.until.map(Timestamp::to_rfc3339),
            mover: hold.mover.as_str().to_owned(),
            attempt: hold.attempt,
        });
    }
    let Some(owed) = &record.owes else {
        return awaiting(record, awaited);
    };
    let view = |kind: &str, code: &str, text: String, until: Option<Timestamp>, mover: Actor| {
        Some(HoldView {
            kind: kind.to_owned(),
            code: code.to_owned(),
            text,
            since: record.entered_at.to_rfc3339(),
            until: until.map(Timestamp::to_rfc3339),
            mover: mover.as_str().to_owned(),
            attempt: 0,
        })
    };
    let due = tasks
        .iter()
        .find(|task| task.work.key() == format!("command:{owed}"))
        .map(|task| task.due);
    let words = owed.replace('_', " ");
    match due {
        Some(due) if due > now => view("waiting", owed, words, Some(due), Actor::System),
        _ => view("working", owed, words, None, Actor::System),
    }
}

fn awaiting(record: &Record, awaited: Option<&Awaited>) -> Option<HoldView> {
    let awaited = awaited?;
    Some(HoldView {
        kind: "awaiting".to_owned(),
        code: awaited.reason.code.clone(),
        text: awaited.reason.text.clone(),
        since: record.entered_at.to_rfc3339(),
        until: awaited.until.map(Timestamp::to_rfc3339),
        mover: awaited.mover.as_str().to_owned(),
        attempt: 0,
    })
}

/// One sentence: what it waits for, since when, when next, who can move it.
fn headline(record: &Record, hold: Option<&HoldView>) -> String {
    let Some(hold) = hold else {
        return match record.ended {
            true => format!("Ended in {}.", camel(&record.state)),
            false => format!("In {}.", camel(&record.state)),
        };
    };
    let beginning = match hold.kind.as_str() {
        "working" => format!("Working: {}", hold.text),
        "retrying" => format!("Try {} failed: {}", hold.attempt, hold.text),
        "paused" => format!("Paused: {}", hold.text),
        _ => format!("Waiting: {}", hold.text),
    };
    let next = hold
        .until
        .as_ref()
        .map(|until| format!(" · until {until}"))
        .unwrap_or_default();
    format!(
        "{beginning} · since {}{next} · moved by: {}",
        hold.since, hold.mover
    )
}

fn task_view(task: &Task) -> TaskView {
    TaskView {
        key: task.work.key(),
        due_at: task.due.to_rfc3339(),
        attempt: task.attempt,
    }
}

fn camel(state: &str) -> String {
    state
        .split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
                .unwrap_or_default()
        })
        .collect()
}
