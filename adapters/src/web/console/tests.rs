//! What an operator sees, page by page.

use maud::Markup;
use rocket::Config;
use rocket::figment::Figment;
use rocket::http::{ContentType, Header, Status};
use rocket::local::asynchronous::Client;
use serde_json::json;
use workflows::app::InstanceView;

use super::filters::Filters;
use super::frame::Place;
use super::samples::{diagram, frame, groups, instance, list, now, row};
use super::timeline::Zoom;
use super::{attention, diagram as picture, instance as one, instances, login, partners, records};
use crate::web::WebSettings;
use crate::web::page::check_contrast;

fn in_frame(body: &Markup) -> String {
    frame().page(Place::Attention, "Test", body).into_string()
}

fn page_of(view: &InstanceView) -> String {
    in_frame(&one::body(view, &diagram(), Zoom::Transitions, &frame()))
}

#[test]
fn the_console_can_be_read_in_light_and_dark() {
    check_contrast(include_str!("ops.css"));
}

#[test]
fn no_page_has_a_script_or_a_style_of_its_own() {
    let partner = json!({"id": "prt_1", "name": "Acme"});
    for html in [
        in_frame(&attention::body(&groups(), &[], now())),
        page_of(&instance()),
        in_frame(&partners::body(&[partner], &frame(), None)),
        login::page(None).into_string(),
    ] {
        let inline = html
            .split("<script")
            .skip(1)
            .any(|script| !script.starts_with(" src=\"/console/assets/"));
        assert!(
            !inline && !html.contains("<style") && !html.contains(" style="),
            "{html}"
        );
        assert!(!html.contains(" onclick="));
    }
}

#[test]
fn the_largest_group_comes_first_and_leads_to_its_instances() {
    let html = in_frame(&attention::body(&groups(), &[], now()));
    let (large, small) = (
        html.find("App token refused"),
        html.find("Two step PIN wrong"),
    );
    assert!(large < small && large.is_some());
    assert!(
        html.contains("fingerprint=onboarding:es_completed:-:app_token_refused"),
        "{html}"
    );
}

#[test]
fn an_empty_page_says_what_would_appear_and_how_to_make_it() {
    let html = in_frame(&attention::body(&[], &[], now()));
    assert!(html.contains("Nothing needs you") && html.contains("Make a link"));
    let none = instances::body(&list(Vec::new()), &Filters::none(), now()).into_string();
    assert!(none.contains("No onboardings yet"));
}

#[test]
fn an_instance_tells_what_it_waits_for_and_who_can_move_it() {
    let html = page_of(&instance());
    for text in [
        "moves by: time, or an operator",
        "<strong>Meta limits how often this number may be registered</strong>",
        "in 2\u{2009}d 20\u{2009}h",
        "Time, or an operator",
        "Client · name",
        "Panadería Sol",
        "command:register",
        "upstream &lt;unavailable&gt;",
    ] {
        assert!(html.contains(text), "no {text} in {html}");
    }
}

#[test]
fn an_act_wants_a_reason_and_its_forms_are_of_this_session_alone() {
    let html = page_of(&instance());
    assert_eq!(html.matches(r#"name="reason""#).count(), 3, "{html}");
    assert_eq!(html.matches(r#"name="token" value="t0ken""#).count(), 4);
    assert_eq!(html.matches(r#"value="op_"#).count(), 3);
}

#[test]
fn what_cannot_be_undone_stands_apart_from_what_is_done_often() {
    let html = page_of(&instance());
    let (pause, notices, cancel) = (
        html.find("acts/pause"),
        html.find("id=\"notices\""),
        html.find("acts/cancel"),
    );
    assert!(pause < notices && notices < cancel && pause.is_some());
}

#[test]
fn an_ended_instance_offers_no_acts_and_says_that_nothing_is_due() {
    let ended = InstanceView {
        acts: Vec::new(),
        offers: Vec::new(),
        hold: None,
        tasks: Vec::new(),
        deliveries: Vec::new(),
        ..instance()
    };
    let html = page_of(&ended);
    assert!(!html.contains("/acts/") && html.contains("Nothing is due"));
}

#[test]
fn each_zoom_of_the_timeline_shows_no_less_than_the_one_above() {
    let lines = |zoom| {
        let html = one::body(&instance(), &diagram(), zoom, &frame()).into_string();
        html.matches("The window was closed").count()
    };
    assert_eq!(
        [Zoom::Milestones, Zoom::Transitions, Zoom::Raw].map(lines),
        [3, 3, 4]
    );
}

#[test]
fn a_picture_draws_every_state_once_and_tells_it_in_words() {
    let view = diagram();
    let svg = picture::svg(&view);
    for node in &view.nodes {
        assert_eq!(
            svg.matches(&format!("data-state=\"{}\"", node.state))
                .count(),
            1
        );
    }
    assert!(svg.contains("WabaSubscribed: here, held up"));
    let list = picture::list(&view).into_string();
    assert!(list.contains("PinWrong → NeedsPin"), "{list}");
}

#[test]
fn no_two_states_of_a_picture_overlap() {
    let view = diagram();
    let plan = super::layout::place(&view);
    let places: Vec<(i32, i32)> = plan.nodes.values().map(|node| (node.x, node.y)).collect();
    let apart = |one: &(i32, i32), other: &(i32, i32)| {
        (one.0 - other.0).abs() >= super::layout::NODE_WIDTH
            || (one.1 - other.1).abs() >= super::layout::NODE_HEIGHT
    };
    for (at, one) in places.iter().enumerate() {
        assert!(places[at + 1..].iter().all(|other| apart(one, other)));
    }
    assert_eq!(places.len(), view.nodes.len());
}

#[test]
fn a_table_without_milestones_is_drawn_along_one_line() {
    let mut view = diagram();
    for node in &mut view.nodes {
        node.milestone = false;
    }
    let plan = super::layout::place(&view);
    assert!(plan.nodes.values().all(|node| node.row == 0));
}

#[test]
fn a_list_turns_to_older_pages_while_there_are_any() {
    let rows = vec![row(1, Some("parked")), row(2, None)];
    let html = instances::body(&list(rows), &Filters::none(), now()).into_string();
    assert!(html.contains("/console/instances?after=c1"));
    assert!(html.contains("Parked") && html.contains("–"));
    let audit = records::audited(&list(vec![json!({"act": "pause"})]), now()).into_string();
    assert!(audit.contains("/console/audit?after=c1"));
}

async fn visitor() -> Client {
    let settings = WebSettings::new(Figment::from(Config::debug_default()), "https://g.example");
    Client::tracked(crate::web::rooms(settings)).await.unwrap()
}

#[rocket::async_test]
async fn the_sign_in_page_runs_no_foreign_code_and_cannot_be_framed() {
    let client = visitor().await;
    let answer = client.get("/console/login").dispatch().await;
    assert_eq!(answer.status(), Status::Ok);
    let policy = answer.headers().get_one("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'self'; ") && policy.contains("frame-ancestors 'none'"));
    assert!(!policy.contains("unsafe"));
}

#[rocket::async_test]
async fn a_foreign_page_can_neither_sign_in_nor_act() {
    let client = visitor().await;
    for path in [
        "/console/login",
        "/console/logout",
        "/console/instances/onb_1/acts/cancel",
        "/console/partners/links",
    ] {
        let asked = client.post(path).header(ContentType::Form);
        let asked = asked.header(Header::new("Origin", "https://evil.example"));
        let answer = asked
            .body("token=x&reason=y&operation_id=z")
            .dispatch()
            .await;
        assert_eq!(answer.status(), Status::Forbidden, "{path}");
    }
}

#[rocket::async_test]
async fn the_consoles_files_may_be_kept_for_ever() {
    let client = visitor().await;
    for path in [super::assets::CSS.path(), super::assets::JS.path()] {
        let answer = client.get(path).dispatch().await;
        assert_eq!(answer.status(), Status::Ok);
        let kept = answer.headers().get_one("cache-control");
        assert_eq!(kept, Some("public, max-age=31536000, immutable"));
    }
    let other = client.get("/console/assets/ops.0000.css").dispatch().await;
    assert_eq!(other.status(), Status::NotFound);
}
