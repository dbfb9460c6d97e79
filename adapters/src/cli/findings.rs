//! What `gangway doctor` says: one line for each thing looked at, and what to do where something is
//! wrong.

use std::fmt::Display;

/// The lines so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    lines: Vec<String>,
    wrong: usize,
}

impl Findings {
    /// Something is as it should be.
    pub(super) fn fine(&mut self, what: &str, how: impl Display) {
        self.lines.push(format!("ok     {what}: {how}"));
    }

    /// Something that is no fault, and that an operator should know.
    pub(super) fn note(&mut self, what: &str, how: impl Display) {
        self.lines.push(format!("note   {what}: {how}"));
    }

    /// Something is wrong, and this is what to do.
    pub(super) fn wrong(&mut self, what: &str, how: impl Display, remedy: &str) {
        self.wrong += 1;
        let line = format!("WRONG  {what}: {how}\n       do: {remedy}");
        self.lines.push(line);
    }

    /// Everything that was found, and how many things are wrong.
    pub(super) fn told(mut self) -> (String, usize) {
        self.lines.push(match self.wrong {
            0 => "Nothing is wrong.\n".to_owned(),
            1 => "1 thing needs you.\n".to_owned(),
            many => format!("{many} things need you.\n"),
        });
        (self.lines.join("\n"), self.wrong)
    }
}
