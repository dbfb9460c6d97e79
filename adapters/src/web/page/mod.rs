//! The hosted page that clients open: its first paint, its files, and the calls of its script.

mod accent;
mod asset;
mod contrast;
mod events;
mod face;
mod icons;
mod policy;
mod routes;
mod session;
mod texts;

#[cfg(test)]
mod tests;

pub(super) use asset::{Asset, Kept};
#[cfg(test)]
pub(super) use contrast::tests::check as check_contrast;
pub(crate) use routes::routes;
