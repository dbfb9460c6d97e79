//! What a test of a workflow or of a store needs: moved time, a reference store.

mod manual_clock;

pub use manual_clock::ManualClock;
