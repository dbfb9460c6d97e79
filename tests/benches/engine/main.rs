//! How fast the engine is on its real store, in one table a section.
//!
//! `cargo bench -p tests --bench engine -- [steps] [parked] [quick|full]`; `full` puts a million to sleep.
#![allow(
    clippy::unwrap_used,
    reason = "a bench that cannot go on has failed, wherever in it that is"
)]

mod load;
mod machine;
mod parked;
mod raw;
mod reopen;
mod six;
mod stage;
mod steps;
mod table;
mod world;

use std::path::{Path, PathBuf};
use std::time::Duration;

use engine::Timestamp;

use crate::table::say;

/// As in the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long each figure is measured, and how many sleep.
struct Extent {
    span: Duration,
    asleep: u64,
}

#[tokio::main]
async fn main() {
    // Cargo adds a word of its own, which means nothing here.
    let words = std::env::args().skip(1).filter(|word| word != "--bench");
    let words: Vec<String> = words.collect();
    if let [word, folder, at] = words.as_slice()
        && word == reopen::WORD
    {
        let at = Timestamp::from_millis(at.parse().unwrap());
        say(&reopen::here(Path::new(folder), at).await);
        // Nothing is closed, as when it is killed.
        std::process::exit(0);
    }
    let asked = |word: &str| words.iter().any(|asked| asked == word);
    let (span, asleep) = match () {
        () if asked("quick") => (2, 20_000),
        () if asked("full") => (8, 1_000_000),
        () => (5, 100_000),
    };
    let extent = Extent {
        span: Duration::from_secs(span),
        asleep,
    };
    let all = !asked("steps") && !asked("parked");
    let home = home();
    say(&machine::describe());
    if all || asked("steps") {
        steps::measure(&home, extent.span).await;
    }
    if all || asked("parked") {
        parked::measure(&home, extent.asleep, extent.span).await;
    }
}

/// Beside the build, so that the disk is a real one: `/tmp` may be memory.
fn home() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    program.parent().unwrap().to_owned()
}
