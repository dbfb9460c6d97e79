//! What a word means to the onboardings that are bound to its account or number.

use engine::{Actor, EngineError, Instance, Timestamp};

use super::Ears;
use crate::intake::Came;
use crate::onboarding::{Event, Onboarding, Trouble};
use crate::words::{Said, Word};

impl Ears {
    /// Tells the onboardings; answers the most that came of it.
    pub(super) async fn to_onboardings(&self, word: &Word) -> Result<Came, EngineError> {
        let now = self.engine.now();
        if event_of(word, now).is_none() {
            return Ok(Came::Seen);
        }
        let mut bound = self.bound_onboardings(word).await?;
        if word.said == Said::HistoryRefused {
            // It says so of the signup that asked last.
            let latest = bound.into_iter().max_by_key(|one| one.record.created_at);
            bound = latest.into_iter().collect();
        } else {
            bound.retain(|one| !one.record.ended);
        }
        let mut came = Came::Seen;
        for onboarding in bound {
            if let Some(event) = event_of(word, now) {
                came = came.max(self.tell_one(&onboarding, event).await?);
            }
        }
        Ok(came)
    }

    async fn tell_one(
        &self,
        before: &Instance<Onboarding>,
        event: Event,
    ) -> Result<Came, EngineError> {
        let id = &before.record.id;
        match self.engine.submit::<Onboarding>(id, event).await {
            Ok(after) if after.record.visit > before.record.visit => {
                Ok(Came::Moved(id.to_string()))
            }
            Ok(after) if after.record.version > before.record.version => {
                Ok(Came::Learned(id.to_string()))
            }
            // What it can no longer take it need not hear.
            Ok(_) | Err(EngineError::Refused(_) | EngineError::Archived(_)) => Ok(Came::Seen),
            Err(other) => Err(other),
        }
    }
}

/// What a word says to an onboarding, if anything.
fn event_of(word: &Word, now: Timestamp) -> Option<Event> {
    let at = word.at;
    Some(match &word.said {
        Said::HistoryRefused => Event::HistoryRefused,
        Said::AppUninstalled => Event::AccessRevoked {
            trouble: revoked("app_removed", now),
            at,
        },
        Said::PartnerRemoved { .. } => Event::AccessRevoked {
            trouble: revoked("access_removed", now),
            at,
        },
        Said::AccountDeleted => Event::AccessRevoked {
            trouble: revoked("account_deleted", now),
            at,
        },
        Said::AccountReviewed { decision } => Event::AccountReviewed {
            decision: decision.clone(),
            at,
        },
        Said::NameReviewed {
            decision, reason, ..
        } => Event::NameReviewed {
            decision: decision.clone(),
            reason: reason.clone(),
            at,
        },
        Said::Certified { status, reasons } => Event::BusinessVerified {
            status: status.clone(),
            reasons: reasons.clone(),
            at,
        },
        Said::PinOff => Event::PinFree { at },
        _ => return None,
    })
}

/// What is told to client, partner and operator of something that was taken back.
fn revoked(code: &str, now: Timestamp) -> Trouble {
    let text = match code {
        "app_removed" => "The client removed this app's permissions at Meta.",
        "access_removed" => {
            "The client's account, or this number of it, is no longer shared with us."
        }
        _ => "The client's WhatsApp account was deleted at Meta.",
    };
    Trouble {
        code: code.to_owned(),
        text: text.to_owned(),
        mover: Actor::Client,
        at: now,
    }
}
