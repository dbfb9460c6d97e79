//! `gangway doctor`: looks at everything an installation stands on, and says what to do.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use engine::{Clock as _, Engine, EngineError, Item, SealError, Store, SystemClock, is_stalled};
use workflows::backups::last_backup;

use super::arguments::Arguments;
use super::findings::Findings;
use super::{Ending, FINE, FOUND, Failure, rest, told};
use crate::ground::vault_at_rest;
use crate::process::STORE_CACHE_BYTES;
use crate::settings::Settings;
use crate::sled::{Examined, OpenError, examine};
use crate::unfinished::Unfinished;

const HELP: &str = "\
gangway doctor

Looks at the settings, the data folder, the disk, every stored value and every index, opens every
instance and document with the vault key, and compares the clock with what was stored. Says of each
finding what to do. While a process holds the store, it looks at what it can; stop the process for the
rest, or import a backup into another folder and look at that. Nothing is changed.

Exit code 1 when something is wrong.
";

/// With less than this left, a busy installation fills the disk within days.
const FREE_MIN: u64 = 1024 * 1024 * 1024;

/// Clocks that agree to this are one.
const CLOCK_SLACK: Duration = Duration::from_mins(5);

/// A backup older than this is worth a word.
const BACKUP_AGE: Duration = Duration::from_hours(7 * 24);

/// Instances and documents named one by one; the rest are counted.
const NAMED_MAX: usize = 20;

pub(super) async fn doctor(arguments: Arguments) -> Result<Ending, Failure> {
    arguments.options(&[], HELP)?;
    let mut findings = Findings::default();
    match rest::settings() {
        Ok((settings, folder, port)) => {
            findings.fine(
                "settings",
                format!("{:?}, store in {}", settings.mode, folder.display()),
            );
            if look_at_folder(&mut findings, &folder) {
                look_at_store(&mut findings, &settings, &folder, port).await?;
            }
        }
        Err(error) => findings.wrong("settings", error, "mend the key that is named"),
    }
    let (text, wrong) = findings.told();
    let end = if wrong == 0 { FINE } else { FOUND };
    Ok((text, ExitCode::from(end)))
}

/// Whether there is a store to look at.
fn look_at_folder(findings: &mut Findings, folder: &Path) -> bool {
    let Ok(about) = fs::metadata(folder) else {
        let remedy = "start gangway to make it, or set `store` to the folder you mean";
        findings.wrong(
            "folder",
            format!("{} is not there", folder.display()),
            remedy,
        );
        return false;
    };
    let trial = folder.join("doctor.trial");
    match File::create(&trial).and_then(|_| fs::remove_file(&trial)) {
        Ok(()) => findings.fine("folder", "can be written"),
        Err(error) => findings.wrong("folder", error, "give it to the user that runs gangway"),
    }
    let mode = about.permissions().mode() & 0o777;
    if mode.trailing_zeros() >= 3 {
        findings.fine("permissions", format!("{mode:o}"));
    } else {
        let how = format!("{mode:o}: everybody on this machine reads it, though all is sealed");
        findings.note("permissions", how);
    }
    match rustix::fs::statvfs(folder) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let how = format!("{} MiB free", free / 1024 / 1024);
            if free < FREE_MIN {
                findings.wrong("disk", how, "make room: a full disk stops the process");
            } else {
                findings.fine("disk", how);
            }
        }
        Err(error) => findings.wrong("disk", error, "see whether the disk is mounted"),
    }
    match Unfinished::read(folder) {
        Ok(None) => {}
        Ok(Some(_)) => findings.wrong(
            "import",
            "one was begun and has not ended",
            "run the same `gangway import` again: it goes on where it was",
        ),
        Err(error) => findings.wrong("import", error, "remove the folder and import again"),
    }
    let there = folder.join("sled").is_dir();
    if !there {
        findings.note("store", "nothing is stored yet");
    }
    there
}

async fn look_at_store(
    findings: &mut Findings,
    settings: &Settings,
    folder: &Path,
    port: u16,
) -> Result<(), Failure> {
    let here = folder.to_owned();
    let looking = tokio::task::spawn_blocking(move || examine(&here, STORE_CACHE_BYTES));
    match looking.await.map_err(told)? {
        Ok(examined) => {
            tell_examined(findings, &examined);
            if examined.damages > 0 {
                return Ok(());
            }
        }
        Err(OpenError::Locked(_)) => {
            ask_process(findings, port).await;
            return Ok(());
        }
        Err(error) => {
            findings.wrong(
                "store",
                error,
                "restore the last backup into another folder",
            );
            return Ok(());
        }
    }
    let vault = match vault_at_rest(settings, folder) {
        Ok(vault) => vault,
        Err(error) => {
            findings.wrong("vault key", error, "set `vault_key`");
            return Ok(());
        }
    };
    let Some(store) = rest::store(folder).await? else {
        return Ok(());
    };
    let engine = rest::engine(Arc::clone(&store) as Arc<dyn Store>, vault);
    let looked = look_at_instances(findings, &engine, store.as_ref()).await;
    store.close().await.map_err(told)?;
    looked.map_err(told)
}

fn tell_examined(findings: &mut Findings, examined: &Examined) {
    let how = format!("{} keys, {} instances", examined.keys, examined.records);
    if examined.damages == 0 {
        findings.fine("values and indexes", how);
    } else {
        let named = listed(&examined.damaged);
        let how = format!("{how}, {} damaged{named}", examined.damages);
        let remedy =
            "keep this folder, restore the last backup into another one, and send us these keys";
        findings.wrong("values and indexes", how, remedy);
    }
    let now = SystemClock::default().now();
    match examined.newest {
        Some(newest) if newest > now + CLOCK_SLACK => {
            let how = format!("it is {now}, and the store was written at {newest}");
            findings.wrong(
                "clock",
                how,
                "set the machine's clock; deadlines and leases hang on it",
            );
        }
        _ => findings.fine("clock", now),
    }
}

async fn ask_process(findings: &mut Findings, port: u16) {
    let url = format!("http://127.0.0.1:{port}/readyz");
    let how = "a process holds it; stop that process to have every value looked at";
    findings.note("store", how);
    let remedy = "see its log; it says what it waits for";
    match reqwest::get(&url).await {
        Ok(answer) if answer.status().is_success() => findings.fine("process", "ready"),
        Ok(answer) => findings.wrong("process", answer.status(), remedy),
        Err(error) => findings.wrong("process", error.without_url(), remedy),
    }
}

async fn look_at_instances(
    findings: &mut Findings,
    engine: &Engine,
    store: &dyn Store,
) -> Result<(), EngineError> {
    let survey = engine.survey().await?;
    for line in survey.changed() {
        if survey.refused().any(|refused| refused == line) {
            let remedy = "run the version that wrote them, or one that migrates them";
            findings.wrong("tables", line, remedy);
        } else {
            findings.note("tables", line);
        }
    }
    let mut trouble = Trouble::default();
    let mut image = store.image().await?;
    loop {
        let items = image.next(256).await?;
        if items.is_empty() {
            break;
        }
        for item in items {
            trouble.look(engine, item).await?;
        }
    }
    drop(image);
    trouble.tell(findings);
    let now = engine.now();
    match last_backup(&engine.documents()).await {
        Ok(Some(at)) if now.since(at) < BACKUP_AGE => findings.fine("last backup", at),
        Ok(Some(at)) => findings.note("last backup", format!("{at}; make another")),
        Ok(None) => findings.note("last backup", "none that a running process was asked for"),
        Err(error) => findings.note("last backup", error),
    }
    Ok(())
}

/// What does not open, and who was forgotten.
#[derive(Default)]
struct Trouble {
    opened: u64,
    erased: u64,
    closed: Vec<String>,
    stalled: Vec<String>,
}

impl Trouble {
    async fn look(&mut self, engine: &Engine, item: Item) -> Result<(), EngineError> {
        let (name, looked) = match item {
            Item::Record(record) => {
                if is_stalled(engine, &record).await? {
                    self.stalled.push(record.id.to_string());
                }
                let name = record.id.to_string();
                (name, engine.inspect(*record).await.map(drop))
            }
            Item::Document { space, document } => {
                let name = format!("{space}/{}", document.key);
                (name, engine.documents().check(&space, &document).await)
            }
            Item::Entry { .. } | Item::Task(_) => return Ok(()),
        };
        match looked {
            Ok(()) => self.opened += 1,
            Err(EngineError::Seal(SealError::Erased)) => self.erased += 1,
            // The report on tables has told of these.
            Err(EngineError::Newer { .. }) => {}
            Err(EngineError::Store(error)) => return Err(error.into()),
            Err(error) => self.closed.push(format!("{name}: {error}")),
        }
        Ok(())
    }

    fn tell(self, findings: &mut Findings) {
        let how = format!("{} open", self.opened);
        if self.closed.is_empty() {
            findings.fine("facts and documents", how);
        } else {
            let how = format!(
                "{how}, {} do not{}",
                self.closed.len(),
                listed(&self.closed)
            );
            let remedy = "see that `vault_key` and `vault_keys_old` hold every key there was";
            findings.wrong("facts and documents", how, remedy);
        }
        if self.erased > 0 {
            let how = format!("{} items of subjects whose data was destroyed", self.erased);
            findings.note("erased", how);
        }
        if self.stalled.is_empty() {
            findings.fine("what is owed", "every live instance has a task or a person");
        } else {
            let how = format!("{} owe what no task will do", self.stalled.len());
            let how = how + &listed(&self.stalled);
            findings.wrong(
                "what is owed",
                how,
                "start gangway: its sweep arms them again",
            );
        }
    }
}

fn listed(names: &[String]) -> String {
    let first = names.iter().take(NAMED_MAX).map(String::as_str);
    let more = (names.len() > NAMED_MAX).then_some("…");
    let lines: Vec<&str> = std::iter::once("").chain(first).chain(more).collect();
    lines.join("\n         ")
}
