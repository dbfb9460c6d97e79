//! What a word means to grants: an account was shared, or taken back.

use engine::EngineError;

use super::Ears;
use crate::grant::hear_word;
use crate::intake::Came;
use crate::words::Word;

impl Ears {
    /// Tells the grant of the word's account; a new one comes to be where Meta tells of it first.
    pub(super) async fn to_grants(&self, word: &Word) -> Result<Came, EngineError> {
        let heard = hear_word(&self.engine, word).await?;
        Ok(heard.map_or(Came::Seen, |grant| Came::Learned(grant.to_string())))
    }
}
