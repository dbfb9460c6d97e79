//! What of once-only commands may have happened. The record alone says so, whatever becomes of its
//! tasks: an announcement puts a command in doubt, and only word of the attempt takes it out.

use serde::{Deserialize, Deserializer, Serialize};

use crate::clock::Timestamp;
use crate::instance::Record;
use crate::task::{Task, Work};

/// Until when an attempt may be running that has ended. No moment that was measured: clocks are set back.
const OVER: Timestamp = Timestamp::from_millis(0);

/// An attempt at a once-only command of which nobody knows whether it happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Doubt {
    /// The command: before it is performed again, its own check looks for it.
    pub command: String,
    /// Until then the attempt may still be running, so that nobody could find out yet.
    pub until: Timestamp,
}

/// As it is stored: records of former times name the command alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Named(String),
    Whole { command: String, until: Timestamp },
}

impl<'de> Deserialize<'de> for Doubt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Stored::deserialize(deserializer)? {
            Stored::Named(command) => Self {
                command,
                until: OVER,
            },
            Stored::Whole { command, until } => Self { command, until },
        })
    }
}

impl Record {
    /// The attempt at this command of which nobody knows whether it happened, if there is one.
    pub fn in_doubt(&self, command: &str) -> Option<&Doubt> {
        self.doubts.iter().find(|doubt| doubt.command == command)
    }

    /// Whether an attempt was announced that may be running at this moment: begun anew or looked for
    /// beside it, it would happen twice.
    pub fn is_under_way(&self, now: Timestamp) -> bool {
        self.doubts.iter().any(|doubt| doubt.until > now)
    }

    /// An attempt begins; it runs until then at most.
    pub(crate) fn announce(&mut self, command: &str, until: Timestamp) {
        self.no_longer_in_doubt(command);
        let command = command.to_owned();
        self.doubts.push(Doubt { command, until });
    }

    /// The command may have happened, and no attempt at it is running.
    pub(crate) fn put_in_doubt(&mut self, command: &str) {
        self.announce(command, OVER);
    }

    /// Word came of the attempt, or a person says what became of it.
    pub(crate) fn no_longer_in_doubt(&mut self, command: &str) {
        self.doubts.retain(|doubt| doubt.command != command);
    }

    /// The attempt has ended, and nobody knows how.
    pub(crate) fn stays_in_doubt(&mut self, command: &str) {
        if self.in_doubt(command).is_some() {
            self.put_in_doubt(command);
        }
    }

    /// Takes over what tasks of former times knew and their records did not.
    pub(crate) fn learn_from(&mut self, task: &Task) {
        if let Work::Command(command) = &task.work
            && task.intent
            && task.visit == self.visit
            && self.in_doubt(command).is_none()
        {
            self.put_in_doubt(command);
        }
    }
}
