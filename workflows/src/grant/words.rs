//! What Meta's webhooks mean to grants. Their signature was believed by whoever calls.

use engine::{Engine, EngineError, InstanceId};

use super::facts::{Sighting, Source};
use super::sighting::{lose, see};
use crate::values::is_meta_id;
use crate::words::{Said, Word};

/// Hears a word that may be of a grant; answers the grant that it was news to. To hear it again changes nothing.
pub async fn hear_word(engine: &Engine, word: &Word) -> Result<Option<InstanceId>, EngineError> {
    let about = &word.about;
    let Some(waba) = about.waba.as_ref().filter(|waba| is_meta_id(waba.as_str())) else {
        return Ok(None);
    };
    match &word.said {
        Said::PartnerAdded | Said::AppInstalled => {
            let sighting = Sighting {
                app: word.app.clone(),
                waba: waba.clone(),
                business: about.business.clone(),
                solution: about.solution.clone(),
                name: None,
                source: Source::Webhook,
                at: word.at,
            };
            see(engine, sighting).await
        }
        // Where it names a number, the rest of the account stays.
        Said::PartnerRemoved { .. } if about.digits.is_some() || about.phone.is_some() => Ok(None),
        Said::PartnerRemoved { .. } | Said::AppUninstalled => {
            lose(engine, &word.app, waba, word.at).await
        }
        _ => Ok(None),
    }
}
