//! Graph's errors in their exact shapes: envelope, types, statuses, and the header beside them.

use serde_json::{Value, json};

use super::super::http::Reply;
use super::super::world::opaque;

/// A refusal as Graph words it.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    http: u16,
    kind: &'static str,
    code: i64,
    subcode: Option<i64>,
    message: String,
    details: Option<String>,
    is_transient: bool,
}

impl Fault {
    /// An OAuth family error whose message stands by itself.
    pub(crate) fn oauth(http: u16, code: i64, message: impl Into<String>) -> Self {
        Self {
            http,
            kind: "OAuthException",
            code,
            subcode: None,
            message: message.into(),
            details: None,
            is_transient: false,
        }
    }

    /// A Cloud API error: its number in the message, the explanation in the details.
    pub(crate) fn cloud(http: u16, code: i64, title: &str, details: &str) -> Self {
        let mut fault = Self::oauth(http, code, format!("(#{code}) {title}"));
        fault.details = Some(details.to_owned());
        fault
    }

    /// An error as a scenario orders it.
    pub(crate) fn ordered(code: i64, subcode: Option<i64>, http: u16, message: String) -> Self {
        let mut fault = Self::oauth(http, code, message);
        fault.subcode = subcode;
        fault.is_transient = http >= 500;
        if (code, subcode) == (100, Some(33)) {
            fault.kind = "GraphMethodException";
        }
        fault
    }

    pub(crate) fn with_details(mut self, details: Option<String>) -> Self {
        self.details = details;
        self
    }

    pub(crate) fn with_subcode(mut self, subcode: i64) -> Self {
        self.subcode = Some(subcode);
        self
    }

    pub(crate) fn transient(mut self) -> Self {
        self.is_transient = true;
        self
    }

    /// The one answer for "no such thing", "not yours" and "not like that".
    pub(crate) fn unsupported(method: &str, id: &str) -> Self {
        let method = method.to_lowercase();
        let mut fault = Self::oauth(
            400,
            100,
            format!(
                "Unsupported {method} request. Object with ID '{id}' does not exist, cannot be loaded \
                 due to missing permissions, or does not support this operation. Please read the \
                 Graph API documentation at https://developers.facebook.com/docs/graph-api"
            ),
        );
        fault.kind = "GraphMethodException";
        fault.subcode = Some(33);
        fault
    }

    pub(crate) fn invalid_parameter(details: &str) -> Self {
        Self::cloud(400, 100, "Invalid parameter", details)
    }

    pub(crate) fn missing_parameter(name: &str) -> Self {
        Self::oauth(
            400,
            100,
            format!("(#100) The parameter {name} is required."),
        )
    }

    /// The app demands a proof beside every token.
    pub(crate) fn proof_missing() -> Self {
        let message = "API calls from the server require an appsecret_proof argument";
        Self::oauth(400, 100, message)
    }

    pub(crate) fn missing_permission() -> Self {
        Self::oauth(
            403,
            200,
            "(#200) You do not have permission to do this on this WhatsApp Business Account",
        )
    }

    pub(crate) fn bad_token() -> Self {
        Self::oauth(
            401,
            190,
            "Invalid OAuth access token - Cannot parse access token",
        )
    }

    pub(crate) fn too_many_calls() -> Self {
        Self::oauth(
            400,
            80_008,
            "(#80008) There have been too many calls to this WhatsApp Business account. Wait a bit and try again.",
        )
    }

    /// The HTTP status Meta's table gives a code when nobody says another.
    pub(crate) fn usual_status(code: i64) -> u16 {
        match code {
            0 | 190 => 401,
            10 | 131_005 | 131_031 | 368 | 130_497 | 200..=299 => 403,
            2 | 133_004 => 503,
            3 | 131_000 | 131_016 | 131_045 | 131_057 | 133_000 => 500,
            _ => 400,
        }
    }

    fn body(&self) -> Value {
        let mut error = json!({
            "message": self.message,
            "type": self.kind,
            "code": self.code,
            "fbtrace_id": opaque("A", 22),
        });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = json!(subcode);
        }
        if self.is_transient {
            error["is_transient"] = json!(true);
        }
        if let Some(details) = &self.details {
            error["error_data"] = json!({ "messaging_product": "whatsapp", "details": details });
        }
        json!({ "error": error })
    }

    pub(crate) fn into_reply(self) -> Reply {
        let family = if self.code == 190 {
            "invalid_token"
        } else {
            "invalid_request"
        };
        // A header holds one line of printable ASCII; an ordered message may be anything.
        let quoted: String = self
            .message
            .chars()
            .filter(|letter| matches!(letter, ' '..='~') && !matches!(letter, '"' | '\\'))
            .collect();
        let mut reply = Reply::json(self.http, &self.body()).with_header(
            "www-authenticate",
            format!("OAuth \"Facebook Platform\" \"{family}\" \"{quoted}\""),
        );
        reply.error = Some((self.code, self.subcode));
        reply
    }
}
