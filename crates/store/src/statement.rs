//! One SQL text with the values it is run with: what all engines understand.

use jiff::Timestamp;
use portcullis_model::id::Id;
use portcullis_model::secret::{SealedSecret, TokenHash};
use uuid::Uuid;

/// A statement to run. It may carry hashes and sealed secrets, so it has no `Debug`.
#[derive(Clone)]
pub struct Statement {
    pub(crate) sql: &'static str,
    pub(crate) values: Vec<Value>,
}

/// A value to bind. `None` is SQL's `NULL`, which some engines want typed.
#[derive(Clone)]
pub(crate) enum Value {
    Uuid(Option<Uuid>),
    Bytes(Option<Vec<u8>>),
    Text(Option<String>),
    Integer(Option<i64>),
    Truth(Option<bool>),
}

/// A statement: its text, then what `$1`, `$2`, … stand for.
macro_rules! statement {
    ($sql:expr $(, $value:expr)* $(,)?) => {
        $crate::statement::Statement {
            sql: $sql,
            values: vec![$($crate::statement::Value::from($value)),*],
        }
    };
}
pub(crate) use statement;

impl<K> From<Id<K>> for Value {
    fn from(id: Id<K>) -> Self {
        Self::Uuid(Some(id.uuid()))
    }
}
impl<K> From<Option<Id<K>>> for Value {
    fn from(id: Option<Id<K>>) -> Self {
        Self::Uuid(id.map(Id::uuid))
    }
}
impl From<Uuid> for Value {
    fn from(id: Uuid) -> Self {
        Self::Uuid(Some(id))
    }
}
impl From<TokenHash> for Value {
    fn from(hash: TokenHash) -> Self {
        Self::Bytes(Some(hash.0.to_vec()))
    }
}
impl From<&SealedSecret> for Value {
    fn from(secret: &SealedSecret) -> Self {
        Self::Bytes(Some(secret.0.clone()))
    }
}
impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}
impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(Some(text.clone()))
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}
impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}
impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(Some(number))
    }
}
impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Integer(Some(number.into()))
    }
}
impl From<Option<u32>> for Value {
    fn from(number: Option<u32>) -> Self {
        Self::Integer(number.map(i64::from))
    }
}
impl From<Timestamp> for Value {
    fn from(moment: Timestamp) -> Self {
        Self::Integer(Some(microseconds(moment)))
    }
}
impl From<Option<Timestamp>> for Value {
    fn from(moment: Option<Timestamp>) -> Self {
        Self::Integer(moment.map(microseconds))
    }
}
impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Truth(Some(truth))
    }
}

impl From<Option<bool>> for Value {
    fn from(truth: Option<bool>) -> Self {
        Self::Truth(truth)
    }
}

/// A moment as it is kept. The last second of time has microseconds that cannot be read back, and is cut off.
fn microseconds(moment: Timestamp) -> i64 {
    const LAST: i64 = 253_402_207_200_000_000;
    moment.as_microsecond().min(LAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_moment_that_is_kept_can_be_read() {
        for moment in [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX] {
            let read = Timestamp::from_microsecond(microseconds(moment)).unwrap();
            assert_eq!(read.as_second(), moment.as_second());
        }
    }
}
