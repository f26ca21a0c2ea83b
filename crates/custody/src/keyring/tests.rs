//! Rotation with a clock that is handed in: published before, published after, and never past its end.

use super::*;
use crate::master_key::MasterKey;
use crate::system_entropy::SystemEntropy;
use portcullis_model::organization::Organization;
use portcullis_model::store::TenantWorld;
use portcullis_store::SqliteStore;

const RS256: SigningAlgorithm = SigningAlgorithm::RS256;
const ES256: SigningAlgorithm = SigningAlgorithm::ES256;

struct House {
    ring: Keyring,
    store: SqliteStore,
    tenant: TenantId,
    _folder: tempfile::TempDir,
}

async fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(
        &folder.path().join("house.sqlite"),
        portcullis_store::SqliteOptions::default(),
    )
    .await
    .unwrap();
    let tenant = TenantId::random(&mut SystemEntropy::new());
    let organization: Organization = serde_json::from_value(serde_json::json!({
        "id": tenant, "displayName": "Contoso",
        "verifiedDomains": [{ "name": "contoso.example", "isInitial": true }],
    }))
    .unwrap();
    let world = TenantWorld::of_organization(organization);
    store.import(&[world], day(0), false).await.unwrap();
    let sealer = MasterKey::from_bytes(Zeroizing::new([3; 32])).unwrap();
    House {
        ring: Keyring::new(Arc::new(store.clone()), Arc::new(sealer)),
        store,
        tenant,
        _folder: folder,
    }
}

fn day(number: i64) -> Timestamp {
    hour(number * 24)
}

fn hour(number: i64) -> Timestamp {
    Timestamp::from_second(1_900_000_000 + number * 3600).unwrap()
}

impl House {
    async fn signs(&self, now: Timestamp) -> String {
        self.ring
            .signing_key(self.tenant, RS256, now)
            .await
            .unwrap()
            .key_id()
            .to_owned()
    }

    async fn publishes(&self, key_id: &str, now: Timestamp) -> bool {
        let keys = self.ring.published_keys(self.tenant, now).await.unwrap();
        keys.iter().any(|key| key.kid == key_id)
    }
}

#[tokio::test]
async fn g13_a_successor_is_published_before_it_signs_and_the_old_key_after() {
    let house = house().await;
    let first = house.signs(day(0)).await;
    assert_eq!(house.signs(day(89)).await, first);
    // The ninetieth day: a successor appears, and the first key still signs.
    assert_eq!(house.signs(day(90)).await, first);
    let published = house
        .ring
        .published_keys(house.tenant, day(90))
        .await
        .unwrap();
    assert_eq!(published.len(), 2);
    assert_eq!(house.signs(hour(90 * 24 + 24)).await, first);
    let second = house.signs(hour(90 * 24 + 26)).await;
    assert_ne!(second, first);
    assert!(house.publishes(&second, day(90)).await);
    assert!(house.publishes(&first, hour(90 * 24 + 26)).await);
    assert!(!house.publishes(&first, day(93)).await);
}

#[tokio::test]
async fn g14_a_compromised_key_is_void_at_once_and_no_key_outlives_its_end() {
    let house = house().await;
    let first = house.signs(day(0)).await;
    let second = house
        .ring
        .rotate(house.tenant, RS256, Rotation::Compromised, day(1))
        .await
        .unwrap();
    assert_eq!(house.signs(day(1)).await, second);
    assert!(!house.publishes(&first, day(1)).await);
    // Even if nobody asked for a year, an expired key neither signs nor is published.
    assert_ne!(house.signs(day(400)).await, second);
    assert!(!house.publishes(&second, day(400)).await);
}

#[tokio::test]
async fn each_algorithm_and_each_tenant_has_its_own_key() {
    let house = house().await;
    let rs256 = house.signs(day(0)).await;
    let es256 = house
        .ring
        .signing_key(house.tenant, ES256, day(0))
        .await
        .unwrap();
    assert_ne!(rs256, es256.key_id());
    assert_eq!(
        house
            .ring
            .published_keys(house.tenant, day(0))
            .await
            .unwrap()
            .len(),
        2
    );
    let immediate = house
        .ring
        .rotate(house.tenant, ES256, Rotation::Immediate, day(1))
        .await
        .unwrap();
    let now = house
        .ring
        .signing_key(house.tenant, ES256, day(1))
        .await
        .unwrap();
    assert_eq!(now.key_id(), immediate);
    assert_eq!(house.signs(day(1)).await, rs256);
    assert!(house.publishes(es256.key_id(), day(1)).await);
}

#[tokio::test]
async fn g15_keys_are_remembered_for_a_day_without_the_store_and_sign_nothing() {
    let house = house().await;
    let last = |now| house.ring.last_published_keys(house.tenant, now);
    assert_eq!(last(day(0)).await, None, "nothing was asked for yet");
    let first = house.signs(day(0)).await;
    let second = house
        .ring
        .rotate(house.tenant, RS256, Rotation::Compromised, day(1))
        .await
        .unwrap();
    house.store.close().await;
    let key_ids = |keys: Option<Vec<PublicJwk>>| -> Vec<String> {
        keys.into_iter().flatten().map(|key| key.kid).collect()
    };
    assert_ne!(first, second);
    assert_eq!(key_ids(last(hour(24)).await), [second.as_str()]);
    assert_eq!(key_ids(last(hour(47)).await), [second]);
    assert_eq!(last(hour(48)).await, None, "a day is the end");
    // Memory is for telling, not for deciding.
    tokio::time::sleep(BELIEVED).await;
    let verifying = house.ring.published_keys(house.tenant, day(1)).await;
    assert!(matches!(verifying, Err(KeyError::Store(_))));
    let signing = house.ring.signing_key(house.tenant, RS256, day(1)).await;
    assert!(matches!(signing, Err(KeyError::Store(_))));
}

#[tokio::test]
async fn g14_a_remembered_key_is_not_published_past_its_end() {
    let house = house().await;
    let first = house.signs(day(0)).await;
    house
        .ring
        .rotate(house.tenant, RS256, Rotation::Immediate, day(1))
        .await
        .unwrap();
    let last = async |now| {
        let keys = house.ring.last_published_keys(house.tenant, now).await;
        keys.unwrap().iter().any(|key| key.kid == first)
    };
    house.ring.read(house.tenant, hour(48)).await.unwrap();
    assert!(last(hour(48)).await);
    assert!(
        !last(hour(49)).await,
        "it ended 25 hours after its successor began"
    );
}
