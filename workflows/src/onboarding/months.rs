//! The days of a month on which Meta moves an account from one provider's credit line to another's.

use chrono::{Datelike as _, Days, Months, NaiveDate, NaiveTime};
use engine::Timestamp;

/// The first moment at which a line may be moved again; nothing if it may be now.
///
/// Meta moves none in the last three and the first four days of a month.
pub(super) fn line_may_move_from(now: Timestamp) -> Option<Timestamp> {
    let today = now.to_datetime().date_naive();
    let begun = today.day() <= 4;
    let ends = (today + Days::new(3)).month() != today.month();
    if begun {
        today.with_day(5).map(midnight)
    } else if ends {
        Some(midnight(next_month(today) + Days::new(4)))
    } else {
        None
    }
}

/// When a line that is moved now begins to pay: on the first of the next month.
pub(super) fn moved_line_pays_from(now: Timestamp) -> Timestamp {
    midnight(next_month(now.to_datetime().date_naive()))
}

fn next_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day) + Months::new(1)
}

fn midnight(day: NaiveDate) -> Timestamp {
    let at = day.and_time(NaiveTime::MIN).and_utc();
    Timestamp::from_millis(at.timestamp_millis())
}

#[cfg(test)]
mod tests {
    use engine::Timestamp;

    use super::line_may_move_from;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn a_line_moves_from_the_fifth_to_the_fourth_last_day_of_a_month() {
        let fifth = Some(at("2026-12-05T00:00:00Z"));
        let rows = [
            ("2026-11-05T00:00:00Z", None),
            ("2026-11-27T23:59:59Z", None),
            ("2026-11-28T00:00:00Z", fifth),
            ("2026-11-30T12:00:00Z", fifth),
            ("2026-12-04T23:59:59Z", fifth),
            ("2027-02-25T23:00:00Z", None),
            ("2027-02-26T00:00:00Z", Some(at("2027-03-05T00:00:00Z"))),
        ];
        for (now, expected) in rows {
            assert_eq!(line_may_move_from(at(now)), expected, "{now}");
        }
    }
}
