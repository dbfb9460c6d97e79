//! The partners, and making a link on a partner's behalf.

use maud::{Markup, html};
use rocket::form::{Form, FromForm};
use rocket::http::Status;
use rocket::request::FlashMessage;
use rocket::{get, post};
use serde_json::{Map, Value, json};
use workflows::app::{Kind, OnboardingView, Problem};

use super::facts;
use super::frame::{Frame, Page, Place, Stop};
use super::instances::path_of;
use super::session::{Author, Visitor};
use super::words::time;
use crate::web::UseCases;

/// A link as the form asks for it; fields left empty are left out.
#[derive(FromForm)]
pub(super) struct LinkForm {
    token: String,
    partner_id: String,
    external_id: String,
    flow: String,
    expected_phone_number: String,
    expires_in: u32,
}

impl LinkForm {
    fn to_body(&self) -> Value {
        let mut body = Map::new();
        let mut flow = Map::new();
        let given = |text: &str| (!text.trim().is_empty()).then(|| json!(text.trim()));
        body.insert("partner_id".to_owned(), json!(self.partner_id.trim()));
        body.insert("link".to_owned(), json!({ "expires_in": self.expires_in }));
        if let Some(id) = given(&self.external_id) {
            body.insert("external_id".to_owned(), id);
        }
        if let Some(number) = given(&self.expected_phone_number) {
            flow.insert("expected_phone_number".to_owned(), number);
        }
        if let Some(kind) = given(&self.flow) {
            flow.insert("allowed".to_owned(), json!([kind]));
        }
        if !flow.is_empty() {
            body.insert("flow".to_owned(), flow.into());
        }
        body.into()
    }
}

#[get("/console/partners")]
pub(super) async fn partners(
    visitor: Visitor,
    app: UseCases<'_>,
    flash: Option<FlashMessage<'_>>,
) -> Result<Page, Stop> {
    let signed = visitor.signed()?;
    let list = app.partners(&signed.operator).await?.data;
    let frame = Frame::load(&app, &signed, flash).await;
    let body = body(&list, &frame, None);
    Ok(Page(
        Status::Ok,
        frame.page(Place::Partners, "Partners", &body),
    ))
}

#[post("/console/partners/links", data = "<form>")]
pub(super) async fn make_link(
    author: Author,
    app: UseCases<'_>,
    form: Form<LinkForm>,
) -> Result<Page, Stop> {
    let signed = author.with(&form.token)?;
    let made = app
        .create_onboarding_for(&signed.operator, &form.to_body())
        .await;
    let mut frame = Frame::load(&app, &signed, None).await;
    match made {
        Ok(view) => {
            let body = once(&view, &frame);
            Ok(Page(
                Status::Created,
                frame.page(Place::Partners, "New link", &body),
            ))
        }
        Err(problem) if problem.kind == Kind::Unauthenticated => Err(problem.into()),
        Err(problem) => {
            frame.flash = Some((true, problem.detail.clone()));
            let list = app.partners(&signed.operator).await?.data;
            let body = body(&list, &frame, Some(&problem));
            let status = crate::web::Refusal::from(problem).status();
            Ok(Page(status, frame.page(Place::Partners, "Partners", &body)))
        }
    }
}

/// The page's middle.
pub(super) fn body(list: &[Value], frame: &Frame, refused: Option<&Problem>) -> Markup {
    html! {
        div.title { h1 { "Partners" } a href="/console/apps" { "Meta apps" } }
        @if list.is_empty() {
            div.empty {
                h2 { "No partners yet" }
                p { "A partner is a company whose clients you connect. Make one with " code { "POST /console/api/partners" } "; its key is shown in the answer, once." }
            }
        } @else {
            (facts::table("Partners", list, frame.now))
            section aria-labelledby="link" { h2 #link { "Make a link" } (form(list, frame, refused)) }
        }
    }
}

fn form(list: &[Value], frame: &Frame, refused: Option<&Problem>) -> Markup {
    let text = |value: &Value, name: &str| {
        value
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    html! {
        form.form method="post" action="/console/partners/links" {
            (frame.token_field())
            label {
                "Partner"
                select name="partner_id" required {
                    @for partner in list { option value=(text(partner, "id")) { (text(partner, "name")) } }
                }
            }
            label { span { "The partner’s own id " span.soft { "(optional)" } } input name="external_id" autocomplete="off"; }
            label {
                "How the number is used"
                select name="flow" {
                    option value="" { "As the client chooses" }
                    option value="cloud_api" { "Cloud API only" }
                    option value="coexistence" { "Together with the WhatsApp Business app" }
                }
            }
            label { span { "Expected number " span.soft { "(optional)" } } input name="expected_phone_number" inputmode="tel" placeholder="+34…" autocomplete="off" aria-invalid=[wrong(refused, "expected_phone_number")]; }
            label {
                "The link works for"
                select name="expires_in" {
                    option value="86400" { "1 day" }
                    option value="604800" selected { "7 days" }
                    option value="2592000" { "30 days" }
                }
            }
            button.main type="submit" { "Make the link" }
        }
    }
}

fn wrong(refused: Option<&Problem>, field: &str) -> Option<&'static str> {
    let errors = &refused?.errors;
    errors
        .iter()
        .any(|error| error.param.ends_with(field))
        .then_some("true")
}

/// The new link; its address is shown here and nowhere again.
pub(super) fn once(view: &OnboardingView, frame: &Frame) -> Markup {
    html! {
        div.title { h1 { "The link is ready" } }
        @if let Some(url) = &view.link.url {
            div.once {
                p { "Send this address to the client. It is shown only now." }
                code { (url) }
                p { button data-script type="button" data-copy=(url) { "Copy the address" } }
            }
        }
        p { "It works until " (time(&view.link.expires_at, frame.now)) "." }
        p { a href=(path_of(&view.id)) { "Follow this onboarding" } }
    }
}
