//! The ground that a process stands on: clock, vault and tokens, which sandbox and live come by differently.

use std::path::Path;
use std::sync::Arc;

use engine::{Clock, DocumentDraft, Documents, Expected, SystemClock};
use workflows::directory::house_subject;
use workflows::values::Secret;

use crate::process::StartError;
use crate::sandbox::{Invented, SIMULATOR_PORT, SandboxClock, SandboxFile, simulator_address};
use crate::settings::{Mode, Settings, SettingsError};
use crate::simulator::{SimulatedTime, Simulator, SimulatorConfig, WorldStore};
use crate::vault::{MasterKey, Vault};

/// What is remembered of the installation itself.
const INSTALLATION: &str = "installation";
const DIGEST_KEY: &str = "digest_key";

/// What differs between sandbox and live before anything runs.
pub(crate) struct Ground {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) operator_token: Secret,
    pub(crate) simulator: Option<Simulator>,
    pub(crate) invented: Option<(Invented, SandboxFile)>,
}

pub(crate) async fn sandbox_ground(
    settings: &Settings,
    folder: &Path,
    public_url: &str,
) -> Result<Ground, StartError> {
    let file = SandboxFile::in_folder(folder);
    let invented = file.read_or_invent()?;
    let clock = SandboxClock::new(&invented, file.clone());
    let time: Arc<dyn SimulatedTime> = clock.clone();
    let port = settings.simulator.port.unwrap_or(SIMULATOR_PORT);
    let config = SimulatorConfig {
        address: simulator_address(),
        port,
        public_url: settings.simulator.public_url.clone(),
        world: Some(WorldStore {
            folder: folder.to_owned(),
            key: Arc::new(invented.world_key()),
        }),
    };
    let simulator = Simulator::start(config, time).await.map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        StartError::Simulator(error, cause.unwrap_or_default())
    })?;
    simulator
        .register_app(invented.simulated_app(public_url))
        .await;
    let vault_key = settings.vault_key.as_ref();
    let vault_key = vault_key.unwrap_or(&invented.vault_key).clone();
    let operator_token = settings.operator_token.as_ref();
    let operator_token = operator_token.unwrap_or(&invented.operator_token).clone();
    let invented = Invented {
        operator_token: operator_token.clone(),
        ..invented
    };
    Ok(Ground {
        clock,
        vault: vault(&vault_key, &settings.vault_keys_old)?,
        operator_token,
        simulator: Some(simulator),
        invented: Some((invented, file)),
    })
}

pub(crate) fn live_ground(settings: &Settings) -> Result<Ground, StartError> {
    for address in settings.unsafe_addresses() {
        tracing::warn!(
            address,
            "live mode over plain http: for trials on this machine only"
        );
    }
    let missing = |key, remedy| SettingsError::Missing { key, remedy };
    let key = settings.vault_key.as_ref();
    let key = key.ok_or_else(|| missing("vault_key", "32 random bytes in base64"))?;
    let token = settings.operator_token.as_ref();
    let token = token.ok_or_else(|| missing("operator_token", "a token nobody can guess"))?;
    Ok(Ground {
        clock: Arc::new(SystemClock::default()),
        vault: vault(key, &settings.vault_keys_old)?,
        operator_token: token.clone(),
        simulator: None,
        invented: None,
    })
}

/// The vault of a folder that no process runs over.
pub(crate) fn vault_at_rest(settings: &Settings, folder: &Path) -> Result<Arc<Vault>, StartError> {
    if settings.mode == Mode::Live {
        return Ok(live_ground(settings)?.vault);
    }
    let key = match &settings.vault_key {
        Some(key) => key.clone(),
        None => SandboxFile::in_folder(folder).read_or_invent()?.vault_key,
    };
    vault(&key, &settings.vault_keys_old)
}

fn vault(current: &Secret, old: &[Secret]) -> Result<Arc<Vault>, StartError> {
    let current = MasterKey::from_base64(current.expose())?;
    let old: Result<Vec<_>, _> = old
        .iter()
        .map(|key| MasterKey::from_base64(key.expose()))
        .collect();
    Ok(Arc::new(Vault::new(current, old?)))
}

/// Look-ups of codes hang on digests under one master key: a list of keys in another order would make
/// every one of them miss without a word. The first start remembers which key it was.
pub(crate) async fn hold_digest_key(
    documents: &Documents,
    vault: &Vault,
) -> Result<(), StartError> {
    let id = vault.digest_key_id();
    if let Some(known) = documents.get::<String>(INSTALLATION, DIGEST_KEY).await? {
        if known.body == id {
            return Ok(());
        }
        return Err(SettingsError::Wrong {
            key: "vault_keys_old",
            problem: format!(
                "must end with the key {}, under which this store's look-ups were made, and ends with {id}",
                known.body
            ),
        }
        .into());
    }
    let puts = documents
        .seal(DocumentDraft {
            space: INSTALLATION,
            key: DIGEST_KEY,
            subject: &house_subject(),
            expected: Expected::Absent,
            body: &id,
            expires_at: None,
        })
        .await?;
    Ok(documents.write(puts).await?)
}
