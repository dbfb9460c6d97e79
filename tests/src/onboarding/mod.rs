//! The product's own onboarding and its deliveries as they are simulated: real tables and real
//! executors, with a Meta and a partner's endpoint that live in the world.

mod connected;
mod endpoint;
mod ends;
mod examined;
mod meta;
mod missing;
mod provider;
mod rivals;
mod scenario;
mod shares;
mod words;

pub use scenario::{Number, Onboardings, Step};
