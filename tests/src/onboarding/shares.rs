//! Clients whose browsers bring nothing: Meta tells of what they shared, and their orders name it beforehand.

use engine::{Engine, EngineError, InstanceId, Record};
use workflows::grant::{self, Event, Grant, Sighting, Source};
use workflows::onboarding::Onboarding;
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
