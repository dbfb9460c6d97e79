//! What a test of a workflow or of a store needs: moved time, a reference store, a store that fails,
//! a cipher that hides nothing, and whole lives simulated from a seed.

pub mod contract;
mod faulty_store;
mod manual_clock;
pub mod mechanics;
mod memory_claims;
mod memory_commit;
mod memory_store;
pub mod simulation;

pub use faulty_store::{Fault, FaultyStore};
pub use manual_clock::ManualClock;
pub use memory_store::MemoryStore;
