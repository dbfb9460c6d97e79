//! The chore behind the connections' own timers: numbers that nobody looks after get a connection, and tokens
//! whose time has passed are seen to.

use std::time::Duration;

use async_trait::async_trait;
use engine::{
    Actor, Chore, Engine, EngineError, Filter, NewInstance, Note, PageOrder, Record, Timestamp,
};

use super::handover::handed_over;
use super::{Connection, Event};
use crate::onboarding::{Onboarding, State};

/// Records looked at between two pauses for other work.
const PAGE: usize = 100;

/// A token whose time passed so long ago has no timer any more.
const OVERDUE: Duration = Duration::from_hours(24);

/// Sees that every live number is looked after.
#[derive(Clone, Copy, Debug)]
pub struct TendNumbers;

#[async_trait]
impl Chore for TendNumbers {
    async fn run(&self, engine: &Engine) -> Result<String, EngineError> {
        let adopted = adopt(engine).await?;
        let overdue = remind(engine).await?;
        Ok(format!(
            "{adopted} numbers adopted, {overdue} tokens seen to that were overdue"
        ))
    }
}

/// Numbers went live before connections were kept: each gets the one that it would have been born with.
async fn adopt(engine: &Engine) -> Result<usize, EngineError> {
    let name = |state: State| -> String { <&'static str>::from(state).to_owned() };
    let filter = Filter {
        workflow: Some("onboarding".to_owned()),
        states: vec![name(State::NumberRegistered), name(State::PartnerNotified)],
        ..Filter::default()
    };
    let (mut adopted, mut page) = (0, first_page());
    loop {
        let found = engine.find(&filter, &page).await?;
        for record in found.items {
            if record.erased_at.is_none() && record.archived_at.is_none() {
                adopted += usize::from(adopt_one(engine, record).await?);
            }
        }
        tokio::task::yield_now().await;
        match found.next {
            Some(next) => page.after = Some(next),
            None => return Ok(adopted),
        }
    }
}

async fn adopt_one(engine: &Engine, record: Record) -> Result<bool, EngineError> {
    let Some(phone) = record.label("phone").map(str::to_owned) else {
        return Ok(false);
    };
    // The connection of a later onboarding has taken the number over, or would.
    if is_known(engine, &phone).await? {
        return Ok(false);
    }
    let (id, subject) = (record.id.clone(), record.subject.clone());
    let (version, born) = (record.version, record.entered_at);
    let onboarding = engine.open::<Onboarding>(record).await?;
    let Some(facts) = handed_over(&onboarding.facts, version, born) else {
        return Ok(false);
    };
    let new = NewInstance::<Connection> {
        subject,
        parent: Some(id),
        note: Note::plain("adopted", Actor::System),
        ..NewInstance::new(&facts.id.clone(), facts)
    };
    match engine.create(new, Vec::new()).await {
        Ok(_) => Ok(true),
        // Another process adopted it at this moment.
        Err(EngineError::Exists(_)) => Ok(false),
        Err(other) => Err(other),
    }
}

async fn is_known(engine: &Engine, phone: &str) -> Result<bool, EngineError> {
    let filter = Filter {
        workflow: Some("connection".to_owned()),
        labels: vec![("phone".to_owned(), phone.to_owned())],
        ..Filter::default()
    };
    let page = PageOrder {
        limit: 1,
        after: None,
    };
    Ok(!engine.find(&filter, &page).await?.items.is_empty())
}

async fn remind(engine: &Engine) -> Result<usize, EngineError> {
    let filter = Filter {
        workflow: Some("connection".to_owned()),
        live: true,
        ..Filter::default()
    };
    let (mut reminded, mut page) = (0, first_page());
    loop {
        let found = engine.find(&filter, &page).await?;
        for record in found.items {
            reminded += usize::from(remind_one(engine, record, engine.now()).await?);
        }
        tokio::task::yield_now().await;
        match found.next {
            Some(next) => page.after = Some(next),
            None => return Ok(reminded),
        }
    }
}

async fn remind_one(engine: &Engine, record: Record, now: Timestamp) -> Result<bool, EngineError> {
    let rests = record.owes.is_none() && record.hold.is_none();
    let (id, state) = (record.id.clone(), record.state.clone());
    let number = engine.open::<Connection>(record).await?;
    let gone = ["disconnected", "closing"].contains(&state.as_str());
    if !rests || gone || number.facts.next_tending + OVERDUE > now {
        return Ok(false);
    }
    match engine.submit::<Connection>(&id, Event::TokenDue).await {
        Ok(_) => Ok(true),
        // It went its way meanwhile.
        Err(EngineError::Refused(_)) => Ok(false),
        Err(other) => Err(other),
    }
}

fn first_page() -> PageOrder {
    PageOrder {
        limit: PAGE,
        after: None,
    }
}
