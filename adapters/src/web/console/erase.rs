//! Erasing a client's data from the console: what it would come to, the id typed to confirm it, and
//! what stays.

use maud::{Markup, html};
use rocket::form::{Form, FromForm};
use rocket::http::Status;
use rocket::post;
use rocket::response::{Flash, Redirect};
use workflows::app::{ErasureView, InstanceView, Kind};

use super::acts::Done;
use super::frame::{Frame, Page, Place, Stop};
use super::instances::path_of;
use super::session::Author;
use super::words::id as short;
use crate::web::UseCases;

/// The form, as it asks for a look first and for the id then.
#[derive(FromForm)]
pub(super) struct EraseForm {
    token: String,
    reason: String,
    /// The instance's id as it was typed; without it, a look comes first.
    confirm: Option<String>,
}

#[post("/console/instances/<id>/erase", data = "<form>")]
pub(super) async fn erase(
    id: &str,
    author: Author,
    app: UseCases<'_>,
    form: Form<EraseForm>,
) -> Result<Done, Stop> {
    let signed = author.with(&form.token)?;
    let back = |flash: Flash<Redirect>| Ok(Done::Back(Box::new(flash)));
    let page = Redirect::to(path_of(id));
    let (reason, confirm) = (form.reason.trim(), form.confirm.as_deref().map(str::trim));
    if confirm.is_some_and(|typed| typed != id) {
        let told = "Nothing was erased: what was typed is not the id.";
        return back(Flash::error(page, told));
    }
    let erased = app.erase(&signed.operator, id, reason, confirm.is_none());
    match erased.await {
        Ok(foreseen) if foreseen.dry_run && foreseen.erased_at.is_none() => {
            let frame = Frame::load(&app, &signed, None).await;
            let body = confirmation(id, reason, &foreseen, &frame);
            let title = format!("Erase: {id}");
            Ok(Done::Again(Page(
                Status::Ok,
                frame.page(Place::Instances, &title, &body),
            )))
        }
        Ok(_) => back(Flash::success(page, "The client's data is erased.")),
        Err(problem) if matches!(problem.kind, Kind::Unauthenticated | Kind::NotFound) => {
            Err(problem.into())
        }
        Err(problem) => back(Flash::error(page, problem.detail)),
    }
}

/// The button on the page of an instance whose client can be erased.
pub(super) fn button(view: &InstanceView, frame: &Frame) -> Markup {
    html! {
        @if view.acts.contains(&"erase") {
            section aria-labelledby="erase" {
                h2 #erase { "The client's data" }
                div.acts { details.act.end {
                    summary { "Erase the client's data…" }
                    form method="post" action=(format!("{}/erase", path_of(&view.id))) {
                        (frame.token_field())
                        p.small { "What is known of the client is destroyed, here and in its deliveries. Nothing is done before you have seen what it comes to." }
                        label { "Reason" input name="reason" required maxlength="500" autocomplete="off"; }
                        button.end type="submit" { "Look at what it does" }
                    }
                } }
            }
        }
    }
}

fn confirmation(id: &str, reason: &str, foreseen: &ErasureView, frame: &Frame) -> Markup {
    let deliveries = foreseen.instances.len().saturating_sub(1);
    html! {
        div.title { h1 { "Erase the client's data" } span { a href=(path_of(id)) { "Back to the instance" } } }
        p { "The key under which the facts of " (short(id)) " and of " (deliveries) " deliveries are sealed is destroyed. This cannot be undone." }
        @if !foreseen.ended.is_empty() { p { (foreseen.ended.len()) " of the deliveries are still under way and end with it." } }
        h2 { "What stays" }
        ul { @for sentence in &foreseen.remains { li { (sentence) } } }
        form.sheet method="post" action=(format!("{}/erase", path_of(id))) {
            (frame.token_field())
            input type="hidden" name="reason" value=(reason);
            label { "Type " code { (id) } " to confirm" input name="confirm" required autocomplete="off" spellcheck="false"; }
            button.end type="submit" { "Erase for good" }
        }
    }
}
