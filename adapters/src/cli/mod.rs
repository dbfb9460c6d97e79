//! The command line: what an operator does beside the running process. One file for each command.
//!
//! Nothing here opens a store that a process holds; such a one is asked over HTTP.

mod arguments;
mod backup;
mod doctor;
mod findings;
mod import;
mod report;
mod rest;
mod verify;

use std::process::ExitCode;

use self::arguments::{Arguments, Usage};

/// Everything is as it should be.
const FINE: u8 = 0;
/// It was done, and something needs a person.
const FOUND: u8 = 1;
/// The command was not understood.
const MISUSED: u8 = 64;
/// It could not be done: settings, a file, or a store that does not open.
const FAILED: u8 = 78;

const HELP: &str = "\
Gangway hosts Meta's Embedded Signup for WhatsApp.

  gangway                     run, by Rocket.toml and GANGWAY_* variables
  gangway doctor              look at settings, folder and store, and say what to do
  gangway report [--of FILE]  what this version makes of every instance that is stored
  gangway backup --to FILE    everything stored, as one file; of a running process, too
  gangway export --to FILE    the same, of a store that no process holds
  gangway import --from FILE  fill an empty store from such a file; gangway restore is the same
  gangway verify [--root R]   check every history of a store that no process holds
  gangway COMMAND --help      more of one command

Commands read the same settings as the process and work on its `store`.
Exit codes: 0 all is well, 1 something was found, 64 not understood, 78 not possible.
";

/// What a command came to: what to print, and how to end.
pub type Ending = (String, ExitCode);

/// Carries out the command that the arguments name; nothing when they name none, to run.
pub async fn run(arguments: Vec<std::ffi::OsString>) -> Option<Ending> {
    let mut arguments = Arguments::of(arguments);
    let command = match arguments.command() {
        Ok(command) => command?,
        Err(usage) => return Some(misused(&usage)),
    };
    let done = match command.as_str() {
        "help" => Ok((HELP.to_owned(), ExitCode::from(FINE))),
        "version" => Ok((format!("{}\n", made_by()), ExitCode::from(FINE))),
        "doctor" => Box::pin(doctor::doctor(arguments)).await,
        "report" => Box::pin(report::report(arguments)).await,
        "backup" => Box::pin(backup::backup(arguments)).await,
        "export" => Box::pin(backup::export(arguments)).await,
        "verify" => Box::pin(verify::verify(arguments)).await,
        "import" | "restore" => Box::pin(import::import(arguments)).await,
        other => Err(Usage(format!("there is no command `{other}`")).into()),
    };
    Some(done.unwrap_or_else(|failure| match failure {
        Failure::Usage(usage) => misused(&usage),
        Failure::Help(text) => (text.to_owned(), ExitCode::from(FINE)),
        Failure::Told(why) => (format!("{command}: {why}\n"), ExitCode::from(FAILED)),
    }))
}

/// Why a command ended before it was done.
#[derive(Debug)]
enum Failure {
    /// It was not understood.
    Usage(Usage),
    /// Its help was asked for.
    Help(&'static str),
    /// Something stood in its way; one line for whoever typed it.
    Told(String),
}

impl From<Usage> for Failure {
    fn from(usage: Usage) -> Self {
        Self::Usage(usage)
    }
}

/// A failure told with all its causes.
fn told(error: impl std::error::Error) -> Failure {
    let mut lines = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        lines.push(error.to_string());
        cause = error.source();
    }
    Failure::Told(lines.join(": "))
}

fn misused(usage: &Usage) -> Ending {
    let text = format!("{}\n\n{HELP}", usage.0);
    (text, ExitCode::from(MISUSED))
}

/// What exports say made them.
fn made_by() -> String {
    format!("gangway {}", env!("CARGO_PKG_VERSION"))
}
