//! Lets a command come to every kind of end, and looks whether somebody or something still moves
//! the instance. The instance is put into the store as it would stand, not walked there.

use std::sync::Arc;
use std::time::Duration;

use adapters::vault::{MasterKey, Vault};
use async_trait::async_trait;
use engine::testing::{ManualClock, MemoryStore};
use engine::{
    Actor, Change, Clock, CommandOf, Doubt, Engine, Executor, Expected, Finding, InstanceId, Job,
    Keyring, Letter, Outcome, Owner, PutRecord, Reason, Record, StateOf, Store, SubjectId, Task,
    Timestamp, Work, Workflow,
};

/// Every kind of end that performing or checking may come to.
#[derive(Clone, Copy, Debug)]
enum End {
    UnderWay,
    Waits,
    Failed,
    FailedLast,
    NotKnown,
    NotKnownLast,
    Asked,
    MeantNothing,
    StillNotKnown,
    CheckAsked,
    NeverAnswered,
}

const ENDS: [End; 11] = [
    End::UnderWay,
    End::Waits,
    End::Failed,
    End::FailedLast,
    End::NotKnown,
    End::NotKnownLast,
    End::Asked,
    End::MeantNothing,
    End::StillNotKnown,
    End::CheckAsked,
    End::NeverAnswered,
];

struct EndsSo<W: Workflow> {
    end: End,
    silence: W::Event,
}

fn why() -> Reason {
    Reason::new("tried_out", "this end is tried out")
}

#[async_trait]
impl<W: Workflow> Executor<W> for EndsSo<W> {
    async fn perform(&self, _command: CommandOf<W>, job: &Job<W>) -> Outcome<W::Event> {
        let why = why();
        match self.end {
            End::UnderWay => Outcome::Quiet {
                why,
                mover: Actor::Outside,
            },
            End::Waits => Outcome::Wait {
                until: job.now + Duration::from_mins(1),
                why,
                mover: Actor::Outside,
            },
            End::Failed | End::FailedLast => Outcome::Retry {
                why,
                after: None,
                otherwise: None,
            },
            End::MeantNothing => Outcome::Done(self.silence.clone()),
            End::NeverAnswered => std::future::pending().await,
            End::Asked => Outcome::Ask {
                whom: Actor::Partner,
                why,
            },
            End::NotKnown | End::NotKnownLast | End::StillNotKnown | End::CheckAsked => {
                Outcome::Unknown { why }
            }
        }
    }

    async fn check(&self, _command: CommandOf<W>, _job: &Job<W>) -> Finding<W::Event> {
        match self.end {
            End::CheckAsked => Finding::Ask {
                whom: Actor::Operator,
                why: why(),
            },
            _ => Finding::NotKnown {
                why: why(),
                after: None,
            },
        }
    }
}

/// Tries every end of this command in this state; each line is one that leaves nobody to move on.
pub(super) async fn hanging<W: Workflow>(
    facts: &W::Facts,
    state: StateOf<W>,
    command: CommandOf<W>,
    silence: &W::Event,
) -> Vec<String> {
    let mut found = Vec::new();
    for end in ENDS {
        let clock = Arc::new(ManualClock::default());
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let cipher = Arc::new(Vault::new(MasterKey::random(), Vec::new()));
        let keyring = Keyring::new(cipher.clone(), Arc::clone(&store));
        let placed = (&store, clock.now());
        let id = place::<W>(placed, &keyring, facts, (state, command), end).await;
        let executor: Arc<dyn Executor<W>> = Arc::new(EndsSo::<W> {
            end,
            silence: silence.clone(),
        });
        let engine = Engine::builder(store, clock.clone(), cipher, Owner::new("test"))
            .workflow::<W>(executor)
            .build();
        let longer_than_any_limit = async {
            loop {
                tokio::task::yield_now().await;
                if matches!(end, End::NeverAnswered) && clock.now() == ManualClock::default().now()
                {
                    clock.advance(Duration::from_hours(7));
                }
            }
        };
        tokio::select! {
            // Its future is large, and a test has a small stack.
            worked = Box::pin(engine.work_off()) => drop(worked.unwrap()),
            () = longer_than_any_limit => {}
        }
        let still = engine.read::<W>(&id).await.unwrap();
        if let Some(complaint) = complaint::<W>(&engine, &still).await {
            let (state, command) = (state.name(), command.name());
            found.push(format!("{command} in {state}, {end:?}: {complaint}"));
        }
    }
    found
}

async fn complaint<W: Workflow>(engine: &Engine, still: &engine::Instance<W>) -> Option<String> {
    let record = &still.record;
    let tasks = engine.tasks(&record.id).await.unwrap();
    let this_year = engine.now() + Duration::from_hours(8784);
    let runs = |work: &Work| {
        let mut tasks = tasks.iter();
        tasks.any(|task| task.work == *work && task.due < this_year)
    };
    let asked = matches!(&record.hold, Some(hold) if hold.mover != Actor::System);
    let moves = match &record.owes {
        Some(owed) => asked || runs(&Work::Command(owed.clone())),
        None => {
            record.ended || runs(&Work::Deadline) || W::awaits(still.state, &still.facts).is_some()
        }
    };
    (!moves).then(|| {
        format!(
            "owes {:?}, hold {:?}, tasks {tasks:?}",
            record.owes, record.hold
        )
    })
}

fn owed_task<W: Workflow>(
    command: CommandOf<W>,
    facts: &W::Facts,
    end: End,
    now: Timestamp,
) -> Task {
    let conduct = W::conduct(command, facts);
    let last = matches!(end, End::FailedLast | End::NotKnownLast);
    Task {
        instance: InstanceId::new("ins_1"),
        work: Work::Command(command.name().to_owned()),
        due: now,
        visit: 1,
        lane: conduct.lane,
        tenant: String::new(),
        attempt: if last { conduct.tries.attempts - 1 } else { 0 },
        first_tried: None,
        lost: 0,
        intent: false,
        workflow: W::NAME.to_owned(),
        definition: W::VERSION,
    }
}

fn owing<W: Workflow>(
    facts: &W::Facts,
    (state, command): (StateOf<W>, CommandOf<W>),
    end: End,
    now: Timestamp,
) -> Record {
    Record {
        id: InstanceId::new("ins_1"),
        workflow: W::NAME.to_owned(),
        definition: W::VERSION,
        version: 1,
        state: state.name().to_owned(),
        entered_at: now,
        visit: 1,
        owes: Some(command.name().to_owned()),
        due: None,
        awaits: None,
        doubts: match end {
            End::StillNotKnown | End::CheckAsked => vec![Doubt {
                command: command.name().to_owned(),
                until: now,
            }],
            _ => Vec::new(),
        },
        deadline: None,
        heard: Vec::new(),
        ended: W::ends(state),
        facts: Vec::new(),
        subject: SubjectId::new("client_1"),
        labels: W::labels(state, facts, None),
        hold: None,
        journal: 0,
        head: None,
        tried: 0,
        tries_told: 0,
        archived_at: None,
        erased_at: None,
        parent: None,
        created_at: now,
        updated_at: now,
    }
}

async fn place<W: Workflow>(
    (store, now): (&Arc<dyn Store>, Timestamp),
    keyring: &Keyring,
    facts: &W::Facts,
    (state, command): (StateOf<W>, CommandOf<W>),
    end: End,
) -> InstanceId {
    let subject = SubjectId::new("client_1");
    let (key, fresh) = keyring.key_or_fresh(&subject).await.unwrap();
    let plain = serde_json::to_vec(facts).unwrap();
    let task = owed_task::<W>(command, facts, end, now);
    let record = Record {
        facts: keyring.seal(&key, &format!("{}/{}", W::NAME, task.instance), &plain),
        subject,
        ..owing::<W>(facts, (state, command), end, now)
    };
    let id = record.id.clone();
    let change = Change {
        records: vec![PutRecord {
            expected: Expected::Absent,
            record,
        }],
        tasks: vec![task],
        documents: fresh.into_iter().collect(),
        ..Change::default()
    };
    store.commit(change).await.unwrap();
    id
}
