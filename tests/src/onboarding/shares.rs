//! Clients whose browsers bring nothing: Meta tells of what they shared, and their orders name it beforehand.

use engine::{Engine, EngineError, Filter, InstanceId, PageOrder, Record, Workflow as _};
use workflows::grant::{self, Event, Grant, Sighting, Source};
use workflows::onboarding::{Facts, Onboarding};
use workflows::values::AppId;

use super::meta::{self, APP};

/// Meta tells that the client of this onboarding shared the account of its number. The word is of one moment, however
/// often it comes.
pub(super) async fn share(
    engine: &Engine,
    onboarding: &InstanceId,
    phone: &str,
) -> Result<(), EngineError> {
    let client = engine.read::<Onboarding>(onboarding).await?;
    let sighting = Sighting {
        app: AppId::new(APP),
        waba: meta::waba_of(phone),
        business: Some(meta::portfolio_of(phone)),
        solution: None,
        name: None,
        source: Source::Webhook,
        at: client.facts.created_at,
    };
    grant::see(engine, sighting).await.map(drop)
}

/// An operator leaves alone what nobody takes.
pub(super) async fn leave(engine: &Engine, grant: &Record) -> Result<(), EngineError> {
    if grant.state == "unclaimed" {
        let reason = "its client was called off".to_owned();
        let dismissed = Event::Dismissed { reason };
        engine.submit::<Grant>(&grant.id, dismissed).await?;
    }
    Ok(())
}

/// Whether Meta's word of the client's account is being looked at: nobody signs up again meanwhile.
pub(super) async fn is_looked_at(engine: &Engine, facts: &Facts) -> Result<bool, EngineError> {
    let waba = facts.order.expected_waba.as_ref();
    let filter = Filter {
        workflow: Some(Grant::NAME.to_owned()),
        labels: waba
            .map(|waba| ("waba".to_owned(), waba.to_string()))
            .into_iter()
            .collect(),
        live: true,
        ..Filter::default()
    };
    let page = PageOrder {
        limit: 10,
        after: None,
    };
    let found = engine.find(&filter, &page).await?;
    Ok(found.items.iter().any(|grant| grant.state != "unclaimed"))
}
