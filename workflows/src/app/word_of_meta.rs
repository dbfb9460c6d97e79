//! What a webhook of Meta's means to the onboarding that it speaks of.
//!
//! It comes in any order and more than once, so each word must mean the same the second time.

use engine::{EngineError, Filter, InstanceId, PageOrder};

use super::App;
use super::problem::Problem;
use crate::grant::hear_word;
use crate::onboarding::{Event, Onboarding};
use crate::values::AppId;
use crate::words::{Said, Word};

/// Onboardings of one number that are looked at: it comes back rarely.
const SAME_NUMBER_MAX: usize = 50;

impl App {
    /// Hands on what concerns grants and onboardings. An error means: not heard, Meta should repeat it.
    pub(super) async fn hear_meta(&self, words: &[Word]) -> Result<(), Problem> {
        for word in words {
            hear_word(&self.engine, word).await?;
            if let (Said::HistoryRefused, Some(phone)) = (&word.said, &word.about.phone) {
                self.tell_onboarding(&word.app, phone.as_str(), Event::HistoryRefused)
                    .await?;
            }
        }
        Ok(())
    }

    /// Tells the latest onboarding of a number that came through this app.
    async fn tell_onboarding(&self, app: &AppId, phone: &str, event: Event) -> Result<(), Problem> {
        let filter = Filter {
            workflow: Some("onboarding".to_owned()),
            labels: vec![("phone".to_owned(), phone.to_owned())],
            ..Filter::default()
        };
        let page = PageOrder {
            limit: SAME_NUMBER_MAX,
            after: None,
        };
        let found = self.engine.find(&filter, &page).await?.items;
        let latest = found.into_iter().max_by_key(|record| record.created_at);
        let Some(record) = latest else {
            tracing::info!("a webhook spoke of a number that no onboarding has");
            return Ok(());
        };
        let id: InstanceId = record.id.clone();
        let instance = self.engine.open::<Onboarding>(record).await?;
        if instance.facts.order.app != *app {
            return Ok(());
        }
        match self.engine.submit::<Onboarding>(&id, event).await {
            // What it can no longer take it need not hear.
            Ok(_) | Err(EngineError::Refused(_)) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }
}
