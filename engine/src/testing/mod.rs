//! What a test of a workflow or of a store needs: moved time, a reference store.

pub mod contract;
mod manual_clock;
mod memory_commit;
mod memory_store;

pub use manual_clock::ManualClock;
pub use memory_store::MemoryStore;
