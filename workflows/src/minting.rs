//! A client's token without a code: asked of Meta with the provider's own, and looked at before anybody uses it.
//!
//! Meta gives back what the client's portfolio granted before, which may be a token that is dead by now.

use engine::{Reason, Timestamp};

use crate::directory::MetaApp;
use crate::ports::graph::{Access, AppCredentials, GraphApi, GraphError};
use crate::ports::provider::ProviderApi;
use crate::values::{BusinessId, Secret, WabaId};

/// Whose token is asked for, and what it must grant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) waba: &'a WabaId,
    pub(crate) business: &'a BusinessId,
    /// The multi-partner solution through which the client signed up.
    pub(crate) solution: Option<&'a str>,
}

/// A token that was seen to grant the account.
#[derive(Debug)]
pub(crate) struct Minted {
    pub(crate) token: Secret,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) access: Access,
}

/// Why there is none.
#[derive(Debug)]
pub(crate) enum Unminted {
    /// The provider's own side lacks something: an operator completes it.
    NotSetUp(Reason),
    /// Meta did not answer with a token, or does not show it.
    Failed(GraphError),
    /// There is a token, and it does not grant the account: nobody may use it for this.
    NotGranted(Reason),
}

impl From<GraphError> for Unminted {
    fn from(error: GraphError) -> Self {
        Self::Failed(error)
    }
}

/// The provider's access by its own system user.
pub(crate) fn provider_access(app: &MetaApp) -> Result<Access, Reason> {
    let token = app.system_user_token.as_ref().ok_or_else(|| {
        let text = format!(
            "the Meta app {} has no system user's token: set it up again with `system_user_token`",
            app.app_id
        );
        Reason::new("system_user_missing", text)
    })?;
    Ok(Access::of(&credentials(app), token))
}

/// Asks for the token and sees that it is of this app, alive, and good for the account.
pub(crate) async fn mint(
    (provider, graph): (&dyn ProviderApi, &dyn GraphApi),
    app: &MetaApp,
    wanted: Wanted<'_>,
) -> Result<Minted, Unminted> {
    let system = provider_access(app).map_err(Unminted::NotSetUp)?;
    let granted = match wanted.solution {
        Some(solution) => {
            provider
                .solution_token(solution, wanted.business, &system)
                .await?
        }
        None => provider.client_token(wanted.business, &system).await?,
    };
    let credentials = credentials(app);
    let seen = graph.inspect_token(&credentials, &granted.token).await?;
    let not_granted = |code: &str, text: &str| Err(Unminted::NotGranted(Reason::new(code, text)));
    if !seen.valid {
        let text = "Meta gave the token of the earlier grant, and it is not valid any more";
        return not_granted("token_invalid", text);
    }
    if seen.app_id.is_some_and(|of| of != app.app_id) {
        let text = "Meta gave a token of another app";
        return not_granted("token_of_another_app", text);
    }
    let access = Access::of(&credentials, &granted.token);
    if seen.wabas.is_empty() {
        // Some tokens name no account; what it shows it grants.
        graph.waba_owner(wanted.waba, &access).await?;
    } else if !seen.wabas.contains(wanted.waba) {
        let text = "Meta gave a token that does not grant this account";
        return not_granted("waba_not_granted", text);
    }
    Ok(Minted {
        token: granted.token,
        expires_at: seen.expires_at,
        access,
    })
}

fn credentials(app: &MetaApp) -> AppCredentials {
    AppCredentials {
        app_id: app.app_id.clone(),
        app_secret: app.app_secret.clone(),
    }
}
