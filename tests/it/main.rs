//! The whole product from outside, in one binary.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed, wherever in it that is"
)]
#![allow(
    clippy::large_futures,
    clippy::duration_suboptimal_units,
    reason = "a test's future is polled alone, and its spans are compared with each other in seconds"
)]

mod app;
mod browser;
mod crashes;
mod decisions;
mod definitions;
mod engine;
mod erasure;
mod example;
mod journal;
mod journeys;
mod keeping;
mod load;
mod mechanics;
mod powercut;
mod provider;
mod receiver;
mod rotation;
mod second_web;
mod secrets;
mod simulation;
mod stores;
mod tables;
mod tidy;
