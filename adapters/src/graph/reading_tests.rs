//! Meta's documented answers, read from the fixtures.

use std::fs;

use super::*;

/// The body of a fixture.
fn body(name: &str) -> Value {
    let path = format!(
        "{}/../fixtures/graph/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let fixture: Value = serde_json::from_str(&text).unwrap();
    assert!(fixture["_source"].is_string(), "{name} names no source");
    fixture["body"].clone()
}

#[test]
fn a_token_is_read_in_every_form_that_meta_gives_it() {
    let token = "EAAJB0xSampleBusinessToken1234567890";
    let rows = [
        (body("exchange_with_life").to_string(), Some(5_183_944)),
        (body("exchange_without_life").to_string(), None),
        (body("exchange_bare").to_string(), None),
        (format!("{token}\n"), None),
        (
            format!(r#"{{"access_token":"{token}","expires_in":"60"}}"#),
            Some(60),
        ),
        (
            format!(r#"{{"access_token":"{token}","expires_in":0}}"#),
            None,
        ),
    ];
    for (text, life_s) in rows {
        let granted = granted_token(text.as_bytes()).unwrap();
        assert_eq!(granted.token.expose(), token, "{text}");
        assert_eq!(
            granted.expires_in,
            life_s.map(Duration::from_secs),
            "{text}"
        );
    }
}

#[test]
fn what_is_no_token_is_not_taken_for_one() {
    for text in [
        "",
        "{}",
        "<html>an error page of a gateway</html>",
        "short",
        "two words are no token",
        "[1,2,3,4,5,6,7,8,9]",
    ] {
        assert!(granted_token(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn a_token_names_its_accounts_newest_first() {
    let grant = token_grant(&body("debug_token")).unwrap();
    assert!(grant.valid);
    assert_eq!(grant.app_id, Some(AppId::new("670843887433847")));
    assert_eq!(
        grant.expires_at,
        Some(Timestamp::from_millis(1_665_090_000_000))
    );
    let wabas = [
        WabaId::new("102289599326934"),
        WabaId::new("101569239400667"),
    ];
    assert_eq!(grant.wabas, wabas);
    assert_eq!(grant.scopes.len(), 3);
}

#[test]
fn a_token_without_accounts_or_end_is_read_as_such() {
    let grant = token_grant(&body("debug_token_without_waba")).unwrap();
    assert!(grant.valid && grant.wabas.is_empty());
    assert_eq!(grant.expires_at, None);
    assert_eq!(grant.app_id, Some(AppId::new("670843887433847")));
}

#[test]
fn a_dead_token_is_an_answer_and_not_an_error() {
    assert!(!token_grant(&body("debug_token_invalid")).unwrap().valid);
    assert!(token_grant(&Value::Null).is_err());
}

#[test]
fn the_owner_of_an_account_is_found_where_the_token_may_see_it() {
    let owner = waba_owner(&body("waba_owner"));
    assert_eq!(owner, Some(BusinessId::new("942647313864044")));
    assert_eq!(waba_owner(&serde_json::json!({ "id": "1" })), None);
}

#[test]
fn a_number_is_live_only_if_meta_says_both_cloud_and_connected() {
    let rows = [
        ("phone_number_registered", true, true, false),
        ("phone_number_fresh", false, false, false),
        ("phone_number_coexistence", true, false, true),
        ("phone_number_unknown_words", false, true, false),
    ];
    for (name, live, verified, on_business_app) in rows {
        let number = phone_number(&body(name)).unwrap();
        assert_eq!(number.live, live, "{name}");
        assert_eq!(number.verified, verified, "{name}");
        assert_eq!(number.on_business_app, on_business_app, "{name}");
    }
}

#[test]
fn a_page_of_numbers_keeps_its_order_and_ends_without_next() {
    let (numbers, next) = phone_numbers(&body("phone_numbers")).unwrap();
    let ids: Vec<&str> = numbers.iter().map(|number| number.id.as_str()).collect();
    assert_eq!(ids, ["106540352242922", "105954558954427"]);
    assert_eq!(numbers[1].name_status.as_deref(), Some("PENDING_REVIEW"));
    assert_eq!(next, None);
    let (_, next) = phone_numbers(&body("phone_numbers_more")).unwrap();
    assert_eq!(next.as_deref(), Some("QVFIUa"));
}

#[test]
fn subscribed_apps_are_read_whether_their_ids_are_texts_or_numbers() {
    let apps = subscribed_apps(&body("subscribed_apps")).unwrap();
    let read: Vec<_> = apps
        .iter()
        .map(|one| (one.app.as_str(), one.callback.as_deref()))
        .collect();
    let hooks = Some("https://hooks.example/wa");
    assert_eq!(read, [("67084", None), ("52565", hooks)]);
}

#[test]
fn only_a_clear_yes_is_success() {
    use serde_json::json;
    assert_eq!(success(&body("success")), Ok(()));
    assert_eq!(success(&json!({ "success": "true" })), Ok(()));
    assert_eq!(
        success(&json!({ "success": false })),
        Err(Unreadable::NotDone)
    );
    assert_eq!(success(&json!({})), Err(Unreadable::Shape("success")));
}

#[test]
fn health_says_whether_messages_go_out_and_what_stands_in_the_way() {
    let rows = [
        ("health_available", Some(true), None),
        (
            "health_limited",
            Some(true),
            Some((
                "PHONE_NUMBER",
                None,
                "Your display name has not been approved",
            )),
        ),
        (
            "health_blocked",
            Some(false),
            Some((
                "WABA",
                Some(141_006),
                "There is an error with the payment method.",
            )),
        ),
    ];
    for (name, can_send, problem) in rows {
        let health = health(&body(name)).unwrap();
        assert_eq!(health.can_send, can_send, "{name}");
        let Some((entity, code, text)) = problem else {
            assert_eq!(health.problems, [], "{name}");
            continue;
        };
        let [told] = health.problems.as_slice() else {
            panic!("{name}: {:?}", health.problems);
        };
        assert_eq!((told.entity.as_str(), told.code), (entity, code), "{name}");
        assert!(told.text.starts_with(text), "{name}: {}", told.text);
    }
    let unknown = serde_json::json!({ "health_status": { "can_send_message": "PERHAPS" } });
    assert_eq!(super::health(&unknown).unwrap().can_send, None);
}

#[test]
fn a_share_of_a_credit_line_is_read_and_compared_by_ids_alone() {
    assert_eq!(
        allocation(&body("credit_attached")).unwrap(),
        "58501441721238"
    );
    assert_eq!(
        ids(&body("credit_allocations")).unwrap(),
        ["58501441721238"]
    );
    assert_eq!(ids(&body("assigned_users")).unwrap(), ["122102231662000"]);
    let pays = receiving_credential(&body("credit_allocation"));
    assert!(pays.is_some());
    assert_eq!(pays, funding(&body("waba_funding")));
    for nothing in [r#"{"id":"1"}"#, r#"{"primary_funding_id":"0"}"#] {
        assert_eq!(funding(&serde_json::from_str(nothing).unwrap()), None);
    }
    let unnamed: Value = serde_json::from_str(r#"{"success":true}"#).unwrap();
    assert!(
        allocation(&unnamed).is_err(),
        "a share without an id cannot be verified"
    );
}

#[test]
fn a_sync_and_an_added_number_are_known_by_their_ids() {
    let request = request_id(&body("sync_requested"));
    assert_eq!(request.as_deref(), Some("aHR0cHM6Ly9yZXF1ZXN0"));
    assert_eq!(made(&body("number_added")).unwrap(), "106540352242922");
}
