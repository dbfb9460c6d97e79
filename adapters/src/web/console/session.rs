//! Who operates: the console's cookie, and the token that proves a form came from one of our pages.

use rocket::http::{Cookie, SameSite};
use rocket::request::{FromRequest, Outcome, Request};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use workflows::app::{Kind, Operator, Problem};

use super::frame::Stop;
use crate::web::limits::Limits;
use crate::web::partners::bearer;
use crate::web::{Refusal, SameOrigin, UseCases, WebSettings};

/// Whoever asks for a page: an operator, or the reason why not.
pub(super) struct Visitor(Result<Signed, Problem>);

/// An operator with a session.
pub(super) struct Signed {
    pub(super) operator: Operator,
    /// Ends the session.
    pub(super) secret: String,
    /// Whether this is the sandbox, which every page says.
    pub(super) sandbox: bool,
}

impl Visitor {
    /// The operator, or the way to the sign-in page.
    pub(super) fn signed(self) -> Result<Signed, Stop> {
        Ok(self.0?)
    }
}

impl Signed {
    /// Stands in every form of this session. It is derived, so that nothing is stored for it.
    pub(super) fn form_token(&self) -> String {
        let digest = Sha256::new()
            .chain_update(b"gangway console form\0")
            .chain_update(self.operator.session_digest.as_bytes())
            .finalize();
        hex::encode(digest)
    }

    /// Refuses a form that one of this session's pages did not hand out.
    fn check(&self, token: &str) -> Result<(), Problem> {
        let own = self.form_token();
        if bool::from(own.as_bytes().ct_eq(token.as_bytes())) {
            return Ok(());
        }
        Err(Problem::new(
            Kind::Forbidden,
            "form_expired",
            "This form belongs to another session. Go back, reload the page and send it again.",
        ))
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Visitor {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        Outcome::Success(Self(signed(request).await))
    }
}

/// Whoever sends a form from one of our own pages.
pub(super) struct Author(Result<Signed, Problem>);

impl Author {
    /// The operator, if the form was made for this session.
    pub(super) fn with(self, token: &str) -> Result<Signed, Stop> {
        let signed = self.0?;
        signed.check(token)?;
        Ok(signed)
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Author {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match SameOrigin::from_request(request).await {
            Outcome::Success(_) => Outcome::Success(Self(signed(request).await)),
            Outcome::Error(foreign) => Outcome::Error(foreign),
            Outcome::Forward(status) => Outcome::Forward(status),
        }
    }
}

async fn signed(request: &Request<'_>) -> Result<Signed, Problem> {
    let cookie = request.cookies().get(name(is_secure(request)));
    let secret = cookie
        .map(|cookie| cookie.value().to_owned())
        .filter(|secret| !secret.is_empty())
        .ok_or_else(|| {
            Problem::new(
                Kind::Unauthenticated,
                "unauthenticated",
                "Sign in first, or send your operator token: Authorization: Bearer ….",
            )
        })?;
    let app = UseCases::of(request).map_err(|_| Problem::fault())?;
    let operator = app.console_session(&secret).await?;
    let web = request.rocket().state::<WebSettings>();
    Ok(Signed {
        operator,
        secret,
        sandbox: web.is_some_and(|web| web.sandbox),
    })
}

/// An operator by cookie or by `Authorization: Bearer`, for files that programs fetch as well.
pub(super) struct AnyOperator(pub(super) Operator);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for AnyOperator {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let bearer = bearer(request.headers().get_one("authorization"));
        let found = match (bearer, UseCases::of(request)) {
            (Some(token), Ok(app)) => app.authenticate_operator(token).await,
            _ => signed(request).await.map(|signed| signed.operator),
        };
        match found {
            Ok(operator) => Outcome::Success(Self(operator)),
            Err(problem) => {
                let counted = match request.rocket().state::<Limits>() {
                    Some(limits) => limits.refuse(request.client_ip(), problem),
                    None => problem,
                };
                Outcome::Error((Refusal::from(counted).park(request), ()))
            }
        }
    }
}

fn is_secure(request: &Request<'_>) -> bool {
    let web = request.rocket().state::<WebSettings>();
    web.is_none_or(WebSettings::is_secure)
}

fn name(secure: bool) -> &'static str {
    if secure {
        "__Host-gangway_console"
    } else {
        "gangway_console"
    }
}

/// The cookie of a session. It ends with the browser; the session itself ends sooner.
pub(super) fn cookie(secret: String, secure: bool) -> Cookie<'static> {
    Cookie::build((name(secure), secret))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(secure)
        .build()
}

#[cfg(test)]
mod tests {
    use workflows::app::{Kind, Operator};

    use super::Signed;

    fn signed(digest: &str) -> Signed {
        Signed {
            operator: Operator {
                name: "ops".to_owned(),
                session_digest: digest.to_owned(),
            },
            secret: "s".to_owned(),
            sandbox: false,
        }
    }

    #[test]
    fn a_form_counts_in_the_session_that_it_was_made_for() {
        let (one, other) = (signed("d1"), signed("d2"));
        assert!(one.check(&one.form_token()).is_ok());
        for wrong in [other.form_token(), String::new(), "d1".to_owned()] {
            assert_eq!(one.check(&wrong).unwrap_err().kind, Kind::Forbidden);
        }
    }
}
