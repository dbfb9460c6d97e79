//! The ports through which the workflows reach the world.

pub mod graph;
pub mod notifier;
pub mod provider;
