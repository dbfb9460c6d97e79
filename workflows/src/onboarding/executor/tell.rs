//! Telling the partner: looks at the deliveries that the completion gave birth to.

use engine::{Actor, Filter, Job, Outcome, PageOrder, Reason};

use super::{OnboardingExecutor, retry};
use crate::onboarding::Onboarding;
use crate::onboarding::event::Event;

/// More endpoints than any partner may register.
const DELIVERIES_MAX: usize = 100;

impl OnboardingExecutor {
    pub(super) async fn tell_partner(&self, job: &Job<Onboarding>) -> Outcome<Event> {
        let filter = Filter {
            workflow: Some("delivery".to_owned()),
            labels: vec![(
                "notice".to_owned(),
                format!("{}:onboarding.completed", job.id),
            )],
            // An earlier completion's notice says nothing of this one.
            created_after: Some(job.record.entered_at),
            ..Filter::default()
        };
        let page = PageOrder {
            limit: DELIVERIES_MAX,
            after: None,
        };
        let found = match self.store.find(&filter, &page).await {
            Ok(found) => found.items,
            Err(error) => {
                tracing::error!(%error, "deliveries could not be read");
                return retry(Reason::new(
                    "store_unavailable",
                    "deliveries could not be read",
                ));
            }
        };
        let delivered = found.iter().any(|delivery| delivery.state == "delivered");
        if delivered {
            return Outcome::Done(Event::PartnerTold { how: "delivered" });
        }
        if found.is_empty() {
            return Outcome::Done(Event::PartnerTold { how: "no_endpoint" });
        }
        if found.iter().all(|delivery| delivery.ended) {
            return Outcome::Done(Event::PartnerTold { how: "exhausted" });
        }
        Outcome::Quiet {
            why: Reason::new(
                "partner_endpoint",
                "the partner's endpoint has not taken the notice yet; its tries go on",
            ),
            mover: Actor::Partner,
        }
    }
}
