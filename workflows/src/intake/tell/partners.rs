//! What a word means to the partners that come through a multi-partner solution.

use engine::EngineError;

use super::Ears;
use crate::intake::Came;
use crate::words::{Said, Word};

impl Ears {
    /// Writes down how the solution stands; answers the partner for whom that is new.
    pub(super) async fn to_partners(&self, word: &Word) -> Result<Came, EngineError> {
        let (Said::SolutionChanged { status }, Some(solution)) = (&word.said, &word.about.solution)
        else {
            return Ok(Came::Seen);
        };
        let of = (&word.app, solution.as_str());
        let told = self.directory.tell_solution(of, status, word.at).await?;
        let partner = told.into_iter().next();
        Ok(partner.map_or(Came::Seen, |id| Came::Learned(id.to_string())))
    }
}
