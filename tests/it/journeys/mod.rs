//! What client, partner and operator live through, one sentence each.

mod happy;
