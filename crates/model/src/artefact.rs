//! One-use artefacts: sign-in transactions, authorization codes, refresh tokens, client assertions' ids.
//!
//! Each kind is its own type and its own table: what one feature writes, no other can redeem
//! (requirement U05).

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::application::RedirectKind;
use crate::conditional_access::ClientAppType;
use crate::device::DeviceClaims;
use crate::id::{ClientId, CorrelationId, GrantId, SessionId, TransactionId};
use crate::secret::TokenHash;
use crate::session::{HomeSession, ProvenMethod, SessionSubject};

/// A sign-in between two requests. Every step raises `version`; a step that was taken cannot be taken again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// The id.
    pub id: TransactionId,
    /// Raised by each transition; the store refuses a transition from another version.
    pub version: u32,
    /// SHA-256 of the browser's flow cookie: only the browser that began it may go on.
    pub browser_hash: TokenHash,
    /// What the `signin` crate knows of it, as JSON of its own state enum; opaque to everyone else.
    pub state: String,
    /// Gone after this.
    pub expires_at: Timestamp,
}

/// An authorization code at rest (RFC 6749 §4.1.2): single use, at most 60 seconds old.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// SHA-256 of the code.
    pub hash: TokenHash,
    /// What it can be exchanged for.
    pub grant: Grant,
    /// The redirect URI it went to; the token request must name the same.
    pub redirect_uri: String,
    /// S256 challenge (RFC 7636), if the request had one.
    pub code_challenge: Option<String>,
    /// Echoed in the id token.
    pub nonce: Option<String>,
    /// Refused after this.
    pub expires_at: Timestamp,
}

/// A refresh token at rest. Rotates on every use; a second use kills the family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// SHA-256 of the token.
    pub hash: TokenHash,
    /// What it renews.
    pub grant: Grant,
    /// Refused after this, however often it rotated (requirement C05).
    pub family_expires_at: Timestamp,
    /// Refused after this when not used.
    pub expires_at: Timestamp,
}

/// What one sign-in handed to one client. Codes and refresh tokens carry it; tokens are minted from it after a new decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// The family: revoking it ends every token that came of this sign-in.
    pub id: GrantId,
    /// The client it was handed to; nobody else redeems it.
    pub client: ClientId,
    /// Who signed in.
    pub subject: SessionSubject,
    /// The session it came from.
    pub session: SessionId,
    /// The home session behind it.
    pub home_session: Option<HomeSession>,
    /// The scopes that were consented to.
    pub scopes: BTreeSet<String>,
    /// The audiences those scopes reach, as the policies were asked about them; never empty.
    pub resources: BTreeSet<ClientId>,
    /// What had been proven here, when the code was issued.
    pub proofs: Vec<ProvenMethod>,
    /// What had been proven at home.
    pub home_proofs: Vec<ProvenMethod>,
    /// The device, as its tenant described it.
    pub device: Option<DeviceClaims>,
    /// Authentication contexts that were satisfied (`acrs`).
    pub authentication_contexts: BTreeSet<String>,
    /// When the subject last proved themselves.
    pub authenticated_at: Timestamp,
    /// The address of the browser that signed in. A code is decided upon with it, and so is a refresh by a confidential
    /// client, whose own address says nothing of the person; a public client's refresh brings its own.
    pub ip_address: Option<IpAddr>,
    /// The user agent of that browser, at most 512 characters: the platform for all later decisions.
    pub user_agent: Option<String>,
    /// By what kind of client it was asked for.
    pub client_app_type: ClientAppType,
    /// Under which heading the redirect URI is registered: whoever came to a `web` address must authenticate ever after.
    pub redirect_kind: RedirectKind,
    /// When the grant was made.
    pub granted_at: Timestamp,
    /// Ties the log rows together.
    pub correlation_id: CorrelationId,
}

/// What became of a refresh token that was looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefreshTokenState {
    /// Never used: may be rotated.
    Fresh,
    /// Used before; presenting it again is theft or a lost answer, and kills the family.
    Spent,
    /// The family was revoked.
    Revoked,
}

/// What became of an authorization code that was looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorizationCodeState {
    /// Never redeemed.
    Fresh,
    /// Redeemed or burnt; presenting it again revokes what the first redemption gave.
    Spent,
}
