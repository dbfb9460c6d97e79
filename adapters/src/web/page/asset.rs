//! Files of the pages, compiled in and named by their content, so that browsers may keep them for ever.

use std::sync::LazyLock;

use rocket::http::{ContentType, Header, Status};
use rocket::request::Request;
use rocket::response::{self, Responder, Response};
use sha2::{Digest, Sha256};

/// One file under an address that its content pins.
pub(in crate::web) struct Asset {
    base: &'static str,
    /// `<name>.<hash>.<extension>`.
    file: String,
    kind: ContentType,
    body: &'static str,
}

impl Asset {
    /// A style sheet.
    pub(in crate::web) fn css(base: &'static str, name: &str, body: &'static str) -> Self {
        Self::new(base, (name, "css"), ContentType::CSS, body)
    }

    /// A script.
    pub(in crate::web) fn js(base: &'static str, name: &str, body: &'static str) -> Self {
        Self::new(base, (name, "js"), ContentType::JavaScript, body)
    }

    /// Where pages find it.
    pub(in crate::web) fn path(&self) -> String {
        format!("{}/{}", self.base, self.file)
    }

    /// The file, if this is its name.
    pub(in crate::web) fn called(&'static self, file: &str) -> Option<Kept> {
        (self.file == file).then_some(Kept {
            kind: self.kind.clone(),
            body: self.body.to_owned(),
        })
    }

    fn new(
        base: &'static str,
        (name, extension): (&str, &str),
        kind: ContentType,
        body: &'static str,
    ) -> Self {
        let digest = hex::encode(Sha256::digest(body));
        Self {
            base,
            file: format!("{name}.{}.{extension}", &digest[..16]),
            kind,
            body,
        }
    }
}

/// A body that its address pins: it may be kept for ever.
pub(in crate::web) struct Kept {
    kind: ContentType,
    body: String,
}

impl Kept {
    /// A style sheet whose address determines it.
    pub(super) fn css(body: String) -> Self {
        Self {
            kind: ContentType::CSS,
            body,
        }
    }
}

impl<'r> Responder<'r, 'static> for Kept {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        Response::build()
            .status(Status::Ok)
            .header(self.kind)
            .header(Header::new(
                "Cache-Control",
                "public, max-age=31536000, immutable",
            ))
            .sized_body(self.body.len(), std::io::Cursor::new(self.body))
            .ok()
    }
}

/// The hosted page's style sheet.
pub(super) static CSS: LazyLock<Asset> =
    LazyLock::new(|| Asset::css("/assets", "page", include_str!("page.css")));

/// The hosted page's script: its parts share one scope and nothing leaks out of it.
pub(super) static JS: LazyLock<Asset> = LazyLock::new(|| {
    Asset::js(
        "/assets",
        "page",
        concat!(
            "(() => {\n'use strict';\n",
            include_str!("script/wire.js"),
            include_str!("script/signup.js"),
            include_str!("script/face.js"),
            include_str!("script/main.js"),
            "})();\n"
        ),
    )
});
