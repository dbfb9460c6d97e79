//! Who does what a parcel needs: every effect is an operation on the world, and nothing else is kept.

use std::sync::Arc;

use async_trait::async_trait;
use engine::testing::simulation::World;
use engine::{
    Actor, Birth, EngineError, Executor, Finding, InstanceId, Job, Moved, Outcome, Reason, Workflow,
};

use super::courier::{Courier, CourierFacts};
use super::machine::{Command, Errand};
use super::{Event, Kind, Parcel, RIDE, WISH};

pub(super) struct Shop(pub(super) Arc<World>);

#[async_trait]
impl Executor<Parcel> for Shop {
    async fn perform(&self, command: Command, job: &Job<Parcel>) -> Outcome<Event> {
        let (world, id) = (&self.0, &job.id);
        if command == Command::Pack
            && matches!(job.facts.kind, Kind::Gift | Kind::Unwanted)
            && !job.facts.heard.contains(&WISH)
        {
            return Outcome::Quiet {
                why: Reason::new("wish", "the client has to say what goes on the card"),
                mover: Actor::Client,
            };
        }
        Outcome::Done(match command {
            Command::Charge => {
                world.does_once(format!("charge {id}"));
                Event::Charged
            }
            Command::Refund => {
                world.does_once(format!("refund {id}"));
                Event::Refunded
            }
            Command::Pack => {
                world.does(format!("pack {id}"));
                Event::Packed
            }
            Command::Ship => {
                let shipping = format!("ship {id}");
                if world.times(&shipping) == 0 {
                    world.does_once(shipping);
                }
                Event::Shipped
            }
            Command::Remind => {
                world.does(format!("remind {id}"));
                Event::Reminded
            }
        })
    }

    async fn check(&self, command: Command, job: &Job<Parcel>) -> Finding<Event> {
        let (operation, event) = match command {
            Command::Charge => ("charge", Event::Charged),
            _ => ("refund", Event::Refunded),
        };
        match self.0.times(&format!("{operation} {}", job.id)) {
            0 => Finding::DidNotHappen(Reason::new("not_found", "the bank knows nothing of it")),
            _ => Finding::Happened(event),
        }
    }

    async fn children(&self, moved: &Moved<'_, Parcel>) -> Result<Vec<Birth>, EngineError> {
        if moved.what != "shipped" {
            return Ok(Vec::new());
        }
        let (parcel, far) = (moved.after.id.to_string(), moved.facts.kind == Kind::Far);
        let id = match moved.facts.rewound {
            0 => format!("{parcel}-courier"),
            again => format!("{parcel}-courier-{again}"),
        };
        let id = InstanceId::new(id);
        let facts = serde_json::to_value(CourierFacts { parcel, far });
        Ok(vec![Birth {
            workflow: Courier::NAME,
            id,
            facts: facts.expect("facts are plain data"),
        }])
    }
}

pub(super) struct Rider(pub(super) Arc<World>);

#[async_trait]
impl Executor<Courier> for Rider {
    async fn perform(&self, _errand: Errand, job: &Job<Courier>) -> Outcome<()> {
        let there = job.record.created_at + RIDE * 2;
        if job.facts.far && job.now < there {
            return Outcome::Wait {
                until: there,
                why: Reason::new("far", "the way is long"),
                mover: Actor::Outside,
            };
        }
        self.0.does(format!("hand over {}", job.facts.parcel));
        Outcome::Done(())
    }
}
