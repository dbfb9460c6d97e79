//! Planning an operator's act: the change it would be, and what is foreseen of it. Nothing is written
//! here, and what an act means to a workflow is the workflow's to say.

use crate::acts::{Act, ActError, Fields, Intervention};
use crate::decide::{Verdict, decide};
use crate::draft::{Draft, Instance};
use crate::engine::Engine;
use crate::holding::{pause, resume, retry};
use crate::instance::{Reason, Record};
use crate::ledger::EngineError;
use crate::offers::{Offer, Offered, Said, UNDO, judge};
use crate::preview::{Foreseen, Outlook, Preview, differences};
use crate::rewind::{Visited, foreseen, left_behind, looked_for_again, way_back};
use crate::task::Task;
use crate::workflow::{CommandOf, Letter, Note, Workflow};

/// What an act is planned from.
pub(crate) struct Scene<W: Workflow> {
    pub(crate) instance: Instance<W>,
    pub(crate) tasks: Vec<Task>,
    pub(crate) visited: Visited,
}

/// An act as it would be written, and what it comes to.
pub(crate) struct Plan<W: Workflow> {
    pub(crate) draft: Draft<W>,
    pub(crate) effects: Vec<Foreseen>,
}

impl<W: Workflow> Scene<W> {
    /// Everything that any act is planned from.
    pub(crate) async fn load(engine: &Engine, record: Record) -> Result<Self, EngineError> {
        let visited = engine.visited(&record.id).await?;
        Self::with(engine, record, visited).await
    }

    /// What this act is planned from: history is read for those that look back.
    pub(crate) async fn for_act(
        engine: &Engine,
        record: Record,
        act: &Act,
    ) -> Result<Self, EngineError> {
        match act {
            Act::Cancel { .. } | Act::Rewind { .. } => Self::load(engine, record).await,
            _ => Self::with(engine, record, Visited::new()).await,
        }
    }

    async fn with(
        engine: &Engine,
        mut record: Record,
        visited: Visited,
    ) -> Result<Self, EngineError> {
        let tasks = engine.tasks(&record.id).await?;
        for task in &tasks {
            record.learn_from(task);
        }
        Ok(Self {
            instance: engine.open::<W>(record).await?,
            tasks,
            visited,
        })
    }

    /// Whether it was parked at a deadline or at a child's word, which a retry brings back.
    pub(crate) fn has_put_by(&self) -> bool {
        self.tasks.iter().any(Task::is_put_by)
    }

    /// The offer of that act and name in this state.
    fn offer(&self, act: Offered, name: Option<&str>) -> Option<Offer> {
        let offers = W::offers(self.instance.state, &self.instance.facts);
        offers
            .into_iter()
            .find(|offer| offer.act == act && name.is_none_or(|name| offer.name == name))
    }
}

/// The act as it would be written, or why it cannot be.
pub(crate) fn plan<W: Workflow>(
    engine: &Engine,
    scene: &Scene<W>,
    by: &Intervention,
) -> Result<Plan<W>, ActError> {
    let version = scene.instance.record.version;
    if by.expected.is_some_and(|expected| expected != version) {
        return Err(ActError::Moved(version));
    }
    let record = &scene.instance.record;
    if record.archived_at.is_some() || record.erased_at.is_some() {
        let text = "it is put away, and nothing is done to it any more";
        return Err(impossible("put_away", text));
    }
    match &by.act {
        Act::Cancel { undo } => call_off(engine, scene, by, *undo),
        Act::Rewind { to } => rewind(engine, scene, by, to),
        Act::Submit { event, fields } => {
            let offer = scene.offer(Offered::Submit, Some(event));
            hear(engine, scene, by, (offer, fields))
        }
        Act::Edit { fields } => {
            if fields.is_empty() {
                let text = "no field is named, so nothing would change";
                return Err(impossible("nothing_to_edit", text));
            }
            hear(
                engine,
                scene,
                by,
                (scene.offer(Offered::Edit, None), fields),
            )
        }
        Act::RetryNow if record.owes.is_none() && !scene.has_put_by() => {
            let offer = scene.offer(Offered::RetryNow, None);
            hear(engine, scene, by, (offer, &Fields::new()))
        }
        Act::RetryNow => retry(scene, by, engine.now()),
        Act::Pause => pause(scene, by, engine.now()),
        Act::Resume => resume(scene, by, engine.now()),
    }
}

/// Lets the instance hear what an offer says.
fn hear<W: Workflow>(
    engine: &Engine,
    scene: &Scene<W>,
    by: &Intervention,
    (offer, fields): (Option<Offer>, &Fields),
) -> Result<Plan<W>, ActError> {
    let Instance { state, facts, .. } = &scene.instance;
    let now = engine.now();
    let offer = offer.ok_or_else(|| {
        let text = format!("nothing of the kind is taken in {}", state.name());
        impossible("not_in_this_state", text)
    })?;
    judge(&offer.fields, fields).map_err(ActError::WrongFields)?;
    let said = Said {
        offer: &offer,
        fields,
        actor: by.actor,
        reason: &by.reason,
        now,
    };
    let event = W::said(*state, facts, &said).map_err(ActError::WrongFields)?;
    let mut decision = match decide::<W>(facts, *state, event, now) {
        Verdict::Decided(decision) => decision,
        Verdict::Ignored => {
            return Err(impossible("changes_nothing", "it would change nothing"));
        }
        Verdict::Refused(refusal) => {
            return Err(impossible("not_in_this_state", refusal.to_string()));
        }
    };
    decision.note.actor = by.actor;
    decision.note.detail = Some(by.reason.clone());
    let owed = decision.command;
    let draft = Draft::of_decision(scene.instance.clone(), decision, now);
    let effects = owed.map(|command| runs(command, &draft));
    Ok(Plan {
        effects: effects.into_iter().collect(),
        draft,
    })
}

/// Calls it off, after taking back what can be taken back if that is asked for.
fn call_off<W: Workflow>(
    engine: &Engine,
    scene: &Scene<W>,
    by: &Intervention,
    undo: bool,
) -> Result<Plan<W>, ActError> {
    let offer = scene.offer(Offered::Cancel, None);
    let undoable = offer.as_ref().is_some_and(|offer| {
        let mut fields = offer.fields.iter();
        fields.any(|field| field.name == UNDO)
    });
    if undo && offer.is_some() && !undoable {
        let text = "there is nothing that could be taken back";
        return Err(impossible("nothing_to_undo", text));
    }
    let mut fields = Fields::new();
    if undo {
        fields.insert(UNDO.to_owned(), true.into());
    }
    let mut plan = hear(engine, scene, by, (offer, &fields))?;
    // Who calls it off means it, whatever pause stood.
    plan.draft.record.hold = None;
    plan.effects
        .extend(left_behind(&scene.instance, undo, &scene.visited));
    Ok(plan)
}

/// Begins again at an earlier milestone, under a fresh visit: what was under way cannot land.
fn rewind<W: Workflow>(
    engine: &Engine,
    scene: &Scene<W>,
    by: &Intervention,
    to: &str,
) -> Result<Plan<W>, ActError> {
    let now = engine.now();
    let way = way_back(&scene.instance, to, &scene.visited, now).map_err(ActError::NotPossible)?;
    let effects = foreseen(&scene.instance, &way, &scene.visited);
    let looked_for = looked_for_again(&scene.instance, &way, &scene.visited);
    let from = scene.instance.state;
    let mut draft = Draft::of(scene.instance.clone(), "rewound", now);
    draft.facts = way.facts;
    draft.state = way.to;
    for command in looked_for {
        draft.record.put_in_doubt(command.name());
    }
    draft.enter(way.to, way.command);
    let note = Note::because("rewound", by.actor, by.reason.clone());
    draft.write_line(note, Some(from), Some(way.to));
    Ok(Plan { draft, effects })
}

impl<W: Workflow> Plan<W> {
    pub(crate) fn preview(&self, by: &Intervention) -> Preview {
        let before = self.draft.before.as_ref();
        let before = before.expect("an act is planned on an instance that was read");
        let owes = self.draft.record.owes.as_deref();
        Preview {
            act: by.act.name(),
            version: before.record.version,
            from: before.state.name(),
            to: self.draft.state.name(),
            owes: owes
                .and_then(|name| name.parse::<CommandOf<W>>().ok())
                .map(Letter::name),
            effects: self.effects.clone(),
            facts: differences(&W::redacted(&before.facts), &W::redacted(&self.draft.facts)),
        }
    }
}

fn runs<W: Workflow>(command: CommandOf<W>, draft: &Draft<W>) -> Foreseen {
    Foreseen {
        command: command.name(),
        does: W::effect(command, &draft.facts).does,
        outlook: Outlook::Runs,
        why: "it is due at once",
    }
}

pub(crate) fn impossible(code: &str, text: impl Into<String>) -> ActError {
    ActError::NotPossible(Reason::new(code, text))
}
