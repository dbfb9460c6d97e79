//! What onboarding a client to WhatsApp means, free of web frameworks, databases and sockets.

pub mod app;
pub mod backups;
pub mod catalogue;
pub mod connection;
pub mod delivery;
pub mod directory;
pub mod grant;
mod ids;
pub mod intake;
pub mod journal_check;
mod minting;
mod numbers;
pub mod onboarding;
pub mod ports;
pub mod preflight;
pub mod retention;
pub mod values;
pub mod words;
