//! Retention: in which spaces documents of this product end.

use engine::ForgetExpired;

use crate::app::BULK_ORDERS;

/// Forgets the documents whose time is over.
pub fn forget_expired() -> ForgetExpired {
    ForgetExpired::also_in(&[
        BULK_ORDERS,
        "console_sessions",
        "idempotency",
        "journal_checks",
        "links",
        "meta_webhooks",
        "registrations",
        "sessions",
    ])
}
