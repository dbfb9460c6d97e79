//! Webhooks: one change in Meta's shapes, who hears of it and where, and the sending.

mod change;
mod route;
mod send;

pub(crate) use change::{Change, FieldPlace, Subscription};
pub(crate) use route::{Timing, tell};
pub(crate) use send::{callback_answers, run_outbox};

#[cfg(test)]
pub(crate) use send::signature;
