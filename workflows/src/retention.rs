//! Retention: documents whose time is over are forgotten.

use async_trait::async_trait;
use engine::{Chore, Documents, Engine, EngineError, Expected, PageOrder};

/// The spaces in which documents end.
const SPACES: [&str; 9] = [
    "bulk_items",
    "console_sessions",
    "idempotency",
    "journal_checks",
    "links",
    "meta_webhooks",
    "operations",
    "registrations",
    "sessions",
];

/// Documents looked at between two pauses for other work.
const PAGE: usize = 100;

/// Forgets documents that have expired.
pub struct ForgetExpired;

#[async_trait]
impl Chore for ForgetExpired {
    async fn run(&self, engine: &Engine) -> Result<String, EngineError> {
        let mut forgotten = 0;
        for space in SPACES {
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
