//! What a call of the partners' or operators' API answers: JSON with the headers that follow from it.

use rocket::http::{ContentType, Status};
use rocket::request::{FromRequest, Outcome, Request};
use rocket::response::{self, Responder, Response};
use serde::{Deserialize, Serialize};
use workflows::app::{OnboardingView, Problem};

/// An answer, fresh or replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    status: Status,
    body: Option<String>,
    tag: Option<String>,
    replayed: bool,
}

impl Answer {
    /// 200 with this.
    pub(crate) fn ok(view: &impl Serialize) -> Result<Self, Problem> {
        Self::of(Status::Ok, view)
    }

    /// 201 with this; `Location` follows from what it is.
    pub(crate) fn created(view: &impl Serialize) -> Result<Self, Problem> {
        Self::of(Status::Created, view)
    }

    /// 202 with this: it is under way and can be looked at.
    pub(crate) fn accepted(view: &impl Serialize) -> Result<Self, Problem> {
        Self::of(Status::Accepted, view)
    }

    /// 204.
    pub(crate) fn nothing() -> Self {
        Self {
            status: Status::NoContent,
            body: None,
            tag: None,
            replayed: false,
        }
    }

    /// 304 under this tag. Built by hand: Rocket turns the bare status into 500.
    pub(crate) fn unchanged(tag: String) -> Self {
        Self {
            status: Status::NotModified,
            tag: Some(tag),
            ..Self::nothing()
        }
    }

    /// What was answered the first time.
    pub(crate) fn replay(status: u16, body: String) -> Self {
        Self {
            replayed: true,
            body: (!body.is_empty()).then_some(body),
            ..Self {
                status: Status::new(status),
                ..Self::nothing()
            }
        }
        .tagged()
    }

    /// Its status, for keeping.
    pub(crate) fn status(&self) -> u16 {
        self.status.code
    }

    /// Its body, for keeping; empty where it has none.
    pub(crate) fn body(&self) -> &str {
        self.body.as_deref().unwrap_or_default()
    }

    fn of(status: Status, view: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_string(view).map_err(|error| {
            tracing::error!(%error, "an answer could not be written as JSON");
            Problem::fault()
        })?;
        Ok(Self {
            status,
            body: Some(body),
            ..Self::nothing()
        }
        .tagged())
    }

    fn tagged(mut self) -> Self {
        let head = self.head();
        if let (Some("onboarding"), Some(id), Some(sequence)) =
            (head.object.as_deref(), &head.id, head.sequence)
        {
            self.tag = Some(tag(id, sequence));
        }
        self
    }

    fn head(&self) -> Head {
        serde_json::from_str(self.body()).unwrap_or_default()
    }

    fn location(&self) -> Option<String> {
        if ![Status::Created, Status::Accepted].contains(&self.status) {
            return None;
        }
        let head = self.head();
        let under = match head.object.as_deref()? {
            "onboarding" => "/v1/onboardings",
            "bulk_job" => "/console/api/bulk",
            "webhook_endpoint" => "/v1/webhook_endpoints",
            _ => return None,
        };
        Some(format!("{under}/{}", head.id?))
    }
}

/// The members of a body from which headers follow.
#[derive(Default, Deserialize)]
struct Head {
    object: Option<String>,
    id: Option<String>,
    sequence: Option<u64>,
}

/// The entity tag of an onboarding: it changes exactly when a partner can see a change.
pub(crate) fn tag_of(view: &OnboardingView) -> String {
    tag(&view.id, view.sequence)
}

fn tag(id: &str, sequence: u64) -> String {
    format!("\"{id}.{sequence}\"")
}

impl<'r> Responder<'r, 'static> for Answer {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let mut response = Response::build();
        response.status(self.status);
        if let Some(location) = self.location() {
            response.raw_header("Location", location);
        }
        if self.replayed {
            response.raw_header("Idempotency-Replayed", "true");
        }
        if let Some(tag) = self.tag {
            response.raw_header("ETag", tag);
        }
        if let Some(body) = self.body {
            response.header(ContentType::JSON);
            response.sized_body(body.len(), std::io::Cursor::new(body));
        }
        response.ok()
    }
}

/// The tags that the caller has, from `If-None-Match`.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownTags(Vec<String>);

impl KnownTags {
    /// Whether the caller has this one; weak and strong count alike, as RFC 9110 has it for reading.
    pub(crate) fn hold(&self, tag: &str) -> bool {
        self.0.iter().any(|known| known == "*" || known == tag)
    }

    fn read<'h>(headers: impl Iterator<Item = &'h str>) -> Self {
        let tags = headers.flat_map(|header| header.split(','));
        Self(
            tags.map(|tag| tag.trim().trim_start_matches("W/").to_owned())
                .collect(),
        )
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for KnownTags {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        Outcome::Success(Self::read(request.headers().get("if-none-match")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Answer, KnownTags};

    #[test]
    fn a_created_onboarding_says_where_it_is_and_which_version() {
        let view = json!({"object": "onboarding", "id": "onb_1", "sequence": 3});
        let fresh = Answer::created(&view).unwrap();
        assert_eq!(fresh.location().as_deref(), Some("/v1/onboardings/onb_1"));
        assert_eq!(fresh.tag.as_deref(), Some("\"onb_1.3\""));

        let again = Answer::replay(201, fresh.body().to_owned());
        assert_eq!(
            (again.location(), again.tag.clone()),
            (fresh.location(), fresh.tag.clone())
        );
        assert!(again.replayed && !fresh.replayed);
    }

    #[test]
    fn other_answers_carry_no_tag() {
        let list = Answer::ok(&json!({"object": "list", "data": []})).unwrap();
        assert_eq!((list.tag.clone(), list.location()), (None, None));
    }

    #[test]
    fn a_known_tag_is_recognized_weak_listed_or_as_a_star() {
        for (header, known) in [
            ("\"onb_1.3\"", true),
            ("W/\"onb_1.3\"", true),
            ("\"x\", \"onb_1.3\"", true),
            ("*", true),
            ("\"onb_1.2\"", false),
            ("", false),
        ] {
            let tags = KnownTags::read(std::iter::once(header));
            assert_eq!(tags.hold("\"onb_1.3\""), known, "{header}");
        }
        assert!(!KnownTags::default().hold("\"onb_1.3\""));
    }
}
