//! Gangway's edges: whatever speaks to the outside, each in its own room.

mod chores;
pub mod cli;
pub mod graph;
mod ground;
pub mod process;
pub mod sandbox;
pub mod settings;
pub mod simulator;
pub mod sled;
pub mod telemetry;
mod unfinished;
pub mod vault;
pub mod web;
pub mod webhook;
