//! What no flow can do without, measured alone: one signature, one durable commit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use portcullis_model::id::{GrantId, TenantId};
use portcullis_model::store::{Change, Store as _};
use portcullis_store::{SqliteOptions, SqliteStore};
use portcullis_testkit::remote::world::Algorithm;
use serde::Serialize;
use uuid::Uuid;

use crate::process::cpu_seconds_of;

/// One of them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Alone {
    pub(crate) what: String,
    pub(crate) per_second: f64,
    pub(crate) cpu_ms: f64,
}

const COMMIT: &str = "durable commit";

/// The CPU of one signature with this algorithm plus one durable commit.
pub(crate) fn cpu_ms(alone: &[Alone], algorithm: Algorithm) -> f64 {
    let of = |what: &str| {
        alone
            .iter()
            .find(|one| one.what == what)
            .map_or(f64::NAN, |one| one.cpu_ms)
    };
    of(algorithm.name()) + of(COMMIT)
}

pub(crate) async fn measure(time: Duration, concurrency: usize) -> anyhow::Result<Vec<Alone>> {
    // As long as the signing input of a usual access token.
    let message = vec![b'a'; 1200];
    let random = aws_lc_rs::rand::SystemRandom::new();
    let der = KeyPair::generate(KeySize::Rsa2048).and_then(|pair| pair.as_der())?;
    let rsa = RsaKeyPair::from_pkcs8(der.as_ref()).map_err(|error| anyhow::anyhow!("{error}"))?;
    let mut signature = vec![0; rsa.public_modulus_len()];
    let rs256 = repeat(Algorithm::Rs256.name(), time / 2, || {
        rsa.sign(&RSA_PKCS1_SHA256, &random, &message, &mut signature)
            .is_ok()
    })?;
    let p256 = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
    let es256 = repeat(Algorithm::Es256.name(), time / 2, || {
        p256.sign(&random, &message).is_ok()
    })?;
    Ok(vec![rs256, es256, commits(time, concurrency).await?])
}

fn repeat(what: &str, time: Duration, mut once: impl FnMut() -> bool) -> anyhow::Result<Alone> {
    let (began, cpu) = (Instant::now(), cpu_seconds_of("self")?);
    let mut count = 0.0;
    while began.elapsed() < time {
        anyhow::ensure!(once(), "`{what}` failed");
        count += 1.0;
    }
    Ok(Alone {
        what: what.to_owned(),
        per_second: count / began.elapsed().as_secs_f64(),
        cpu_ms: (cpu_seconds_of("self")? - cpu) * 1000.0 / count,
    })
}

/// The smallest change there is, committed durably by as many callers at a time as the flows have.
async fn commits(time: Duration, concurrency: usize) -> anyhow::Result<Alone> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("commits.sqlite");
    let store = Arc::new(SqliteStore::open(&file, SqliteOptions::default()).await?);
    let (began, cpu) = (Instant::now(), cpu_seconds_of("self")?);
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..concurrency {
        let store = Arc::clone(&store);
        callers.spawn(async move {
            let tenant = store.tenant(TenantId::new(Uuid::new_v4()));
            let mut count = 0.0;
            while began.elapsed() < time {
                let change = Change::RevokeGrant(GrantId::new(Uuid::new_v4()));
                tenant
                    .commit(vec![change])
                    .await
                    .context("a commit failed")?;
                count += 1.0;
            }
            anyhow::Ok(count)
        });
    }
    let mut count = 0.0;
    while let Some(caller) = callers.join_next().await {
        count += caller??;
    }
    Ok(Alone {
        what: COMMIT.to_owned(),
        per_second: count / began.elapsed().as_secs_f64(),
        cpu_ms: (cpu_seconds_of("self")? - cpu) * 1000.0 / count,
    })
}
