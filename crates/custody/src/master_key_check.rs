//! Notices another master key before anything is sealed with it: a known text, sealed at first use, must open.

use portcullis_model::id::TenantId;
use portcullis_model::secret::{SealError, SealPurpose, SealedSecret, Sealer};
use portcullis_model::store::{Change, CommitError, Store, StoreError};

/// What is sealed. Its content is no secret; that it opens is the proof.
const KNOWN_TEXT: &[u8] = b"portcullis";

/// The key and the database do not belong together, or cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyCheckError {
    /// Another key sealed what is there.
    #[error(
        "the database was sealed with another master key: use that one, or restore it from your backup; nothing can be opened without it"
    )]
    AnotherKey,
    /// The known text could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Holds iff `sealer` has the key of this database. A database without the known text (a new one, or one of an earlier
/// release) gets it, if the key opens the oldest secret that is there.
pub async fn check(store: &dyn Store, sealer: &dyn Sealer) -> Result<(), MasterKeyCheckError> {
    let installation = store.tenant(TenantId::UNDISCOVERED);
    if let Some(kept) = installation.find_key_check().await? {
        return opens(sealer, &kept);
    }
    if let Some(oldest) = store.find_oldest_sealed().await? {
        let opened = sealer.open(oldest.tenant, oldest.purpose, &oldest.sealed);
        opened.map_err(|_| MasterKeyCheckError::AnotherKey)?;
    }
    let known_text = sealer.seal(TenantId::UNDISCOVERED, SealPurpose::KeyCheck, KNOWN_TEXT)?;
    match installation
        .commit(vec![Change::KeepKeyCheck(known_text)])
        .await
    {
        Ok(()) => Ok(()),
        Err(CommitError::Store(error)) => Err(error.into()),
        // Another process was first: its key is the one that counts.
        Err(CommitError::Lost { .. }) => match installation.find_key_check().await? {
            Some(kept) => opens(sealer, &kept),
            None => Err(MasterKeyCheckError::AnotherKey),
        },
    }
}

fn opens(sealer: &dyn Sealer, kept: &SealedSecret) -> Result<(), MasterKeyCheckError> {
    let opened = sealer.open(TenantId::UNDISCOVERED, SealPurpose::KeyCheck, kept);
    match opened {
        Ok(text) if *text == KNOWN_TEXT => Ok(()),
        Ok(_) | Err(SealError) => Err(MasterKeyCheckError::AnotherKey),
    }
}

#[cfg(test)]
mod tests {
    use portcullis_model::application::SigningAlgorithm;
    use portcullis_model::store::SigningKeyRecord;
    use portcullis_store::{SqliteOptions, SqliteStore};
    use zeroize::Zeroizing;

    use super::*;
    use crate::master_key::MasterKey;
    use crate::system_entropy::SystemEntropy;

    fn key(octet: u8) -> MasterKey {
        MasterKey::from_bytes(Zeroizing::new([octet; 32])).unwrap()
    }

    async fn store() -> (SqliteStore, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("house.sqlite");
        let store = SqliteStore::open(&path, SqliteOptions::default()).await;
        (store.unwrap(), folder)
    }

    fn is_another(answer: &Result<(), MasterKeyCheckError>) -> bool {
        matches!(answer, Err(MasterKeyCheckError::AnotherKey))
    }

    #[tokio::test]
    async fn the_first_key_of_a_new_database_is_its_key() {
        let (store, _folder) = store().await;
        check(&store, &key(1)).await.unwrap();
        check(&store, &key(1)).await.unwrap();
        assert!(is_another(&check(&store, &key(2)).await));
        check(&store, &key(1)).await.unwrap();
    }

    #[tokio::test]
    async fn a_database_of_an_earlier_release_takes_only_the_key_that_opens_its_secrets() {
        let (store, _folder) = store().await;
        let mine = TenantId::random(&mut SystemEntropy::new());
        let sealed = key(1).seal(mine, SealPurpose::SigningKey, b"a key");
        let moment = |seconds| portcullis_model::Timestamp::from_second(seconds).unwrap();
        let record = SigningKeyRecord {
            key_id: "kid".into(),
            algorithm: SigningAlgorithm::RS256,
            private_key: sealed.unwrap(),
            public_jwk: "{}".into(),
            created_at: moment(1),
            active_from: moment(1),
            retired_at: None,
            not_after: moment(2),
        };
        store
            .tenant(mine)
            .commit(vec![Change::AddSigningKey(record)])
            .await
            .unwrap();
        assert!(is_another(&check(&store, &key(2)).await));
        let installation = store.tenant(TenantId::UNDISCOVERED);
        let kept = installation.find_key_check();
        assert_eq!(
            kept.await.unwrap(),
            None,
            "a wrong key leaves nothing behind"
        );
        check(&store, &key(1)).await.unwrap();
        assert!(is_another(&check(&store, &key(2)).await));
    }

    #[tokio::test]
    async fn of_two_keys_at_once_one_is_the_keeper() {
        let (store, _folder) = store().await;
        let (one, two) = (key(1), key(2));
        let (first, second) = tokio::join!(check(&store, &one), check(&store, &two));
        assert_ne!(first.is_ok(), second.is_ok());
    }
}
