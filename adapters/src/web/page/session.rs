//! Who the browser is: the session of a cookie, or of the bearer that a framed page keeps in memory.

use rocket::http::{Cookie, Method, SameSite};
use rocket::request::{FromRequest, Outcome, Request};
use workflows::app::{ClientSession, Kind, Opened, Problem};

use crate::web::partners::bearer;
use crate::web::{Refusal, SameOrigin, UseCases, WebSettings};

/// A browser that opened a link. A cookie counts for changes only when our own page sent it.
pub(super) struct Browser {
    /// What the use cases know it by.
    pub(super) session: ClientSession,
    /// With which it is asked for again while a stream runs.
    pub(super) secret: String,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Browser {
    type Error = Refusal;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Refusal> {
        let bearer = bearer(request.headers().get_one("authorization"));
        let secret = if let Some(bearer) = bearer {
            bearer.to_owned()
        } else {
            // The page itself may be entered from anywhere; what it asks for comes from itself.
            let entered = request.method() == Method::Get && request.uri().path() == "/o";
            if !entered
                && let Outcome::Error((status, ())) = SameOrigin::from_request(request).await
            {
                return Outcome::Error((status, Refusal::of_status(status)));
            }
            let cookie = request.cookies().get(name(is_secure(request)));
            cookie.map_or_else(String::new, |cookie| cookie.value().to_owned())
        };
        match resume(request, secret).await {
            Ok(browser) => Outcome::Success(browser),
            Err(refusal) => Outcome::Error((refusal.clone().park(request), refusal)),
        }
    }
}

async fn resume(request: &Request<'_>, secret: String) -> Result<Browser, Refusal> {
    if secret.is_empty() {
        return Err(Problem::new(
            Kind::Unauthenticated,
            "no_session",
            "Open the link first: this address needs the session it starts.",
        )
        .into());
    }
    let session = UseCases::of(request)?.session(&secret).await?;
    Ok(Browser { session, secret })
}

fn is_secure(request: &Request<'_>) -> bool {
    let web = request.rocket().state::<WebSettings>();
    web.is_none_or(WebSettings::is_secure)
}

/// The cookie's name; browsers refuse the prefix without TLS.
fn name(secure: bool) -> &'static str {
    if secure { "__Host-gangway" } else { "gangway" }
}

/// The cookie that carries a session over reloads.
pub(super) fn cookie(opened: &Opened, secure: bool) -> Cookie<'static> {
    let lives = i64::try_from(opened.lives.as_secs()).unwrap_or(i64::MAX);
    Cookie::build((name(secure), opened.session.clone()))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(secure)
        .max_age(rocket::time::Duration::seconds(lives))
        .build()
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn the_cookie_is_bound_to_the_host_wherever_there_is_tls() {
        assert_eq!((name(true), name(false)), ("__Host-gangway", "gangway"));
    }
}
