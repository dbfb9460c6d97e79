//! The calls the simulator knows, by the names that scenarios and the call log use.

use hyper::Method;

use super::super::world::World;

macro_rules! endpoints {
    ($($endpoint:ident = $name:literal),+ $(,)?) => {
        /// One kind of call.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Endpoint { $($endpoint),+ }

        impl Endpoint {
            /// Every name a scenario may carry.
            pub(crate) const NAMES: &'static [&'static str] = &[$($name),+];

            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$endpoint => $name),+ }
            }
        }
    };
}

endpoints! {
    Exchange = "exchange",
    ExtendToken = "extend_token",
    RevokeToken = "revoke_token",
    DebugToken = "debug_token",
    Me = "me",
    Waba = "waba",
    PhoneNumbers = "phone_numbers",
    AddPhoneNumber = "add_phone_number",
    Subscribe = "subscribe",
    SubscribedApps = "subscribed_apps",
    Unsubscribe = "unsubscribe",
    Phone = "phone",
    SetPhone = "set_phone",
    Register = "register",
    Deregister = "deregister",
    RequestCode = "request_code",
    VerifyCode = "verify_code",
    SmbAppData = "smb_app_data",
    Messages = "messages",
    App = "app",
    AppSubscriptions = "app_subscriptions",
    AppSubscribe = "app_subscribe",
    Business = "business",
    ClientWabas = "client_whatsapp_business_accounts",
    MintToken = "system_user_access_tokens",
    SolutionToken = "solution_token",
    ExtendedCredits = "extendedcredits",
    AssignUser = "assign_user",
    AssignedUsers = "assigned_users",
    ShareCredit = "share_credit",
    Allocations = "allocations",
    Allocation = "allocation",
    RevokeCredit = "revoke_credit",
    Dialog = "dialog",
    Unknown = "unknown",
}

/// The edges: last part of the path, method, what is meant.
const EDGES: &[(&str, &str, Endpoint)] = &[
    ("phone_numbers", "GET", Endpoint::PhoneNumbers),
    ("phone_numbers", "POST", Endpoint::AddPhoneNumber),
    ("subscribed_apps", "GET", Endpoint::SubscribedApps),
    ("subscribed_apps", "POST", Endpoint::Subscribe),
    ("subscribed_apps", "DELETE", Endpoint::Unsubscribe),
    ("register", "POST", Endpoint::Register),
    ("deregister", "POST", Endpoint::Deregister),
    ("request_code", "POST", Endpoint::RequestCode),
    ("verify_code", "POST", Endpoint::VerifyCode),
    ("smb_app_data", "POST", Endpoint::SmbAppData),
    ("messages", "POST", Endpoint::Messages),
    ("subscriptions", "GET", Endpoint::AppSubscriptions),
    ("subscriptions", "POST", Endpoint::AppSubscribe),
    (
        "client_whatsapp_business_accounts",
        "GET",
        Endpoint::ClientWabas,
    ),
    ("system_user_access_tokens", "POST", Endpoint::MintToken),
    ("access_token", "GET", Endpoint::SolutionToken),
    ("extendedcredits", "GET", Endpoint::ExtendedCredits),
    ("assigned_users", "GET", Endpoint::AssignedUsers),
    ("assigned_users", "POST", Endpoint::AssignUser),
    (
        "owning_credit_allocation_configs",
        "GET",
        Endpoint::Allocations,
    ),
    (
        "whatsapp_credit_sharing_and_attach",
        "POST",
        Endpoint::ShareCredit,
    ),
];

/// The rest of a path that begins with a Graph version, e.g. `v25.0`.
pub(crate) fn split_version(path: &str) -> Option<(&str, &str)> {
    let path = path.strip_prefix('/')?;
    let (version, rest) = path.split_once('/')?;
    let (major, minor) = version.strip_prefix('v')?.split_once('.')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(major) && is_number(minor)).then_some((version, rest.trim_end_matches('/')))
}

impl Endpoint {
    /// What a call to `rest`, the path after the version, means; and the object it names.
    pub(crate) fn find(
        world: &World,
        method: &Method,
        rest: &str,
        is_extension: bool,
    ) -> (Self, String) {
        let endpoint = match rest {
            "oauth/access_token" if is_extension => Self::ExtendToken,
            "oauth/access_token" => Self::Exchange,
            "oauth/revoke" => Self::RevokeToken,
            "debug_token" => Self::DebugToken,
            "me" => Self::Me,
            "dialog/oauth" => Self::Dialog,
            _ => {
                let (node, edge) = rest.split_once('/').unwrap_or((rest, ""));
                return (Self::of_object(world, method, node, edge), node.to_owned());
            }
        };
        (endpoint, String::new())
    }

    fn of_object(world: &World, method: &Method, node: &str, edge: &str) -> Self {
        if !edge.is_empty() {
            return EDGES
                .iter()
                .find(|(name, verb, _)| *name == edge && *verb == method.as_str())
                .map_or(Self::Unknown, |(_, _, endpoint)| *endpoint);
        }
        match *method {
            Method::GET if world.numbers.contains(node) => Self::Phone,
            Method::GET if world.wabas.contains(node) => Self::Waba,
            Method::GET if world.apps.contains(node) => Self::App,
            Method::GET if world.businesses.contains(node) => Self::Business,
            Method::GET if world.allocations.contains(node) => Self::Allocation,
            Method::DELETE if world.allocations.contains(node) => Self::RevokeCredit,
            Method::POST if world.numbers.contains(node) => Self::SetPhone,
            _ => Self::Unknown,
        }
    }
}
