//! What the tests and the command that simulates share: workflows to be lived, each with its world.

pub mod jobs;
pub mod onboarding;
pub mod parcel;
