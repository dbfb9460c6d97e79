//! One live connection for each number: whichever was born last ends the others.

use engine::{EngineError, Filter, Job, Outcome, PageOrder, Record};

use super::{ConnectionExecutor, retry, store_unavailable};
use crate::connection::event::Event;
use crate::connection::{Connection, State};

/// A number is handed over rarely, and those that have ended long ago leave the index.
const SAME_NUMBER_MAX: usize = 100;

impl ConnectionExecutor {
    pub(super) async fn take_over(&self, job: &Job<Connection>) -> Outcome<Event> {
        match self.ended_others(job).await {
            Ok(event) => Outcome::Done(event),
            Err(error) => {
                let cause: &dyn std::error::Error = &error;
                tracing::error!(instance.id = %job.id, error = cause, "a number was not taken over");
                let text = "older connections of the number could not be ended";
                retry(store_unavailable(text), None)
            }
        }
    }

    async fn ended_others(&self, job: &Job<Connection>) -> Result<Event, EngineError> {
        let filter = Filter {
            workflow: Some("connection".to_owned()),
            labels: vec![("phone".to_owned(), job.facts.phone.to_string())],
            ..Filter::default()
        };
        let page = PageOrder {
            limit: SAME_NUMBER_MAX,
            after: None,
        };
        let found = self.store.find(&filter, &page).await?.items;
        let others = found.iter().filter(|other| {
            let ours = other.label("tenant") == Some(job.facts.partner.as_str());
            !other.ended && ours && other.id != job.id
        });
        let mut was_gone = false;
        for other in others {
            if is_newer(other, &job.record) {
                let by = other.id.clone();
                return Ok(Event::Superseded { by });
            }
            was_gone |= is_gone(other);
            self.end(other, job).await?;
        }
        Ok(Event::TookOver { was_gone })
    }

    async fn end(&self, other: &Record, job: &Job<Connection>) -> Result<(), EngineError> {
        let Some(engine) = self.engine.engine() else {
            return Err(EngineError::NotFound(other.id.clone()));
        };
        let by = Event::Superseded { by: job.id.clone() };
        match engine.submit::<Connection>(&other.id, by).await {
            // It ended meanwhile.
            Ok(_) | Err(EngineError::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Whether the number was not to be worked for by this one.
fn is_gone(other: &Record) -> bool {
    let name = |state: State| -> &'static str { state.into() };
    [name(State::Disconnected), name(State::Blocked)].contains(&other.state.as_str())
}

fn is_newer(other: &Record, this: &Record) -> bool {
    (other.created_at, &other.id) > (this.created_at, &this.id)
}
