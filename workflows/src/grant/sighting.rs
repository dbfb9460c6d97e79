//! Hears Meta's word of a grant: one instance for each account and app, however often the word comes.

use engine::{
    Actor, Engine, EngineError, InstanceId, NewInstance, Note, Reason, SealError, SubjectId,
    Timestamp,
};
use sha2::{Digest, Sha256};

use super::facts::{Facts, Sighting};
use super::hear::Event;
use super::{Grant, State};
use crate::values::{AppId, WabaId};

/// How often one account's instance may have been put away: years of comings and goings.
const GENERATIONS_MAX: u32 = 100;

/// The instance of an account's grant to an app. One that was put away or erased cannot be woken; its name's next
/// generation follows it.
fn id_of(app: &AppId, waba: &WabaId, generation: u32) -> InstanceId {
    let digest = hex::encode(Sha256::digest(format!("grant/{app}/{waba}/{generation}")));
    InstanceId::new(format!("gra_{}", &digest[..26]))
}

/// Takes Meta's word that an account is shared; answers the grant, if that is news to it.
pub async fn see(engine: &Engine, sighting: Sighting) -> Result<Option<InstanceId>, EngineError> {
    for generation in 0..GENERATIONS_MAX {
        let id = id_of(&sighting.app, &sighting.waba, generation);
        let new = NewInstance::<Grant> {
            subject: SubjectId::new(id.as_str()),
            id: id.clone(),
            facts: Facts::new(sighting.clone(), engine.now()),
            parent: None,
            note: Note::plain("seen", Actor::Outside),
        };
        match engine.create(new, Vec::new()).await {
            Ok(_) => return Ok(Some(id)),
            Err(EngineError::Exists(_)) => {}
            Err(other) => return Err(other),
        }
        let again = Event::SeenAgain(sighting.clone());
        match tell(engine, &id, again).await {
            Err(error) if is_past(&error) => {}
            told => return Ok(told?.then_some(id)),
        }
    }
    Err(EngineError::Contended(id_of(
        &sighting.app,
        &sighting.waba,
        0,
    )))
}

/// Takes Meta's word that an account is no longer shared; answers the grant, if that is news to it.
pub async fn lose(
    engine: &Engine,
    app: &AppId,
    waba: &WabaId,
    at: Timestamp,
) -> Result<Option<InstanceId>, EngineError> {
    let Some((id, _)) = standing(engine, app, waba).await? else {
        return Ok(None);
    };
    let told = tell(engine, &id, Event::Removed { at }).await?;
    Ok(told.then_some(id))
}

/// Whether an event was news to a grant.
async fn tell(engine: &Engine, id: &InstanceId, event: Event) -> Result<bool, EngineError> {
    let before = engine.read::<Grant>(id).await?.record.version;
    let after = engine.submit::<Grant>(id, event).await?;
    Ok(after.record.version > before)
}

/// Takes an onboarding's word that it cannot have the account. One that was put away, or is another's by now, needs
/// nothing.
pub(crate) async fn give_back(
    engine: &Engine,
    grant: &str,
    onboarding: &InstanceId,
    why: Reason,
) -> Result<(), EngineError> {
    let onboarding = onboarding.clone();
    let event = Event::Refused { onboarding, why };
    match engine.submit::<Grant>(&InstanceId::new(grant), event).await {
        Ok(_) | Err(EngineError::Refused(_) | EngineError::NotFound(_)) => Ok(()),
        Err(error) if is_past(&error) => Ok(()),
        Err(other) => Err(other),
    }
}

/// The instance of an account's grant, and where it stands.
pub(crate) async fn standing(
    engine: &Engine,
    app: &AppId,
    waba: &WabaId,
) -> Result<Option<(InstanceId, State)>, EngineError> {
    for generation in 0..GENERATIONS_MAX {
        let id = id_of(app, waba, generation);
        match engine.read::<Grant>(&id).await {
            Ok(grant) if grant.record.archived_at.is_none() => return Ok(Some((id, grant.state))),
            Ok(_) => {}
            Err(EngineError::NotFound(_)) => return Ok(None),
            Err(error) if is_past(&error) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(None)
}

/// It was put away, or its data erased.
fn is_past(error: &EngineError) -> bool {
    matches!(
        error,
        EngineError::Archived(_) | EngineError::Seal(SealError::Erased)
    )
}
