//! An order that is charged once, whatever happens to its process. Start it, kill it, start it again.
#![allow(missing_docs)]

use std::{error::Error, fs, io::Write, path::PathBuf, sync::Arc, time::Duration};

use adapters::sled::{SledOptions, SledStore};
use engine::{Care, Engine, Executor, Finding, Heard, Job, Outcome, RunnerOptions, Workflow};

engine::letters! {
    pub enum State { Placed, Paid }
    pub enum Input { Charged }
    pub enum Command { Charge }
}
rust_fsm::state_machine! {
    #[state_machine(state(super::State), input(super::Input), output(super::Command))]
    order(Placed)
    Placed => { Charged => Paid },
}
struct Order;
impl Workflow for Order {
    const NAME: &'static str = "order";
    const CARE: Care = Care::Once;
    type Machine = order::Impl;
    type Facts = ();
    type Event = Input;
    fn first((): &()) -> Option<Command> {
        Some(Command::Charge)
    }
    fn hear((): &(), _: State, event: Input, _: engine::Timestamp) -> Heard<Self> {
        Heard::letter(event)
    }
}

struct Bank(PathBuf);
#[engine::async_trait]
impl Executor<Order> for Bank {
    async fn perform(&self, _: Command, job: &Job<Order>) -> Outcome<Input> {
        let book = fs::File::options().create(true).append(true).open(&self.0);
        writeln!(book.expect("a book"), "{} charged", job.id).expect("room in it");
        tokio::time::sleep(Duration::from_secs(2)).await; // The bank takes its time to answer.
        Outcome::Done(Input::Charged)
    }
    async fn check(&self, _: Command, job: &Job<Order>) -> Finding<Input> {
        let book = fs::read_to_string(&self.0).unwrap_or_default();
        Finding::happened_if(book.contains(job.id.as_str()), Input::Charged)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or("order-data".into()));
    let store = SledStore::open(&folder, SledOptions::default()).await?;
    let bank = Arc::new(Bank(folder.join("bank")));
    let engine = Engine::unsealed(store).workflow::<Order>(bank).build();
    let placed = engine.start::<Order>("order-1", ()).await?;
    let paid = engine.ended(&placed);
    let order = engine.run(RunnerOptions::default(), paid).await?;
    Ok(writeln!(std::io::stdout(), "{:?}", order.state)?)
}
