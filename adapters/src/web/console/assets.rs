//! The console's own files.

use std::sync::LazyLock;

use rocket::get;
use rocket::http::Status;

use crate::web::Refusal;
use crate::web::page::{Asset, Kept};

/// Its style sheet.
pub(super) static CSS: LazyLock<Asset> =
    LazyLock::new(|| Asset::css("/console/assets", "ops", include_str!("ops.css")));

/// Its script, without which everything works as well.
pub(super) static JS: LazyLock<Asset> =
    LazyLock::new(|| Asset::js("/console/assets", "ops", include_str!("ops.js")));

#[get("/console/assets/<file>")]
pub(super) fn asset_file(file: &str) -> Result<Kept, Refusal> {
    let kept = CSS.called(file).or_else(|| JS.called(file));
    kept.ok_or_else(|| Refusal::of_status(Status::NotFound))
}
