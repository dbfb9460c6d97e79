//! The WhatsApp Business app's contacts and chats: each asked for once, within Meta's 24 hours.

use engine::{Actor, Finding, Job, Outcome, Reason};

use super::{INVISIBLE_TRIES, OnboardingExecutor, outcome_of, reason_of, retry};
use crate::onboarding::Onboarding;
use crate::onboarding::answers::sync_closed;
use crate::onboarding::event::Event;
use crate::onboarding::facts::Bound;
use crate::onboarding::machine::State;
use crate::ports::graph::{Access, PhoneNumber, Reaction, SyncKind};

impl OnboardingExecutor {
    /// What a number that stays in the app still needs.
    pub(super) async fn coexistence_step(
        &self,
        job: &Job<Onboarding>,
        (bound, access): (&Bound, &Access),
        number: PhoneNumber,
    ) -> Outcome<Event> {
        if job.state == State::CreditShared {
            return Outcome::Done(Event::CoexistenceSeen);
        }
        if job.state == State::WabaSubscribed {
            // Their time is short, so the chats come before the credit line.
            return Outcome::Done(Event::SyncWanted);
        }
        if let Some(credit) = self.credit_step(job, bound).await {
            return credit;
        }
        if number.live && number.on_business_app {
            return Outcome::Done(self.live(number, bound, access).await);
        }
        retry(Reason::new(
            "coexistence_not_active",
            "Meta does not show the number as connected to its WhatsApp Business app yet",
        ))
    }

    pub(super) async fn request_sync(
        &self,
        job: &Job<Onboarding>,
        kind: SyncKind,
    ) -> Outcome<Event> {
        let (access, bound) = match self.access_and_number(job).await {
            Ok(known) => known,
            Err(outcome) => return *outcome,
        };
        let done = |request_id| Outcome::Done(Event::SyncRequested { kind, request_id });
        let syncs = &job.facts.syncs;
        let known = match kind {
            SyncKind::Contacts => &syncs.contacts,
            SyncKind::History => &syncs.history,
        };
        if let Some(sync) = known {
            return done(sync.request_id.clone());
        }
        let error = match self.graph.request_sync(&bound.phone, kind, &access).await {
            Ok(request_id) => return done(request_id),
            Err(error) => error,
        };
        match error.reaction {
            Reaction::SyncUsedUp => done(None),
            Reaction::SyncTooLate => Outcome::Done(Event::SyncLost(sync_closed(job.now))),
            Reaction::Unanswered | Reaction::Transient => Outcome::Unknown {
                why: reason_of(&error),
            },
            Reaction::Refused | Reaction::NotVisible if job.attempt + 1 < INVISIBLE_TRIES => {
                retry(reason_of(&error))
            }
            Reaction::Refused => Outcome::Ask {
                whom: Actor::Operator,
                why: Reason::new(
                    "coexistence_not_seen",
                    format!(
                        "the client kept the number in the WhatsApp Business app, and Meta does not take it for such a number; it is not registered, because that would end the app's use ({error})"
                    ),
                ),
            },
            _ => outcome_of(&error, job.now),
        }
    }
}

/// Meta takes each of them once, so that asking again does no harm and shows what became of it.
pub(super) fn ask_again() -> Finding<Event> {
    Finding::DidNotHappen(Reason::new(
        "sync_asked_again",
        "Meta's answer was lost; it is asked again, because it gives each sync once",
    ))
}
