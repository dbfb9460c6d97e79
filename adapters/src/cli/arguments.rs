//! Arguments as they were typed, taken one option at a time. What is left over is refused by name.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt as _};

/// What was wrong with the arguments.
#[derive(Debug)]
pub(super) struct Usage(pub(super) String);

impl From<lexopt::Error> for Usage {
    fn from(error: lexopt::Error) -> Self {
        Self(error.to_string())
    }
}

/// What follows the program's name.
pub(super) struct Arguments(Parser);

/// The options that a command takes, each with a value.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) to: Option<PathBuf>,
    pub(super) from: Option<PathBuf>,
    pub(super) of: Option<PathBuf>,
    pub(super) server: Option<String>,
}

impl Arguments {
    pub(super) fn of(arguments: Vec<OsString>) -> Self {
        Self(Parser::from_args(arguments))
    }

    /// The command; nothing when there are no arguments at all.
    pub(super) fn command(&mut self) -> Result<Option<String>, Usage> {
        Ok(match self.0.next()? {
            None => None,
            Some(Arg::Value(command)) => Some(command.string()?),
            Some(Arg::Long("help") | Arg::Short('h')) => Some("help".to_owned()),
            Some(Arg::Long("version") | Arg::Short('V')) => Some("version".to_owned()),
            Some(other) => return Err(other.unexpected().into()),
        })
    }

    /// The options of a command that takes these; its help, if that was asked for.
    pub(super) fn options(
        mut self,
        known: &[&str],
        help: &'static str,
    ) -> Result<Options, super::Failure> {
        let mut options = Options::default();
        while let Some(argument) = self.0.next().map_err(Usage::from)? {
            let name = match argument {
                Arg::Long("help") | Arg::Short('h') => return Err(super::Failure::Help(help)),
                Arg::Long(name) if known.contains(&name) => name.to_owned(),
                other => return Err(Usage::from(other.unexpected()).into()),
            };
            let value = self.0.value().map_err(Usage::from)?;
            match name.as_str() {
                "to" => options.to = Some(value.into()),
                "from" => options.from = Some(value.into()),
                "of" => options.of = Some(value.into()),
                _ => options.server = Some(value.string().map_err(Usage::from)?),
            }
        }
        Ok(options)
    }
}

/// A value that the command cannot do without.
pub(super) fn required<T>(value: Option<T>, option: &str) -> Result<T, super::Failure> {
    value.ok_or_else(|| Usage(format!("--{option} is missing")).into())
}
