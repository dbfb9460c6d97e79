//! The ground that a process stands on: clock, vault and tokens, which sandbox and live come by differently.

use std::path::Path;
use std::sync::Arc;

use engine::{Clock, Engine, EngineError, SealError, SubjectId, SystemClock};
use workflows::values::Secret;

use crate::process::StartError;
use crate::sandbox::{Invented, SIMULATOR_PORT, SandboxClock, SandboxFile, simulator_address};
use crate::settings::{Mode, Settings, SettingsError};
use crate::simulator::{SimulatedTime, Simulator, SimulatorConfig, WorldStore};
use crate::vault::{MasterKey, Vault};

/// What is remembered of the installation itself.
const INSTALLATION: &str = "installation";
/// Where older stores remember which master key their look-ups were made under.
const DIGEST_KEY: &str = "digest_key";
/// The subject of look-ups: its data key is what they are digested under.
const DIGESTS: &str = "digests";

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

/// Why the installation's own documents do not open: with a master key missing, its name.
pub(crate) fn unopened(error: EngineError) -> StartError {
    match error {
        EngineError::Seal(SealError::UnknownMasterKey(id)) => SettingsError::Wrong {
            key: "vault_keys_old",
            problem: format!("lacks the key {id}, under which this store's keys are wrapped"),
        }
        .into(),
        other => other.into(),
    }
}

/// Look-ups hang on digests under one key. The store keeps it wrapped, so that it outlives every
/// master key; a store from before that is told from its first master key, once.
pub(crate) async fn hold_digest_key(engine: &Engine, vault: &Vault) -> Result<(), StartError> {
    let subject = SubjectId::new(DIGESTS);
    let keyring = engine.documents();
    let known = keyring.get::<String>(INSTALLATION, DIGEST_KEY).await?;
    if let Some(known) = known
        && !keyring.has_key(&subject).await?
    {
        let id = vault.first_digest_key_id();
        if known.body != id {
            let problem = format!(
                "must end with the key {}, under which this store's look-ups were made, and ends with {id}",
                known.body
            );
            return Err(SettingsError::Wrong {
                key: "vault_keys_old",
                problem,
            }
            .into());
        }
        let wrapped = vault.wrap(&subject, &vault.first_digest_key());
        keyring.adopt_key(&subject, wrapped).await?;
    }
    keyring.prepare(&subject).await?;
    vault.digest_under(keyring.key(&subject).await?.as_ref());
    Ok(())
}
