//! What an operator may do to an instance: a form with a reason for each act, and carrying it out.

use maud::{Markup, html};
use rand::RngCore;
use rocket::form::{Form, FromForm};
use rocket::post;
use rocket::response::{Flash, Redirect};
use workflows::app::{ErasureView, InstanceView, Kind, OperatorAct};

use super::frame::{Frame, Stop};
use super::instances::path_of;
use super::session::Author;
use super::words::humane;
use crate::web::UseCases;

/// One act as a page sends it.
#[derive(FromForm)]
pub(super) struct ActForm {
    token: String,
    reason: String,
    operation_id: String,
    /// The instance's id, typed, where there is no way back.
    #[field(default = None)]
    confirm: Option<String>,
}

#[post("/console/instances/<id>/acts/<act>", data = "<form>")]
pub(super) async fn carry_out(
    id: &str,
    act: &str,
    author: Author,
    app: UseCases<'_>,
    form: Form<ActForm>,
) -> Result<Flash<Redirect>, Stop> {
    let signed = author.with(&form.token)?;
    let back = Redirect::to(path_of(id));
    let reason = form.reason.trim();
    if reason.is_empty() {
        return Ok(Flash::error(
            back,
            "Say why: the reason is kept with the act.",
        ));
    }
    if act == "erase" {
        if form.confirm.as_deref().map(str::trim) != Some(id) {
            let told = "Nothing was erased: type the onboarding's id to confirm.";
            return Ok(Flash::error(back, told));
        }
        return match app.erase(&signed.operator, id, reason, false).await {
            Ok(erased) => Ok(Flash::success(back, erased_words(&erased))),
            Err(problem) if matches!(problem.kind, Kind::Unauthenticated | Kind::NotFound) => {
                Err(problem.into())
            }
            Err(problem) => Ok(Flash::error(back, problem.detail)),
        };
    }
    let wanted = OperatorAct {
        act: act.to_owned(),
        reason: reason.to_owned(),
        operation_id: Some(form.operation_id.clone()),
        dry_run: false,
    };
    match app.act(&signed.operator, id, &wanted).await {
        Ok(view) => {
            let told = format!("{}. It is now: {}", done(act), view.headline);
            Ok(Flash::success(back, told))
        }
        Err(problem) if matches!(problem.kind, Kind::Unauthenticated | Kind::NotFound) => {
            Err(problem.into())
        }
        Err(problem) => Ok(Flash::error(back, problem.detail)),
    }
}

/// Buttons for these acts; each opens its form in place, without script.
pub(super) fn acts(view: &InstanceView, acts: &[&str], frame: &Frame) -> Markup {
    html! {
        @if !acts.is_empty() {
            div.acts {
                @for act in acts {
                    details.act.end[is_end(act)] {
                        summary { (button(act)) "…" }
                        form method="post" action=(format!("{}/acts/{act}", path_of(&view.id))) {
                            (frame.token_field())
                            input type="hidden" name="operation_id" value=(operation_id());
                            p.small { (means(act)) }
                            label { "Reason" input name="reason" required maxlength="500" autocomplete="off"; }
                            @if *act == "erase" { label { "Type " code { (view.id) } " to confirm" input name="confirm" required autocomplete="off" pattern=(view.id); } }
                            button.main[!is_end(act)].end[is_end(act)] type="submit" { (button(act)) }
                        }
                    }
                }
            }
        }
    }
}

/// Whether there is no way back from it.
pub(super) fn is_end(act: &str) -> bool {
    matches!(act, "cancel" | "erase")
}

/// Pressing twice is one act: each page that is shown carries its own id for it.
pub(super) fn operation_id() -> String {
    let mut bytes = [0_u8; 16];
    rand::rng().fill_bytes(&mut bytes);
    format!("op_{}", hex::encode(bytes))
}

fn button(act: &str) -> String {
    match act {
        "retry_now" => "Try again now".to_owned(),
        "pause" => "Pause".to_owned(),
        "resume" => "Resume".to_owned(),
        "cancel" => "Cancel for good".to_owned(),
        "erase" => "Erase the client's data".to_owned(),
        other => humane(other),
    }
}

pub(super) fn means(act: &str) -> &'static str {
    match act {
        "retry_now" => "What is waiting is done at once, as if its time had come.",
        "pause" => "Nothing more happens until someone resumes it. What is under way is finished.",
        "resume" => "It goes on where it was paused.",
        "cancel" => "The link dies and the partner is told. This cannot be undone.",
        "erase" => {
            "What is known of the client is destroyed, here and in its deliveries. This cannot be undone. Its history stays, and copies in the store's files and in backups until those expire."
        }
        _ => "The reason is kept with the act.",
    }
}

fn erased_words(erased: &ErasureView) -> String {
    let deliveries = erased.instances.len().saturating_sub(1);
    format!(
        "Erased: the key of this client's data is destroyed, with {deliveries} deliveries. What stays: {}",
        erased.remains.join(" ")
    )
}

fn done(act: &str) -> String {
    match act {
        "retry_now" => "Trying again".to_owned(),
        "pause" => "Paused".to_owned(),
        "resume" => "Resumed".to_owned(),
        "cancel" => "Canceled".to_owned(),
        other => format!("{}: done", humane(other)),
    }
}
