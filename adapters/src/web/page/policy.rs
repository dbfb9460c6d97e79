//! What the hosted page may load, call and be framed by: only what Meta's signup needs.

use crate::web::WebSettings;

/// Meta's script frames this one besides those it calls.
const META_FRAMES: &str = "https://staticxx.facebook.com";

/// The page's content policy. `embed` are the partner's origins that may frame it.
pub(super) fn policy(web: &WebSettings, embed: &[String]) -> String {
    let sdk = origin_of(&web.meta_sdk_url).unwrap_or_default();
    let calls = sources([sdk].into_iter().chain(names(&web.meta_connect_origins)));
    let frames = sources(
        names(&web.signup_origins)
            .chain(names(&web.meta_connect_origins))
            .chain([sdk])
            .chain(sdk.ends_with("facebook.net").then_some(META_FRAMES)),
    );
    let ancestors = match sources(names(embed)) {
        none if none.is_empty() => "'none'".to_owned(),
        some => some,
    };
    format!(
        "default-src 'none'; script-src 'self' {sdk}; connect-src 'self' {calls}; frame-src {frames}; \
         img-src 'self' data: {calls}; style-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors {ancestors}"
    )
}

/// The policy of a page that only tells something.
pub(super) fn plain() -> &'static str {
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'none'; base-uri 'none'; \
     frame-ancestors 'none'"
}

fn names(origins: &[String]) -> impl Iterator<Item = &str> {
    origins.iter().map(String::as_str)
}

/// Each origin once; a text that is no bare origin could smuggle in another rule and is left out.
fn sources<'a>(origins: impl Iterator<Item = &'a str>) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for origin in origins {
        if origin_of(origin) == Some(origin) && !kept.contains(&origin) {
            kept.push(origin);
        }
    }
    kept.join(" ")
}

/// Scheme, host and port of an address.
fn origin_of(address: &str) -> Option<&str> {
    let from = ["https://", "http://"]
        .into_iter()
        .find(|scheme| address.starts_with(scheme))?
        .len();
    let end = address[from..]
        .find(['/', '?', '#'])
        .map_or(address.len(), |at| from + at);
    let host = &address[from..end];
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    (!host.is_empty() && host.bytes().all(plain)).then_some(&address[..end])
}

#[cfg(test)]
mod tests {
    use rocket::figment::Figment;

    use super::policy;
    use crate::web::WebSettings;

    #[test]
    fn the_page_runs_only_our_script_and_metas() {
        let web = WebSettings::new(Figment::new(), "https://signup.example");
        let policy = policy(&web, &[]);
        assert!(policy.contains("script-src 'self' https://connect.facebook.net; "));
        assert!(policy.contains("style-src 'self'; "));
        assert!(policy.ends_with("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe"));
    }

    #[test]
    fn only_bare_origins_of_a_partner_may_frame_the_page() {
        let web = WebSettings::new(Figment::new(), "https://signup.example");
        let embed = [
            "https://app.acme.example",
            "https://x; script-src *",
            "*",
            "https://a.example/path",
        ];
        let policy = policy(&web, &embed.map(str::to_owned));
        assert!(
            policy.ends_with("frame-ancestors https://app.acme.example"),
            "{policy}"
        );
    }
}
