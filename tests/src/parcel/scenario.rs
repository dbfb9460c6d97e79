//! Parcels as they are simulated: what clients do, what helps, and what must be true at the end.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use engine::testing::simulation::{Ending, Scenario, Site};
use engine::{
    Act, ActError, Actor, Engine, EngineBuilder, EngineError, Fields, InstanceId, Intervention,
    NewInstance, Note, Reason, Record, SubjectId, Workflow,
};
use serde_json::json;

use super::hands::{Rider, Shop};
use super::machine::State;
use super::{Event, Facts, Kind, PATIENCE, Parcel, WISH};

/// A few parcels and their clients: of any kind, or as told.
#[derive(Clone, Debug, Default)]
pub struct Parcels {
    steps: Option<Vec<Step>>,
}

impl Parcels {
    /// Whatever clients may think of.
    pub fn any() -> Self {
        Self::default()
    }

    /// Clients who do this and nothing else.
    pub fn told(steps: &[Step]) -> Self {
        Self {
            steps: Some(steps.to_vec()),
        }
    }
}

/// What a client does with a parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Orders it: of which kind.
    Order(u8, Kind),
    /// Pays.
    Pay(u8),
    /// Adds something.
    Change(u8, u8),
    /// Says something.
    Remark(u8, u8),
    /// Does not want it.
    Cancel(u8),
    /// An operator lays a hand on it; each time is an operation of its own.
    Act(u8, u8, Act),
}

fn id(number: u8) -> InstanceId {
    InstanceId::new(format!("par_{number}"))
}

#[async_trait]
impl Scenario for Parcels {
    type Step = Step;

    fn name(&self) -> &'static str {
        "parcel"
    }

    fn assemble(&self, builder: EngineBuilder, site: &Site) -> EngineBuilder {
        builder
            .workflow(site.watched(Shop(site.world().clone())))
            .workflow(site.watched(Rider(site.world().clone())))
    }

    fn script(&self, chance: &mut fastrand::Rng) -> Vec<Step> {
        if let Some(steps) = &self.steps {
            return steps.clone();
        }
        let mut steps = Vec::new();
        for number in 0..chance.u8(1..=3) {
            let kinds = [Kind::Plain, Kind::Gift, Kind::Unwanted, Kind::Far];
            steps.push(Step::Order(number, kinds[chance.usize(..kinds.len())]));
            if chance.u8(..10) > 0 {
                steps.push(Step::Pay(number));
            }
            if chance.u8(..3) == 0 {
                steps.push(Step::Remark(number, 1));
            }
            if chance.u8(..3) == 0 {
                steps.push(Step::Change(number, WISH));
            }
            if chance.u8(..5) == 0 {
                steps.push(Step::Cancel(number));
            }
            for operation in 0..chance.u8(..=2) {
                steps.push(Step::Act(number, operation, any_act(chance)));
            }
        }
        steps
    }

    async fn take(&self, engine: &Engine, step: &Step) -> Result<(), EngineError> {
        let (number, event) = match step {
            Step::Order(number, kind) => return order(engine, *number, *kind, PATIENCE).await,
            Step::Act(number, operation, act) => {
                return lay_hand_on(engine, *number, *operation, act.clone()).await;
            }
            Step::Pay(number) => (*number, Event::Pay),
            Step::Change(number, what) => (*number, Event::Changed(*what)),
            Step::Remark(number, what) => (*number, Event::Remark(*what)),
            Step::Cancel(number) => (*number, Event::Canceled),
        };
        engine.submit::<Parcel>(&id(number), event).await.map(drop)
    }

    async fn help(&self, engine: &Engine, record: &Record) -> Result<(), EngineError> {
        if record.workflow != Parcel::NAME {
            return Ok(());
        }
        let parcel = engine.open::<Parcel>(record.clone()).await?;
        let event = match parcel.state {
            State::Ordered => Event::Pay,
            State::Packing if parcel.facts.kind == Kind::Unwanted => Event::Canceled,
            State::Packing => Event::Changed(WISH),
            _ => return Ok(()),
        };
        engine.submit::<Parcel>(&record.id, event).await?;
        Ok(())
    }

    async fn judge(&self, ending: &Ending<'_, Step>) -> Vec<String> {
        let mut wrong = Vec::new();
        for record in &ending.records {
            if record.workflow != "parcel" {
                continue;
            }
            match ending.engine.open::<Parcel>(record.clone()).await {
                Ok(parcel) => wrong.extend(judge(ending, &parcel)),
                Err(error) => wrong.push(format!("{}: {error}", record.id)),
            }
        }
        wrong
    }
}

/// What an operator may think of.
fn any_act(chance: &mut fastrand::Rng) -> Act {
    let mut fields = Fields::new();
    match chance.u8(..7) {
        0 => Act::Pause,
        1 => Act::Resume,
        2 => Act::RetryNow,
        3 => Act::Cancel { undo: false },
        4 => Act::Submit {
            event: "pay".to_owned(),
            fields,
        },
        5 => {
            fields.insert("bench".to_owned(), json!(chance.u8(..2).to_string()));
            Act::Edit { fields }
        }
        _ => Act::Rewind {
            to: "packing".to_owned(),
        },
    }
}

/// What is not possible as things stand is an answer too.
async fn lay_hand_on(
    engine: &Engine,
    number: u8,
    operation: u8,
    act: Act,
) -> Result<(), EngineError> {
    let reason = Reason::new("simulated", "an operator of the simulation");
    let by = Intervention {
        operation: Some(format!("operation-{operation}")),
        ..Intervention::new(act, Actor::Operator, reason)
    };
    match engine.intervene(&id(number), &by).await {
        Err(ActError::Engine(error)) => Err(error),
        _ => Ok(()),
    }
}

/// A parcel that is waited for so long; ordered before, it stays as it is.
pub(crate) async fn order(
    engine: &Engine,
    number: u8,
    kind: Kind,
    patience: Duration,
) -> Result<(), EngineError> {
    let new = NewInstance::<Parcel> {
        id: id(number),
        subject: SubjectId::new("client_1"),
        facts: Facts {
            pay_until: engine.now() + patience,
            // Fewer benches than parcels: some must wait for one.
            bench: Some(number % 2),
            shipped_at: None,
            reminded: false,
            kind,
            heard: BTreeSet::new(),
            announced: 0,
            rewound: 0,
        },
        parent: None,
        note: Note::plain("ordered", Actor::Client),
    };
    match engine.create(new, Vec::new()).await {
        Ok(_) | Err(EngineError::Exists(_)) => Ok(()),
        Err(other) => Err(other),
    }
}

fn judge(
    ending: &Ending<'_, Step>,
    parcel: &engine::Instance<Parcel>,
) -> impl Iterator<Item = String> + use<> {
    let id = &parcel.record.id;
    let times = |operation: &str| ending.world.times(&format!("{operation} {id}"));
    let done = [times("charge"), times("ship"), times("refund")];
    let expected = match parcel.state {
        State::Delivered => [1, 1, 0],
        // Fetched back to be packed anew, it may still be called off.
        State::CalledOff if parcel.facts.rewound > 0 => [done[0], done[1], done[0]],
        State::CalledOff => [done[0], 0, done[0]],
        _ => [0, 0, 0],
    };
    let mut wrong = Vec::new();
    if done != expected {
        let state = parcel.state;
        wrong.push(format!(
            "{id} is {state:?}, and charged, shipped, refunded: {done:?}"
        ));
    }
    if parcel.state == State::Delivered && times("hand over") == 0 {
        wrong.push(format!("{id} is delivered and nobody brought it"));
    }
    for step in &ending.acknowledged {
        let kept = match step {
            Step::Remark(number, what) | Step::Change(number, what) if self::id(*number) == *id => {
                parcel.facts.heard.contains(what)
            }
            Step::Cancel(number) if self::id(*number) == *id => parcel.state == State::CalledOff,
            _ => true,
        };
        if !kept {
            wrong.push(format!("{step:?} was acknowledged and is forgotten"));
        }
    }
    wrong.into_iter()
}
