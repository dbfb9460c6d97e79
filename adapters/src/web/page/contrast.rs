//! How well two colors tell apart, as WCAG 2 counts it.

/// Red, green and blue of the sRGB space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) struct Rgb(pub(super) u8, pub(super) u8, pub(super) u8);

impl Rgb {
    /// The color that `#rrggbb` names.
    pub(in crate::web) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        let mut bytes = [0_u8; 3];
        hex::decode_to_slice(digits, &mut bytes).ok()?;
        Some(Self(bytes[0], bytes[1], bytes[2]))
    }

    /// `#rrggbb`.
    pub(super) fn to_hex(self) -> String {
        format!("#{}", hex::encode([self.0, self.1, self.2]))
    }

    /// This color with `percent` of another in it.
    pub(super) fn mixed(self, other: Self, percent: u16) -> Self {
        let mix = |own: u8, theirs: u8| {
            let sum = u16::from(own) * (100 - percent) + u16::from(theirs) * percent;
            u8::try_from(sum / 100).unwrap_or(u8::MAX)
        };
        Self(
            mix(self.0, other.0),
            mix(self.1, other.1),
            mix(self.2, other.2),
        )
    }

    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.040_45 {
                share / 12.92
            } else {
                ((share + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }
}

/// 1 for the same color, 21 for black on white.
pub(in crate::web) fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (one.luminance(), other.luminance());
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[cfg(test)]
pub(in crate::web) mod tests {
    use std::collections::BTreeMap;

    use super::{Rgb, contrast};

    /// What must tell apart from what, and by how much: text 4.5, shapes 3.
    const PAIRS: &[(&str, &[&str], f64)] = &[
        ("--ink", &["--paper", "--paper-2"], 4.5),
        ("--ink-soft", &["--paper", "--paper-2"], 4.5),
        ("--good", &["--paper", "--paper-2"], 4.5),
        ("--warn", &["--paper", "--paper-2"], 4.5),
        ("--bad", &["--paper", "--paper-2"], 4.5),
        ("--wait", &["--paper", "--paper-2"], 4.5),
        ("--accent-ink", &["--accent"], 4.5),
        ("--accent", &["--paper", "--paper-2"], 3.0),
    ];

    /// Checks the roles of a style sheet in light and in dark.
    pub(in crate::web) fn check(sheet: &str) {
        let (light, dark) = sheet
            .split_once("prefers-color-scheme: dark")
            .expect("the sheet has a dark half");
        for (name, half) in [("light", light), ("dark", dark)] {
            let roles = roles(half);
            for (ink, papers, least) in PAIRS {
                for paper in *papers {
                    let found = contrast(roles[*ink], roles[*paper]);
                    assert!(found >= *least, "{name}: {ink} on {paper} is {found:.2}");
                }
            }
        }
    }

    fn roles(half: &str) -> BTreeMap<&str, Rgb> {
        half.lines()
            .filter_map(|line| line.trim().split_once(": "))
            .filter_map(|(name, value)| Some((name, Rgb::parse(value.trim_end_matches(';'))?)))
            .collect()
    }

    #[test]
    fn black_on_white_is_as_far_apart_as_colors_get() {
        let found = contrast(Rgb(0, 0, 0), Rgb(255, 255, 255));
        assert!((found - 21.0).abs() < 0.01);
    }

    #[test]
    fn the_hosted_page_can_be_read_in_light_and_dark() {
        check(include_str!("page.css"));
    }
}
