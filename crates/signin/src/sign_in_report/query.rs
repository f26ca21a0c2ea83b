//! The `OData` subset of the sign-in report: `$top`, `$skip`, `$skiptoken`, `$orderby`, and `$filter` of comparisons joined by `and`.
//!
//! What is not understood is refused, never ignored: a filter that is silently dropped shows rows nobody asked for.

use portcullis_model::store::SignInQuery;
use portcullis_protocol::oauth::parameters::Parameters;
use url::form_urlencoded;

use super::GraphError;

/// Rows of a page, if nothing else is said.
pub const TOP_DEFAULT: usize = 100;
/// Rows of a page at most.
pub const TOP_MAX: usize = 999;
const SKIP_MAX: usize = 1_000_000;

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportQuery {
    /// Which rows.
    pub filter: SignInQuery,
    filter_text: Option<String>,
}

impl ReportQuery {
    /// Reads the query of the URL.
    pub fn parse(query: &[u8]) -> Result<Self, GraphError> {
        let parameters = Parameters::parse(query).map_err(|error| refused(error.to_string()))?;
        for name in OTHER_OPTIONS {
            if parameters.find(name).is_some() {
                return Err(refused(format!(
                    "query option `{name}` is not supported here; use `$filter`, `$top`, `$skip`, `$skiptoken`, `$orderby`"
                )));
            }
        }
        match parameters.find("$orderby") {
            None | Some("createdDateTime desc") => {}
            Some(_) => return Err(refused("`$orderby` can only be `createdDateTime desc`")),
        }
        let top = number(&parameters, "$top")?.unwrap_or(TOP_DEFAULT);
        if top == 0 || top > TOP_MAX {
            return Err(refused(format!("`$top` is between 1 and {TOP_MAX}")));
        }
        let skip = match (
            number(&parameters, "$skip")?,
            number(&parameters, "$skiptoken")?,
        ) {
            (Some(_), Some(_)) => {
                return Err(refused("`$skip` and `$skiptoken` cannot be used together"));
            }
            (skip, token) => skip.or(token).unwrap_or(0),
        };
        if skip > SKIP_MAX {
            return Err(refused(format!(
                "`$skip` is at most {SKIP_MAX}; use `$filter`"
            )));
        }
        let filter_text = parameters.find("$filter").map(str::to_owned);
        let mut filter = SignInQuery {
            top,
            skip,
            ..SignInQuery::default()
        };
        if let Some(text) = &filter_text {
            read_filter(text, &mut filter)?;
        }
        Ok(Self {
            filter,
            filter_text,
        })
    }

    /// The query of the next page.
    pub fn next_page(&self) -> String {
        let mut next = form_urlencoded::Serializer::new(String::new());
        if let Some(text) = &self.filter_text {
            next.append_pair("$filter", text);
        }
        next.append_pair("$top", &self.filter.top.to_string());
        let skip = self.filter.skip.saturating_add(self.filter.top);
        next.append_pair("$skiptoken", &skip.to_string());
        next.finish()
    }
}

const OTHER_OPTIONS: [&str; 6] = [
    "$select", "$expand", "$count", "$search", "$format", "$apply",
];

/// `a eq 'x' and b eq 1 and …`: each property at most once.
pub fn read_filter(text: &str, filter: &mut SignInQuery) -> Result<(), GraphError> {
    let mut words = Words { rest: text };
    loop {
        let property = words.word()?;
        let operator = words.word()?;
        let value = words.word()?;
        compare(&property, &operator, &value, filter)?;
        match words.next()? {
            None => return Ok(()),
            Some(Word::Bare(joiner)) if joiner == "and" => {}
            Some(_) => return Err(refused("comparisons in `$filter` are joined by `and` only")),
        }
    }
}

fn compare(
    property: &Word,
    operator: &Word,
    value: &Word,
    filter: &mut SignInQuery,
) -> Result<(), GraphError> {
    let (Word::Bare(property), Word::Bare(operator)) = (property, operator) else {
        return Err(refused("`$filter` is `property operator value`"));
    };
    let unreadable = |expected: &str| refused(format!("`{property}` is compared with {expected}"));
    let fresh = |is_free: bool| {
        let twice = || {
            refused(format!(
                "`{property}` cannot be compared twice, nor user by name and id"
            ))
        };
        is_free.then_some(()).ok_or_else(twice)
    };
    match (property.as_str(), operator.as_str(), value) {
        ("userPrincipalName" | "userId", "eq", Word::Quoted(name)) => {
            fresh(filter.user.is_none())?;
            filter.user = Some(name.clone());
        }
        ("appId", "eq", Word::Quoted(id)) => {
            fresh(filter.client.is_none())?;
            filter.client = Some(id.parse().map_err(|_| unreadable("an application id"))?);
        }
        ("correlationId", "eq", Word::Quoted(id) | Word::Bare(id)) => {
            fresh(filter.correlation_id.is_none())?;
            filter.correlation_id = Some(id.parse().map_err(|_| unreadable("a GUID"))?);
        }
        ("status/errorCode", "eq", Word::Bare(code)) => {
            fresh(filter.error_code.is_none())?;
            filter.error_code = Some(code.parse().map_err(|_| unreadable("a number"))?);
        }
        ("isInteractive", "eq", Word::Bare(truth)) => {
            fresh(filter.is_interactive.is_none())?;
            filter.is_interactive = Some(truth.parse().map_err(|_| unreadable("true or false"))?);
        }
        ("createdDateTime", "ge", Word::Bare(moment)) => {
            fresh(filter.since.is_none())?;
            let moment = moment.parse();
            filter.since =
                Some(moment.map_err(|_| unreadable("a moment such as 2026-11-22T10:00:00Z"))?);
        }
        (_, _, _) => return Err(refused(SUPPORTED)),
    }
    Ok(())
}

const SUPPORTED: &str = "`$filter` knows `userPrincipalName eq 'name'`, `userId eq 'id'`, `appId eq 'id'`, \
    `correlationId eq 'id'`, `status/errorCode eq number`, `isInteractive eq true`, `createdDateTime ge moment`, joined by `and`";

#[derive(Debug, PartialEq, Eq)]
enum Word {
    Bare(String),
    Quoted(String),
}

struct Words<'a> {
    rest: &'a str,
}

impl Words<'_> {
    fn word(&mut self) -> Result<Word, GraphError> {
        self.next()?
            .ok_or_else(|| refused("`$filter` ends too early"))
    }

    /// The next word; a quote inside quotes is written twice.
    fn next(&mut self) -> Result<Option<Word>, GraphError> {
        self.rest = self.rest.trim_start_matches(' ');
        let Some(quoted) = self.rest.strip_prefix('\'') else {
            let (word, rest) = self.rest.split_once(' ').unwrap_or((self.rest, ""));
            self.rest = rest;
            return Ok((!word.is_empty()).then(|| Word::Bare(word.to_owned())));
        };
        let mut text = String::new();
        let mut rest = quoted;
        loop {
            let Some((before, after)) = rest.split_once('\'') else {
                return Err(refused("a quote in `$filter` is not closed"));
            };
            text.push_str(before);
            match after.strip_prefix('\'') {
                Some(more) => {
                    text.push('\'');
                    rest = more;
                }
                None if after.is_empty() || after.starts_with(' ') => {
                    self.rest = after;
                    return Ok(Some(Word::Quoted(text)));
                }
                None => return Err(refused("a word in `$filter` goes on after its quote")),
            }
        }
    }
}

fn number(parameters: &Parameters, name: &str) -> Result<Option<usize>, GraphError> {
    match parameters.find(name) {
        None => Ok(None),
        Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text
            .parse()
            .map(Some)
            .map_err(|_| refused(format!("`{name}` is too large"))),
        Some(_) => Err(refused(format!("`{name}` is a whole number"))),
    }
}

fn refused(message: impl Into<String>) -> GraphError {
    GraphError {
        status: 400,
        code: "BadRequest",
        message: message.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "62e90394-69f5-4237-9190-012177145e10";

    fn filter(text: &str) -> Result<SignInQuery, GraphError> {
        let mut filter = SignInQuery::default();
        read_filter(text, &mut filter).map(|()| filter)
    }

    #[test]
    fn each_supported_comparison_is_understood() {
        let all = format!(
            "userPrincipalName eq 'o''hara@x.example' and appId eq '{ID}' and correlationId eq {ID} and status/errorCode eq 50076 and isInteractive eq false and createdDateTime ge 2026-11-22T10:00:00Z"
        );
        let read = filter(&all).unwrap();
        assert_eq!(read.user.as_deref(), Some("o'hara@x.example"));
        assert_eq!(read.client, Some(ID.parse().unwrap()));
        assert_eq!(read.correlation_id, Some(ID.parse().unwrap()));
        assert_eq!(read.error_code, Some(50076));
        assert_eq!(read.is_interactive, Some(false));
        assert_eq!(read.since, Some("2026-11-22T10:00:00Z".parse().unwrap()));
        assert_eq!(filter("userId eq 'x'").unwrap().user.as_deref(), Some("x"));
    }

    #[test]
    fn what_is_not_understood_is_refused_and_never_dropped() {
        for text in [
            "",
            "userId",
            "userId eq",
            "userId eq x",
            "userId ne 'x'",
            "userId eq 'x' or userId eq 'y'",
            "userId eq 'x' and",
            "userId eq 'x' and userPrincipalName eq 'y'",
            "userId eq 'x",
            "userId eq 'x'y",
            "appId eq 'not an id'",
            "createdDateTime lt 2026-11-22T10:00:00Z",
            "createdDateTime ge yesterday",
            "status/errorCode eq '0'",
            "isInteractive eq 1",
            "isInteractive eq 'true'",
            "isInteractive eq true and isInteractive eq false",
            "location/city eq 'Rome'",
            "startswith(userPrincipalName,'a')",
        ] {
            assert_eq!(filter(text).unwrap_err().status, 400, "{text}");
        }
    }

    #[test]
    fn pages_are_bounded_and_lead_on() {
        let query = ReportQuery::parse(b"%24top=2&%24filter=userId+eq+%27x%27").unwrap();
        assert_eq!((query.filter.top, query.filter.skip), (2, 0));
        let next = ReportQuery::parse(query.next_page().as_bytes()).unwrap();
        assert_eq!((next.filter.top, next.filter.skip), (2, 2));
        assert_eq!(next.filter.user.as_deref(), Some("x"));
        assert_eq!(ReportQuery::parse(b"").unwrap().filter.top, TOP_DEFAULT);
        for bad in [
            "$top=0",
            "$top=1000",
            "$top=-1",
            "$top=x",
            "$skip=1&$skiptoken=1",
            "$select=id",
            "$orderby=id",
            "$top=1&$top=2",
        ] {
            assert_eq!(
                ReportQuery::parse(bad.as_bytes()).unwrap_err().status,
                400,
                "{bad}"
            );
        }
    }
}
