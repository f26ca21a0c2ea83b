//! Signing keys.

use std::sync::Arc;

use portcullis_model::application::SigningAlgorithm;
use portcullis_model::id::TenantId;
use portcullis_model::secret::{SealPurpose, SealedSecret};
use portcullis_model::store::{Change, SigningKeyRecord, Store};

use super::samples::*;

pub(crate) async fn keys_are_listed_newest_first_and_retired(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    assert_eq!(tenant.list_signing_keys().await.unwrap(), []);
    let (old, mut new) = (key("old", 1), key("new", 2));
    new.algorithm = SigningAlgorithm::ES256;
    for key in [&new, &old] {
        apply(&*tenant, Change::AddSigningKey(key.clone())).await;
    }
    let mut again = key("old", 3);
    again.private_key = SealedSecret(vec![9]);
    loses(&*tenant, vec![Change::AddSigningKey(again)], 0).await;
    let listed = tenant.list_signing_keys().await.unwrap();
    assert_eq!(listed, [new.clone(), old.clone()]);

    let retire = |key_id: &str| Change::RetireSigningKey {
        key_id: key_id.into(),
        retired_at: at(50),
        not_after: at(60),
    };
    loses(&*tenant, vec![retire("unknown")], 0).await;
    apply(&*tenant, retire("old")).await;
    let mut retired = old;
    retired.retired_at = Some(at(50));
    retired.not_after = at(60);
    assert_eq!(tenant.list_signing_keys().await.unwrap(), [new, retired]);
}

pub(crate) async fn a_key_check_is_kept_once(store: Arc<dyn Store>) {
    let house = store.tenant(TenantId::UNDISCOVERED);
    assert_eq!(house.find_key_check().await.unwrap(), None);
    let keep = |octet| Change::KeepKeyCheck(SealedSecret(vec![octet]));
    apply(&*house, keep(1)).await;
    loses(&*house, vec![keep(2)], 0).await;
    let kept = house.find_key_check().await.unwrap();
    assert_eq!(kept, Some(SealedSecret(vec![1])));
}

pub(crate) async fn the_oldest_sealed_secret_is_found(store: Arc<dyn Store>) {
    assert_eq!(store.find_oldest_sealed().await.unwrap(), None);
    let contoso = contoso(&store).await;
    let young = key("young", 2_000_000);
    apply(&*contoso, Change::AddSigningKey(young.clone())).await;
    let found = store.find_oldest_sealed().await.unwrap().unwrap();
    assert_eq!(found.tenant, contoso.tenant_id());
    assert_eq!(found.purpose, SealPurpose::SigningKey);
    assert_eq!(found.sealed, young.private_key);

    let mut authenticator = totp(1, ada());
    authenticator.created_at = at(1);
    apply(&*contoso, Change::RegisterTotp(authenticator.clone())).await;
    let found = store.find_oldest_sealed().await.unwrap().unwrap();
    assert_eq!(found.purpose, SealPurpose::TotpSeed);
    assert_eq!(found.sealed, authenticator.seed);
}

fn key(key_id: &str, seconds: i64) -> SigningKeyRecord {
    SigningKeyRecord {
        key_id: key_id.into(),
        algorithm: SigningAlgorithm::RS256,
        private_key: SealedSecret(vec![0, 1, 255]),
        public_jwk: "{\"kty\":\"RSA\"}".into(),
        created_at: at(seconds),
        active_from: at(seconds + 10),
        retired_at: None,
        not_after: at(1_000),
    }
}
