//! Runs the store's contract on SQLite. Another engine is one more file like this one.

#[cfg(test)]
mod contract;
#[cfg(test)]
mod kill;

#[cfg(test)]
mod on_sqlite {
    use std::sync::Arc;

    use portcullis_model::store::Store;
    use portcullis_store::{SqliteOptions, SqliteStore};
    use tempfile::TempDir;

    use crate::contract;

    /// A fresh store; its folder goes when it does.
    struct Opened {
        store: Arc<SqliteStore>,
        _folder: TempDir,
    }

    impl contract::Fresh for Opened {
        async fn open() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("portcullis.db");
            let store = SqliteStore::open(&path, SqliteOptions::default())
                .await
                .unwrap();
            Self {
                store: Arc::new(store),
                _folder: folder,
            }
        }

        fn store(&self) -> Arc<dyn Store> {
            Arc::clone(&self.store) as Arc<dyn Store>
        }
    }

    contract::every_case!(Opened);
}
