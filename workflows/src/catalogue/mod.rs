//! Everything Meta may refuse, as one table: what it means, who acts, what each person is told.
//!
//! It sorts and explains; it never decides what an onboarding does next.

mod access;
mod entry;
mod exchange;
mod lookup;
mod numbers;
mod sending;
mod signup;
mod signup_access;
mod signup_texts;

pub use entry::{CatalogueEntry, Class, Family};
pub use lookup::{Refusal, all, explain, graph_error, of_fingerprint, reaction, signup_error};
