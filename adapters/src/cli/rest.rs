//! An installation at rest: its settings, its folder, its vault, and an engine that runs nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use engine::{
    Actor, Bulk, CommandOf, Engine, Executor, Job, Outcome, Owner, Reason, Store, SystemClock,
    Workflow,
};
use workflows::delivery::Delivery;
use workflows::grant::Grant;
use workflows::intake::Intake;
use workflows::journal_check::JournalCheck;
use workflows::onboarding::Onboarding;
use workflows::preflight::Preflight;

use super::{Failure, told};
use crate::process::{StartError, open_store};
use crate::settings::{Settings, SettingsError};
use crate::sled::{OpenError, SledStore};
use crate::vault::Vault;

/// The settings with the folder they name.
pub(super) fn settings() -> Result<(Settings, PathBuf, u16), SettingsError> {
    let (settings, figment) = Settings::read()?;
    let folder = settings.folder()?;
    let port = figment.extract_inner::<u16>("port").unwrap_or(8000);
    Ok((settings, folder, port))
}

/// The store of a folder that is there and that no process holds; nothing if one does.
pub(super) async fn store(folder: &Path) -> Result<Option<Arc<SledStore>>, Failure> {
    if !folder.join("sled").is_dir() {
        let text = format!("nothing is stored in {}", folder.display());
        return Err(Failure::Told(text));
    }
    match open_store(folder).await {
        Ok(store) => Ok(Some(store)),
        Err(StartError::Store(OpenError::Locked(_))) => Ok(None),
        Err(error) => Err(told(error)),
    }
}

/// An engine that knows every workflow and performs nothing.
pub(super) fn engine(store: Arc<dyn Store>, vault: Arc<Vault>) -> Engine {
    let owner = Owner::new("at rest");
    let clock = Arc::new(SystemClock::default());
    Engine::builder(store, clock, vault, owner)
        .workflow::<Bulk>(Arc::new(AtRest))
        .workflow::<Onboarding>(Arc::new(AtRest))
        .workflow::<Delivery>(Arc::new(AtRest))
        .workflow::<JournalCheck>(Arc::new(AtRest))
        .workflow::<Grant>(Arc::new(AtRest))
        .workflow::<Preflight>(Arc::new(AtRest))
        .workflow::<Intake>(Arc::new(AtRest))
        .build()
}

/// Performs nothing: commands look, and run no workflow.
struct AtRest;

#[async_trait]
impl<W: Workflow> Executor<W> for AtRest {
    async fn perform(&self, _command: CommandOf<W>, _job: &Job<W>) -> Outcome<W::Event> {
        Outcome::Ask {
            whom: Actor::Operator,
            why: Reason::new("at_rest", "the command line performs nothing"),
        }
    }
}
