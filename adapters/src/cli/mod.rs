//! Commands that work on a data folder while no process runs over it.

mod verify;

pub use verify::verify;
