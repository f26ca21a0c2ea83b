//! Exchanges a refresh token for the next one (RFC 6749 §6, RFC 9700 §4.14.2): rotation, and theft noticed by reuse.
//!
//! A token that was used before revokes its family. Of two requests that present the same fresh token *at once*, one
//! wins; the other is told `invalid_grant` and the family lives on (requirement C02): browsers with two tabs do this.
//! It is noticed as theft only when the spent token comes again. A refusal by policy does not spend the token: the
//! person may satisfy it and go on.

use std::sync::Arc;

use portcullis_model::artefact::{RefreshToken, RefreshTokenState};
use portcullis_model::store::{Change, CommitError};
use portcullis_protocol::oauth::claims_request::ClaimsRequest;
use portcullis_protocol::oauth::error::Fault;
use portcullis_protocol::oauth::error_catalogue::ErrorCode;
use portcullis_protocol::oauth::scope::Scopes;
use portcullis_protocol::oidc::access_token::ClientAuthenticationClass;

use crate::house::{House, LoadedTenant, Moment};
use crate::log::row::AttemptKind;
use crate::token::client::AuthenticatedClient;
use crate::token::error::TokenError;
use crate::token::grant_use::GrantUse;
use crate::token::handout::{self, Handout};
use crate::token::text::Presented;

/// A refresh token as it was presented.
pub struct RefreshRequest<'a> {
    /// The tenant of the token and of the request.
    pub tenant: &'a Arc<LoadedTenant>,
    /// Who presents it.
    pub client: AuthenticatedClient,
    /// The token.
    pub presented: Presented,
    /// The scopes, if any were named.
    pub scopes: &'a Scopes,
    /// The claims, if any were asked for.
    pub claims: &'a ClaimsRequest,
}

/// Exchanges the token. One commit spends it, keeps its successor and writes the row.
pub async fn refresh(
    house: &House,
    moment: &mut Moment<'_>,
    request: RefreshRequest<'_>,
) -> Result<Handout, TokenError> {
    let store = house.store.tenant(request.tenant.id());
    let Some((token, state)) = store.find_refresh_token(request.presented.hash).await? else {
        let code = ErrorCode::InvalidGrant;
        let charge = request.client.charge(request.tenant, code);
        charge.record(house, moment).await?;
        return Err(TokenError::Logged(code.into()));
    };
    let used = GrantUse {
        tenant: request.tenant,
        client: &request.client,
        grant: &token.grant,
        kind: AttemptKind::Refresh,
        whereabouts: match request.client.class {
            ClientAuthenticationClass::Public => moment.whereabouts(),
            ClientAuthenticationClass::Secret | ClientAuthenticationClass::Key => {
                house.whereabouts(token.grant.ip_address)
            }
        },
        claims: request.claims,
        requested: request.scopes,
        nonce: None,
    };
    if let Err((fault, changes)) = check(&request, moment, &token, &state) {
        return Err(used.refuse(house, moment, fault, changes).await?);
    }
    let granted = used.exercise(house, moment, Vec::new()).await?;
    let mut changes: Vec<Change> = used.client.spend.iter().cloned().collect();
    let spend_index = changes.len();
    changes.push(Change::SpendRefreshToken(token.hash));
    let (text, successor) = handout::next_refresh_token(house, moment, &used, &token);
    changes.push(successor);
    let handout = Handout::new(&granted, Some(text));
    match used.write(house, granted.rows, changes).await {
        Ok(()) => Ok(handout),
        Err(CommitError::Lost { index }) if index < spend_index => {
            Err(ErrorCode::ClientAssertionReplayed.into())
        }
        Err(CommitError::Lost { .. }) => {
            let fault = Fault::with_detail(
                ErrorCode::InvalidGrant,
                "the refresh token was used by another request at the same time",
            );
            Err(used.refuse(house, moment, fault, Vec::new()).await?)
        }
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// Each of these alone refuses; the changes say what else it does.
fn check(
    request: &RefreshRequest<'_>,
    moment: &Moment<'_>,
    token: &RefreshToken,
    state: &RefreshTokenState,
) -> Result<(), (Fault, Vec<Change>)> {
    let refuse = |code: ErrorCode| Err((code.into(), Vec::new()));
    // Another client's token is not this one's to burn (requirement C03).
    if token.grant.client != request.client.id() {
        return refuse(ErrorCode::GrantOfAnotherClient);
    }
    request
        .client
        .check_kind(token.grant.redirect_kind)
        .map_err(|fault| (fault, Vec::new()))?;
    match state {
        RefreshTokenState::Fresh => {}
        RefreshTokenState::Spent => {
            let take_back = vec![Change::RevokeGrant(token.grant.id)];
            return Err((ErrorCode::RefreshTokenReused.into(), take_back));
        }
        RefreshTokenState::Revoked => return refuse(ErrorCode::ExpiredOrRevokedGrant),
    }
    // The family's end is set once, when the grant is made (requirement C05).
    if token.family_expires_at <= moment.now {
        return refuse(ErrorCode::ExpiredOrRevokedGrant);
    }
    if token.expires_at <= moment.now {
        return refuse(ErrorCode::ExpiredOrRevokedGrantInactiveToken);
    }
    Ok(())
}
