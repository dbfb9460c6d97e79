//! Everything that is stored, streamed to an operator who asks for a backup.

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use rocket::get;
use rocket::http::ContentType;
use rocket::request::Request;
use rocket::response::stream::{ByteStream, stream};
use rocket::response::{self, Responder, Response};
use workflows::app::Backup;

use super::token::OperatorToken;
use crate::web::Refusal;

/// The file as it comes to be. One that ends without its trailer is refused by whoever reads it.
pub(crate) struct Export(ByteStream<BoxStream<'static, Vec<u8>>>);

impl<'r> Responder<'r, 'r> for Export {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'r> {
        Response::build_from(self.0.respond_to(request)?)
            .header(ContentType::Binary)
            .raw_header(
                "Content-Disposition",
                "attachment; filename=\"backup.gangway\"",
            )
            .raw_header("X-Accel-Buffering", "no")
            .ok()
    }
}

#[get("/backup")]
pub(crate) async fn backup(by: OperatorToken<'_>) -> Result<Export, Refusal> {
    let made_by = format!("gangway {}", env!("CARGO_PKG_VERSION"));
    let backup = by.app.backup(&by.operator, &made_by).await?;
    Ok(Export(ByteStream::from(pieces(backup).boxed())))
}

fn pieces(mut backup: Backup) -> impl futures_util::Stream<Item = Vec<u8>> + Send + 'static {
    stream! {
        loop {
            match backup.next().await {
                Ok(Some(bytes)) => yield bytes,
                Ok(None) => break,
                Err(error) => {
                    tracing::error!(?error, "a backup broke off");
                    break;
                }
            }
        }
    }
}
