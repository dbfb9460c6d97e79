//! How a signup ends, and what the window then tells the page that opened it.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::magic::Magic;
use super::super::world::{Arrived, decimal_id};

/// How a signup ends.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ending {
    #[default]
    Finish,
    /// `FINISH` whose person brought no number.
    WithoutNumber,
    OnlyWaba,
    Coexistence,
    /// `FINISH` as if nothing were special, for a number that stays in the app.
    CoexistenceUnsaid,
    GrantOnlyApiAccess,
    OboMigration,
    /// The session message never comes.
    IdsMissing,
    /// The code never comes.
    CodeMissing,
    /// Neither comes.
    WebhookOnly,
    /// The person chose several accounts, and the message names them all and no number.
    SeveralWabas,
    /// `FINISH` with the mark that some send for a number that stays in the app.
    WaLoginUser,
    /// The session message names an account that was not granted.
    OtherWaba,
}

impl Ending {
    /// How a signup ends under this outcome, where it says so.
    pub(super) fn of(magic: Magic) -> Option<Self> {
        Some(match magic {
            Magic::Coexistence | Magic::HistoryRefused | Magic::SyncUsedUp => Self::Coexistence,
            Magic::CoexistenceUnsaid => Self::CoexistenceUnsaid,
            Magic::OrdinaryInstead => Self::Finish,
            Magic::OnlyWaba => Self::OnlyWaba,
            Magic::WebhookOnly => Self::WebhookOnly,
            _ => return None,
        })
    }

    pub(super) fn brings_number(self) -> bool {
        !matches!(self, Self::OnlyWaba | Self::WithoutNumber)
    }

    pub(super) fn stays_in_the_app(self) -> bool {
        matches!(
            self,
            Self::Coexistence | Self::CoexistenceUnsaid | Self::WaLoginUser
        )
    }

    /// What the window tells the page of it; nothing where the message never comes.
    pub(super) fn session(self, arrived: &Arrived, others: &[String]) -> Option<Value> {
        let (phone, waba, business) = (
            &arrived.phone_number_id,
            &arrived.waba_id,
            &arrived.business_id,
        );
        let all = json!({ "phone_number_id": phone, "waba_id": waba, "business_id": business });
        let (event, data) = match self {
            Self::Finish | Self::CodeMissing | Self::CoexistenceUnsaid => ("FINISH", all),
            Self::WithoutNumber => (
                "FINISH",
                json!({ "waba_id": waba, "business_id": business }),
            ),
            Self::OnlyWaba => (
                "FINISH_ONLY_WABA",
                json!({ "waba_id": waba, "business_id": business }),
            ),
            Self::Coexistence => (
                "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING",
                json!({ "waba_id": waba }),
            ),
            Self::GrantOnlyApiAccess => ("FINISH_GRANT_ONLY_API_ACCESS", all),
            Self::OboMigration => ("FINISH_OBO_MIGRATION", json!({ "waba_id": waba })),
            Self::SeveralWabas => {
                let wabas: Vec<&String> = std::iter::once(waba).chain(others).collect();
                (
                    "FINISH",
                    json!({ "waba_ids": wabas, "business_id": business }),
                )
            }
            Self::WaLoginUser => {
                let mut marked = all;
                marked["is_wa_login_user"] = json!(true);
                ("FINISH", marked)
            }
            Self::OtherWaba => {
                let mut other = all;
                other["waba_id"] = json!(decimal_id());
                ("FINISH", other)
            }
            Self::IdsMissing | Self::WebhookOnly => return None,
        };
        Some(json!({ "event": event, "data": data }))
    }
}
