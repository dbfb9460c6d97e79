//! A check of all histories as a durable job: begun by an operator, resumed after a crash, its
//! outcome kept for whoever asks.

mod machine;

use std::time::Duration;

use async_trait::async_trait;
use engine::{
    Actor, Awaited, Care, Conduct, DocumentDraft, Documents, EngineError, Executor, Expected,
    Findings, Heard, Hold, Job, Label, Note, Outcome, Reason, Timestamp, Tries, Verifier, Workflow,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use machine::{Command, Input, Machine, State};

use crate::directory::house_subject;

/// Where a check under way says how far it has come.
pub(crate) const PROGRESS: &str = "journal_checks";

/// Stretches between two words of progress; each holds up to a thousand instances.
const STRETCHES: usize = 5;

/// What a check knows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When it had read everything.
    pub ended_at: Option<Timestamp>,
    /// What came of it.
    pub findings: Option<Findings>,
}

/// What a check can hear.
#[derive(Clone, Debug)]
pub enum Event {
    /// Everything was read.
    Read(Box<Findings>),
}

/// The workflow of one check.
#[derive(Clone, Copy, Debug)]
pub struct JournalCheck;

impl Workflow for JournalCheck {
    const NAME: &'static str = "journal_check";
    const VERSION: u32 = 1;

    type Machine = Machine;
    type Facts = Facts;
    type Event = Event;

    fn first(_facts: &Facts) -> Option<Command> {
        Some(Command::ReadHistories)
    }

    fn hear(facts: &Facts, _state: State, event: Event, now: Timestamp) -> Heard<Self> {
        let Event::Read(findings) = event;
        let (input, note) = if findings.is_sound() {
            let note = Note::plain("found_sound", Actor::System);
            (Input::FoundSound, note)
        } else {
            let text = format!("{} discrepancies", findings.broken);
            let why = Reason::new("journal_broken", text);
            let note = Note::because("found_broken", Actor::System, why);
            (Input::FoundBroken, note)
        };
        let next = Facts {
            ended_at: Some(now),
            findings: Some(*findings),
            ..facts.clone()
        };
        Heard::moved(next, input, note)
    }

    fn labels(_state: State, _facts: &Facts, _hold: Option<&Hold>) -> Vec<Label> {
        vec![Label::shared("kind", "journal_check")]
    }

    fn conduct(_command: Command, _facts: &Facts) -> Conduct {
        Conduct {
            lane: "journal".to_owned(),
            care: Care::Repeatable,
            tries: Tries {
                attempts: 10,
                first: Duration::from_secs(5),
                longest: Duration::from_mins(5),
                within: None,
            },
            // Millions of histories take minutes; a store that hangs for hours is another matter.
            limit: Duration::from_hours(6),
            express: false,
        }
    }

    fn awaits(_state: State, _facts: &Facts) -> Option<Awaited> {
        None
    }

    fn ends(state: State) -> bool {
        state != State::Checking
    }

    fn redacted(facts: &Facts) -> Value {
        json!({
            "asked_at": facts.asked_at.to_rfc3339(),
            "ended_at": facts.ended_at.map(Timestamp::to_rfc3339),
            "findings": facts.findings.as_ref().map(findings_view),
        })
    }
}

/// What a check found, for people and programs.
pub fn findings_view(findings: &Findings) -> Value {
    let newest = findings.newest.as_ref().map(|root| {
        json!({ "number": root.number, "mark": root.mark.to_string(), "at": root.at.to_rfc3339() })
    });
    let told = findings.told.iter().map(
        |found| json!({ "instance": found.instance, "fault": found.fault, "text": found.text }),
    );
    json!({
        "sound": findings.is_sound(),
        "instances": findings.instances, "lines": findings.lines,
        "unlinked_lines": findings.unlinked, "instances_since_root": findings.unrooted,
        "roots": findings.roots, "newest_root": newest,
        "discrepancies": findings.broken, "told": told.collect::<Vec<_>>(),
    })
}

/// Carries checks out.
pub struct CheckExecutor {
    verifier: Verifier,
    documents: Documents,
}

impl CheckExecutor {
    /// An executor that reads with `verifier`.
    pub fn new(verifier: Verifier, documents: Documents) -> Self {
        Self {
            verifier,
            documents,
        }
    }

    async fn check(&self, job: &Job<JournalCheck>) -> Result<Findings, EngineError> {
        let mut check = match self.verifier.begin(None).await? {
            Ok(check) => check,
            Err(findings) => return Ok(findings),
        };
        let mut stretches = 0;
        while check.step().await? {
            stretches += 1;
            if stretches % STRETCHES == 0 {
                self.tell(job, check.findings()).await?;
            }
            tokio::task::yield_now().await;
        }
        Ok(check.findings().clone())
    }

    /// Says how far it has come; a repeat after a crash begins anew and says so by smaller numbers.
    async fn tell(&self, job: &Job<JournalCheck>, findings: &Findings) -> Result<(), EngineError> {
        let puts = self
            .documents
            .seal(DocumentDraft {
                space: PROGRESS,
                key: job.id.as_str(),
                subject: &house_subject(),
                expected: Expected::Any,
                body: findings,
                expires_at: Some(job.now + Duration::from_hours(24)),
            })
            .await?;
        self.documents.write(puts).await
    }
}

#[async_trait]
impl Executor<JournalCheck> for CheckExecutor {
    async fn perform(&self, _command: Command, job: &Job<JournalCheck>) -> Outcome<Event> {
        match self.check(job).await {
            Ok(findings) => {
                if !findings.is_sound() {
                    tracing::error!(
                        discrepancies = findings.broken,
                        "histories are not as they were written"
                    );
                }
                Outcome::Done(Event::Read(Box::new(findings)))
            }
            Err(error) => {
                let cause: &dyn std::error::Error = &error;
                tracing::error!(error = cause, "a check of the histories broke off");
                Outcome::Retry {
                    why: Reason::new("store_unavailable", "the store did not answer the check"),
                    after: None,
                    otherwise: None,
                }
            }
        }
    }
}
