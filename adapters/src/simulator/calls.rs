//! The record of every Graph call received, so that tests and operators see what was really asked.
//!
//! It must never hold a secret, a code, a token or a PIN: it keeps names and ids only.

use std::collections::VecDeque;

use engine::Timestamp;
use serde::Serialize;

/// Enough for a long load run's tail, small enough to keep in memory.
const KEPT_MAX: usize = 20_000;

/// One call as received.
#[derive(Clone, Serialize)]
pub(crate) struct CallRecord {
    pub(crate) at: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) endpoint: &'static str,
    pub(crate) app_id: Option<String>,
    pub(crate) business_id: Option<String>,
    pub(crate) waba_id: Option<String>,
    pub(crate) phone_number_id: Option<String>,
    /// The misbehavior that was ordered for this call.
    pub(crate) effect: Option<&'static str>,
    /// Whether the world was asked to do it, answered or not.
    pub(crate) acted: bool,
    /// What was answered; nothing while it hangs and when the connection was dropped.
    pub(crate) status: Option<u16>,
    pub(crate) error_code: Option<i64>,
    pub(crate) error_subcode: Option<i64>,
    /// The address of the page that opened the dialog, as the login script sends it to Meta.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) page: Option<String>,
}

impl CallRecord {
    pub(crate) fn new(at: Timestamp, method: &str, path: &str, endpoint: &'static str) -> Self {
        Self {
            at: at.to_rfc3339(),
            method: method.to_owned(),
            path: path.to_owned(),
            endpoint,
            app_id: None,
            business_id: None,
            waba_id: None,
            phone_number_id: None,
            effect: None,
            acted: false,
            status: None,
            error_code: None,
            error_subcode: None,
            page: None,
        }
    }
}

/// Finds a call again after it was noted.
#[derive(Clone, Copy)]
pub(crate) struct CallNumber(u64);

/// The latest calls, oldest first.
#[derive(Default)]
pub(crate) struct CallLog {
    first: u64,
    rows: VecDeque<CallRecord>,
}

impl CallLog {
    /// Notes a call at its arrival, so that one that hangs is seen too.
    pub(crate) fn note(&mut self, call: CallRecord) -> CallNumber {
        if self.rows.len() == KEPT_MAX {
            self.rows.pop_front();
            self.first += 1;
        }
        self.rows.push_back(call);
        CallNumber(self.first + self.rows.len() as u64 - 1)
    }

    /// Adds what became of a call; one that has left the log is let go.
    pub(crate) fn amend(&mut self, number: CallNumber, change: impl FnOnce(&mut CallRecord)) {
        let row = number
            .0
            .checked_sub(self.first)
            .and_then(|place| usize::try_from(place).ok())
            .and_then(|place| self.rows.get_mut(place));
        if let Some(row) = row {
            change(row);
        }
    }

    /// The calls that satisfy `wanted`, oldest first.
    pub(crate) fn list(&self, wanted: impl Fn(&CallRecord) -> bool) -> Vec<CallRecord> {
        self.rows
            .iter()
            .filter(|call| wanted(call))
            .cloned()
            .collect()
    }

    pub(crate) fn clear(&mut self) {
        self.first += self.rows.len() as u64;
        self.rows.clear();
    }
}
