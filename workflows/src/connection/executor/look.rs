//! The look at a number: one call, because Meta counts them by account.

use engine::{Job, Outcome};

use super::{ConnectionExecutor, access, outcome_of, reason_of, retry};
use crate::connection::Connection;
use crate::connection::event::{Event, Look};
use crate::ports::graph::Reaction;

impl ConnectionExecutor {
    pub(super) async fn look_at_number(&self, job: &Job<Connection>) -> Outcome<Event> {
        let access = match self.app(&job.facts).await {
            Ok(app) => access(&app, &job.facts),
            Err(why) => return retry(why, None),
        };
        match self.graph.health(&job.facts.phone, &access).await {
            Ok(health) => Outcome::Done(Event::Looked(Look {
                can_send: health.can_send,
                name_status: health.name_status,
                problems: health.problems,
            })),
            Err(error) => match error.reaction {
                // What was taken back shows so, too; the token knows which it is.
                Reaction::TokenDead | Reaction::NotVisible | Reaction::Denied => {
                    Outcome::Done(Event::TokenRefused(reason_of(&error)))
                }
                _ => outcome_of(&error, job.now, Event::LookFailed(reason_of(&error))),
            },
        }
    }
}
