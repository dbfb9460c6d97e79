//! Gangway's edges; a table of contents.

pub mod simulator;
