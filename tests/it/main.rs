//! The whole product from outside, in one binary.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed, wherever in it that is"
)]

mod engine;
mod powercut;
mod stores;
mod tables;
mod tidy;
