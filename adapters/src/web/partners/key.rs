//! Who asks: the key presented, looked up and checked for the scope that the route names. It runs
//! before the body is read, so a stranger costs no reading.

use std::marker::PhantomData;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rocket::request::{FromRequest, Outcome, Request};
use workflows::app::{App, Caller, Credential, Kind, Problem, Scope};

use crate::web::limits::Limits;
use crate::web::{Refusal, UseCases};

/// A partner whose key may do `S`.
pub(crate) struct Partner<'r, S> {
    /// The use cases.
    pub(crate) app: &'r App,
    /// Whose key it is.
    pub(crate) caller: Caller,
    scope: PhantomData<S>,
}

/// What a route asks of a key.
pub(crate) trait Needs: Send + Sync {
    /// The scope; nothing where any key will do.
    const SCOPE: Option<Scope>;
}

/// Any key will do.
pub(crate) enum Any {}
/// `onboardings:read`
pub(crate) enum Read {}
/// `onboardings:write`
pub(crate) enum Write {}
/// `webhooks:write`
pub(crate) enum Webhooks {}

impl Needs for Any {
    const SCOPE: Option<Scope> = None;
}
impl Needs for Read {
    const SCOPE: Option<Scope> = Some(Scope::OnboardingsRead);
}
impl Needs for Write {
    const SCOPE: Option<Scope> = Some(Scope::OnboardingsWrite);
}
impl Needs for Webhooks {
    const SCOPE: Option<Scope> = Some(Scope::WebhooksWrite);
}

#[rocket::async_trait]
impl<'r, S: Needs + 'static> FromRequest<'r> for Partner<'r, S> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match admitted(request, S::SCOPE).await {
            Ok((app, caller)) => Outcome::Success(Self {
                app,
                caller,
                scope: PhantomData,
            }),
            Err(refusal) => Outcome::Error((refusal.park(request), ())),
        }
    }
}

async fn admitted<'r>(
    request: &'r Request<'_>,
    scope: Option<Scope>,
) -> Result<(&'r App, Caller), Refusal> {
    let limits = request
        .rocket()
        .state::<Limits>()
        .ok_or_else(Problem::fault)?;
    let refuse = |problem| limits.refuse(request.client_ip(), problem);
    let credential = credential(request.headers().get_one("authorization")).map_err(refuse)?;
    let app = UseCases::of(request)?;
    let caller = app.authenticate(&credential).await.map_err(refuse)?;
    limits.admit_key(&caller.key)?;
    match scope {
        Some(needed) if !caller.scopes.contains(&needed) => Err(out_of_scope(needed).into()),
        _ => Ok((app, caller)),
    }
}

fn out_of_scope(needed: Scope) -> Problem {
    let name = match needed {
        Scope::OnboardingsWrite => "onboardings:write",
        Scope::OnboardingsRead => "onboardings:read",
        Scope::WebhooksWrite => "webhooks:write",
        Scope::CredentialsRead => "credentials:read",
    };
    let detail = format!("This key lacks the scope {name}. Use a key that has it.");
    Problem::new(Kind::Forbidden, "scope_missing", detail)
}

fn credential(header: Option<&str>) -> Result<Credential, Problem> {
    let Some((scheme, rest)) = header.and_then(|text| text.trim().split_once(' ')) else {
        return Err(unauthenticated());
    };
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") && !rest.is_empty() {
        Ok(Credential::Bearer(rest.to_owned()))
    } else if scheme.eq_ignore_ascii_case("basic") {
        let decoded = STANDARD
            .decode(rest)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok());
        match decoded.as_deref().and_then(|pair| pair.split_once(':')) {
            Some((user, password)) => Ok(Credential::Basic {
                user: user.to_owned(),
                password: password.to_owned(),
            }),
            None => Err(unauthenticated()),
        }
    } else {
        Err(unauthenticated())
    }
}

/// The token of an `Authorization: Bearer` header.
pub(crate) fn bearer(header: Option<&str>) -> Option<&str> {
    let (scheme, token) = header?.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn unauthenticated() -> Problem {
    Problem::new(
        Kind::Unauthenticated,
        "unauthenticated",
        "Send your key: Authorization: Bearer gw_…, or Basic with the key's id and secret.",
    )
}

#[cfg(test)]
mod tests {
    use workflows::app::Credential;

    use super::{bearer, credential};

    #[test]
    fn a_key_is_taken_from_bearer_and_from_basic() {
        assert!(
            matches!(credential(Some("Bearer gw_test_a_b")), Ok(Credential::Bearer(key)) if key == "gw_test_a_b")
        );
        // `a:b:c`: only the first colon separates.
        assert!(matches!(credential(Some("basic YTpiOmM=")),
            Ok(Credential::Basic { user, password }) if user == "a" && password == "b:c"));
    }

    #[test]
    fn anything_else_is_no_key() {
        for header in [
            None,
            Some(""),
            Some("Bearer"),
            Some("Bearer  "),
            Some("Basic !!!"),
            Some("Basic YQ=="),
            Some("Digest x"),
        ] {
            assert!(credential(header).is_err(), "{header:?}");
        }
        assert_eq!(bearer(Some("Basic YQ==")), None);
        assert_eq!(bearer(Some("bearer t")), Some("t"));
    }
}
