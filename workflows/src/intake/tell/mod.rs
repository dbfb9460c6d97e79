//! Whom a word is told to: one function for each of those who may be concerned. Each finds out for itself
//! whether it is, and says what came of it.

mod connections;
mod grants;
mod numbers;
mod onboardings;
mod partners;

use engine::{Engine, EngineError, Filter, Instance, PageOrder};

use super::Came;
use crate::directory::Directory;
use crate::numbers::Ledger;
use crate::onboarding::Onboarding;
use crate::words::{Digits, Word};

/// Onboardings of one account or number that are looked at together.
const PAGE: usize = 50;

/// Everybody here who may be concerned by a word.
pub(super) struct Ears {
    engine: Engine,
    directory: Directory,
    ledger: Ledger,
}

impl Ears {
    pub(super) fn of(engine: Engine) -> Self {
        Self {
            directory: Directory::new(engine.documents()),
            ledger: Ledger::new(engine.documents()),
            engine,
        }
    }

    /// Tells a word to everybody whom it concerns; answers the most that came of it anywhere.
    pub(super) async fn tell(&self, word: &Word) -> Result<Came, EngineError> {
        let of_another = word.about.partner_app.as_ref();
        if of_another.is_some_and(|app| *app != word.app) {
            return Ok(Came::Seen);
        }
        // What is known of a number comes first: an onboarding that goes on reads it.
        let told = [
            self.to_numbers(word).await?,
            self.to_onboardings(word).await?,
            self.to_connections(word).await?,
            self.to_grants(word).await?,
            self.to_partners(word).await?,
        ];
        Ok(told.into_iter().max().unwrap_or_default())
    }

    /// The onboardings of the word's app that are bound to the account or number it is about.
    async fn bound_onboardings(
        &self,
        word: &Word,
    ) -> Result<Vec<Instance<Onboarding>>, EngineError> {
        let about = &word.about;
        let label = match (&about.phone, &about.waba) {
            (Some(phone), _) => ("phone".to_owned(), phone.to_string()),
            (None, Some(waba)) => ("waba".to_owned(), waba.to_string()),
            (None, None) => return Ok(Vec::new()),
        };
        let filter = Filter {
            workflow: Some("onboarding".to_owned()),
            labels: vec![label],
            ..Filter::default()
        };
        let mut page = PageOrder {
            limit: PAGE,
            after: None,
        };
        let mut found = Vec::new();
        loop {
            let records = self.engine.find(&filter, &page).await?;
            for record in records.items {
                if record.archived_at.is_some() || record.erased_at.is_some() {
                    continue;
                }
                let onboarding = self.engine.open::<Onboarding>(record).await?;
                if onboarding.facts.order.app == word.app && is_about(word, &onboarding) {
                    found.push(onboarding);
                }
            }
            match records.next {
                Some(next) => page.after = Some(next),
                None => return Ok(found),
            }
        }
    }
}

/// Whether an onboarding of the account is bound to the very number, where the word names one.
fn is_about(word: &Word, onboarding: &Instance<Onboarding>) -> bool {
    let Some(digits) = &word.about.digits else {
        return true;
    };
    let bound = onboarding.facts.bound.as_ref();
    let written = bound.and_then(|bound| bound.display_phone_number.as_deref());
    word.about.phone.is_some() || written.and_then(Digits::of).as_ref() == Some(digits)
}
