//! Gangway's edges: store, web, Graph, webhooks, vault, simulator.

pub mod web;
