//! Keeps other sites from acting with a browser's cookie.

use rocket::request::{FromRequest, Outcome, Request};
use workflows::app::{Kind, Problem};

use super::Refusal;
use super::settings::WebSettings;

/// The request came from a page of our own: what `Sec-Fetch-Site` says, or else `Origin`.
pub(crate) struct SameOrigin;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SameOrigin {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let header = |name| request.headers().get_one(name);
        let ours = request
            .rocket()
            .state::<WebSettings>()
            .map_or("", WebSettings::origin);
        if is_same(header("sec-fetch-site"), header("origin"), ours) {
            return Outcome::Success(Self);
        }
        let refusal = Refusal::from(Problem::new(
            Kind::Forbidden,
            "foreign_origin",
            "This request did not come from a page of this site. Open the page here and try from there.",
        ));
        Outcome::Error((refusal.park(request), ()))
    }
}

fn is_same(site: Option<&str>, origin: Option<&str>, ours: &str) -> bool {
    match (site, origin) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => origin == ours,
        // Every browser sends one of them with whatever could do harm; a client that sends neither
        // is none, and nobody can borrow its cookie.
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::is_same;

    #[test]
    fn only_our_own_pages_may_post() {
        let ours = "https://g.example";
        for (site, origin, allowed) in [
            (Some("same-origin"), None, true),
            (Some("same-site"), Some(ours), false),
            (Some("cross-site"), Some(ours), false),
            (None, Some(ours), true),
            (None, Some("https://g.example.evil.example"), false),
            (None, Some("null"), false),
            (None, None, true),
        ] {
            assert_eq!(is_same(site, origin, ours), allowed, "{site:?} {origin:?}");
        }
    }
}
