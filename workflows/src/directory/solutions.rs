//! Multi-partner solutions, as Meta says that they stand: written down with the partners that come through them.

use engine::{EngineError, Expected, PageOrder, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Directory, PARTNERS, Partner};
use crate::values::{AppId, PartnerId};

/// Partners read at once.
const PAGE: usize = 100;

/// How a multi-partner solution stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SolutionStatus {
    /// Meta's word, e.g. `ACTIVE` or `PENDING_DEACTIVATION`.
    pub status: String,
    /// When that was so.
    pub at: Timestamp,
}

impl Directory {
    /// Writes down how a solution stands for every partner of the app that comes through it; answers those
    /// for whom that is new. An older word changes nothing.
    pub async fn tell_solution(
        &self,
        (app, solution): (&AppId, &str),
        status: &str,
        at: Timestamp,
    ) -> Result<Vec<PartnerId>, EngineError> {
        let mut page = PageOrder {
            limit: PAGE,
            after: None,
        };
        let mut told = Vec::new();
        loop {
            let (found, next) = self.documents.scan::<Partner>(PARTNERS, "", &page).await?;
            for opened in found {
                let mut partner = opened.body;
                let through = partner.solution_id.as_deref() == Some(solution);
                let known = partner.solution_status.as_ref();
                let is_new = known.is_none_or(|known| known.at < at && known.status != status);
                if partner.app != *app || !through || !is_new {
                    continue;
                }
                partner.solution_status = Some(SolutionStatus {
                    status: status.to_owned(),
                    at,
                });
                let expected = Expected::Version(opened.version);
                self.write(self.put_partner(&partner, expected).await?)
                    .await?;
                told.push(partner.id);
            }
            match next {
                Some(next) => page.after = Some(next),
                None => return Ok(told),
            }
        }
    }
}
