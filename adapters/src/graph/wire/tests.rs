//! Requests as they would leave: where secrets travel, and the shapes that Meta asks for.

use workflows::values::AppId;

use super::*;

fn app() -> AppCredentials {
    AppCredentials {
        app_id: AppId::new("2291"),
        app_secret: Secret::new("app-secret-9c"),
    }
}

fn access(token: &str) -> Access {
    Access::of(&app(), &Secret::new(token))
}

#[test]
fn the_exchange_keeps_code_and_secret_out_of_the_address_and_of_debug() {
    let request = exchange_code(&app(), &Secret::new("AQD-code"), None);
    assert!(request.query.is_empty() && request.bearer.is_none() && request.once);
    assert_eq!(request.path, ["oauth", "access_token"]);
    let shown = format!("{request:?}");
    assert!(!shown.contains("AQD-code") && !shown.contains("app-secret-9c"));
    let Body::Form(form) = request.body else {
        panic!("not a form");
    };
    let names: Vec<&str> = form.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["client_id", "client_secret", "code"]);
}

#[test]
fn a_redirect_address_is_sent_only_if_the_settings_name_one() {
    let request = exchange_code(&app(), &Secret::new("c"), Some("https://a.example/cb"));
    let Body::Form(form) = request.body else {
        panic!("not a form");
    };
    assert_eq!(form.last().map(|(name, _)| *name), Some("redirect_uri"));
    assert_eq!(
        form.last().map(|(_, value)| value.text()),
        Some("https://a.example/cb")
    );
}

#[test]
fn a_token_is_inspected_with_the_apps_own_token() {
    let request = inspect_token(&app(), &Secret::new("EAAbusiness"));
    let proof = access("2291|app-secret-9c").proof;
    assert_eq!(
        asked(&request, "appsecret_proof").as_deref(),
        Some(proof.expose())
    );
    assert_eq!(request.bearer.unwrap().expose(), "2291|app-secret-9c");
}

#[test]
fn every_call_carries_the_proof_of_the_token_it_bears() {
    let (waba, phone) = (WabaId::new("102"), PhoneNumberId::new("106"));
    let (business, system) = (access("EAAbusiness"), access("EAAsystem"));
    assert_ne!(business.proof, system.proof);
    for (request, by) in [
        (waba_owner(&waba, &business), &business),
        (
            register_number(&phone, &Secret::new("123456"), &business),
            &business,
        ),
        (unsubscribe_app(&waba, &business), &business),
        (share_credit("77", &waba, "EUR", &system), &system),
    ] {
        let proof = asked(&request, "appsecret_proof");
        assert_eq!(
            proof.as_deref(),
            Some(by.proof.expose()),
            "{}",
            request.call
        );
        assert!(!format!("{request:?}").contains(by.proof.expose()));
        assert!(request.secrets.contains(&by.proof), "{}", request.call);
    }
}

#[test]
fn registering_sends_the_pin_as_meta_asks() {
    let phone = PhoneNumberId::new("106");
    let request = register_number(&phone, &Secret::new("123456"), &access("EAA"));
    assert_eq!(request.path, ["106", "register"]);
    assert!(!format!("{request:?}").contains("123456"));
    let Body::Json(body) = request.body else {
        panic!("not JSON");
    };
    assert_eq!(
        body,
        json!({ "messaging_product": "whatsapp", "pin": "123456" })
    );
}

#[test]
fn a_one_time_password_loses_its_hyphen() {
    let phone = PhoneNumberId::new("106");
    let request = verify_code(&phone, &Secret::new("123-830"), &access("EAA"));
    let Body::Form(form) = request.body else {
        panic!("not a form");
    };
    assert_eq!(form[0].1.text(), "123830");
}

fn asked(request: &Request, name: &str) -> Option<String> {
    let found = request.query.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| value.text().to_owned())
}

#[test]
fn a_credit_line_is_shared_as_meta_asks_and_on_a_connection_of_its_own() {
    let (waba, system) = (WabaId::new("102"), access("EAAsystem"));
    let request = share_credit("77", &waba, "EUR", &system);
    assert_eq!(request.path, ["77", "whatsapp_credit_sharing_and_attach"]);
    assert_eq!(asked(&request, "waba_currency").as_deref(), Some("EUR"));
    assert_eq!(asked(&request, "waba_id").as_deref(), Some("102"));
    assert!(request.once && !format!("{request:?}").contains("EAAsystem"));
    let request = assign_user(&waba, "122", &system);
    assert_eq!(asked(&request, "tasks").as_deref(), Some("['MANAGE']"));
    let request = credit_shares("77", &BusinessId::new("55"), &system);
    assert_eq!(request.path, ["77", "owning_credit_allocation_configs"]);
    assert_eq!(
        asked(&request, "receiving_business_id").as_deref(),
        Some("55")
    );
}

#[test]
fn the_apps_contacts_and_history_are_asked_for_by_metas_names() {
    let phone = PhoneNumberId::new("106");
    for (kind, name) in [
        (SyncKind::Contacts, "smb_app_state_sync"),
        (SyncKind::History, "history"),
    ] {
        let request = request_sync(&phone, kind, &access("EAA"));
        assert_eq!(request.path, ["106", "smb_app_data"]);
        assert!(request.once);
        let Body::Json(body) = request.body else {
            panic!("not JSON");
        };
        let expected = json!({ "messaging_product": "whatsapp", "sync_type": name });
        assert_eq!(body, expected);
    }
}
