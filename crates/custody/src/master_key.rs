//! The installation's master key: read from a file, and everything sealed at rest is sealed with it.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use portcullis_model::entropy::Entropy;
use portcullis_model::id::TenantId;
use portcullis_model::secret::{SealError, SealPurpose, SealedSecret, Sealer};
use zeroize::Zeroizing;

/// The key that seals TOTP seeds and private keys at rest (AES-256-GCM, a fresh nonce per secret, bound to tenant and purpose).
pub struct MasterKey {
    aead: RandomizedNonceKey,
    bytes: Zeroizing<[u8; LENGTH_BYTES]>,
}

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The file cannot be read or made.
    #[error("cannot read or make the master key file `{path}`")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The file holds something else.
    #[error(
        "the master key file `{path}` must hold exactly {LENGTH_BYTES} bytes; restore it from your backup, nothing sealed with it can be opened without it"
    )]
    Length {
        /// The file.
        path: PathBuf,
    },
}

impl MasterKey {
    /// Reads the key, or makes one that only this account may read when the file does not exist.
    pub fn open_or_create(path: &Path, entropy: &mut dyn Entropy) -> Result<Self, MasterKeyError> {
        let file_error = |cause| MasterKeyError::File {
            path: path.to_owned(),
            cause,
        };
        match File::open(path) {
            Ok(mut file) => {
                let mut bytes = Zeroizing::new([0; LENGTH_BYTES]);
                let mut more = [0; 1];
                let whole = file.read_exact(bytes.as_mut()).is_ok();
                let ends = file.read(&mut more).map_err(file_error)? == 0;
                if !whole || !ends {
                    return Err(MasterKeyError::Length {
                        path: path.to_owned(),
                    });
                }
                Self::from_bytes(bytes).map_err(|_| MasterKeyError::Length {
                    path: path.to_owned(),
                })
            }
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
                let mut bytes = Zeroizing::new([0; LENGTH_BYTES]);
                entropy.fill(bytes.as_mut());
                create(path, bytes.as_ref()).map_err(file_error)?;
                Self::from_bytes(bytes).map_err(|_| MasterKeyError::Length {
                    path: path.to_owned(),
                })
            }
            Err(cause) => Err(file_error(cause)),
        }
    }

    /// A key from its bytes, for tests and key management systems.
    pub fn from_bytes(bytes: Zeroizing<[u8; LENGTH_BYTES]>) -> Result<Self, SealError> {
        let aead = RandomizedNonceKey::new(&AES_256_GCM, bytes.as_ref()).map_err(|_| SealError)?;
        Ok(Self { aead, bytes })
    }

    /// A key for another purpose (the pairwise subject function), derived so that neither tells the other: HMAC-SHA-256 of its name.
    pub fn derive(&self, purpose: &str) -> Zeroizing<Vec<u8>> {
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, self.bytes.as_ref());
        Zeroizing::new(
            aws_lc_rs::hmac::sign(&key, purpose.as_bytes())
                .as_ref()
                .to_vec(),
        )
    }
}

/// Writes the key so that a crash leaves a whole file or none, readable by this account only.
fn create(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let partial = path.with_extension("partial");
    drop(std::fs::remove_file(&partial));
    let mut file = options.open(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(partial, path)
}

impl Sealer for MasterKey {
    fn seal(
        &self,
        tenant: TenantId,
        purpose: SealPurpose,
        clear: &[u8],
    ) -> Result<SealedSecret, SealError> {
        let mut sealed = clear.to_vec();
        let aad = associated_data(tenant, purpose);
        let nonce = self
            .aead
            .seal_in_place_append_tag(Aad::from(aad.as_bytes()), &mut sealed)
            .map_err(|_| SealError)?;
        sealed.splice(0..0, nonce.as_ref().iter().copied());
        Ok(SealedSecret(sealed))
    }

    fn open(
        &self,
        tenant: TenantId,
        purpose: SealPurpose,
        sealed: &SealedSecret,
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (nonce, rest) = sealed.0.split_at_checked(NONCE_LEN).ok_or(SealError)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError)?;
        let mut clear = Zeroizing::new(rest.to_vec());
        let aad = associated_data(tenant, purpose);
        let length = self
            .aead
            .open_in_place(nonce, Aad::from(aad.as_bytes()), &mut clear)
            .map_err(|_| SealError)?
            .len();
        clear.truncate(length);
        Ok(clear)
    }
}

fn associated_data(tenant: TenantId, purpose: SealPurpose) -> String {
    let purpose = match purpose {
        SealPurpose::TotpSeed => "totp-seed",
        SealPurpose::SigningKey => "signing-key",
        SealPurpose::PendingTotpSeed => "pending-totp-seed",
        SealPurpose::KeyCheck => "key-check",
    };
    format!("portcullis|1|{tenant}|{purpose}")
}

/// The length of the key.
pub const LENGTH_BYTES: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system_entropy::SystemEntropy;

    fn key() -> MasterKey {
        MasterKey::from_bytes(Zeroizing::new([7; LENGTH_BYTES])).unwrap()
    }

    #[test]
    fn g12_a_secret_opens_only_for_its_tenant_and_purpose() {
        let (mine, other) = (
            TenantId::random(&mut SystemEntropy::new()),
            TenantId::random(&mut SystemEntropy::new()),
        );
        let sealed = key().seal(mine, SealPurpose::TotpSeed, b"seed").unwrap();
        assert_eq!(
            *key().open(mine, SealPurpose::TotpSeed, &sealed).unwrap(),
            b"seed"
        );
        assert_eq!(
            key().open(other, SealPurpose::TotpSeed, &sealed),
            Err(SealError)
        );
        assert_eq!(
            key().open(mine, SealPurpose::SigningKey, &sealed),
            Err(SealError)
        );
        for position in 0..sealed.0.len() {
            let mut damaged = sealed.clone();
            damaged.0[position] ^= 1;
            assert_eq!(
                key().open(mine, SealPurpose::TotpSeed, &damaged),
                Err(SealError)
            );
        }
        assert_eq!(
            key().open(mine, SealPurpose::TotpSeed, &SealedSecret(vec![])),
            Err(SealError)
        );
    }

    #[test]
    fn a_key_file_is_made_once_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let first = MasterKey::open_or_create(&path, &mut SystemEntropy::new()).unwrap();
        let again = MasterKey::open_or_create(&path, &mut SystemEntropy::new()).unwrap();
        assert_eq!(first.derive("x"), again.derive("x"));
        assert_ne!(first.derive("x"), first.derive("y"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(
                std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
        for wrong in [&b""[..], &[1; 31], &[1; 33]] {
            std::fs::write(&path, wrong).unwrap();
            assert!(matches!(
                MasterKey::open_or_create(&path, &mut SystemEntropy::new()),
                Err(MasterKeyError::Length { .. })
            ));
        }
    }
}
