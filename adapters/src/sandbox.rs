//! The sandbox: what it makes up on its first start, kept in its data folder so that it survives a kill.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::{Cipher as _, Clock, DataKey, EngineError, Expected, Jumps, SystemClock, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use workflows::directory::{ApiKey, Directory, MetaApp, Partner};
use workflows::values::{AppId, PartnerId, Secret};
use zeroize::Zeroizing;

use crate::simulator::{SimulatedApp, SimulatedTime};
use crate::vault::{MasterKey, Vault};

/// Where the sandbox's own inventions are sealed.
const FILE_PLACE: &str = "gangway sandbox file";

/// What the sandbox made up. It guards nothing real; the file is still readable by its owner only.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Invented {
    /// Seals the sandbox's store.
    pub vault_key: Secret,
    /// The operator's token.
    pub operator_token: Secret,
    /// The demo partner.
    pub partner_id: String,
    /// The demo partner's key.
    pub partner_key: Secret,
    /// The simulated Meta app.
    pub app_id: String,
    /// Its secret.
    pub app_secret: Secret,
    /// Its login configuration.
    pub config_id: String,
    /// The provider's portfolio.
    pub business_id: String,
    /// The provider's own token.
    pub system_user_token: Secret,
    /// The provider's system user; empty in sandboxes that were made before it was.
    #[serde(default)]
    pub system_user_id: String,
    /// The provider's credit line; likewise.
    #[serde(default)]
    pub credit_line_id: String,
    /// What Meta repeats when it verifies the callback.
    pub verify_token: Secret,
    /// The demo client's link, while it lives.
    pub demo_link: Option<Secret>,
    /// How far the sandbox's clock was pushed, in milliseconds.
    #[serde(default)]
    pub clock_ahead_ms: u64,
}

/// The file that holds what was made up.
#[derive(Clone, Debug)]
pub struct SandboxFile {
    path: PathBuf,
}

impl SandboxFile {
    /// The file of a data folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            path: folder.join("sandbox.json"),
        }
    }

    /// What was made up before, or fresh inventions that are durable when this returns.
    pub fn read_or_invent(&self) -> io::Result<Invented> {
        match fs::read(&self.path) {
            Ok(bytes) => open(&bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let invented = invent();
                self.write(&invented)?;
                Ok(invented)
            }
            Err(error) => Err(error),
        }
    }

    /// Replaces the file whole: a kill leaves the old one or the new one.
    pub fn write(&self, invented: &Invented) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let fresh = self.path.with_extension("json.new");
        let mut file = private_file(&fresh)?;
        file.write_all(&seal(invented)?)?;
        file.sync_all()?;
        fs::rename(&fresh, &self.path)?;
        File::open(folder)?.sync_all()
    }
}

/// The file: the one key in the clear, everything else sealed under it, so that a search of the
/// folder for a secret in use finds it nowhere.
#[derive(Serialize, Deserialize)]
struct OnDisk {
    vault_key: Secret,
    sealed: String,
}

fn seal(invented: &Invented) -> io::Result<Vec<u8>> {
    let plain = Zeroizing::new(serde_json::to_vec(invented)?);
    let sealed = vault_of(&invented.vault_key)?.seal(&invented.file_key(), FILE_PLACE, &plain);
    let file = OnDisk {
        vault_key: invented.vault_key.clone(),
        sealed: STANDARD.encode(sealed),
    };
    Ok(serde_json::to_vec_pretty(&file)?)
}

fn open(bytes: &[u8]) -> io::Result<Invented> {
    let file: OnDisk = serde_json::from_slice(bytes)?;
    let sealed = STANDARD.decode(&file.sealed).map_err(io::Error::other)?;
    let key = derived(&file.vault_key, FILE_PLACE);
    let plain = vault_of(&file.vault_key)?
        .open(&key, FILE_PLACE, &sealed)
        .map_err(io::Error::other)?;
    Ok(serde_json::from_slice(&plain)?)
}

fn vault_of(key: &Secret) -> io::Result<Vault> {
    let key = MasterKey::from_base64(key.expose()).map_err(io::Error::other)?;
    Ok(Vault::new(key, Vec::new()))
}

/// A key of its own for each use of the one that is kept.
fn derived(vault_key: &Secret, purpose: &str) -> DataKey {
    let mut digest = Sha256::new_with_prefix(purpose);
    digest.update(vault_key.expose());
    DataKey::new(digest.finalize().into())
}

#[cfg(unix)]
fn private_file(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
}

#[cfg(not(unix))]
fn private_file(path: &Path) -> io::Result<File> {
    File::create(path)
}

fn invent() -> Invented {
    let key_id = hex::encode(rand::random::<[u8; 8]>());
    Invented {
        vault_key: Secret::new(MasterKey::random().to_base64().as_str()),
        operator_token: Secret::new(format!("op_{}", hex_of::<24>())),
        partner_id: "prt_demo".to_owned(),
        partner_key: Secret::new(format!("gw_test_{key_id}_{}", hex_of::<32>())),
        app_id: digits(),
        app_secret: Secret::new(hex_of::<16>()),
        config_id: digits(),
        system_user_id: digits(),
        credit_line_id: digits(),
        business_id: digits(),
        system_user_token: Secret::new(format!("EAA{}", hex_of::<40>())),
        verify_token: Secret::new(hex_of::<16>()),
        demo_link: None,
        clock_ahead_ms: 0,
    }
}

fn hex_of<const N: usize>() -> String
where
    rand::distr::StandardUniform: rand::distr::Distribution<[u8; N]>,
{
    hex::encode(rand::random::<[u8; N]>())
}

fn digits() -> String {
    rand::random_range(100_000_000_000_000_u64..999_999_999_999_999).to_string()
}

impl Invented {
    /// Seals the simulated Meta's world.
    pub fn world_key(&self) -> DataKey {
        derived(&self.vault_key, "gangway simulated world")
    }

    fn file_key(&self) -> DataKey {
        derived(&self.vault_key, FILE_PLACE)
    }

    /// The app as the simulated Meta knows it.
    pub fn simulated_app(&self, public_url: &str) -> SimulatedApp {
        SimulatedApp {
            app_id: self.app_id.clone(),
            app_secret: self.app_secret.expose().to_owned(),
            config_id: self.config_id.clone(),
            business_id: self.business_id.clone(),
            system_user_token: self.system_user_token.expose().to_owned(),
            system_user_id: filled(&self.system_user_id),
            credit_line_id: filled(&self.credit_line_id),
            verify_token: Some(self.verify_token.expose().to_owned()),
            webhook_url: Some(format!("{public_url}/webhooks/meta/{}", self.app_id)),
            requires_proof: None,
        }
    }

    /// Sets the demo partner up, unless it stands already.
    pub async fn set_up(&self, directory: &Directory, now: Timestamp) -> Result<(), EngineError> {
        let partner_id = PartnerId::new(&self.partner_id);
        if directory.partner(&partner_id).await?.is_some() {
            return Ok(());
        }
        let app = MetaApp {
            app_id: AppId::new(&self.app_id),
            app_secret: self.app_secret.clone(),
            app_secret_next: None,
            business_id: Some(self.business_id.clone()),
            system_user_token: Some(self.system_user_token.clone()),
            system_user_id: filled(&self.system_user_id),
            verify_token: Some(self.verify_token.clone()),
            config_id: Some(self.config_id.clone()),
            config_ids: std::collections::BTreeMap::new(),
            credit_line_id: filled(&self.credit_line_id),
            waba_currency: Some("USD".to_owned()),
            login_extras: serde_json::Value::Null,
            created_at: now,
        };
        let partner = Partner::demo(partner_id.clone(), app.app_id.clone(), now);
        let key = ApiKey::of_text(self.partner_key.expose(), partner_id, "demo key", now)
            .expect("the sandbox writes keys as they are read");
        let mut puts = directory.put_meta_app(&app, Expected::Any).await?;
        puts.extend(directory.put_partner(&partner, Expected::Absent).await?);
        puts.extend(directory.put_key(&key).await?);
        directory.write(puts).await
    }
}

fn filled(id: &str) -> Option<String> {
    (!id.is_empty()).then(|| id.to_owned())
}

/// The sandbox's clock: the machine's, pushed forward by control calls and remembered over restarts.
pub struct SandboxClock {
    clock: SystemClock,
    file: SandboxFile,
    writing: Mutex<()>,
}

impl SandboxClock {
    /// A clock as far ahead as it was when the sandbox last ran.
    pub fn new(invented: &Invented, file: SandboxFile) -> Arc<Self> {
        Arc::new(Self {
            clock: SystemClock::shifted(Duration::from_millis(invented.clock_ahead_ms)),
            file,
            writing: Mutex::new(()),
        })
    }

    fn remember(&self, ahead: Duration) -> io::Result<()> {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut invented = self.file.read_or_invent()?;
        invented.clock_ahead_ms = u64::try_from(ahead.as_millis()).unwrap_or(u64::MAX);
        self.file.write(&invented)
    }
}

#[async_trait]
impl Clock for SandboxClock {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn outside(&self) -> Timestamp {
        self.clock.outside()
    }

    fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    fn jumps(&self) -> Jumps {
        self.clock.jumps()
    }

    async fn sleep_until(&self, moment: Timestamp) {
        self.clock.sleep_until(moment).await;
    }
}

impl SimulatedTime for SandboxClock {
    fn advance(&self, by: Duration) {
        let ahead = self.clock.advance(by);
        if let Err(error) = self.remember(ahead) {
            tracing::error!(%error, "the clock's shift is forgotten with this process");
        }
    }
}

/// Where the sandbox's simulated Meta listens unless the settings say otherwise.
pub const SIMULATOR_PORT: u16 = 8002;

/// The address that the simulated Meta binds.
pub fn simulator_address() -> IpAddr {
    IpAddr::from([127, 0, 0, 1])
}
