//! Links and browser sessions: secrets of which only digests are kept.

use std::time::Duration;

use engine::{DocumentDraft, EngineError, Expected, Instance, InstanceId, PutDocument, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::App;
use super::problem::{Kind, Problem};
use crate::ids;
use crate::onboarding::{Onboarding, State};

/// The space of links.
pub(super) const LINKS: &str = "links";
const SESSIONS: &str = "sessions";

/// A browser may stay this long; a client who comes back later opens the link again.
pub(super) const SESSION_LIFE: Duration = Duration::from_hours(24);

/// What a link's token leads to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct LinkDocument {
    pub(super) onboarding: InstanceId,
    pub(super) link: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct SessionDocument {
    onboarding: InstanceId,
    ends_at: Timestamp,
}

/// A client's browser session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSession {
    /// The onboarding it may act on.
    pub onboarding: InstanceId,
    /// False when a later browser took over.
    pub current: bool,
}

impl App {
    /// The browser session of this secret.
    pub async fn session(&self, secret: &str) -> Result<ClientSession, Problem> {
        let digest = digest(secret);
        let found = self
            .engine
            .documents()
            .get::<SessionDocument>(SESSIONS, &digest)
            .await?;
        let now = self.engine.now();
        let session = found
            .filter(|session| now < session.body.ends_at)
            .ok_or_else(no_session)?
            .body;
        let instance = self.engine.read::<Onboarding>(&session.onboarding).await?;
        Ok(ClientSession {
            current: instance.facts.browser.as_deref() == Some(digest.as_str()),
            onboarding: session.onboarding,
        })
    }

    /// The onboarding of a link that can still be used.
    pub(super) async fn link(&self, token: &str) -> Result<Instance<Onboarding>, Problem> {
        let found = self
            .engine
            .documents()
            .get::<LinkDocument>(LINKS, &digest(token))
            .await?;
        let link = found.ok_or_else(unknown_link)?.body;
        let instance = match self.engine.read::<Onboarding>(&link.onboarding).await {
            Ok(instance) => instance,
            Err(EngineError::NotFound(_)) => return Err(unknown_link()),
            Err(other) => return Err(other.into()),
        };
        if instance.facts.link.id != link.link {
            return Err(revoked());
        }
        if instance.state == State::PartnerNotified {
            return Err(dead(
                "link_ended",
                "This setup is finished: the number is connected. There is nothing left to do here.",
            ));
        }
        if let Some(problem) = self.dead_link(&instance) {
            return Err(problem);
        }
        Ok(instance)
    }

    /// Why nothing can be done with the onboarding's link any more, if that is so.
    pub(super) fn dead_link(&self, instance: &Instance<Onboarding>) -> Option<Problem> {
        let link = &instance.facts.link;
        if matches!(instance.state, State::Canceling | State::Canceled) {
            return Some(dead(
                "link_ended",
                "This setup was called off. If you did not expect that, ask whoever sent you the link.",
            ));
        }
        if link.revoked_at.is_some() {
            return Some(revoked());
        }
        let over = instance.state == State::Expired || !link.is_alive(self.engine.now());
        over.then(|| {
            dead(
                "link_expired",
                "This link has expired. Ask whoever sent it for a new one; nothing you did is lost.",
            )
        })
    }

    /// A fresh session secret with what must be written for it.
    pub(super) async fn fresh_session(
        &self,
        instance: &Instance<Onboarding>,
    ) -> Result<(String, Vec<PutDocument>), Problem> {
        let secret = ids::token();
        let ends_at = self.engine.now() + SESSION_LIFE;
        let session = SessionDocument {
            onboarding: instance.record.id.clone(),
            ends_at,
        };
        let puts = self
            .engine
            .documents()
            .seal(DocumentDraft {
                space: SESSIONS,
                key: &digest(&secret),
                subject: &instance.record.subject,
                expected: Expected::Absent,
                body: &session,
                expires_at: Some(ends_at),
            })
            .await?;
        Ok((secret, puts))
    }
}

/// SHA-256 in hex: what is kept of a secret that has entropy of its own.
pub(super) fn digest(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

fn no_session() -> Problem {
    Problem::new(
        Kind::Unauthenticated,
        "no_session",
        "This page is not open any more. Open the link you were sent again.",
    )
}

fn unknown_link() -> Problem {
    Problem::new(
        Kind::NotFound,
        "link_unknown",
        "We do not know this link. Check that it was copied whole, or ask whoever sent it for a new one.",
    )
}

fn revoked() -> Problem {
    dead(
        "link_revoked",
        "This link was replaced or withdrawn. Use the newest link you were sent, or ask for a new one.",
    )
}

fn dead(code: &'static str, detail: &str) -> Problem {
    Problem::new(Kind::Gone, code, detail)
}
