//! Every kind of webhook in every shape that Meta's samples have, each read for what it says and about whom.

use std::collections::BTreeSet;
use std::{fs, path::PathBuf};

use serde_json::Value;

use super::*;
use rows::{in_odd_shapes, of_accounts, of_grants, of_numbers, of_reviews};

#[path = "said_rows.rs"]
mod rows;

const CAME_AT: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/webhooks")
}

fn body(name: &str) -> Value {
    let text = fs::read_to_string(folder().join(format!("{name}.json"))).expect(name);
    let fixture: Value = serde_json::from_str(&text).expect(name);
    assert!(fixture["_source"].is_string(), "{name} names no source");
    fixture["body"].clone()
}

fn read_as(body: &Value, business: Option<&str>) -> Vec<Word> {
    let app = AppId::new("2291");
    let heard = Heard {
        app: &app,
        business,
        at: CAME_AT,
    };
    read(body.to_string().as_bytes(), heard)
}

fn word(name: &str) -> Word {
    let mut words = read_as(&body(name), Some("2949482758682047"));
    assert_eq!(words.len(), 1, "{name}");
    words.remove(0)
}

#[test]
fn every_webhook_of_metas_is_read_for_what_it_says_and_about_whom() {
    let mut unread: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|file| {
            file.unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let rows = [
        of_grants(),
        of_accounts(),
        of_reviews(),
        of_numbers(),
        in_odd_shapes(),
    ]
    .concat();
    for (name, about, said) in rows {
        assert!(unread.remove(name), "{name} has no fixture, or two rows");
        let word = word(name);
        assert_eq!((&word.about, &word.said), (&about, &said), "{name}");
        assert!(!word.field.is_empty(), "{name}");
    }
    assert!(unread.is_empty(), "nothing says how to read {unread:?}");
}

#[test]
fn a_change_has_the_same_key_in_every_batch_and_another_for_every_other() {
    let rows = [of_grants(), of_accounts(), of_reviews(), of_numbers()].concat();
    let keys: BTreeSet<String> = rows.iter().map(|(name, ..)| word(name).key).collect();
    assert_eq!(keys.len(), rows.len());
    let (one, other) = (body("name_approved"), body("pin_changed"));
    let mut batch = one.clone();
    let changes = batch["entry"][0]["changes"].as_array_mut().unwrap();
    changes.push(other["entry"][0]["changes"][0].clone());
    let batched: Vec<String> = read_as(&batch, None)
        .into_iter()
        .map(|word| word.key)
        .collect();
    assert_eq!(
        batched,
        [word("name_approved").key, word("pin_changed").key]
    );
    // Meta promises no order of names.
    let turned = r#"{"entry":[{"time":1739321024,"id":"102290129340398","changes":[{"field":"security",
        "value":{"event":"PIN_CHANGED","display_phone_number":"15550783881"}}]}]}"#;
    let turned = read_as(&serde_json::from_str(turned).unwrap(), None);
    assert_eq!(turned[0].key, word("pin_changed").key);
}

#[test]
fn a_word_is_as_old_as_meta_says_in_whatever_unit() {
    let said = Timestamp::from_millis(1_743_451_903_000);
    for name in ["account_offboarded", "milliseconds", "one_change"] {
        assert_eq!(word(name).at, said, "{name}");
    }
    assert_eq!(
        word("numbers_for_ids").at,
        Timestamp::from_millis(1_731_617_831_000)
    );
    assert_eq!(word("without_time").at, CAME_AT);
}

#[test]
fn the_providers_own_portfolio_is_never_taken_for_an_account() {
    let mut body = body("account_deleted");
    body["entry"][0]["id"] = "2949482758682047".into();
    assert_eq!(read_as(&body, Some("2949482758682047"))[0].about.waba, None);
    let named = WabaId::new("2949482758682047");
    assert_eq!(read_as(&body, None)[0].about.waba, Some(named));
}

#[test]
fn what_is_no_webhook_says_nothing() {
    for raw in [
        "",
        "null",
        "[]",
        r#"{"entry":7}"#,
        r#"{"entry":[{"changes":"x"}]}"#,
    ] {
        let app = AppId::new("1");
        let heard = Heard {
            app: &app,
            business: None,
            at: CAME_AT,
        };
        assert_eq!(read(raw.as_bytes(), heard), [], "{raw}");
    }
}

#[test]
fn a_number_is_not_printed() {
    let word = word("pin_changed");
    assert!(!format!("{word:?}").contains("15550783881"));
    assert_eq!(word.about.digits, Digits::of("+1 555-078-3881"));
}
