//! What `gangway doctor` says: one line for each thing looked at, and what to do where something is
//! wrong.

use std::fmt::Display;

/// The lines so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    lines: String,
    wrong: usize,
}

impl Findings {
    /// Something is as it should be.
    pub(super) fn fine(&mut self, what: &str, how: impl Display) {
        self.lines += &format!("ok     {what}: {how}\n");
    }

    /// Something that is no fault, and that an operator should know.
    pub(super) fn note(&mut self, what: &str, how: impl Display) {
        self.lines += &format!("note   {what}: {how}\n");
    }

    /// Something is wrong, and this is what to do.
    pub(super) fn wrong(&mut self, what: &str, how: impl Display, remedy: &str) {
        self.wrong += 1;
        self.lines += &format!("WRONG  {what}: {how}\n       do: {remedy}\n");
    }

    /// Everything that was found, and how many things are wrong.
    pub(super) fn told(self) -> (String, usize) {
        let end = match self.wrong {
            0 => "Nothing is wrong.\n".to_owned(),
            1 => "1 thing needs you.\n".to_owned(),
            many => format!("{many} things need you.\n"),
        };
        (self.lines + &end, self.wrong)
    }
}
