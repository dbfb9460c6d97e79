//! The whole product from outside, in one binary.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed, wherever in it that is"
)]

mod app;
mod browser;
mod crashes;
mod engine;
mod journeys;
mod powercut;
mod receiver;
mod second_web;
mod stores;
mod tables;
mod tidy;
