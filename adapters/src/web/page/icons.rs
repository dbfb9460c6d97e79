//! The page's few pictures, of one stroke width, drawn once and referred to by name.

use maud::{Markup, PreEscaped, html};

const SPRITE: &str = r#"<svg hidden xmlns="http://www.w3.org/2000/svg">
<symbol id="i-done" viewBox="0 0 24 24"><circle cx="12" cy="12" r="10"/><path d="m7.5 12.5 3 3 6-6.5"/></symbol>
<symbol id="i-now" viewBox="0 0 24 24"><circle cx="12" cy="12" r="10"/><path d="M12 6a6 6 0 0 1 0 12z" fill="currentColor"/></symbol>
<symbol id="i-todo" viewBox="0 0 24 24"><circle cx="12" cy="12" r="10"/></symbol>
<symbol id="i-trouble" viewBox="0 0 24 24"><path d="M12 3 2 21h20z"/><path d="M12 10v4.5M12 17.8v.1"/></symbol>
<symbol id="i-person" viewBox="0 0 24 24"><circle cx="12" cy="8" r="4"/><path d="M4 21c0-4.4 3.6-7 8-7s8 2.6 8 7"/></symbol>
<symbol id="i-phone" viewBox="0 0 24 24"><rect x="6" y="2" width="12" height="20" rx="2"/><path d="M11 18h2"/></symbol>
</svg>"#;

/// The pictures, once per page.
pub(super) fn sprite() -> PreEscaped<&'static str> {
    PreEscaped(SPRITE)
}

/// One of them, for the eye only: a word always stands beside it.
pub(super) fn icon(name: &str) -> Markup {
    html! {
        svg.icon viewBox="0 0 24 24" aria-hidden="true" { use href=(format!("#i-{name}")) {} }
    }
}
