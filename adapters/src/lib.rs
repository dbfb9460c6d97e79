//! Gangway's edges: whatever speaks to the outside, each in its own room.

pub mod graph;
pub mod simulator;
pub mod sled;
pub mod vault;
pub mod web;
pub mod webhook;
