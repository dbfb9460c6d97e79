//! Whether an app can serve clients, as it was last seen; and whether its links are held back.

use engine::{DocumentDraft, Documents, EngineError, Expected, Timestamp};
use serde::{Deserialize, Serialize};

use super::findings::{APP, Finding, wrong};
use crate::directory::house_subject;
use crate::values::AppId;

const SPACE: &str = "readiness";

/// What is known of an app's fitness.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readiness {
    /// When a preflight last saw it.
    pub seen_at: Option<Timestamp>,
    /// Whether that preflight found nothing wrong.
    pub ready: Option<bool>,
    /// What it found wrong, in sentences.
    pub reasons: Vec<String>,
    /// Why no new links are made for it.
    pub paused: Option<Pause>,
}

/// Why no new links are made: every client would fail in the same way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Since when.
    pub since: Timestamp,
    /// Groups like with like.
    pub code: String,
    /// What Meta said.
    pub text: String,
}

/// Keeps what is known of each app.
#[derive(Clone)]
pub(crate) struct Readinesses {
    documents: Documents,
}

impl Readinesses {
    pub(crate) fn new(documents: Documents) -> Self {
        Self { documents }
    }

    pub(crate) async fn of(&self, app: &AppId) -> Result<Readiness, EngineError> {
        let found = self.documents.get::<Readiness>(SPACE, app.as_str()).await?;
        Ok(found.map(|opened| opened.body).unwrap_or_default())
    }

    /// A preflight ended: nothing wrong lets links go on, a refused secret stops them.
    pub(super) async fn seen(
        &self,
        app: &AppId,
        findings: &[Finding],
        now: Timestamp,
    ) -> Result<(), EngineError> {
        let reasons: Vec<String> = wrong(findings).map(|one| one.what.clone()).collect();
        let secret = wrong(findings).find(|one| one.check == APP);
        let former = self.of(app).await?.paused;
        let paused = match secret {
            Some(finding) => former.or_else(|| {
                Some(Pause {
                    since: now,
                    code: "app_refused".to_owned(),
                    text: finding.what.clone(),
                })
            }),
            None if reasons.is_empty() => None,
            None => former,
        };
        let seen = Readiness {
            seen_at: Some(now),
            ready: Some(reasons.is_empty()),
            reasons,
            paused,
        };
        self.keep(app, &seen).await
    }

    /// Meta refused the app itself at an exchange: no further client is sent into that.
    pub(crate) async fn pause(&self, app: &AppId, pause: Pause) -> Result<(), EngineError> {
        let known = self.of(app).await?;
        if known.paused.is_some() {
            return Ok(());
        }
        let paused = Readiness {
            paused: Some(pause),
            ..known
        };
        self.keep(app, &paused).await
    }

    /// The setup changed: what was refused before may be accepted now.
    pub(crate) async fn lift(&self, app: &AppId) -> Result<(), EngineError> {
        let known = self.of(app).await?;
        if known.paused.is_none() {
            return Ok(());
        }
        let lifted = Readiness {
            paused: None,
            ..known
        };
        self.keep(app, &lifted).await
    }

    /// The last word counts: each says the whole.
    async fn keep(&self, app: &AppId, readiness: &Readiness) -> Result<(), EngineError> {
        let puts = self
            .documents
            .seal(DocumentDraft {
                space: SPACE,
                key: app.as_str(),
                subject: &house_subject(),
                expected: Expected::Any,
                body: readiness,
                expires_at: None,
            })
            .await?;
        self.documents.write(puts).await
    }
}
