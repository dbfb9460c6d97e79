//! The embedded store: one folder, one owner, durable through a power cut.
//!
//! What sled 0.34 leaves undone for durability is done here; nothing outside this room knows sled.

mod committer;
mod draft;
mod due;
mod examine;
mod image;
mod keys;
mod layout;
mod marks;
mod open;
mod read;
mod recent;
mod standing;
mod store;
mod syncer;
mod turns;
mod values;
mod view;

pub use examine::{Examined, examine};
pub use open::{FailHook, OpenError, SledOptions};
pub use store::{Health, SledStore, Stats};
