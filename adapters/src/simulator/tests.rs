//! What the simulator promises, spoken to over real HTTP.
