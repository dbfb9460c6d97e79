//! What the engine promises of any workflow, tried out on a small one over the reference store.

mod breakers;
mod bulk;
mod clocks;
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
mod rewinds;
mod schedules;
mod stage;
mod subjects;
mod sweeps;
mod tries;
mod waiting;
