//! Deterministic simulation: a seeded life of several processes over one store, in which time, order
//! and every failure are decided by the seed, and the oracles that must hold at its end.

mod audit;
mod calm;
mod clock;
mod faults;
mod hub;
mod life;
mod oracles;
mod process;
mod scenario;
#[expect(clippy::module_inception, reason = "the room's one handle")]
mod simulation;
mod site;
mod steps;
mod store;
mod storm;
mod trace;
mod world;

pub use faults::Faults;
pub(crate) use faults::{Class, Side, Trouble};
pub use life::Lived;
pub use scenario::{Ending, Scenario};
pub use simulation::{Failure, Simulation, Summary};
pub use site::Site;
pub use trace::Trace;
pub use world::World;
