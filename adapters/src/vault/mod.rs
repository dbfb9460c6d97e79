//! The cipher behind everything that is sealed: XChaCha20-Poly1305 under data keys that master keys wrap.
//!
//! It keeps no keys but the master keys from the settings, and stores nothing.

mod cipher;
mod master;

pub use cipher::Vault;
pub use master::{MasterKey, VaultError};
