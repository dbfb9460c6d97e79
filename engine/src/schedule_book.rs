//! What is remembered of schedules: one document each, by which processes know who runs what, and
//! into which people write their wishes.

use crate::documents::{Draft, Opened};
use crate::engine::Engine;
use crate::instance::SubjectId;
use crate::ledger::EngineError;
use crate::schedule::{ScheduleState, Wish};
use crate::store::{Expected, PageOrder};

/// The space of documents that remember the schedules.
const SPACE: &str = "schedules";

/// Far more than any installation has.
const SCHEDULES_MAX: usize = 100;

/// How often a change is written anew because others wrote first.
const WRITES_MAX: usize = 8;

/// What a person may do to a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScheduleAct {
    /// Run it now, whatever the calendar says and even if it is paused.
    Run,
    /// Let its times pass.
    Pause,
    /// Keep its times again, from the next one on.
    Resume,
}

/// What is remembered of the schedules, by name.
pub async fn schedule_states(engine: &Engine) -> Result<Vec<ScheduleState>, EngineError> {
    let page = PageOrder {
        limit: SCHEDULES_MAX,
        after: None,
    };
    let (found, _) = engine.documents().scan(SPACE, "", &page).await?;
    Ok(found.into_iter().map(|opened| opened.body).collect())
}

/// Does what a person wants with a schedule; answers how it stands then, or nothing if there is none.
pub async fn change_schedule(
    engine: &Engine,
    name: &str,
    act: ScheduleAct,
    wish: Wish,
) -> Result<Option<ScheduleState>, EngineError> {
    let changed = rewrite(engine, name, |state| {
        let wish = wish.clone();
        match act {
            ScheduleAct::Run => state.asked = Some(wish),
            ScheduleAct::Pause => state.paused = Some(wish),
            ScheduleAct::Resume => state.paused = None,
        }
    });
    let changed = changed.await?;
    engine.change_timetable();
    Ok(changed)
}

pub(crate) async fn look_up(
    engine: &Engine,
    name: &str,
) -> Result<Option<Opened<ScheduleState>>, EngineError> {
    engine.documents().get(SPACE, name).await
}

/// Changes what is remembered of a schedule, however often others write in between.
pub(crate) async fn rewrite(
    engine: &Engine,
    name: &str,
    change: impl Fn(&mut ScheduleState),
) -> Result<Option<ScheduleState>, EngineError> {
    let mut moved = None;
    for _ in 0..WRITES_MAX {
        let Some(mut opened) = look_up(engine, name).await? else {
            return Ok(None);
        };
        change(&mut opened.body);
        match remember(engine, &opened.body, Expected::Version(opened.version)).await {
            Ok(()) => return Ok(Some(opened.body)),
            Err(error @ EngineError::DocumentMoved { .. }) => moved = Some(error),
            Err(other) => return Err(other),
        }
    }
    moved.map_or(Ok(None), Err)
}

pub(crate) async fn remember(
    engine: &Engine,
    state: &ScheduleState,
    expected: Expected,
) -> Result<(), EngineError> {
    let subject = SubjectId::house();
    let puts = engine
        .documents()
        .seal(Draft {
            space: SPACE,
            key: &state.name,
            subject: &subject,
            expected,
            body: state,
            expires_at: None,
        })
        .await?;
    engine.documents().write(puts).await
}
