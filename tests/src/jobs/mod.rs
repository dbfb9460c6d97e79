//! The house's own jobs as they are simulated: bulk acts on parcels that wait, and checks of all
//! histories, while everything goes on.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use engine::testing::simulation::{Ending, Scenario, Site};
use engine::{
    Act, Actor, Bulk, BulkExecutor, BulkFacts, BulkOrder, BulkState, Engine, EngineBuilder,
    EngineError, Filter, Instance, InstanceId, NewInstance, Note, PageOrder, Record, SubjectId,
    Workflow,
};
use workflows::journal_check::{CheckExecutor, Facts as CheckFacts, JournalCheck};

use crate::parcel::{self, Kind, Parcels};

/// Parcels that jobs may meet.
const PARCELS: u8 = 4;

/// They wait for money longer than any job may take.
const PATIENCE: Duration = Duration::from_hours(30 * 24);

/// Two acts in a turn: so few parcels take several turns.
const RATE_PER_MINUTE: u32 = 60;

/// A few waiting parcels and whoever works on all of them: in any way, or as told.
#[derive(Clone, Debug, Default)]
pub struct Jobs {
    parcels: Parcels,
    steps: Option<Vec<Step>>,
}

impl Jobs {
    /// Whatever may be thought of.
    pub fn any() -> Self {
        Self::default()
    }

    /// Operators who order this and nothing else.
    pub fn told(steps: &[Step]) -> Self {
        Self {
            steps: Some(steps.to_vec()),
            ..Self::default()
        }
    }
}

/// What is done with all parcels, or meanwhile with one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A parcel is ordered, and nobody is in a hurry.
    Order(u8),
    /// A job that calls off whatever waits for money.
    CallOff(u8),
    /// A check of all histories.
    Check(u8),
    /// A client does something with one parcel.
    Client(parcel::Step),
}

fn job(number: u8) -> InstanceId {
    InstanceId::new(format!("blk_{number}"))
}

fn check(number: u8) -> InstanceId {
    InstanceId::new(format!("chk_{number}"))
}

fn house() -> SubjectId {
    SubjectId::new("house")
}

#[async_trait]
impl Scenario for Jobs {
    type Step = Step;

    fn name(&self) -> &'static str {
        "jobs"
    }

    fn assemble(&self, builder: EngineBuilder, site: &Site) -> EngineBuilder {
        let bulk = BulkExecutor::of(builder.handle());
        let checks = CheckExecutor::new(builder.verifier(), builder.documents());
        self.parcels
            .assemble(builder, site)
            .workflow(site.watched::<Bulk>(bulk))
            .workflow(site.watched::<JournalCheck>(checks))
    }

    fn script(&self, chance: &mut fastrand::Rng) -> Vec<Step> {
        if let Some(steps) = &self.steps {
            return steps.clone();
        }
        let mut steps = vec![Step::CallOff(0)];
        for number in 0..PARCELS {
            steps.push(Step::Order(number));
            if chance.u8(..3) == 0 {
                steps.push(Step::Client(parcel::Step::Pay(number)));
            }
        }
        if chance.bool() {
            steps.push(Step::Check(0));
        }
        if chance.u8(..3) == 0 {
            steps.push(Step::CallOff(1));
        }
        chance.shuffle(&mut steps);
        steps
    }

    async fn take(&self, engine: &Engine, step: &Step) -> Result<(), EngineError> {
        let made = match step {
            Step::Client(step) => return self.parcels.take(engine, step).await,
            Step::Order(number) => {
                return parcel::order(engine, *number, Kind::Plain, PATIENCE).await;
            }
            Step::CallOff(number) => call_off(engine, *number).await,
            Step::Check(number) => begin_check(engine, *number).await,
        };
        match made {
            Err(EngineError::Exists(_)) => Ok(()),
            made => made,
        }
    }

    /// Nobody pays while a job may still come by.
    async fn help(&self, engine: &Engine, record: &Record) -> Result<(), EngineError> {
        let filter = Filter {
            workflow: Some(Bulk::NAME.to_owned()),
            live: true,
            ..Filter::default()
        };
        let page = PageOrder {
            limit: 1,
            after: None,
        };
        let jobs = engine.find(&filter, &page).await?;
        if !jobs.items.is_empty() {
            return Ok(());
        }
        self.parcels.help(engine, record).await
    }

    async fn judge(&self, ending: &Ending<'_, Step>) -> Vec<String> {
        match look(ending).await {
            Ok(wrong) => wrong,
            Err(error) => vec![format!("the end cannot be looked at: {error}")],
        }
    }
}

async fn call_off(engine: &Engine, number: u8) -> Result<(), EngineError> {
    let order = BulkOrder {
        act: Act::Cancel { undo: false },
        filter: Filter {
            workflow: Some("parcel".to_owned()),
            states: vec!["ordered".to_owned()],
            ..Filter::default()
        },
        reason: "the shop closes".to_owned(),
        by: "ops".to_owned(),
        rate_per_minute: RATE_PER_MINUTE,
    };
    let new = NewInstance::<Bulk> {
        id: job(number),
        subject: house(),
        facts: BulkFacts::ordered(order, engine.now()),
        parent: None,
        note: Note::plain("ordered", Actor::Operator),
    };
    engine.create(new, Vec::new()).await.map(drop)
}

async fn begin_check(engine: &Engine, number: u8) -> Result<(), EngineError> {
    let new = NewInstance::<JournalCheck> {
        id: check(number),
        subject: house(),
        facts: CheckFacts {
            asked_at: engine.now(),
            ended_at: None,
            findings: None,
        },
        parent: None,
        note: Note::plain("ordered", Actor::Operator),
    };
    engine.create(new, Vec::new()).await.map(drop)
}

/// Nothing is called off twice, what the jobs say they did is what was done, and no check finds fault.
async fn look(ending: &Ending<'_, Step>) -> Result<Vec<String>, EngineError> {
    let mut wrong = Vec::new();
    let mut called_off: BTreeMap<&InstanceId, usize> = BTreeMap::new();
    let mut done = 0;
    for record in &ending.records {
        match record.workflow.as_str() {
            Bulk::NAME => {
                let job = ending.engine.open::<Bulk>(record.clone()).await?;
                wrong.extend(unfinished(&job));
                done += job.facts.counts.done;
            }
            JournalCheck::NAME if record.state != "sound" => {
                let facts = ending.engine.inspect(record.clone()).await?;
                wrong.push(format!("{} is {}: {facts}", record.id, record.state));
            }
            "parcel" => {
                let told = ending.engine.journal(&record.id, 0, 1000).await?;
                let times = told.iter().filter(|line| line.what == "canceled").count();
                called_off.insert(&record.id, times);
            }
            _ => {}
        }
    }
    for (id, times) in called_off.iter().filter(|(_, times)| **times > 1) {
        wrong.push(format!("{id} was called off {times} times"));
    }
    let times: usize = called_off.values().sum();
    if done != times as u64 {
        wrong.push(format!(
            "the jobs called {done} off, and {times} were called off"
        ));
    }
    Ok(wrong)
}

fn unfinished(job: &Instance<Bulk>) -> Option<String> {
    let (id, counts) = (&job.record.id, job.facts.counts);
    let complete = job.state == BulkState::Finished && counts.left() == 0;
    (!complete).then(|| format!("{id} is {:?} with {counts:?}", job.state))
}
