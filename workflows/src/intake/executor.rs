//! Tells whom a webhook's changes concern. A change is told first and marked as heard with the outcome: a
//! death in between tells it twice, so every word means the same the second time.

use std::collections::HashSet;

use async_trait::async_trait;
use engine::{
    DocumentDraft, Documents, EngineError, EngineHandle, Executor, Expected, Job, Outcome,
    PutDocument, Reason,
};
use serde::{Deserialize, Serialize};

use super::facts::{Came, Change, is_heard};
use super::raw::{KEPT_FOR, Kept};
use super::tell::Ears;
use super::{Command, Event, Facts, Intake};
use crate::directory::{Directory, house_subject};
use crate::words::{Heard, Word};

/// Where it is marked which changes were heard.
pub(crate) const CHANGES: &str = "meta_changes";

/// Changes told in one turn, so that the largest webhook fits into the time of a turn.
const PAGE: usize = 50;

/// That a change was heard.
#[derive(Serialize, Deserialize)]
struct Mark {
    intake: String,
}

/// Performs intakes.
pub struct IntakeExecutor {
    engine: EngineHandle,
    documents: Documents,
}

impl IntakeExecutor {
    /// An executor that tells instances of `engine`.
    pub fn new(engine: EngineHandle, documents: Documents) -> Self {
        Self { engine, documents }
    }

    async fn tell_changes(&self, job: &Job<Intake>) -> Result<Outcome<Event>, EngineError> {
        let Some(engine) = self.engine.engine() else {
            return Ok(again("process_ends", "this process is closing down"));
        };
        let words = self.words(&job.facts).await?;
        let due: Vec<Word> = words.into_iter().skip(job.facts.told).collect();
        let last = due.len() <= PAGE;
        let ears = Ears::of(engine);
        let mut told = HashSet::new();
        let (mut changes, mut documents) = (Vec::new(), Vec::new());
        for word in due.into_iter().take(PAGE) {
            let is_new = told.insert(word.key.clone());
            let came = if is_new && !self.was_heard(&job.facts, &word).await? {
                documents.extend(self.mark(job, &word).await?);
                told_to(&ears, &word).await?
            } else {
                Came::Repeat
            };
            changes.push(Change::of(word, came));
        }
        let event = Event::Told { changes, last };
        Ok(Outcome::DoneWith { event, documents })
    }

    /// What is to be heard of a webhook; nothing once it is kept no longer.
    async fn words(&self, facts: &Facts) -> Result<Vec<Word>, EngineError> {
        let place = (&facts.app, facts.digest.as_str(), facts.parts);
        let Some(kept) = Kept::found(&self.documents, place).await? else {
            return Ok(Vec::new());
        };
        let app = Directory::new(self.documents.clone())
            .meta_app(&facts.app)
            .await?;
        let heard = Heard {
            app: &facts.app,
            business: app.as_ref().and_then(|app| app.business_id.as_deref()),
            at: facts.received_at,
        };
        Ok(kept.words(heard).into_iter().filter(is_heard).collect())
    }

    /// Whether a change was heard before; what an operator has heard again was not.
    async fn was_heard(&self, facts: &Facts, word: &Word) -> Result<bool, EngineError> {
        if facts.replayed_at.is_some() {
            return Ok(false);
        }
        let mark = self.documents.get::<Mark>(CHANGES, &place(word)).await?;
        Ok(mark.is_some())
    }

    async fn mark(&self, job: &Job<Intake>, word: &Word) -> Result<Vec<PutDocument>, EngineError> {
        let draft = DocumentDraft {
            space: CHANGES,
            key: &place(word),
            subject: &house_subject(),
            // Another webhook may hold the same change and be told at the same moment.
            expected: Expected::Any,
            body: &Mark {
                intake: job.id.to_string(),
            },
            expires_at: Some(job.now + KEPT_FOR),
        };
        self.documents.seal(draft).await
    }
}

/// What came of a word. One that cannot be read holds up neither the others nor the webhook.
async fn told_to(ears: &Ears, word: &Word) -> Result<Came, EngineError> {
    match ears.tell(word).await {
        Err(EngineError::Unreadable { id, .. } | EngineError::Newer { id, .. }) => {
            tracing::error!(instance.id = %id, "a word of Meta's concerns what cannot be read");
            Ok(Came::Unheard(id.to_string()))
        }
        told => told,
    }
}

fn place(word: &Word) -> String {
    format!("{}/{}", word.app, word.key)
}

fn again(code: &str, text: &str) -> Outcome<Event> {
    Outcome::Retry {
        why: Reason::new(code, text),
        after: None,
        otherwise: None,
    }
}

#[async_trait]
impl Executor<Intake> for IntakeExecutor {
    async fn perform(&self, command: Command, job: &Job<Intake>) -> Outcome<Event> {
        match command {
            Command::TellChanges => self.tell_changes(job).await.unwrap_or_else(|error| {
                let cause: &dyn std::error::Error = &error;
                tracing::error!(error = cause, "a webhook's changes could not be told");
                again(
                    "not_told",
                    "somebody whom the webhook concerns could not be told",
                )
            }),
        }
    }
}
