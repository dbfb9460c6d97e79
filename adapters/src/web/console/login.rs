//! Signing in with the operator's token, and signing out.

use std::net::IpAddr;

use maud::{Markup, html};
use rocket::form::{Form, FromForm};
use rocket::http::{CookieJar, Status};
use rocket::request::{FromRequest, Outcome, Request};
use rocket::response::Redirect;
use rocket::{State, get, post};
use workflows::app::{Kind, Problem};

use super::frame::{Page, Stop, sheet};
use super::session::{Author, cookie};
use crate::web::limits::Limits;
use crate::web::{SameOrigin, UseCases, WebSettings};

/// The token as the page sends it.
#[derive(FromForm)]
pub(super) struct SignIn {
    token: String,
}

/// The proof that a sign-out came from one of our pages.
#[derive(FromForm)]
pub(super) struct SignOut {
    token: String,
}

/// Whoever sends the form from our own page; wrong tokens are counted by address.
pub(super) struct Sender<'r> {
    limits: Option<&'r Limits>,
    address: Option<IpAddr>,
}

impl Sender<'_> {
    fn refuse(&self, problem: Problem) -> Problem {
        match self.limits {
            Some(limits) => limits.refuse(self.address, problem),
            None => problem,
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Sender<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let sender = Self {
            limits: request.rocket().state::<Limits>(),
            address: request.client_ip(),
        };
        SameOrigin::from_request(request).await.map(|_| sender)
    }
}

#[get("/console/login")]
pub(super) fn login() -> Page {
    Page(Status::Ok, page(None))
}

#[post("/console/login", data = "<form>")]
pub(super) async fn sign_in(
    from: Sender<'_>,
    app: UseCases<'_>,
    web: &State<WebSettings>,
    cookies: &CookieJar<'_>,
    form: Form<SignIn>,
) -> Result<Redirect, Page> {
    match app.open_console(form.token.trim()).await {
        Ok(secret) => {
            cookies.add(cookie(secret, web.is_secure()));
            Ok(Redirect::to("/console"))
        }
        Err(problem) => {
            let problem = from.refuse(problem);
            let markup = page(Some(&problem));
            Err(Page(crate::web::Refusal::from(problem).status(), markup))
        }
    }
}

#[post("/console/logout", data = "<form>")]
pub(super) async fn sign_out(
    author: Author,
    app: UseCases<'_>,
    web: &State<WebSettings>,
    cookies: &CookieJar<'_>,
    form: Form<SignOut>,
) -> Result<Redirect, Stop> {
    let signed = author.with(&form.token)?;
    app.close_console(&signed.secret).await?;
    cookies.remove(cookie(String::new(), web.is_secure()));
    Ok(Redirect::to("/console/login"))
}

/// The page, with what was wrong if something was.
pub(super) fn page(refused: Option<&Problem>) -> Markup {
    let wrong = refused.map(|problem| match problem.kind {
        Kind::Unauthenticated | Kind::Forbidden => {
            "This token is not an operator’s. Check that you copied all of it."
        }
        _ => problem.detail.as_str(),
    });
    let inside = html! {
        main #main.card {
            h1 { "Gangway" }
            @if let Some(wrong) = wrong { p.flash.error role="alert" { (super::words::shape("failed")) (wrong) } }
            form method="post" action="/console/login" {
                label {
                    "Operator token"
                    input type="password" name="token" required autofocus autocomplete="current-password";
                }
                button.main type="submit" { "Sign in" }
            }
            p.small.soft { "The token is " code { "operator_token" } " in the settings. The sandbox prints it when it starts." }
        }
    };
    sheet("Sign in", &inside)
}
