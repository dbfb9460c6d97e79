//! What a test of a workflow or of a store needs: moved time, a reference store, a store that fails.

pub mod contract;
mod faulty_store;
mod manual_clock;
mod memory_claims;
mod memory_commit;
mod memory_store;

pub use faulty_store::{Fault, FaultyStore};
pub use manual_clock::ManualClock;
pub use memory_store::MemoryStore;
