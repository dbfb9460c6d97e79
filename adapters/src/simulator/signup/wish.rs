//! What whoever orders a signup may say of it.

use serde::Deserialize;

use super::super::world::TokenForm;
use super::ending::Ending;

/// What a signup brings; everything but the app may be left to chance.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the wire has one switch for each"
)]
pub(crate) struct Wish {
    pub(crate) app_id: String,
    pub(crate) partner_id: Option<String>,
    pub(crate) phone_number: Option<String>,
    pub(crate) business_id: Option<String>,
    pub(crate) business_name: Option<String>,
    pub(crate) waba_id: Option<String>,
    pub(crate) waba_name: Option<String>,
    pub(crate) kind: Ending,
    pub(crate) pin: Option<String>,
    pub(crate) unverified: bool,
    pub(crate) name_pending: bool,
    /// As `name_pending`, and the name shows as declined for as long.
    pub(crate) name_declined: bool,
    pub(crate) recently_deleted: bool,
    /// A registration of before has ended; its PIN is still in force.
    pub(crate) deregistered: bool,
    pub(crate) pre_verified_id: Option<String>,
    pub(crate) refuse_history: bool,
    /// How long Meta hides that the number is in use in the app.
    pub(crate) app_hidden_for_ms: Option<u64>,
    /// Another provider's credit line pays for the account.
    pub(crate) paid_elsewhere: bool,
    pub(crate) token_never_expires: bool,
    pub(crate) token_form: TokenForm,
    /// The token names no account it is good for.
    pub(crate) without_scope: bool,
    /// How long Meta's machines do not agree that the account was shared.
    pub(crate) visible_after_ms: Option<u64>,
    pub(crate) solution_id: Option<String>,
    /// For how long no PIN is looked at, after too many wrong ones.
    pub(crate) pin_guessed_out_ms: Option<u64>,
    /// A deregistration began and never ended.
    pub(crate) deregistration_unfinished: bool,
    pub(crate) sim: Option<String>,
}
