//! A change in the making: one instance's next record with the history and tasks that belong to it.
//!
//! Drafts are built from decisions and outcomes and handed to the ledger; they write nothing.

use crate::attempts::Attempt;
use crate::clock::Timestamp;
use crate::decide::Decision;
use crate::instance::{Actor, Entry, Hold, HoldKind, InstanceId, Reason, Record, SubjectId};
use crate::migrate::Migrated;
use crate::store::{Change, Expected, PutEntry};
use crate::task::{Settled, Task, TaskId, Work};
use crate::workflow::{CommandOf, Letter, Note, StateOf, Workflow};

/// An instance as it was read: its record with state and facts opened.
#[derive(Debug)]
pub struct Instance<W: Workflow> {
    /// The record.
    pub record: Record,
    /// Its state.
    pub state: StateOf<W>,
    /// Its facts.
    pub facts: W::Facts,
    /// Set while the stored record is still an older definition's.
    pub(crate) migrated: Option<Box<Migrated>>,
}

// Derived, it would ask the workflow itself to be cloned.
impl<W: Workflow> Clone for Instance<W> {
    fn clone(&self) -> Self {
        Self {
            record: self.record.clone(),
            state: self.state,
            facts: self.facts.clone(),
            migrated: self.migrated.clone(),
        }
    }
}

/// One instance on its way to its next record.
pub(crate) struct Draft<W: Workflow> {
    pub(crate) before: Option<Instance<W>>,
    pub(crate) record: Record,
    pub(crate) state: StateOf<W>,
    pub(crate) facts: W::Facts,
    pub(crate) what: String,
    pub(crate) change: Change,
    /// A try to be kept beside the instance.
    pub(crate) attempt: Option<Attempt>,
    now: Timestamp,
}

/// What a new instance starts from.
#[derive(Clone, Debug)]
pub struct NewInstance<W: Workflow> {
    /// Its id.
    pub id: InstanceId,
    /// Whose data its facts are.
    pub subject: SubjectId,
    /// What it knows from birth.
    pub facts: W::Facts,
    /// Who hears of its end.
    pub parent: Option<InstanceId>,
    /// The first line of its history.
    pub note: Note,
}

impl<W: Workflow> NewInstance<W> {
    /// One that nobody is told of, whose data is its own.
    pub fn new(id: &str, facts: W::Facts) -> Self {
        Self {
            id: InstanceId::new(id),
            subject: SubjectId::new(id),
            facts,
            parent: None,
            note: Note::plain("started", Actor::System),
        }
    }
}

impl<W: Workflow> Draft<W> {
    /// The birth of an instance, with its first command and deadline.
    pub(crate) fn of_birth(new: NewInstance<W>, state: StateOf<W>, now: Timestamp) -> Self {
        let command = W::first(&new.facts);
        let record = Record {
            id: new.id,
            workflow: W::NAME.to_owned(),
            definition: W::VERSION,
            version: 0,
            state: state.name().to_owned(),
            entered_at: now,
            visit: 1,
            owes: command.map(|command| command.name().to_owned()),
            due: None,
            awaits: None,
            doubts: Vec::new(),
            deadline: None,
            heard: Vec::new(),
            ended: W::ends(state),
            subject: new.subject,
            facts: Vec::new(),
            labels: Vec::new(),
            hold: None,
            journal: 0,
            head: None,
            tried: 0,
            tries_told: 0,
            archived_at: None,
            erased_at: None,
            parent: new.parent,
            created_at: now,
            updated_at: now,
        };
        let mut draft = Self {
            before: None,
            record,
            state,
            facts: new.facts,
            what: new.note.what.clone(),
            change: Change::default(),
            attempt: None,
            now,
        };
        draft.write_line(new.note, None, Some(state));
        if let Some(command) = command {
            draft.arm(command, now);
        }
        draft
    }

    /// The same birth once more, should the first attempt at it fail.
    pub(crate) fn birth_again(&self) -> Self {
        Self {
            before: None,
            record: self.record.clone(),
            state: self.state,
            facts: self.facts.clone(),
            what: self.what.clone(),
            change: self.change.clone(),
            attempt: None,
            now: self.now,
        }
    }

    /// The next record of an instance, as yet unchanged.
    pub(crate) fn of(instance: Instance<W>, what: &str, now: Timestamp) -> Self {
        let migrated = instance.migrated.clone();
        let mut draft = Self {
            record: instance.record.clone(),
            state: instance.state,
            facts: instance.facts.clone(),
            before: Some(instance),
            what: what.to_owned(),
            change: Change::default(),
            attempt: None,
            now,
        };
        if let Some(migrated) = migrated {
            draft.take_over(*migrated);
        }
        draft
    }

    /// The next record after a decision.
    pub(crate) fn of_decision(
        instance: Instance<W>,
        decision: Decision<W>,
        now: Timestamp,
    ) -> Self {
        let mut draft = Self::of(instance, &decision.note.what, now);
        draft.facts = decision.facts;
        draft.state = decision.state;
        if decision.moved {
            draft.enter(decision.state, decision.command);
            draft.write_line(decision.note, Some(decision.from), Some(decision.state));
        } else {
            draft.write_line(decision.note, None, None);
        }
        draft
    }

    pub(crate) fn enter(&mut self, state: StateOf<W>, command: Option<CommandOf<W>>) {
        let owed = self.record.owes.take();
        self.record.due = None;
        if self.record.state != state.name() {
            self.record.entered_at = self.now;
        }
        state.name().clone_into(&mut self.record.state);
        self.record.visit += 1;
        self.record.tries_told = 0;
        self.record.ended = W::ends(state);
        self.let_go();
        if let Some(name) = owed {
            self.drop_task(&Work::Command(name));
        }
        if let Some(command) = command {
            self.record.owes = Some(command.name().to_owned());
            self.arm(command, W::due(command, &self.facts, self.now));
        }
        if let Some(told) = Task::told(&self.record, self.now) {
            let tenant = self.tenant();
            self.change.tasks.push(Task { tenant, ..told });
        }
    }

    /// Arms a command for this visit. What may still be running is waited for to its end.
    pub(crate) fn arm(&mut self, command: CommandOf<W>, due: Timestamp) {
        let work = Work::Command(command.name().to_owned());
        let doubt = self.record.in_doubt(command.name());
        let due = doubt.map_or(due, |doubt| due.max(doubt.until));
        self.record.due = Some(due).filter(|due| *due > self.now);
        let lane = W::conduct(command, &self.facts).lane;
        let task = Task {
            lane,
            ..self.task(work, due)
        };
        self.arm_task(task);
    }

    /// Arms a task as it is; arming replaces a drop of the same work in this change.
    pub(crate) fn arm_task(&mut self, mut task: Task) {
        if !matches!(task.work, Work::Told { .. }) {
            W::NAME.clone_into(&mut task.workflow);
            task.definition = W::VERSION;
        }
        let id = task.id();
        self.change.drop_tasks.retain(|dropped| *dropped != id);
        self.change.tasks.retain(|armed| armed.id() != id);
        self.change.tasks.push(task);
    }

    /// On whose behalf it runs, as things stand in this draft.
    fn tenant(&self) -> String {
        let mut labels = W::labels(self.state, &self.facts, None).into_iter();
        let tenant = labels.find(|label| label.name == "tenant");
        tenant.map(|label| label.value).unwrap_or_default()
    }

    pub(crate) fn task(&self, work: Work, due: Timestamp) -> Task {
        Task {
            instance: self.record.id.clone(),
            work,
            due,
            visit: self.record.visit,
            lane: String::new(),
            tenant: self.tenant(),
            attempt: 0,
            first_tried: None,
            intent: false,
            lost: 0,
            workflow: W::NAME.to_owned(),
            definition: W::VERSION,
        }
    }

    /// The command that was owed is done, and its move led nowhere.
    pub(crate) fn owe_nothing(&mut self) {
        self.record.owes = None;
        self.record.due = None;
        self.let_go();
    }

    /// Nothing holds it up any more, except an operator who paused it.
    fn let_go(&mut self) {
        match &mut self.record.hold {
            Some(pause) if pause.kind == HoldKind::Paused && !self.record.ended => {
                pause.beneath = None;
            }
            held => *held = None,
        }
    }

    pub(crate) fn drop_task(&mut self, work: &Work) {
        let id = TaskId {
            instance: self.record.id.clone(),
            key: work.key(),
        };
        self.change.tasks.retain(|armed| armed.id() != id);
        self.change.drop_tasks.push(id);
    }

    /// Disposes of a claim together with this change.
    pub(crate) fn settle(&mut self, settled: Settled) {
        self.change
            .drop_tasks
            .retain(|dropped| *dropped != settled.task);
        self.change.settle.push(settled);
    }

    /// Stops it until somebody resumes it.
    pub(crate) fn pause(&mut self, reason: Reason) {
        self.record.hold = Some(Hold {
            kind: HoldKind::Paused,
            reason: reason.clipped(),
            since: self.now,
            until: None,
            mover: Actor::Operator,
            attempt: 0,
            retry_denies: false,
            beneath: self.record.hold.take().map(Box::new),
        });
    }

    /// Says what it waits for.
    pub(crate) fn hold(&mut self, hold: Hold) {
        self.record.held_up(hold, self.now);
    }

    /// Keeps a try beside the instance; its number is the next.
    pub(crate) fn keep_try(&mut self, attempt: Attempt) {
        self.record.tried += 1;
        self.attempt = Some(Attempt {
            number: self.record.tried,
            reason: attempt.reason.map(Reason::clipped),
            ..attempt
        });
    }

    /// Adds a line to the history.
    pub(crate) fn write_line(
        &mut self,
        note: Note,
        from: Option<StateOf<W>>,
        to: Option<StateOf<W>>,
    ) {
        let detail = note.detail.map(Reason::clipped);
        self.record.journal += 1;
        self.change.journal.push(PutEntry {
            instance: self.record.id.clone(),
            entry: Entry {
                sequence: self.record.journal,
                at: self.now,
                what: note.what,
                actor: note.actor,
                from: from.map(|state| state.name().to_owned()),
                to: to.map(|state| state.name().to_owned()),
                detail,
                root: None,
                mac: None,
            },
        });
    }

    /// What must still be true of the stored record when this is written.
    pub(crate) fn expected(&self) -> Expected {
        match &self.before {
            None => Expected::Absent,
            Some(before) => Expected::Version(before.record.version),
        }
    }

    /// When this draft was begun.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }
}
