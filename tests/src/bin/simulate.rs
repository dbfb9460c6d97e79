//! Lives scenarios from seeds, as many as wanted, or one of them again with everything that happens.
#![allow(
    clippy::print_stdout,
    reason = "it is a command: its words are its work"
)]

use std::process::ExitCode;
use std::time::Instant;

use engine::testing::simulation::{Failure, Scenario, Simulation, Summary};
use tests::jobs::Jobs;
use tests::onboarding::Onboardings;
use tests::parcel::Parcels;

const USAGE: &str = "\
usage: simulate [SCENARIO] [--seeds N] [--from SEED] [--seed SEED]
  SCENARIO     parcel, jobs, onboarding or rivals; all without it
  --seeds N    lives so many lives (1000)
  --from SEED  begins with this seed (0)
  --seed SEED  lives this one life and prints what happens";

/// What is asked for.
struct Order {
    scenario: Option<String>,
    from: u64,
    seeds: u64,
    one: Option<u64>,
}

fn order() -> Option<Order> {
    let mut order = Order {
        scenario: None,
        from: 0,
        seeds: 1000,
        one: None,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next()?.parse::<u64>().ok();
        match word.as_str() {
            "--seeds" => order.seeds = number()?,
            "--from" => order.from = number()?,
            "--seed" => order.one = Some(number()?),
            name if !name.starts_with('-') => order.scenario = Some(name.to_owned()),
            _ => return None,
        }
    }
    Some(order)
}

fn main() -> ExitCode {
    let Some(order) = order() else {
        println!("{USAGE}");
        return ExitCode::from(64);
    };
    let known = [
        run(&order, Parcels::any()),
        run(&order, Jobs::any()),
        run(&order, Onboardings::any()),
        run(&order, Onboardings::rivals()),
    ];
    let run: Vec<bool> = known.into_iter().flatten().collect();
    match run.as_slice() {
        [] => {
            println!("{USAGE}");
            ExitCode::from(64)
        }
        held if held.iter().all(|held| *held) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// Whether every promise held; nothing if another scenario was asked for.
fn run<S: Scenario>(order: &Order, scenario: S) -> Option<bool> {
    let name = scenario.name();
    if order.scenario.as_ref().is_some_and(|asked| asked != name) {
        return None;
    }
    let simulation = Simulation::of(scenario);
    Some(match order.one {
        Some(seed) => one(&simulation, seed),
        None => many(&simulation, name, order),
    })
}

fn one<S: Scenario>(simulation: &Simulation<S>, seed: u64) -> bool {
    let lived = simulation.life(seed);
    for line in lived.trace.lines() {
        println!("{line}");
    }
    for complaint in &lived.complaints {
        println!("broken: {complaint}");
    }
    lived.complaints.is_empty()
}

#[expect(
    clippy::disallowed_methods,
    reason = "how fast lives are lived is measured by the machine's clock"
)]
fn many<S: Scenario>(simulation: &Simulation<S>, name: &str, order: &Order) -> bool {
    let began = Instant::now();
    match simulation.lives(order.from..order.from + order.seeds) {
        Ok(summary) => {
            println!(
                "{}",
                in_words(name, &summary, began.elapsed().as_secs_f64())
            );
            true
        }
        Err(failure) => {
            println!("{failure}\n{}", replay(&failure));
            false
        }
    }
}

fn in_words(name: &str, summary: &Summary, seconds: f64) -> String {
    let Summary {
        lives,
        instances,
        commits,
        happenings,
        faults,
    } = summary;
    let rate = u32::try_from(*lives).map_or(0.0, f64::from) / seconds;
    let faults: Vec<String> = faults
        .iter()
        .map(|(fault, strikes)| format!("{fault} {strikes}"))
        .collect();
    format!(
        "{name}: {lives} lives, {instances} instances, {commits} commits, {happenings} happenings \
         in {seconds:.2} s: {rate:.0} lives a second\n\
         struck by {}",
        faults.join(", ")
    )
}

fn replay(failure: &Failure) -> String {
    let (name, seed) = (failure.scenario, failure.lived.seed);
    format!("again with: cargo run --release -p tests --bin simulate -- {name} --seed {seed}")
}
