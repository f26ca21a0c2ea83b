//! The text of codes and refresh tokens: `{kind}.{tenant}.{secret}`, so that the owning tenant is known from the text.
//!
//! A client at `organizations` or `common` redeems at an address that names no tenant; and a text of one tenant must be
//! refused at another's address (requirement B10). The store keeps only the SHA-256 of the *whole* text, so that a text
//! with another kind or tenant written into it is simply unknown (requirement U05).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis_model::entropy::Entropy;
use portcullis_model::id::TenantId;
use portcullis_model::secret::{SecretText, TokenHash};
use uuid::Uuid;

/// What a text can be redeemed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArtefactKind {
    /// An authorization code.
    AuthorizationCode,
    /// A refresh token.
    RefreshToken,
}

impl ArtefactKind {
    /// What its texts begin with; the digit is the version of the format.
    const fn prefix(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "c1",
            Self::RefreshToken => "r1",
        }
    }
}

/// A fresh text and what the store keeps of it.
#[derive(Debug)]
pub struct Minted {
    /// Goes to the client, and nowhere else.
    pub text: SecretText,
    /// Goes to the store.
    pub hash: TokenHash,
}

/// A text that came back: whose it says to be, and its hash. Whether it exists only the store knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presented {
    /// The tenant that issued it, by its own account.
    pub tenant: TenantId,
    /// SHA-256 of the whole text.
    pub hash: TokenHash,
}

/// A new text of this kind and tenant, with 256 bits of chance.
pub fn mint(kind: ArtefactKind, tenant: TenantId, entropy: &mut dyn Entropy) -> Minted {
    let mut secret = [0; 32];
    entropy.fill(&mut secret);
    let text = format!(
        "{}.{}.{}",
        kind.prefix(),
        URL_SAFE_NO_PAD.encode(tenant.uuid().as_bytes()),
        URL_SAFE_NO_PAD.encode(secret)
    );
    Minted {
        hash: hash(&text),
        text: SecretText::new(text),
    }
}

/// Reads a text of this kind; `None` if it has another form.
pub fn parse(kind: ArtefactKind, text: &str) -> Option<Presented> {
    let mut parts = text.split('.');
    let (prefix, tenant, secret) = (parts.next()?, parts.next()?, parts.next()?);
    let octets: [u8; 16] = URL_SAFE_NO_PAD.decode(tenant).ok()?.try_into().ok()?;
    let is_whole = parts.next().is_none() && prefix == kind.prefix() && secret.len() == 43;
    is_whole.then(|| Presented {
        tenant: TenantId::new(Uuid::from_bytes(octets)),
        hash: hash(text),
    })
}

/// SHA-256 of a secret with at least 128 bits of chance (a code, a token, a cookie): what the store keeps of it.
pub fn hash(text: &str) -> TokenHash {
    let mut octets = [0; 32];
    octets.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    TokenHash(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(u8);
    impl Entropy for Counting {
        fn fill(&mut self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0;
                self.0 = self.0.wrapping_add(1);
            }
        }
    }

    #[test]
    fn a_text_tells_its_tenant_and_nothing_else_does() {
        let tenant = TenantId::new(Uuid::from_u128(7));
        let minted = mint(ArtefactKind::RefreshToken, tenant, &mut Counting(0));
        let text = minted.text.expose();
        let presented = parse(ArtefactKind::RefreshToken, text).unwrap();
        assert_eq!(presented.tenant, tenant);
        assert_eq!(presented.hash, minted.hash);
        let other = mint(ArtefactKind::RefreshToken, tenant, &mut Counting(1));
        assert_ne!(other.hash, minted.hash);
    }

    #[test]
    fn u05_a_text_of_one_kind_is_never_read_as_another() {
        let tenant = TenantId::new(Uuid::from_u128(7));
        let code = mint(ArtefactKind::AuthorizationCode, tenant, &mut Counting(0));
        let text = code.text.expose();
        assert_eq!(parse(ArtefactKind::RefreshToken, text), None);
        let disguised = text.replacen("c1", "r1", 1);
        let presented = parse(ArtefactKind::RefreshToken, &disguised).unwrap();
        assert_ne!(presented.hash, code.hash);
        for broken in [
            "",
            "c1",
            "c1..",
            "c1.AAAA.x",
            &format!("{text}.x"),
            text.get(..60).unwrap(),
        ] {
            assert_eq!(
                parse(ArtefactKind::AuthorizationCode, broken),
                None,
                "{broken}"
            );
        }
    }
}
