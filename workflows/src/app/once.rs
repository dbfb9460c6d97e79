//! Idempotency: a request under a key is carried out once, and its answer is given again.

use std::time::Duration;

use engine::{DocumentDraft, Documents, EngineError, Expected, InstanceId, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::App;
use super::keys::Caller;
use super::problem::{Kind, Problem};
use crate::directory::partner_subject;
use crate::ids;

const SPACE: &str = "idempotency";

/// Answers are kept this long.
const KEPT: Duration = Duration::from_hours(48);

/// A request that has not been answered for this long was cut off by a crash and may run again.
const RUNNING_MAX: Duration = Duration::from_mins(1);

/// What came of announcing an idempotent request.
#[derive(Clone, Debug)]
pub enum Begun {
    /// Carry it out, then finish with the ticket.
    Fresh(Ticket),
    /// It was carried out before: answer this again.
    Replay {
        /// The status of the first answer.
        status: u16,
        /// The body of the first answer.
        body: String,
    },
}

/// Holds the place of an idempotent request.
#[derive(Clone, Debug)]
pub struct Ticket {
    key: String,
    subject: engine::SubjectId,
    version: u64,
    request: String,
    /// The id an onboarding made under this key gets, so that a repeat after a crash makes no second.
    pub onboarding: InstanceId,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    request: String,
    onboarding: InstanceId,
    begun_at: Timestamp,
    answer: Option<(u16, String)>,
}

impl App {
    /// Announces a request under an idempotency key; `request` is method, path and raw body.
    pub async fn begin(
        &self,
        caller: &Caller,
        key: &str,
        request: &[u8],
    ) -> Result<Begun, Problem> {
        let now = self.engine.now();
        let place = hex::encode(Sha256::digest(format!("{}/{key}", caller.key)));
        let digest = hex::encode(Sha256::digest(request));
        let found = self.engine.documents().get::<Kept>(SPACE, &place).await?;
        let (expected, onboarding) = match found {
            // Free when it was read, so it must still be free when it is taken.
            None => (Expected::Absent, InstanceId::new(ids::fresh("onb", now))),
            Some(kept) if kept.expires_at.is_some_and(|end| end <= now) => (
                Expected::Version(kept.version),
                InstanceId::new(ids::fresh("onb", now)),
            ),
            Some(kept) if kept.body.request != digest => return Err(other_request()),
            Some(kept) => match kept.body.answer {
                Some((status, body)) => return Ok(Begun::Replay { status, body }),
                None if now.since(kept.body.begun_at) < RUNNING_MAX => return Err(running()),
                None => (Expected::Version(kept.version), kept.body.onboarding),
            },
        };
        let mut ticket = Ticket {
            key: place,
            subject: partner_subject(&caller.partner),
            version: 0,
            request: digest,
            onboarding,
        };
        match self.keep(&ticket, None, expected).await {
            Ok(()) => {}
            Err(EngineError::DocumentMoved { .. }) => return Err(running()),
            Err(other) => return Err(other.into()),
        }
        let stored = self
            .engine
            .documents()
            .get::<Kept>(SPACE, &ticket.key)
            .await?;
        ticket.version = stored.map(|kept| kept.version).unwrap_or_default();
        Ok(Begun::Fresh(ticket))
    }

    /// Keeps the answer, to be given again.
    pub async fn finish(&self, ticket: &Ticket, status: u16, body: &str) -> Result<(), Problem> {
        let answer = Some((status, body.to_owned()));
        let expected = Expected::Version(ticket.version);
        match self.keep(ticket, answer, expected).await {
            // A repeat took the place over after a long silence; its answer stands.
            Ok(()) | Err(EngineError::DocumentMoved { .. }) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }

    /// Gives the place up after a refusal that the caller may mend.
    pub async fn abandon(&self, ticket: &Ticket) -> Result<(), Problem> {
        let removal = Documents::removal(SPACE, &ticket.key, Expected::Version(ticket.version));
        match self.engine.documents().write(vec![removal]).await {
            Ok(()) | Err(EngineError::DocumentMoved { .. }) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }

    async fn keep(
        &self,
        ticket: &Ticket,
        answer: Option<(u16, String)>,
        expected: Expected,
    ) -> Result<(), EngineError> {
        let now = self.engine.now();
        let kept = Kept {
            request: ticket.request.clone(),
            onboarding: ticket.onboarding.clone(),
            begun_at: now,
            answer,
        };
        let documents = self.engine.documents();
        let puts = documents
            .seal(DocumentDraft {
                space: SPACE,
                key: &ticket.key,
                subject: &ticket.subject,
                expected,
                body: &kept,
                expires_at: Some(now + KEPT),
            })
            .await?;
        documents.write(puts).await
    }
}

fn other_request() -> Problem {
    Problem::new(
        Kind::Invalid,
        "idempotency_key_reused",
        "This Idempotency-Key was used for another request. Use a fresh key for each request.",
    )
}

fn running() -> Problem {
    Problem {
        retry_after: Some(Duration::from_secs(2)),
        ..Problem::new(
            Kind::Conflict,
            "idempotency_key_in_use",
            "The first request under this Idempotency-Key is still running. Ask again shortly.",
        )
    }
}
