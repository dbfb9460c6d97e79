//! The part of an address after `?`, read strictly: unknown and repeated names are refused, so that a
//! misspelt filter never looks like an empty one.

use std::collections::BTreeMap;

use rocket::request::{FromRequest, Outcome, Request};
use workflows::app::{Kind, ListQuery, Problem, WebhookQuery};

/// What pages through a list.
pub(crate) const PAGING: &[&str] = &["limit", "after"];

/// The query as it was sent.
#[derive(Clone, Copy)]
pub(crate) struct Query<'r>(&'r str);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Query<'r> {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        Outcome::Success(Self(
            request.uri().query().map_or("", |query| query.as_str()),
        ))
    }
}

impl<'r> Query<'r> {
    /// A query that stands elsewhere than in an address.
    pub(crate) fn of(text: &'r str) -> Self {
        Self(text)
    }
}

impl Query<'_> {
    /// Its fields, each of which must be among `known` and stand once.
    pub(crate) fn fields(self, known: &[&str]) -> Result<BTreeMap<String, String>, Problem> {
        let fields = self.all_fields()?;
        match fields.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(fields),
            Some(name) => {
                let known = known.join(", ");
                let message = format!("is not a parameter of this call, which takes: {known}");
                Err(Problem::field(name, "unknown_field", message))
            }
        }
    }

    /// Its fields whatever their names, for callers whose additions are not ours to refuse.
    pub(crate) fn all_fields(self) -> Result<BTreeMap<String, String>, Problem> {
        let mut fields = BTreeMap::new();
        for pair in self.0.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            if fields.contains_key(&name) {
                return Err(malformed(&format!("The query names {name} twice.")));
            }
            fields.insert(name, value);
        }
        Ok(fields)
    }

    /// A list's filters; `known` names those this list takes besides paging.
    pub(crate) fn list(self, known: &[&str]) -> Result<ListQuery, Problem> {
        let known: Vec<&str> = known.iter().chain(PAGING).copied().collect();
        let mut fields = self.fields(&known)?;
        let limit = fields
            .remove("limit")
            .map(|text| integer("limit", &text))
            .transpose()?;
        Ok(ListQuery {
            status: fields.remove("status"),
            state: fields.remove("state"),
            external_id: fields.remove("external_id"),
            created_after: fields.remove("created_after"),
            created_before: fields.remove("created_before"),
            partner_id: fields.remove("partner_id"),
            workflow: fields.remove("workflow"),
            waiting_for: fields.remove("waiting_for"),
            mover: fields.remove("mover"),
            fingerprint: fields.remove("fingerprint"),
            limit,
            after: fields.remove("after"),
        })
    }
}

impl Query<'_> {
    /// A page of a job's items: those of one result, or all.
    pub(crate) fn items(self) -> Result<(Option<String>, ListQuery), Problem> {
        let mut fields = self.fields(&["result", "limit", "after"])?;
        let result = fields.remove("result").filter(|result| !result.is_empty());
        let limit = fields
            .remove("limit")
            .map(|text| integer("limit", &text))
            .transpose()?;
        let page = ListQuery {
            limit,
            after: fields.remove("after"),
            ..ListQuery::default()
        };
        Ok((result, page))
    }
}

impl Query<'_> {
    /// The list of Meta's webhooks. A field left empty in a form is no filter.
    pub(crate) fn webhooks(self) -> Result<WebhookQuery, Problem> {
        let own = ["app_id", "waba_id", "created_after", "created_before"];
        let known: Vec<&str> = own.iter().chain(PAGING).copied().collect();
        let mut fields = self.fields(&known)?;
        fields.retain(|_, value| !value.is_empty());
        let limit = fields
            .remove("limit")
            .map(|text| integer("limit", &text))
            .transpose()?;
        Ok(WebhookQuery {
            app_id: fields.remove("app_id"),
            waba_id: fields.remove("waba_id"),
            list: ListQuery {
                created_after: fields.remove("created_after"),
                created_before: fields.remove("created_before"),
                limit,
                after: fields.remove("after"),
                ..ListQuery::default()
            },
        })
    }
}

/// A whole number of the query.
pub(crate) fn integer(name: &str, text: &str) -> Result<i64, Problem> {
    text.parse()
        .map_err(|_| Problem::field(name, "wrong_type", "must be a whole number"))
}

fn decoded(text: &str) -> Result<String, Problem> {
    let spaced = text.replace('+', " ");
    rocket::http::RawStr::new(&spaced)
        .percent_decode()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| malformed("The query is not UTF-8 in percent-encoding."))
}

fn malformed(detail: &str) -> Problem {
    Problem::new(Kind::Malformed, "malformed_query", detail)
}

#[cfg(test)]
mod tests {
    use workflows::app::Kind;

    use super::Query;

    #[test]
    fn a_list_takes_the_filters_it_knows() {
        let list = Query("external_id=cust%2042&limit=7&after=c1")
            .list(&["external_id"])
            .unwrap();
        assert_eq!(list.external_id.as_deref(), Some("cust 42"));
        assert_eq!((list.limit, list.after.as_deref()), (Some(7), Some("c1")));
    }

    #[test]
    fn a_wrong_filter_is_named_and_a_broken_query_is_malformed() {
        for (query, kind, param) in [
            ("stauts=pending", Kind::Invalid, Some("stauts")),
            ("limit=many", Kind::Invalid, Some("limit")),
            ("limit=99999999999999999999", Kind::Invalid, Some("limit")),
            ("after=%ff", Kind::Malformed, None),
            ("after=a&after=b", Kind::Malformed, None),
        ] {
            let problem = Query(query).list(&["status"]).unwrap_err();
            assert_eq!(problem.kind, kind, "{query}");
            assert_eq!(
                problem.errors.first().map(|error| error.param.as_str()),
                param,
                "{query}"
            );
        }
    }
}
