//! What a word means to the PIN that is kept for a number: somebody else may have set another.

use std::collections::BTreeSet;

use engine::EngineError;

use super::Ears;
use crate::intake::Came;
use crate::words::{Said, Word};

impl Ears {
    /// Marks what is kept of the number; answers whether anything is new.
    pub(super) async fn to_numbers(&self, word: &Word) -> Result<Came, EngineError> {
        let stale = match word.said {
            Said::PinChanged => true,
            Said::PinOff => false,
            _ => return Ok(Came::Seen),
        };
        let bound = self.bound_onboardings(word).await?;
        let phones: BTreeSet<_> = bound
            .iter()
            .filter_map(|one| one.facts.bound.as_ref())
            .map(|bound| &bound.phone)
            .collect();
        let now = self.engine.now();
        let mut came = Came::Seen;
        for phone in phones {
            // A registration after it took the PIN that is kept, so that one is right again.
            let proved = bound
                .iter()
                .filter(|one| {
                    one.facts
                        .bound
                        .as_ref()
                        .is_some_and(|of| of.phone == *phone)
                })
                .filter_map(|one| one.facts.registered_at)
                .any(|at| at > word.at);
            if proved {
                continue;
            }
            if self
                .ledger
                .hear_of_pin(phone, (stale, word.at), now)
                .await?
            {
                came = came.max(Came::Learned(format!("number {phone}")));
            }
        }
        Ok(came)
    }
}
