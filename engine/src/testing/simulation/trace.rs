//! What happened in a life, in order: a digest always, the lines only when somebody will read them.

use std::fmt;

/// The order of everything that happened. Two lives of one seed have the same.
#[derive(Clone, Debug)]
pub struct Trace {
    digest: u64,
    count: u64,
    lines: Option<Vec<String>>,
}

/// FNV-1a, 64 bits: its start and its prime. It tells runs apart and guards nothing.
const START: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

impl Trace {
    /// A trace that keeps its digest only, or its lines too.
    pub(super) fn new(kept: bool) -> Self {
        Self {
            digest: START,
            count: 0,
            lines: kept.then(Vec::new),
        }
    }

    pub(super) fn write(&mut self, line: fmt::Arguments<'_>) {
        self.count += 1;
        let mut sum = Sum(self.digest);
        // A sum takes whatever it is given.
        let _ = fmt::write(&mut sum, line);
        self.digest = sum.0.wrapping_mul(PRIME);
        if let Some(lines) = &mut self.lines {
            lines.push(line.to_string());
        }
    }

    /// One number for all that happened.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// How many things happened.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The lines, if they were kept.
    pub fn lines(&self) -> &[String] {
        self.lines.as_deref().unwrap_or_default()
    }
}

/// Sums up text as it is written, so that nothing is built up only to be thrown away.
struct Sum(u64);

impl fmt::Write for Sum {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(PRIME);
        }
        Ok(())
    }
}
