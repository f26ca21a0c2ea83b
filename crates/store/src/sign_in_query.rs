//! A question to the sign-in log as the statement that starts from what narrows it most.

use jiff::Timestamp;
use portcullis_model::id::TenantId;
use portcullis_model::store::SignInQuery;
use uuid::Uuid;

use crate::row::log_name;
use crate::sql::sign_in_log;
use crate::statement::{Statement, Value, statement};

/// The most rows of one answer.
const ROWS_MAX: usize = 1_000;
/// The rows of an answer when nobody said how many.
const ROWS_DEFAULT: usize = 100;

/// Whose rows.
enum Person {
    Id(String),
    Name(String),
}

/// The statement.
pub(crate) fn statement(tenant: TenantId, query: &SignInQuery) -> Statement {
    let person = query.user.as_deref().map(person);
    match (query.correlation_id, person) {
        (Some(correlation), person) => {
            let mut statement = begun(sign_in_log::LIST_OF_CORRELATION, tenant, query);
            let person = person.map(|(Person::Id(text) | Person::Name(text))| text);
            statement.values.push(Value::from(correlation));
            statement.values.push(Value::from(person));
            statement
        }
        (None, Some(Person::Id(id))) => {
            let mut statement = begun(sign_in_log::LIST_OF_USER_ID, tenant, query);
            statement.values.push(Value::from(id));
            statement
        }
        (None, Some(Person::Name(name))) => {
            let mut statement = begun(sign_in_log::LIST_OF_USER_NAME, tenant, query);
            statement.values.push(Value::from(name));
            statement
        }
        (None, None) => begun(sign_in_log::LIST, tenant, query),
    }
}

fn person(text: &str) -> Person {
    match Uuid::try_parse(text.trim()) {
        Ok(id) => Person::Id(id.to_string()),
        Err(_) => Person::Name(log_name(text)),
    }
}

fn begun(sql: &'static str, tenant: TenantId, query: &SignInQuery) -> Statement {
    let top = match query.top {
        0 => ROWS_DEFAULT,
        top => top.min(ROWS_MAX),
    };
    statement!(
        sql,
        tenant,
        query.client,
        query.error_code,
        query.since.unwrap_or(Timestamp::MIN),
        i64::try_from(top).unwrap_or(i64::MAX),
        i64::try_from(query.skip).unwrap_or(i64::MAX),
        query.is_interactive
    )
}
