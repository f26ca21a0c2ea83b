//! Reading: one statement to typed rows, with the failure in the contract's words.

use portcullis_model::store::StoreError;

use crate::engine::{Connection, Engine};
use crate::row::Row;
use crate::statement::Statement;
use crate::writer::failed;

/// What a read is about, for its errors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About {
    /// "the database failed while it …"
    pub(crate) doing: &'static str,
    pub(crate) table: &'static str,
}

/// All rows, on any connection that reads.
pub(crate) async fn list<E: Engine, T>(
    engine: &E,
    statement: Statement,
    about: About,
    parse: impl Fn(&Row<E::Row>) -> Result<T, StoreError> + Send,
) -> Result<Vec<T>, StoreError> {
    let rows = engine
        .read(&statement)
        .await
        .map_err(|cause| failed(about.doing, cause))?;
    rows.into_iter()
        .map(|columns| parse(&Row::new(columns, about.table)))
        .collect()
}

/// The one row there can be.
pub(crate) async fn find<E: Engine, T>(
    engine: &E,
    statement: Statement,
    about: About,
    parse: impl Fn(&Row<E::Row>) -> Result<T, StoreError> + Send,
) -> Result<Option<T>, StoreError> {
    Ok(list(engine, statement, about, parse).await?.pop())
}

/// All rows, on a connection that the caller holds.
pub(crate) async fn list_on<C: Connection, T>(
    connection: &mut C,
    statement: Statement,
    about: About,
    parse: impl Fn(&Row<C::Row>) -> Result<T, StoreError> + Send,
) -> Result<Vec<T>, StoreError> {
    let rows = connection
        .fetch(&statement)
        .await
        .map_err(|cause| failed(about.doing, cause))?;
    rows.into_iter()
        .map(|columns| parse(&Row::new(columns, about.table)))
        .collect()
}

impl From<(&'static str, &'static str)> for About {
    fn from((doing, table): (&'static str, &'static str)) -> Self {
        Self { doing, table }
    }
}
