//! What is answered where no handler answered: problem+json to programs, a plain page to people,
//! 405 with the allowed methods where only the method was wrong.

use maud::{DOCTYPE, html};
use rocket::catcher::{self, Catcher};
use rocket::http::{Accept, ContentType, MediaType, Method, RawStr, Status};
use rocket::request::Request;
use rocket::response::{Responder, Response};

use super::{Csp, Nonce};
use super::{Refusal, RequestId};

/// The one catcher of the listener.
pub(crate) fn catchers() -> Vec<Catcher> {
    vec![Catcher::new(None, catch)]
}

fn catch<'r>(status: Status, request: &'r Request<'_>) -> catcher::BoxFuture<'r> {
    Box::pin(async move { answer(status, request) })
}

fn answer<'r>(status: Status, request: &'r Request<'_>) -> catcher::Result<'r> {
    let refusal = match Refusal::parked(request) {
        Some(parked) => parked,
        None if status == Status::NotFound => match other_methods(request) {
            Some(allow) if request.method() == Method::Options => return Ok(options(&allow)),
            Some(allow) => Refusal::method_not_allowed(allow),
            None => Refusal::of_status(status),
        },
        None => Refusal::of_status(status),
    };
    if wants_json(request) {
        refusal.respond_to(request)
    } else {
        Ok(page(&refusal, request))
    }
}

fn options(allow: &str) -> Response<'static> {
    let mut response = Response::new();
    response.set_status(Status::NoContent);
    response.set_raw_header("Allow", allow.to_owned());
    response
}

/// The methods under which this path exists, if it exists at all.
fn other_methods(request: &Request<'_>) -> Option<String> {
    let path: Vec<&str> = request
        .uri()
        .path()
        .raw_segments()
        .map(RawStr::as_str)
        .collect();
    let mut methods: Vec<&str> = Vec::new();
    for route in request
        .rocket()
        .routes()
        .filter(|route| matches_path(route.uri.path(), &path))
    {
        methods.push(route.method.as_str());
        if route.method == Method::Get {
            methods.push(Method::Head.as_str());
        }
    }
    if methods.is_empty() {
        return None;
    }
    methods.push(Method::Options.as_str());
    methods.sort_unstable();
    methods.dedup();
    Some(methods.join(", "))
}

fn matches_path(pattern: &str, path: &[&str]) -> bool {
    let mut given = path.iter();
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        if part.starts_with('<') && part.ends_with("..>") {
            return true;
        }
        match given.next() {
            Some(segment) if part == *segment || (part.starts_with('<') && !segment.is_empty()) => {
            }
            _ => return false,
        }
    }
    given.next().is_none()
}

/// Whether a program asks: by the address, or because it does not take HTML.
fn wants_json(request: &Request<'_>) -> bool {
    let path = request.uri().path().as_str();
    let program = [
        "/v1",
        "/webhooks",
        "/console/api",
        "/healthz",
        "/readyz",
        "/openapi.json",
        "/metrics",
    ];
    let script = ["/o/status", "/o/events"];
    program.iter().any(|base| is_under(path, base))
        || script.contains(&path)
        || (is_under(path, "/o") && request.method() != Method::Get)
        || request.accept().is_some_and(prefers_json)
}

fn prefers_json(accept: &Accept) -> bool {
    let takes = |wanted: &MediaType| accept.iter().any(|given| given.media_type() == wanted);
    takes(&MediaType::JSON) && !takes(&MediaType::HTML)
}

fn is_under(path: &str, base: &str) -> bool {
    path.strip_prefix(base)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn page<'r>(refusal: &Refusal, request: &Request<'_>) -> Response<'r> {
    let nonce = Nonce::of(request).as_str();
    Csp::of(request).set(format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; frame-ancestors 'none'; base-uri 'none'"
    ));
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (refusal.title()) }
                style nonce=(nonce) { (STYLE) }
            }
            body {
                main {
                    h1 { (refusal.title()) }
                    p { (refusal.detail()) }
                    p.soft { "Reference for support: " code { (RequestId::of(request).as_str()) } }
                }
            }
        }
    }
    .into_string();
    let mut response = Response::new();
    response.set_status(refusal.status());
    response.set_header(ContentType::HTML);
    if let Some(allow) = refusal.allow() {
        response.set_raw_header("Allow", allow.to_owned());
    }
    response.set_sized_body(markup.len(), std::io::Cursor::new(markup));
    response
}

const STYLE: &str = ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:0}\
main{max-width:480px;margin:10vh auto;padding:0 16px}h1{font-size:23px;line-height:1.2}.soft{opacity:.8;font-size:13px}";

#[cfg(test)]
mod tests {
    use super::{is_under, matches_path};

    #[test]
    fn a_path_is_recognized_by_its_pattern_alone() {
        let check = |pattern: &str, path: &str| {
            let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
            matches_path(pattern, &parts)
        };
        assert!(check("/v1/onboardings/<id>", "/v1/onboardings/onb_1"));
        assert!(!check("/v1/onboardings/<id>", "/v1/onboardings"));
        assert!(!check(
            "/v1/onboardings/<id>",
            "/v1/onboardings/onb_1/links"
        ));
        assert!(check("/assets/<file..>", "/assets/a/b.css"));
        assert!(!check("/v1/errors", "/v1/onboardings"));
    }

    #[test]
    fn a_base_covers_whole_segments_only() {
        assert!(is_under("/v1", "/v1") && is_under("/v1/x", "/v1"));
        assert!(!is_under("/v10", "/v1") && !is_under("/other", "/o"));
    }
}
