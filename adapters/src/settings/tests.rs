//! What the settings refuse, and in which words.

use figment::Figment;
use figment::providers::{Format as _, Toml};

use super::{Mode, Settings};

fn refused(toml: &str) -> String {
    let figment = Figment::from(Toml::string(toml));
    let read = Settings::from_figment(&figment);
    read.expect_err("these settings are wrong").to_string()
}

#[test]
fn a_sandbox_needs_no_settings() {
    let settings = Settings::from_figment(&Figment::new()).expect("defaults are sound");
    assert_eq!(settings.mode, Mode::Sandbox);
}

#[test]
fn a_wrong_setting_is_named_in_one_line() {
    let cases = [
        ("[gangway]\nfoo = 1", "unknown key `foo`"),
        (
            "[gangway.meta]\ngraph_verson = \"v9\"",
            "unknown key `meta.graph_verson`",
        ),
        (
            "[gangway.meta.login.coexistance]\nversion = \"v5\"",
            "unknown key `meta.login.coexistance`",
        ),
        ("[gangway.admin]\nport = \"x\"", "`admin.port`"),
        ("[gangway]\nmode = \"live\"", "`vault_key` is required"),
        ("[gangway]\nstore = \"mysql://x\"", "`store` must be"),
        (
            "[gangway]\npublic_url = \"example.com\"",
            "`public_url` must be",
        ),
    ];
    for (toml, expected) in cases {
        let told = refused(toml);
        assert!(told.contains(expected) && !told.contains('\n'), "{told}");
    }
}

#[test]
fn live_mode_refuses_plain_http_beyond_this_machine() {
    let live = |key: &str, url: &str| {
        let nested = key.strip_prefix("meta.");
        let (section, key) = nested.map_or(("", key), |key| ("[gangway.meta]\n", key));
        let public = if section.is_empty() {
            ""
        } else {
            "public_url = \"https://a.example\"\n"
        };
        format!(
            "[gangway]\nmode = \"live\"\nvault_key = \"k\"\noperator_token = \"0123456789abcdef\"\n{public}{section}{key} = {url}\n"
        )
    };
    assert!(
        refused(&live("public_url", "\"http://a.example\"")).contains("`public_url` must be https")
    );
    assert!(
        refused(&live("meta.sdk_url", "\"http://localhost.evil.example/x\""))
            .contains("`meta.sdk_url`")
    );
    assert!(
        refused(&live("meta.signup_origins", "[\"http://a.example\"]"))
            .contains("`meta.signup_origins`")
    );
    let figment = Figment::from(Toml::string(&live(
        "meta.sdk_url",
        "\"http://localhost:1/x\"",
    )));
    let settings = Settings::from_figment(&figment).expect("loopback is for trials");
    assert_eq!(settings.unsafe_addresses(), ["http://localhost:1/x"]);
}
