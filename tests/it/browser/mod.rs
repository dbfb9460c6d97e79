//! The hosted page and the console in a real browser, as a client and an operator meet them.

mod bulk;
mod chrome;
mod coexistence;
mod console;
mod faces;
mod links;
mod operator;
mod person;
mod pictures;
mod signup;
mod troubles;
