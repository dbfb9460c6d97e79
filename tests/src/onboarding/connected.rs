//! Live numbers in the simulated world: what operators do with them, and how they end.

use engine::{Actor, Engine, EngineError, Record, Workflow as _};
use workflows::connection::{Connection, Event};

/// An operator looks at a number that nobody has looked at, and has its token seen to.
pub(super) async fn help(engine: &Engine, record: &Record) -> Result<(), EngineError> {
    let number = engine.open::<Connection>(record.clone()).await?;
    let event = if number.facts.looked_at.is_none() {
        Event::LookWanted {
            actor: Actor::Operator,
        }
    } else if number.facts.token_seen_at.is_none() {
        Event::TokenDue
    } else {
        return Ok(());
    };
    engine.submit::<Connection>(&record.id, event).await?;
    Ok(())
}

/// A number that can send is looked after for good.
pub(super) fn may_rest(record: &Record) -> bool {
    record.workflow == Connection::NAME && record.state == "live"
}

/// The end of a number in words.
pub(super) fn tell(record: &Record) -> Option<String> {
    let phone = record.label("phone").unwrap_or_default();
    let told = format!("the connection of {phone} is {}\n", record.state);
    (record.workflow == Connection::NAME).then_some(told)
}
