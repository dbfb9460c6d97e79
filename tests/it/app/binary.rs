//! The product as users run it: the real binary with its own folder, ports and environment.
//!
//! It is killed and started again at will; what it printed stays to be read.

use std::fs::File;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;

use adapters::sandbox::SandboxFile;
use tempfile::TempDir;

use super::product::Product;
use super::{Ports, http, until};

/// The binary, built once for all tests of this process.
fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        within_profile(&["build", "--quiet", "-p", "adapters", "--bin", "gangway"]).join("gangway")
    })
}

/// Runs cargo in the profile of these tests; the folder that what it built lies in.
pub(crate) fn within_profile(args: &[&str]) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let profile = own.ancestors().nth(2).unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(args);
    cargo.arg("--target-dir").arg(profile.parent().unwrap());
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    assert!(cargo.status().unwrap().success(), "{args:?} failed");
    profile.to_owned()
}

/// The binary, running or between two runs.
pub(crate) struct Binary {
    product: Product,
    home: TempDir,
    filter: &'static str,
    child: Option<Child>,
}

impl Binary {
    /// Starts it in a fresh folder; `filter` says what it logs.
    pub(crate) async fn start(filter: &'static str) -> Self {
        let (home, ports) = (tempfile::tempdir().unwrap(), Ports::free());
        let file = SandboxFile::in_folder(&home.path().join("data"));
        let product = Product {
            ports,
            http: http(),
            invented: file.read_or_invent().unwrap(),
        };
        let mut binary = Self {
            product,
            home,
            filter,
            child: None,
        };
        binary.start_again().await;
        binary
    }

    /// Starts it over the same folder and ports; resolves once it takes requests.
    pub(crate) async fn start_again(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        self.child = Some(self.command().spawn().unwrap());
        let ready = format!("{}/readyz", self.url());
        let log = self.log();
        until("it is ready", || async {
            match self.http.get(&ready).send().await {
                Ok(answer) if answer.status() == 200 => Ok(()),
                _ => Err(std::fs::read_to_string(&log).unwrap_or_default()),
            }
        })
        .await;
    }

    /// One more start as a user would make it, not kept.
    pub(crate) fn command(&self) -> Command {
        let log = File::options().create(true).append(true).open(self.log());
        let printed = File::options()
            .create(true)
            .append(true)
            .open(self.printed());
        let ports = self.ports;
        let mut command = Command::new(built());
        command
            .current_dir(self.home.path())
            .env("ROCKET_PORT", ports.public.to_string())
            .env("GANGWAY_ADMIN__PORT", ports.admin.to_string())
            .env("GANGWAY_SIMULATOR__PORT", ports.simulator.to_string())
            .env("GANGWAY_STORE", format!("sled:{}", self.folder().display()))
            .env("RUST_LOG", self.filter)
            .stdin(Stdio::null())
            .stdout(printed.unwrap())
            .stderr(log.unwrap());
        command
    }

    /// Ends it at this instant, as a power cut or the kernel would.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Asks it to end, and waits until it has.
    pub(crate) async fn terminate(&mut self) -> ExitStatus {
        let id = self.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
        let mut ended = None;
        while ended.is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            ended = self.child.as_mut().unwrap().try_wait().unwrap();
        }
        self.child = None;
        ended.unwrap()
    }

    /// The process's id.
    pub(crate) fn id(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// The data folder.
    pub(crate) fn folder(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// What it logged over all its runs.
    pub(crate) fn log(&self) -> PathBuf {
        self.home.path().join("log")
    }

    /// What it printed over all its runs.
    pub(crate) fn printed(&self) -> PathBuf {
        self.home.path().join("printed")
    }
}

impl Deref for Binary {
    type Target = Product;

    fn deref(&self) -> &Product {
        &self.product
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself; then there is nothing left to end.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
