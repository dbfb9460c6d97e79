//! The arrival of a webhook: kept in one change with the telling that it owes, or not at all.

use engine::{Actor, Engine, EngineError, InstanceId, NewInstance, Note};

use super::raw::Kept;
use super::{Facts, Intake};
use crate::directory::{MetaApp, house_subject};
use crate::ids;
use crate::words::{Heard, Word};

/// Keeps a webhook of the app's whose signature was checked. Once this resolves it is durable, and whoever it
/// concerns will be told; the same bytes again change nothing.
pub async fn keep(engine: &Engine, app: &MetaApp, raw: &[u8]) -> Result<(), EngineError> {
    let (kept, now) = (Kept::of(raw), engine.now());
    let words = kept.words(Heard {
        app: &app.app_id,
        business: app.business_id.as_deref(),
        at: now,
    });
    let documents = engine.documents();
    let raw_parts = kept.drafts(&documents, &app.app_id, now).await?;
    let written = match Facts::of(&kept, &words, &app.app_id, now) {
        // Nothing follows from conversations: they get no more than their place.
        None => documents.write(raw_parts).await,
        Some(facts) => {
            let new = NewInstance::<Intake> {
                id: InstanceId::new(ids::fresh("mwh", now)),
                subject: house_subject(),
                facts,
                parent: None,
                note: Note::plain("received", Actor::Outside),
            };
            engine.create(new, raw_parts).await.map(drop)
        }
    };
    match written {
        Ok(()) => {
            let (app, fields) = (app.app_id.as_str(), fields_of(&words));
            tracing::info!(app, fields, "a webhook of Meta's was stored");
            Ok(())
        }
        // Meta repeats what it thinks was lost; it was not.
        Err(EngineError::DocumentMoved { .. }) => Ok(()),
        Err(other) => Err(other),
    }
}

/// The kinds of change in a webhook, for the log.
fn fields_of(words: &[Word]) -> String {
    let fields: Vec<&str> = words.iter().map(|word| word.field.as_str()).collect();
    fields.join(",")
}
