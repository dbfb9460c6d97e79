//! What a word means to the live numbers of its account, of its client's portfolio, or of its app.

use engine::{EngineError, Filter, Instance, PageOrder};

use super::{Ears, PAGE};
use crate::connection::{Connection, Event};
use crate::intake::Came;
use crate::words::{Digits, Said, Word};

impl Ears {
    /// Tells the connections; answers the most that came of it.
    pub(super) async fn to_connections(&self, word: &Word) -> Result<Came, EngineError> {
        let about = &word.about;
        let label = match (&about.phone, &about.waba, &about.business) {
            (Some(phone), _, _) => ("phone", phone.to_string()),
            (None, Some(waba), _) => ("waba", waba.to_string()),
            (None, None, Some(business)) => ("business", business.to_string()),
            (None, None, None) if word.said == Said::AppUninstalled => {
                ("app", word.app.to_string())
            }
            (None, None, None) => return Ok(Came::Seen),
        };
        let filter = Filter {
            workflow: Some("connection".to_owned()),
            labels: vec![(label.0.to_owned(), label.1)],
            ..Filter::default()
        };
        let mut page = PageOrder {
            limit: PAGE,
            after: None,
        };
        let mut came = Came::Seen;
        loop {
            let found = self.engine.find(&filter, &page).await?;
            for record in found.items.into_iter().filter(|record| !record.ended) {
                let number = self.engine.open::<Connection>(record).await?;
                if number.facts.app == word.app && is_about(word, &number) {
                    came = came.max(self.tell_connection(&number, word).await?);
                }
            }
            match found.next {
                Some(next) => page.after = Some(next),
                None => return Ok(came),
            }
        }
    }

    async fn tell_connection(
        &self,
        before: &Instance<Connection>,
        word: &Word,
    ) -> Result<Came, EngineError> {
        let id = &before.record.id;
        let names_nobody = word.about.waba.is_none() && word.about.business.is_none();
        let event = match &word.said {
            Said::AppUninstalled if names_nobody => Event::AppDoubted,
            said => Event::Said {
                said: said.clone(),
                at: word.at,
            },
        };
        match self.engine.submit::<Connection>(id, event).await {
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

/// Whether it is the very number, where the word names one.
fn is_about(word: &Word, number: &Instance<Connection>) -> bool {
    let Some(digits) = &word.about.digits else {
        return true;
    };
    let written = number.facts.display_phone_number.as_deref();
    word.about.phone.is_some() || written.and_then(Digits::of).as_ref() == Some(digits)
}
