//! Keys of the tests, generated once per run.

use std::sync::OnceLock;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};

use super::signing_key::{SigningAlgorithm, SigningKey};

pub(crate) fn rsa_pkcs8() -> &'static [u8] {
    static KEY: OnceLock<Vec<u8>> = OnceLock::new();
    KEY.get_or_init(|| {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        pair.as_der().unwrap().as_ref().to_vec()
    })
}

pub(crate) fn p256_pkcs8() -> Vec<u8> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    pair.to_pkcs8v1().unwrap().as_ref().to_vec()
}

pub(crate) fn rsa() -> SigningKey {
    SigningKey::from_pkcs8(SigningAlgorithm::RS256, rsa_pkcs8()).unwrap()
}

/// A new one each time.
pub(crate) fn p256() -> SigningKey {
    SigningKey::from_pkcs8(SigningAlgorithm::ES256, &p256_pkcs8()).unwrap()
}
