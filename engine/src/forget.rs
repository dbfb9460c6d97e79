//! Documents whose time is over are forgotten: those of the engine itself, and of whoever says so.

use async_trait::async_trait;

use crate::bulk::BULK_ITEMS;
use crate::documents::Documents;
use crate::engine::Engine;
use crate::ledger::EngineError;
use crate::operation;
use crate::schedule::Chore;
use crate::store::{Expected, PageOrder};

/// Spaces in which the engine's own documents end.
const OWN: [&str; 2] = [BULK_ITEMS, operation::SPACE];

/// Documents looked at between two pauses for other work.
const PAGE: usize = 100;

/// Forgets documents that have expired. Without it what the engine remembers for a while stays for
/// ever.
#[derive(Clone, Debug, Default)]
pub struct ForgetExpired {
    spaces: Vec<&'static str>,
}

impl ForgetExpired {
    /// Those in these spaces as well as the engine's own.
    pub fn also_in(spaces: &[&'static str]) -> Self {
        Self {
            spaces: spaces.to_vec(),
        }
    }
}

#[async_trait]
impl Chore for ForgetExpired {
    async fn run(&self, engine: &Engine) -> Result<String, EngineError> {
        let mut forgotten = 0;
        for space in OWN.iter().chain(&self.spaces) {
            forgotten += forget(engine, space).await?;
        }
        Ok(format!("{forgotten} expired documents forgotten"))
    }
}

async fn forget(engine: &Engine, space: &str) -> Result<usize, EngineError> {
    let documents = engine.documents();
    let mut page = PageOrder {
        limit: PAGE,
        after: None,
    };
    let mut forgotten = 0;
    loop {
        let (found, next) = documents.expiries(space, &page).await?;
        let now = engine.now();
        for (key, version, expires_at) in found {
            if expires_at.is_none_or(|end| now < end) {
                continue;
            }
            let removal = Documents::removal(space, &key, Expected::Version(version));
            match documents.write(vec![removal]).await {
                Ok(()) => forgotten += 1,
                // Written anew meanwhile: no longer expired.
                Err(EngineError::DocumentMoved { .. }) => {}
                Err(other) => return Err(other),
            }
        }
        tokio::task::yield_now().await;
        match next {
            Some(next) => page.after = Some(next),
            None => return Ok(forgotten),
        }
    }
}
