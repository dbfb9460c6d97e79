//! A stand-in for Meta: its Graph API, its login script and signup popup, and its webhooks, misbehavior included.
//!
//! It is the sandbox's other half and the tests' adversary. It shares no wire types with the rest
//! of the product, so that a misreading of Meta cannot hide on both sides.

mod ailments;
mod calls;
mod control;
mod core;
mod events;
mod graph;
mod http;
mod magic;
mod popup;
mod router;
mod scenario;
mod server;
mod signup;
mod time;
mod webhooks;
mod world;

#[cfg(test)]
mod tests;

pub use server::{SimulatedApp, Simulator, SimulatorConfig, SimulatorError};
pub use time::SimulatedTime;
pub use world::WorldStore;
