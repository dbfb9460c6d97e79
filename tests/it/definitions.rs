//! Definitions change under what is stored: old records are read, newer ones left alone, and a
//! table that no longer knows a stored state does not start.

mod depot;
mod generations;
mod owed;
mod parcel;
mod releases;
