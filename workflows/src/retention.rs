//! Retention: in which spaces documents of this product end.

use engine::ForgetExpired;

use crate::app::BULK_ORDERS;
use crate::intake::{HEARD_SPACE, RAW_SPACE};

/// Forgets the documents whose time is over.
pub fn forget_expired() -> ForgetExpired {
    ForgetExpired::also_in(&[
        BULK_ORDERS,
        "console_sessions",
        "idempotency",
        "journal_checks",
        "links",
        HEARD_SPACE,
        RAW_SPACE,
        "registrations",
        "sessions",
    ])
}
