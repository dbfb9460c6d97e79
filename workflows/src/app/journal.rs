//! The check of all histories, as operators ask for it and read its outcome.

use engine::{Actor, Filter, Findings, InstanceId, NewInstance, Note, PageOrder, Timestamp};
use serde_json::{Value, json};

use super::App;
use super::audit::Deed;
use super::lists::list;
use super::operators::Operator;
use super::problem::Problem;
use super::views::ListView;
use crate::directory::house_subject;
use crate::ids;
use crate::journal_check::{Facts, JournalCheck, PROGRESS, State, findings_view};

/// Checks shown at once.
const CHECKS_SHOWN: usize = 20;

impl App {
    /// Begins a check of all histories; answers the job.
    pub async fn verify_journal(&self, operator: &Operator) -> Result<Value, Problem> {
        let now = self.engine.now();
        let id = ids::fresh("chk", now);
        self.write_audit(
            operator,
            Deed {
                act: "verify_journal",
                target: &id,
                reason: "",
                state_before: "",
            },
        )
        .await?;
        let new = NewInstance::<JournalCheck> {
            id: InstanceId::new(id),
            subject: house_subject(),
            facts: Facts {
                asked_at: now,
                ended_at: None,
                findings: None,
            },
            parent: None,
            note: Note::plain("asked_for", Actor::Operator),
        };
        let instance = self.engine.create(new, Vec::new()).await?;
        self.check_view(&instance).await
    }

    /// One check, with how far it has come or what came of it.
    pub async fn journal_check(&self, _operator: &Operator, id: &str) -> Result<Value, Problem> {
        let found = self.engine.read::<JournalCheck>(&InstanceId::new(id)).await;
        let instance = found.map_err(|error| match error {
            engine::EngineError::NotFound(_) => Problem::not_found("journal check"),
            other => other.into(),
        })?;
        self.check_view(&instance).await
    }

    /// The checks there were, newest first.
    pub async fn journal_checks(&self, _operator: &Operator) -> Result<ListView<Value>, Problem> {
        let filter = Filter {
            workflow: Some("journal_check".to_owned()),
            labels: vec![("kind".to_owned(), "journal_check".to_owned())],
            ..Filter::default()
        };
        let page = PageOrder {
            limit: CHECKS_SHOWN,
            after: None,
        };
        let mut views = Vec::new();
        for record in self.engine.find(&filter, &page).await?.items {
            let instance = self.engine.open::<JournalCheck>(record).await?;
            views.push(self.check_view(&instance).await?);
        }
        Ok(list(views, None))
    }

    async fn check_view(&self, check: &engine::Instance<JournalCheck>) -> Result<Value, Problem> {
        let facts = &check.facts;
        let id = check.record.id.as_str();
        let status = match check.state {
            State::Checking => "running",
            State::Sound => "sound",
            State::Broken => "broken",
        };
        let mut findings = facts.findings.clone();
        if findings.is_none() {
            let documents = self.engine.documents();
            let told = documents.get::<Findings>(PROGRESS, id).await?;
            findings = told.map(|opened| opened.body);
        }
        let tally = self.engine.tally().await?;
        let of: u64 = tally.iter().map(|(_, count)| count).sum();
        Ok(json!({
            "object": "journal_check", "id": id, "status": status,
            "asked_at": facts.asked_at.to_rfc3339(),
            "ended_at": facts.ended_at.map(Timestamp::to_rfc3339),
            "progress": { "instances": findings.as_ref().map_or(0, |found| found.instances), "of": of },
            "findings": facts.findings.as_ref().map(findings_view),
        }))
    }
}
