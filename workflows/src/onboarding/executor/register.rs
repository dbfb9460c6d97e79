//! The registration: looked at first, counted, done once, and never repeated blindly.

use std::time::Duration;

use engine::{Actor, Finding, Job, Outcome, Reason};

use super::{OnboardingExecutor, outcome_of, reason_of, retry, trouble_of};
use crate::onboarding::answers::NAME_NOT_PROCESSED;
use crate::onboarding::event::Event;
use crate::onboarding::facts::Bound;
use crate::onboarding::{MetaWindow, Onboarding};
use crate::ports::graph::{Access, GraphError, PhoneNumber, Reaction};

/// Meta's code for an account that it locked, or for a wrong PIN.
const LOCKED: i64 = 131_031;

/// This long after Meta told of a decision, the number may still show the name as it was.
const NAME_LAG: Duration = Duration::from_mins(10);

/// How soon it is looked at again meanwhile: no number is looked at more often than this (Meta: 200 an hour).
const NAME_LAG_PAUSE: Duration = Duration::from_mins(1);

impl OnboardingExecutor {
    /// The guard before the call: is there anything left to register, and may we?
    pub(super) async fn check_number(&self, job: &Job<Onboarding>) -> Outcome<Event> {
        let (access, bound) = match self.access_and_number(job).await {
            Ok(known) => known,
            Err(outcome) => return *outcome,
        };
        let number = match self.graph.phone_number(&bound.phone, &access).await {
            Ok(number) => number,
            Err(error) => return outcome_of(&error, job.now),
        };
        // The finish decides the flow: registering such a number would end the app's use of it.
        if number.on_business_app || bound.coexistence {
            return self.coexistence_step(job, (bound, &access), number).await;
        }
        if let Some(credit) = self.credit_step(job, bound).await {
            return credit;
        }
        if number.live {
            return Outcome::Done(self.live(number, bound, &access).await);
        }
        if let Some(wait) = name_wait(job, &number) {
            return wait;
        }
        if let Some(held) = self.held_back(job, bound).await {
            return held;
        }
        let own = job.facts.pin_of.as_ref() == Some(&bound.phone);
        let known = job.facts.pin.as_ref().filter(|_| own);
        let given = known.filter(|_| job.facts.pin_is_given);
        if given.is_none()
            && let Some(stale) = self.stale_pin(job, bound).await
        {
            return stale;
        }
        let place = (&job.facts.order.app, &bound.phone);
        match self.pins.of(place, given, known).await {
            Ok(pin) => Outcome::Done(Event::NumberChecked { pin }),
            Err(error) => {
                tracing::error!(%error, "the PIN of a number could not be kept");
                let text = "the number's PIN could not be kept";
                retry(Reason::new("store_unavailable", text))
            }
        }
    }

    pub(super) async fn register_number(&self, job: &Job<Onboarding>) -> Outcome<Event> {
        let (access, bound) = match self.access_and_number(job).await {
            Ok(known) => known,
            Err(outcome) => return *outcome,
        };
        let Some(pin) = &job.facts.pin else {
            return Outcome::Ask {
                whom: Actor::Operator,
                why: Reason::new("pin_missing", "no PIN is kept for this number"),
            };
        };
        if let Err(held) = self.count_registration(job, bound).await {
            return held;
        }
        match self.graph.register_number(&bound.phone, pin, &access).await {
            Ok(()) => {
                self.pin_was_right(job, bound).await;
                Outcome::Done(self.after(bound, &access).await)
            }
            Err(error) => self.register_refused(job, bound, &access, &error).await,
        }
    }

    async fn register_refused(
        &self,
        job: &Job<Onboarding>,
        bound: &Bound,
        access: &Access,
        error: &GraphError,
    ) -> Outcome<Event> {
        let why = reason_of(error);
        match &error.reaction {
            // Meta may have acted all the same: the next turn looks before it repeats.
            Reaction::Unanswered | Reaction::Transient => Outcome::Unknown { why },
            Reaction::NotSent => {
                self.uncount_registration(job, bound).await;
                let unsent = trouble_of(error, Actor::Outside, job.now);
                Outcome::Done(Event::RegistrationUnsent(unsent)).blamed_on_lane(why)
            }
            Reaction::CoexistenceNumber => Outcome::Done(Event::CoexistenceSeen),
            // The client's own PIN made no difference: it is no wrong PIN.
            Reaction::PinMismatch if is_locked(job, error) => Outcome::Ask {
                whom: Actor::Client,
                why,
            },
            Reaction::PinMismatch => {
                Outcome::Done(Event::PinRefused(trouble_of(error, Actor::Client, job.now)))
            }
            Reaction::NumberUnverified => Outcome::Done(Event::OtpRequired),
            Reaction::NameNotProcessed => Outcome::Done(Event::NameAwaited),
            Reaction::RegisterLimit => self.block(job, bound).await,
            Reaction::RecentlyDeleted => Outcome::Wait {
                until: job.now + Duration::from_mins(5),
                why,
                mover: Actor::Outside,
            },
            Reaction::DeregisterFirst => self.deregister(job, bound, access, error).await,
            _ => outcome_of(error, job.now),
        }
    }

    /// Whether an announced registration happened.
    pub(super) async fn find_registration(&self, job: &Job<Onboarding>) -> Finding<Event> {
        let access = match self.access_to_look(job).await {
            Ok(access) => access,
            Err(finding) => return finding,
        };
        let Some(bound) = &job.facts.bound else {
            return Finding::Ask {
                whom: Actor::Operator,
                why: number_unbound(),
            };
        };
        match self.graph.phone_number(&bound.phone, &access).await {
            Ok(number) if number.live => Finding::Happened(self.live(number, bound, &access).await),
            Ok(_) => Finding::DidNotHappen(Reason::new(
                "register_not_done",
                "the number is not registered; the registration is made again",
            )),
            Err(error) if error.reaction == Reaction::TokenDead => {
                Finding::Happened(Event::TokenLost(trouble_of(&error, Actor::Client, job.now)))
            }
            Err(error) => Finding::NotKnown {
                why: reason_of(&error),
                after: match error.reaction {
                    Reaction::Limited { wait } => Some(wait),
                    _ => None,
                },
            },
        }
    }

    pub(super) async fn access_and_number<'a>(
        &self,
        job: &'a Job<Onboarding>,
    ) -> Result<(Access, &'a Bound), Box<Outcome<Event>>> {
        let access = self.access(job).await?;
        let bound = job.facts.bound.as_ref().ok_or_else(|| {
            Box::new(Outcome::Ask {
                whom: Actor::Operator,
                why: number_unbound(),
            })
        })?;
        Ok((access, bound))
    }

    /// What is told of a number that was just registered; what Meta does not say stays unknown.
    async fn after(&self, bound: &Bound, access: &Access) -> Event {
        match self.graph.phone_number(&bound.phone, access).await {
            Ok(number) => self.live(number, bound, access).await,
            Err(_) => Event::Registered {
                display_phone_number: None,
                name_status: None,
                coexistence: bound.coexistence,
                can_send: None,
            },
        }
    }

    pub(super) async fn live(&self, number: PhoneNumber, bound: &Bound, access: &Access) -> Event {
        let health = self.graph.health(&bound.phone, access).await.ok();
        Event::Registered {
            display_phone_number: number.display,
            name_status: number.name_status,
            coexistence: number.on_business_app || bound.coexistence,
            can_send: health.and_then(|health| health.can_send),
        }
    }
}

/// How long the number waits for its display name: looking counts nothing, registering does.
fn name_wait(job: &Job<Onboarding>, number: &PhoneNumber) -> Option<Outcome<Event>> {
    let refused_at = job.facts.name_awaited_at?;
    let wait = |until, mover, code: &str, text: &str| {
        Some(Outcome::Wait {
            until,
            why: Reason::new(code, text),
            mover,
        })
    };
    let word = job.facts.name_word.as_ref();
    let word = word.filter(|word| word.heard_at >= refused_at);
    let next = job.now
        + match word {
            Some(word) if job.now.since(word.heard_at) < NAME_LAG => NAME_LAG_PAUSE,
            _ => MetaWindow::NAME_PAUSE,
        };
    match number.name_status.as_deref() {
        Some("DECLINED") => wait(
            job.now + MetaWindow::NAME_PAUSE,
            Actor::Client,
            "name_declined",
            &name_declined(word.and_then(|word| word.reason.as_deref())),
        ),
        Some("PENDING_REVIEW") => wait(
            next,
            Actor::Outside,
            "name_not_processed",
            NAME_NOT_PROCESSED,
        ),
        // Meta shows it as done and refused a moment ago: the one lags behind the other.
        _ if word.is_none() && job.now < refused_at + MetaWindow::NAME_PAUSE => wait(
            refused_at + MetaWindow::NAME_PAUSE,
            Actor::Outside,
            "name_not_processed",
            NAME_NOT_PROCESSED,
        ),
        _ => None,
    }
}

/// That the client has to find another name, and why where Meta said so.
fn name_declined(reason: Option<&str>) -> String {
    let why = match reason {
        Some("NAME_EMPLOYEE_ISSUE" | "NAME_INDIVIDUAL_ISSUE") => " because it names a person",
        Some("NAME_ENDCLIENT_NOTRELATED") => " because it names another business",
        Some("NAME_FORMAT_UNACCEPTABLE") => " for its format",
        Some("NAME_NOT_CONSISTENT") => " because it does not fit the business's branding",
        _ => "",
    };
    format!(
        "Meta declined the display name{why}; the number is registered once the client has given it another in WhatsApp Manager"
    )
}

/// Whether Meta says a second time what it also says of a wrong PIN.
fn is_locked(job: &Job<Onboarding>, error: &GraphError) -> bool {
    error.code == Some(LOCKED) && job.facts.lock_suspected_at.is_some()
}

fn number_unbound() -> Reason {
    Reason::new("number_unbound", "no number is bound to register")
}
