//! Carrying out what a form asks for: at once, or after a look at what it would come to. What was
//! typed is never lost to a mistake.

use std::collections::HashMap;

use rocket::form::{Form, FromForm};
use rocket::http::Status;
use rocket::post;
use rocket::response::{Flash, Redirect};
use serde_json::{Map, Value};
use workflows::app::{
    ActAnswer, App, FieldError, InstanceView, Kind, NeedView, OfferView, OperatorAct, Problem,
};

use super::act_forms::{Filled, button, form, is_foreseen};
use super::foresight::foresight;
use super::frame::{Frame, Page, Place, Stop};
use super::instances::path_of;
use super::session::{Author, Signed};
use super::words::humane;
use crate::web::{Refusal, UseCases};

/// One act as a page sends it.
#[derive(FromForm)]
pub(super) struct ActForm {
    token: String,
    reason: String,
    operation_id: String,
    /// Which event, where one is submitted.
    event: Option<String>,
    /// The version that was looked at; without one, a look comes first where the act has any.
    version: Option<u64>,
    fields: HashMap<String, String>,
}

/// What a form comes to.
#[derive(rocket::Responder)]
pub(super) enum Done {
    /// It was carried out or refused as things stand: back to the instance.
    Back(Box<Flash<Redirect>>),
    /// A look at what it would come to, or the form again with what is wrong in it.
    Again(Page),
}

#[post("/console/instances/<id>/acts/<act>", data = "<form>")]
pub(super) async fn carry_out(
    id: &str,
    act: &str,
    author: Author,
    app: UseCases<'_>,
    form: Form<ActForm>,
) -> Result<Done, Stop> {
    let signed = author.with(&form.token)?;
    let view = app.instance(&signed.operator, id).await?;
    let offer = view.offers.iter().find(|offer| {
        offer.act == act
            && offer
                .event
                .is_none_or(|event| form.event.as_deref() == Some(event))
    });
    let looks_first = is_foreseen(act) && form.version.is_none();
    let wanted = match wanted(act, &form, offer) {
        Ok(wanted) => OperatorAct {
            dry_run: looks_first,
            ..wanted
        },
        Err(problem) => return again(&app, &signed, &view, (act, offer, &form), problem).await,
    };
    match app.act(&signed.operator, id, &wanted).await {
        Ok(ActAnswer::Preview(preview)) => {
            let frame = Frame::load(&app, &signed, None).await;
            let body = foresight(&view, &preview, &form.filled(), &frame);
            let title = format!("{}: {}", button(act, form.event.as_deref()), view.id);
            Ok(Done::Again(Page(
                Status::Ok,
                frame.page(Place::Instances, &title, &body),
            )))
        }
        Ok(ActAnswer::Done { view, .. }) => {
            let told = format!("{}. It is now: {}", done(act), view.headline);
            let back = Redirect::to(path_of(id));
            Ok(Done::Back(Box::new(Flash::success(back, told))))
        }
        Err(problem) if matches!(problem.kind, Kind::Unauthenticated | Kind::NotFound) => {
            Err(problem.into())
        }
        Err(problem) if offer.is_some() => {
            again(&app, &signed, &view, (act, offer, &form), problem).await
        }
        Err(problem) => {
            let back = Redirect::to(path_of(id));
            Ok(Done::Back(Box::new(Flash::error(back, problem.detail))))
        }
    }
}

/// The form once more, with what is wrong in it and everything that was typed.
async fn again(
    app: &App,
    signed: &Signed,
    view: &InstanceView,
    (act, offer, sent): (&str, Option<&OfferView>, &ActForm),
    problem: Problem,
) -> Result<Done, Stop> {
    let Some(offer) = offer else {
        let back = Redirect::to(path_of(&view.id));
        return Ok(Done::Back(Box::new(Flash::error(back, problem.detail))));
    };
    let mut frame = Frame::load(app, signed, None).await;
    frame.flash = Some((true, problem.detail.clone()));
    let filled = Filled {
        errors: problem.errors.clone(),
        ..sent.filled()
    };
    let name = button(act, offer.event);
    let body = maud::html! {
        div.title { h1 { (name) } span { a href=(path_of(&view.id)) { "Back to the instance" } } }
        p { (offer.means) }
        div.sheet { (form(&view.id, offer, &filled, &frame)) }
    };
    let title = format!("{name}: {}", view.id);
    Ok(Done::Again(Page(
        Refusal::from(problem).status(),
        frame.page(Place::Instances, &title, &body),
    )))
}

impl ActForm {
    fn filled(&self) -> Filled {
        Filled {
            reason: self.reason.clone(),
            operation_id: self.operation_id.clone(),
            event: self.event.clone(),
            fields: self.fields.clone(),
            errors: Vec::new(),
        }
    }
}

/// The act that a form asks for, or every field that cannot be read.
fn wanted(act: &str, form: &ActForm, offer: Option<&OfferView>) -> Result<OperatorAct, Problem> {
    let mut errors = Vec::new();
    let reason = form.reason.trim();
    if reason.is_empty() {
        let message = "Say why: the reason is kept with the act.";
        errors.push(wrong("reason", "missing", message));
    }
    let mut fields = Map::new();
    for need in offer.map_or(&[][..], |offer| &offer.needs) {
        match read(need, form.fields.get(need.name).map(String::as_str)) {
            Ok(value) => fields.extend(value.map(|value| (need.name.to_owned(), value))),
            Err(message) => {
                let param = format!("fields.{}", need.name);
                errors.push(wrong(&param, "invalid", &message));
            }
        }
    }
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let text = |value: Option<Value>| value.and_then(|value| value.as_str().map(str::to_owned));
    let (to, compensate) = match act {
        "rewind" => (text(fields.remove("to")), false),
        "cancel" => (None, fields.remove("compensate") == Some(true.into())),
        _ => (None, false),
    };
    Ok(OperatorAct {
        act: act.to_owned(),
        reason: reason.to_owned(),
        operation_id: Some(form.operation_id.clone()),
        dry_run: false,
        version: form.version,
        to,
        event: form.event.clone(),
        compensate,
        fields,
    })
}

/// What stands in a field, as the act takes it; nothing where it says nothing new.
fn read(need: &NeedView, typed: Option<&str>) -> Result<Option<Value>, String> {
    let typed = typed.map(str::trim);
    let value = match (need.kind, typed) {
        ("flag", typed) => return Ok(typed.is_some().then(|| true.into())),
        (_, None) => return Ok(None),
        (_, Some("")) if need.required => return Err("must be filled in".to_owned()),
        (_, Some("")) => Value::Null,
        ("object", Some(typed)) => {
            serde_json::from_str(typed).map_err(|error| format!("is no JSON: {error}"))?
        }
        (_, Some(typed)) => Value::String(typed.to_owned()),
    };
    Ok((need.value.as_ref() != Some(&value)).then_some(value))
}

fn wrong(param: &str, code: &str, message: &str) -> FieldError {
    FieldError {
        param: param.to_owned(),
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

fn done(act: &str) -> String {
    match act {
        "retry_now" => "Trying again".to_owned(),
        "pause" => "Paused".to_owned(),
        "resume" => "Resumed".to_owned(),
        "cancel" => "Called off".to_owned(),
        "rewind" => "Rewound".to_owned(),
        "edit" => "Changed".to_owned(),
        "submit" => "Heard".to_owned(),
        other => format!("{}: done", humane(other)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::read;
    use crate::web::console::samples;

    #[test]
    fn only_what_was_changed_is_sent_and_what_cannot_be_read_is_said() {
        let text = samples::need("external_id", "text", Some(json!("cust-1")));
        assert_eq!(read(&text, Some("cust-1")), Ok(None));
        assert_eq!(read(&text, Some(" cust-2 ")), Ok(Some(json!("cust-2"))));
        assert_eq!(read(&text, Some("")), Ok(Some(Value::Null)));
        let notes = samples::need("metadata", "object", Some(json!({})));
        assert_eq!(read(&notes, Some("{ }")), Ok(None));
        assert!(read(&notes, Some("{")).is_err());
        let flag = samples::need("compensate", "flag", None);
        assert_eq!(read(&flag, None), Ok(None));
        assert_eq!(read(&flag, Some("on")), Ok(Some(json!(true))));
    }
}
