//! The partner's accent color made safe to read: a style sheet of two variables, light and dark.
//!
//! A color too near the paper is moved away from it; the ink on it is whichever of black and white
//! reads better.

use super::contrast::{Rgb, contrast};

/// How far a button must stand out from the paper.
const SHAPE: f64 = 3.0;
/// The papers of `page.css`, light and dark.
const PAPERS: (Rgb, Rgb) = (Rgb(255, 255, 255), Rgb(0x17, 0x1c, 0x22));

/// The address of an accent's style sheet, or nothing when the text names no color.
pub(super) fn path(accent: &str) -> Option<String> {
    let color = Rgb::parse(accent)?;
    Some(format!("/assets/accent/{}.css", &color.to_hex()[1..]))
}

/// The style sheet behind [`path`]; nothing when the name is not six hexadecimal digits and `.css`.
pub(super) fn style_sheet(file: &str) -> Option<String> {
    let color = Rgb::parse(&format!("#{}", file.strip_suffix(".css")?))?;
    let (light, dark) = (readable(color, PAPERS.0), readable(color, PAPERS.1));
    Some(format!(
        ":root{{{}}}@media (prefers-color-scheme:dark){{:root{{{}}}}}",
        roles(light),
        roles(dark)
    ))
}

fn roles(color: Rgb) -> String {
    let (white, black) = (Rgb(255, 255, 255), Rgb(0, 0, 0));
    let ink = if contrast(color, white) >= contrast(color, black) {
        white
    } else {
        black
    };
    format!("--accent:{};--accent-ink:{}", color.to_hex(), ink.to_hex())
}

fn readable(color: Rgb, paper: Rgb) -> Rgb {
    let away = if contrast(paper, Rgb(255, 255, 255)) > contrast(paper, Rgb(0, 0, 0)) {
        Rgb(255, 255, 255)
    } else {
        Rgb(0, 0, 0)
    };
    (0..=20)
        .map(|step| color.mixed(away, step * 5))
        .find(|candidate| contrast(*candidate, paper) >= SHAPE)
        .unwrap_or(away)
}

#[cfg(test)]
mod tests {
    use super::{PAPERS, path, readable, style_sheet};
    use crate::web::page::contrast::{Rgb, contrast};

    #[test]
    fn any_accent_stands_out_from_light_and_dark_paper() {
        for accent in [
            "#ffffff", "#000000", "#ffe600", "#1456b8", "#171c22", "#808080",
        ] {
            let color = Rgb::parse(accent).unwrap();
            for paper in [PAPERS.0, PAPERS.1] {
                assert!(contrast(readable(color, paper), paper) >= 3.0, "{accent}");
            }
        }
    }

    #[test]
    fn a_readable_accent_is_left_as_the_partner_chose_it() {
        let sheet = style_sheet("0b6e4f.css").unwrap();
        assert!(
            sheet.starts_with(":root{--accent:#0b6e4f;--accent-ink:#ffffff}"),
            "{sheet}"
        );
    }

    #[test]
    fn what_is_no_color_gets_no_style_sheet() {
        for text in ["red", "#12345", "#12345g", "#1234567", "}body{"] {
            assert_eq!(path(text), None, "{text}");
        }
        assert_eq!(style_sheet("0b6e4f"), None);
        assert_eq!(style_sheet("}{}{}{.css"), None);
    }
}
