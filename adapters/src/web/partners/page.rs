//! Pages of a list that the use case answers whole, so that short lists page as long ones do.

use workflows::app::{ListQuery, ListView, Problem};

/// What a page holds unless asked otherwise, as in every list.
const USUAL: i64 = 20;

/// The asked-for part of `all`; `id` names an item, and the last name of a page is its cursor.
pub(crate) fn page_of<T>(
    all: ListView<T>,
    query: &ListQuery,
    id: impl Fn(&T) -> &str,
) -> Result<ListView<T>, Problem> {
    let limit = usize::try_from(query.limit.unwrap_or(USUAL))
        .ok()
        .filter(|limit| (1..=100).contains(limit))
        .ok_or_else(|| Problem::field("limit", "out_of_range", "must be 1 to 100"))?;
    let start = match &query.after {
        None => 0,
        Some(cursor) => all
            .data
            .iter()
            .position(|item| id(item) == cursor)
            .map_or_else(
                || {
                    Err(Problem::field(
                        "after",
                        "unknown_cursor",
                        "must be the next_cursor of a page",
                    ))
                },
                |at| Ok(at + 1),
            )?,
    };
    let mut data: Vec<T> = all.data.into_iter().skip(start).collect();
    let has_more = data.len() > limit;
    data.truncate(limit);
    let next_cursor = data
        .last()
        .filter(|_| has_more)
        .map(|item| id(item).to_owned());
    Ok(ListView {
        object: all.object,
        data,
        has_more,
        next_cursor,
    })
}

#[cfg(test)]
mod tests {
    use workflows::app::{ListQuery, ListView};

    use super::page_of;

    fn page(
        limit: Option<i64>,
        after: Option<&str>,
    ) -> Result<(Vec<&'static str>, Option<String>), String> {
        let all = ListView {
            object: "list",
            data: vec!["c", "b", "a"],
            has_more: false,
            next_cursor: None,
        };
        let query = ListQuery {
            limit,
            after: after.map(str::to_owned),
            ..ListQuery::default()
        };
        let page =
            page_of(all, &query, |item| item).map_err(|problem| problem.errors[0].param.clone())?;
        assert_eq!(page.has_more, page.next_cursor.is_some());
        Ok((page.data, page.next_cursor))
    }

    #[test]
    fn pages_follow_each_other_without_gap_or_repeat() {
        assert_eq!(page(None, None), Ok((vec!["c", "b", "a"], None)));
        assert_eq!(
            page(Some(2), None),
            Ok((vec!["c", "b"], Some("b".to_owned())))
        );
        assert_eq!(page(Some(2), Some("b")), Ok((vec!["a"], None)));
        assert_eq!(page(Some(3), None), Ok((vec!["c", "b", "a"], None)));
    }

    #[test]
    fn a_page_that_cannot_be_is_refused_by_name() {
        for limit in [0, 101, -1] {
            assert_eq!(page(Some(limit), None), Err("limit".to_owned()), "{limit}");
        }
        assert_eq!(page(None, Some("z")), Err("after".to_owned()));
    }
}
