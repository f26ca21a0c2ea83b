//! A certificate authority for development: made once in the data folder, signs a certificate for loopback names.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use portcullis_server::listen::Certificate;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
    KeyUsagePurpose,
};

/// The certificate to serve with, and the file with the authority that clients must trust.
pub(crate) struct DevelopmentTls {
    pub(crate) certificate: Certificate,
    pub(crate) authority_file: PathBuf,
    pub(crate) authority_pem: String,
}

/// Reads the development certificate of a data folder, or makes it. The authority's private key is thrown away once it
/// has signed: nobody can make another certificate that your browser would trust.
pub(crate) fn open_or_create(folder: &Path) -> anyhow::Result<DevelopmentTls> {
    let folder = folder.join("development-tls");
    let authority_file = folder.join("authority.pem");
    let (chain_file, key_file) = (
        folder.join("localhost.pem"),
        folder.join("localhost.key.pem"),
    );
    if !(authority_file.exists() && chain_file.exists() && key_file.exists()) {
        let made = make().context("cannot make a development certificate")?;
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
        write_private(&key_file, &made.key)?;
        write_private(&chain_file, &made.chain)?;
        write_private(&authority_file, &made.authority)?;
    }
    let read = |file: &Path| {
        std::fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))
    };
    let authority_pem = read(&authority_file)?;
    let certificate = Certificate {
        chain_pem: read(&chain_file)?.into_bytes(),
        key_pem: read(&key_file)?.into_bytes(),
    };
    Ok(DevelopmentTls {
        certificate,
        authority_file,
        authority_pem,
    })
}

/// Each in PEM.
struct Made {
    authority: String,
    chain: String,
    key: String,
}

fn make() -> Result<Made, rcgen::Error> {
    let mut authority = CertificateParams::default();
    authority.distinguished_name = named("Portcullis development authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let issuer = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

    let names = ["localhost", "127.0.0.1", "::1"]
        .map(str::to_owned)
        .to_vec();
    let mut leaf = CertificateParams::new(names)?;
    leaf.distinguished_name = named("localhost");
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = leaf.signed_by(&key, &issuer)?;
    Ok(Made {
        authority: issuer.pem(),
        chain: certificate.pem(),
        key: key.serialize_pem(),
    })
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

/// Writes a file that only this account may read.
fn write_private(file: &Path, text: &str) -> anyhow::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(file)
        .and_then(|mut open| std::io::Write::write_all(&mut open, text.as_bytes()))
        .with_context(|| format!("cannot write `{}`", file.display()))
}
