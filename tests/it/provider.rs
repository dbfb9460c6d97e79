//! The Graph client before the simulator: what a provider asks on its own account.
//!
//! Two readings of Meta's pages meet here: the client builds what the simulator understands, or not.

use std::time::Duration;

use adapters::graph::{GraphClient, GraphSettings};
use engine::Timestamp;
use serde_json::{Value, json};
use workflows::ports::graph::{Access, AppCredentials, Callback, GraphApi as _};
use workflows::ports::provider::{ProviderApi as _, WabaPage};
use workflows::values::{AppId, BusinessId, Secret};

use crate::app::App;

/// A provider's own view of Graph.
struct Provider {
    app: App,
    graph: GraphClient,
    credentials: AppCredentials,
    system: Access,
    business: BusinessId,
}

impl Provider {
    async fn start() -> Self {
        let app = App::start().await;
        let settings = GraphSettings {
            url: app.meta_url(),
            version: "v25.0".to_owned(),
            timeout: Duration::from_secs(5),
            redirect_uri: None,
        };
        let credentials = AppCredentials {
            app_id: AppId::new(app.invented.app_id.clone()),
            app_secret: app.invented.app_secret.clone(),
        };
        Self {
            graph: GraphClient::new(settings).unwrap(),
            system: Access::of(&credentials, &app.invented.system_user_token),
            business: BusinessId::new(app.invented.business_id.clone()),
            credentials,
            app,
        }
    }
}

#[tokio::test]
async fn what_a_client_granted_is_fetched_without_a_code_and_its_life_is_prolonged() {
    let Provider {
        app,
        graph,
        credentials,
        system,
        ..
    } = Provider::start().await;
    let order = json!({ "app_id": app.invented.app_id, "required": true });
    app.control("proof", order).await;
    let lost = app.sign_up(json!({})).await;
    let client = BusinessId::new(lost["session"]["data"]["business_id"].as_str().unwrap());
    let granted = graph.client_token(&client, &system).await.unwrap();
    let again = graph.client_token(&client, &system).await.unwrap();
    assert_eq!(granted.token.expose(), again.token.expose(), "fetched only");
    let longer = graph.extend_token(&credentials, &granted.token).await;
    let longer = longer.unwrap();
    assert_ne!(longer.token.expose(), granted.token.expose());
    assert_eq!(longer.expires_in, Some(Duration::from_hours(60 * 24)));
    let seen = graph.inspect_token(&credentials, &longer.token).await;
    let seen = seen.unwrap();
    assert!(seen.valid && seen.wabas.len() == 1, "{seen:?}");
    let stranger = BusinessId::new("1");
    let refusal = graph.client_token(&stranger, &system).await.unwrap_err();
    assert_eq!(refusal.code, Some(100), "{refusal:?}");
}

#[tokio::test]
async fn the_shared_accounts_are_listed_newest_first_with_their_owners() {
    let Provider {
        app,
        graph,
        system,
        business,
        ..
    } = Provider::start().await;
    let mut shared = Vec::new();
    for _ in 0..3 {
        let signup = app.sign_up(json!({})).await;
        shared.insert(0, signup["session"]["data"].clone());
        app.advance(Duration::from_mins(1)).await;
    }
    let list = async |page: WabaPage| {
        let listed = graph.client_wabas(&business, &page, &system).await;
        listed.unwrap().wabas
    };
    let all = list(WabaPage::default()).await;
    let listed: Vec<Value> = all.iter().map(|waba| json!(waba.id.as_str())).collect();
    let made: Vec<Value> = shared.iter().map(|data| data["waba_id"].clone()).collect();
    assert_eq!(listed, made);
    let owner = all[0].owner.as_ref().map(BusinessId::as_str);
    assert_eq!(owner, shared[0]["business_id"].as_str());
    let clock = format!("{}/control/clock", app.meta_url());
    let now = crate::app::ask(app.http.get(clock)).await.expect(200);
    let now = Timestamp::parse_rfc3339(now["now"].as_str().unwrap()).unwrap();
    let page = WabaPage {
        made_after: Some(now - Duration::from_secs(90)),
        after: None,
    };
    assert_eq!(list(page).await.len(), 1, "made in the last ninety seconds");
}

#[tokio::test]
async fn an_app_tells_its_name_its_webhooks_its_user_and_its_credit_lines() {
    let Provider {
        app,
        graph,
        credentials,
        system,
        business,
    } = Provider::start().await;
    assert!(graph.app_name(&credentials).await.unwrap().is_some());
    let user = graph.token_user(&system).await.unwrap();
    assert_eq!(user, app.invented.system_user_id);
    let wrong = AppCredentials {
        app_secret: Secret::new("wrong"),
        ..credentials.clone()
    };
    assert!(graph.app_name(&wrong).await.is_err());
    let fields = ["account_update", "security"];
    let mut callback = Callback {
        url: format!("{}/webhooks/meta/{}", app.url(), credentials.app_id),
        verify_token: Secret::new("not the one"),
    };
    let asked = graph.subscribe_callback(&credentials, &callback, &fields);
    assert_eq!(asked.await.unwrap_err().code, Some(2200));
    callback.verify_token = app.invented.verify_token.clone();
    let asked = graph.subscribe_callback(&credentials, &callback, &fields);
    asked.await.unwrap();
    let subscribed = graph.app_subscriptions(&credentials).await.unwrap();
    assert_eq!(subscribed[0].callback.as_deref(), Some(&*callback.url));
    assert_eq!(subscribed[0].fields, fields);
    let lines = graph.credit_lines(&business, &system).await.unwrap();
    assert_eq!(lines, [app.invented.credit_line_id.as_str()]);
}
