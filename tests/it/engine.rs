//! What the engine promises of any workflow, tried out on a small one over the reference store.

mod breakers;
mod bulk;
mod clocks;
mod crashes;
mod deadlines;
mod errand;
mod fairness;
mod families;
mod hands;
mod journal;
mod labels;
mod leases;
mod once;
mod outages;
mod poison;
mod schedules;
mod stage;
mod sweeps;
mod tries;
