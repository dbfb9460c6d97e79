//! The chore that follows a change of master key: data keys are wrapped anew, facts stay as they
//! are. It goes on where it was, a bounded number at a time, and says when it is done.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::documents::Draft;
use crate::engine::Engine;
use crate::instance::SubjectId;
use crate::ledger::EngineError;
use crate::schedule::Chore;
use crate::seal::SealError;
use crate::store::{Expected, PageOrder, PutDocument};

/// Where the chore remembers how far it has come.
const SPACE: &str = "installation";
const PLACE: &str = "rewrap";

/// Keys looked at in one run: a rotation must not crowd out the work.
const RUN_MAX: usize = 5_000;

/// Keys written at once.
const PAGE: usize = 100;

/// Wraps every data key under the current master key.
pub struct RewrapKeys;

/// How far a rotation has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Progress {
    /// The master key it leads to.
    to: String,
    /// The last key that was looked at.
    after: Option<String>,
    /// Everything has been looked at.
    done: bool,
    seen: u64,
    rewrapped: u64,
    /// Keys whose master key is not in the settings, or that do not open.
    stuck: u64,
    /// Why the first of those does not open.
    why: Option<String>,
}

#[async_trait]
impl Chore for RewrapKeys {
    async fn run(&self, engine: &Engine) -> Result<String, EngineError> {
        let current = engine.keyring().master_key();
        let documents = engine.documents();
        let known = documents.get::<Progress>(SPACE, PLACE).await?;
        let mut expected = known
            .as_ref()
            .map_or(Expected::Absent, |known| Expected::Version(known.version));
        let mut progress = known.map(|known| known.body).unwrap_or_default();
        if progress.to != current || (progress.done && progress.stuck > 0) {
            progress = Progress {
                to: current,
                ..Progress::default()
            };
        }
        let mut looked_at = 0;
        while !progress.done && looked_at < RUN_MAX {
            let puts = advance(engine, &mut progress).await?;
            match engine.ledger().write_documents(puts).await {
                Ok(()) => {}
                // One was destroyed or written meanwhile: the rest of this page waits for the next run.
                Err(EngineError::DocumentMoved { .. }) => {
                    progress.done = false;
                    break;
                }
                Err(other) => return Err(other),
            }
            expected = remember(engine, &progress, expected).await?;
            looked_at += PAGE;
            tokio::task::yield_now().await;
        }
        Ok(told(&progress))
    }
}

/// Looks at the next page; answers what must be written for it.
async fn advance(
    engine: &Engine,
    progress: &mut Progress,
) -> Result<Vec<PutDocument>, EngineError> {
    let page = PageOrder {
        limit: PAGE,
        after: progress.after.clone(),
    };
    let found = engine.keyring().wrapped_page(&page).await?;
    let mut puts = Vec::new();
    for wrapped in &found.items {
        progress.seen += 1;
        match engine.keyring().rewrapped(wrapped) {
            Ok(None) => {}
            Ok(Some(put)) => {
                progress.rewrapped += 1;
                puts.push(put);
            }
            Err(error) => stuck(progress, &wrapped.key, &error),
        }
    }
    if let Some(last) = found.items.last() {
        progress.after = Some(last.key.clone());
    }
    progress.done = found.next.is_none();
    Ok(puts)
}

fn stuck(progress: &mut Progress, subject: &str, error: &SealError) {
    progress.stuck += 1;
    tracing::error!(subject, %error, "a data key could not be wrapped anew");
    progress.why.get_or_insert_with(|| error.to_string());
}

async fn remember(
    engine: &Engine,
    progress: &Progress,
    expected: Expected,
) -> Result<Expected, EngineError> {
    let documents = engine.documents();
    let puts = documents
        .seal(Draft {
            space: SPACE,
            key: PLACE,
            subject: &SubjectId::house(),
            expected,
            body: progress,
            expires_at: None,
        })
        .await?;
    documents.write(puts).await?;
    let kept = documents.get::<Progress>(SPACE, PLACE).await?;
    Ok(kept.map_or(Expected::Absent, |kept| Expected::Version(kept.version)))
}

fn told(progress: &Progress) -> String {
    let Progress {
        to,
        seen,
        rewrapped,
        stuck,
        ..
    } = progress;
    if !progress.done {
        return format!(
            "{seen} keys looked at, {rewrapped} wrapped anew under {to}; it goes on, keep the old keys"
        );
    }
    if *stuck > 0 {
        let why = progress.why.as_deref().unwrap_or_default();
        return format!(
            "{stuck} of {seen} keys could not be wrapped anew, keep the old keys: {why}"
        );
    }
    format!("all {seen} keys are wrapped under {to}; `vault_keys_old` may be emptied")
}
