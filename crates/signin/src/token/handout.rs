//! What a grant gives: the tokens of one answer, and the refresh token that renews them.

use std::collections::BTreeSet;

use portcullis_model::Timestamp;
use portcullis_model::artefact::RefreshToken;
use portcullis_model::id::{TenantId, UserId};
use portcullis_model::secret::SecretText;
use portcullis_model::store::Change;
use portcullis_protocol::oauth::token_response::{TokenKind, TokenResponse};
use portcullis_protocol::oidc::client_info::client_info;
use portcullis_protocol::secret::SecretText as WireSecret;

use crate::house::{House, Moment};
use crate::mint::Minted;
use crate::token::grant_use::{GrantUse, Granted};
use crate::token::text::{self, ArtefactKind};
use crate::visitor::Visitor;

/// The tokens of one answer, ready to leave once their commit is durable.
#[derive(Debug)]
pub struct Handout {
    access_token: WireSecret,
    id_token: Option<WireSecret>,
    refresh_token: Option<SecretText>,
    scopes: BTreeSet<String>,
    lifetime_seconds: i64,
    home: Option<(TenantId, UserId)>,
}

/// Whether the client asked for `client_info`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HomeAccountHint {
    /// It did.
    Tell,
    /// It did not.
    Omit,
}

impl Handout {
    /// The tokens of a grant.
    pub fn new(granted: &Granted, refresh_token: Option<SecretText>) -> Self {
        let minted = &granted.minted;
        Self {
            access_token: minted.access_token.clone(),
            id_token: minted.id_token.clone(),
            refresh_token,
            scopes: granted.scopes.clone(),
            lifetime_seconds: minted.lifetime_seconds,
            home: home_account(&granted.visitor),
        }
    }

    /// The token of an application.
    pub fn of_application(minted: Minted, scope: String) -> Self {
        Self {
            access_token: minted.access_token,
            id_token: None,
            refresh_token: None,
            scopes: BTreeSet::from([scope]),
            lifetime_seconds: minted.lifetime_seconds,
            home: None,
        }
    }

    /// The answer on the wire. A member's home account is the one of `tenant` itself.
    pub fn response(self, tenant: TenantId, hint: HomeAccountHint) -> TokenResponse {
        let lifetime_seconds = u64::try_from(self.lifetime_seconds).unwrap_or(0);
        let home = match hint {
            HomeAccountHint::Tell => self.home,
            HomeAccountHint::Omit => None,
        };
        TokenResponse {
            token_type: TokenKind::Bearer,
            scope: self.scopes.into_iter().collect::<Vec<_>>().join(" "),
            expires_in_seconds: lifetime_seconds,
            extended_expires_in_seconds: lifetime_seconds,
            access_token: self.access_token,
            refresh_token: self
                .refresh_token
                .map(|text| WireSecret::new(text.expose())),
            id_token: self.id_token,
            client_info: home.map(|(home_tenant, user)| {
                let home_tenant = if home_tenant == TenantId::UNDISCOVERED {
                    tenant
                } else {
                    home_tenant
                };
                client_info(&user.to_string(), &home_tenant.to_string())
            }),
        }
    }
}

/// The account at home: of a guest the one behind the object.
fn home_account(visitor: &Visitor) -> Option<(TenantId, UserId)> {
    match (&visitor.home, &visitor.object) {
        (Some(home), _) => Some((home.tenant.id(), home.user.id)),
        (None, Some(object)) => Some((TenantId::UNDISCOVERED, object.id)),
        (None, None) => None,
    }
}

/// The first refresh token of a grant; the end of its family is fixed from now on.
pub fn first_refresh_token(
    house: &House,
    moment: &mut Moment<'_>,
    used: &GrantUse<'_>,
) -> (SecretText, Change) {
    let lifetime_seconds = house.lifetimes.refresh_token_family_seconds;
    let family_expires_at = after(used.grant.granted_at, lifetime_seconds);
    refresh_token(house, moment, used, family_expires_at)
}

/// The successor of a refresh token: the same grant, the same end of the family.
pub fn next_refresh_token(
    house: &House,
    moment: &mut Moment<'_>,
    used: &GrantUse<'_>,
    token: &RefreshToken,
) -> (SecretText, Change) {
    refresh_token(house, moment, used, token.family_expires_at)
}

fn refresh_token(
    house: &House,
    moment: &mut Moment<'_>,
    used: &GrantUse<'_>,
    family_expires_at: Timestamp,
) -> (SecretText, Change) {
    let tenant = used.tenant.id();
    let minted = text::mint(ArtefactKind::RefreshToken, tenant, moment.entropy);
    let idle_seconds = house.lifetimes.refresh_token_idle_seconds;
    let token = RefreshToken {
        hash: minted.hash,
        grant: used.grant.clone(),
        family_expires_at,
        expires_at: after(moment.now, idle_seconds).min(family_expires_at),
    };
    (minted.text, Change::IssueRefreshToken(token))
}

/// `seconds` later; a lifetime beyond the calendar ends now rather than never.
fn after(moment: Timestamp, seconds: i64) -> Timestamp {
    moment
        .checked_add(jiff::SignedDuration::from_secs(seconds))
        .unwrap_or(moment)
}
