//! What the simulated Meta tells by itself: that a number's two-step verification is off.

use engine::{Engine, EngineError};
use serde_json::json;
use workflows::directory::Directory;
use workflows::intake;
use workflows::values::AppId;

use super::meta::APP;

/// One webhook, always with the same bytes: a repeat is heard once.
pub(super) async fn tell(engine: &Engine, phone: &str) -> Result<(), EngineError> {
    let directory = Directory::new(engine.documents());
    let Some(app) = directory.meta_app(&AppId::new(APP)).await? else {
        return Ok(());
    };
    let value = json!({ "event": "PIN_REQUEST_SUCCESS", "phone_number_id": phone });
    let change = json!({ "field": "security", "value": value });
    let entry = json!({ "id": "9", "time": 4_000_000_000_u32, "changes": [change] });
    let webhook = json!({ "entry": [entry] }).to_string();
    intake::keep(engine, &app, webhook.as_bytes()).await
}
