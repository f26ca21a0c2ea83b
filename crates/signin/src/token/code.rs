//! Redeems an authorization code: once, by its client, with its verifier, where it was issued (RFC 6749 §4.1.3).

use std::sync::Arc;

use portcullis_model::artefact::{AuthorizationCode, AuthorizationCodeState};
use portcullis_model::store::{Change, CommitError};
use portcullis_protocol::oauth::claims_request::ClaimsRequest;
use portcullis_protocol::oauth::error::Fault;
use portcullis_protocol::oauth::error_catalogue::ErrorCode;
use portcullis_protocol::oauth::pkce::{self, CodeVerifier};
use portcullis_protocol::oauth::scope::Scopes;

use crate::house::{House, LoadedTenant, Moment};
use crate::log::row::AttemptKind;
use crate::token::client::AuthenticatedClient;
use crate::token::error::TokenError;
use crate::token::grant_use::{GrantUse, Granted};
use crate::token::handout::{self, Handout};
use crate::token::text::Presented;

/// A code as it was presented.
pub struct CodeRequest<'a> {
    /// The tenant of the code and of the request.
    pub tenant: &'a Arc<LoadedTenant>,
    /// Who presents it.
    pub client: AuthenticatedClient,
    /// The code.
    pub presented: Presented,
    /// The redirect URI, if sent.
    pub redirect_uri: Option<&'a str>,
    /// The verifier, if sent.
    pub code_verifier: Option<&'a CodeVerifier>,
    /// The scopes, if any were named.
    pub scopes: &'a Scopes,
    /// The claims, if any were asked for.
    pub claims: &'a ClaimsRequest,
}

/// What a fault does to the code.
enum Wrong {
    /// It stays good for whoever owns it.
    Refuse(Fault),
    /// It is burnt: whoever guesses has one guess (requirement B05).
    Burn(Fault),
    /// It was used before: what it gave is taken back (requirement B06).
    Revoke,
}

/// Exchanges the code. One commit spends it, keeps the refresh token and writes the row.
pub async fn redeem(
    house: &House,
    moment: &mut Moment<'_>,
    request: CodeRequest<'_>,
) -> Result<Handout, TokenError> {
    let store = house.store.tenant(request.tenant.id());
    let Some((code, state)) = store.find_code(request.presented.hash).await? else {
        let code = ErrorCode::InvalidGrant;
        let charge = request.client.charge(request.tenant, code);
        charge.record(house, moment).await?;
        return Err(TokenError::Logged(code.into()));
    };
    moment.correlation_id = code.grant.correlation_id;
    let used = GrantUse {
        tenant: request.tenant,
        client: &request.client,
        grant: &code.grant,
        kind: AttemptKind::CodeRedemption,
        whereabouts: house.whereabouts(code.grant.ip_address),
        claims: request.claims,
        requested: request.scopes,
        nonce: code.nonce.as_deref(),
    };
    let spend = Change::SpendCode(code.hash);
    match check(&request, moment, &code, &state) {
        Ok(()) => {}
        Err(Wrong::Refuse(fault)) => {
            return Err(used.refuse(house, moment, fault, Vec::new()).await?);
        }
        Err(Wrong::Burn(fault)) => {
            return match used.refuse(house, moment, fault, vec![spend]).await {
                Ok(refused) => Err(refused),
                Err(TokenError::Lost) => Err(revoke(house, moment, &used).await),
                Err(error) => Err(error),
            };
        }
        Err(Wrong::Revoke) => return Err(revoke(house, moment, &used).await),
    }
    // What policies refuse now burns the code as well: it is single use, and a person must come again anyway.
    let granted = match used.exercise(house, moment, vec![spend.clone()]).await {
        Ok(granted) => granted,
        Err(TokenError::Lost) => return Err(revoke(house, moment, &used).await),
        Err(error) => return Err(error),
    };
    hand_out(house, moment, &used, granted, spend).await
}

/// Each of these alone refuses (requirement B09).
fn check(
    request: &CodeRequest<'_>,
    moment: &Moment<'_>,
    code: &AuthorizationCode,
    state: &AuthorizationCodeState,
) -> Result<(), Wrong> {
    let refuse = |code: ErrorCode| Err(Wrong::Refuse(code.into()));
    if code.grant.client != request.client.id() {
        return refuse(ErrorCode::GrantOfAnotherClient);
    }
    match state {
        AuthorizationCodeState::Fresh => {}
        AuthorizationCodeState::Spent => return Err(Wrong::Revoke),
    }
    if code.expires_at <= moment.now {
        return refuse(ErrorCode::ExpiredOrRevokedGrant);
    }
    if request
        .redirect_uri
        .is_some_and(|sent| sent != code.redirect_uri)
    {
        return refuse(ErrorCode::RedirectUriMismatch);
    }
    let kind = code.grant.redirect_kind;
    request.client.check_kind(kind).map_err(Wrong::Refuse)?;
    match pkce::check(code.code_challenge.as_deref(), request.code_verifier) {
        Ok(_proof) => Ok(()),
        Err(mismatch) => Err(Wrong::Burn(Fault::with_detail(
            ErrorCode::CodeVerifierMismatch,
            mismatch.to_string(),
        ))),
    }
}

/// A code came twice: one of the two is a thief, and nobody knows which (RFC 6749 §4.1.2).
async fn revoke(house: &House, moment: &mut Moment<'_>, used: &GrantUse<'_>) -> TokenError {
    let fault = ErrorCode::OAuth2AuthorizationCodeAlreadyRedeemed.into();
    let take_back = vec![Change::RevokeGrant(used.grant.id)];
    match used.refuse(house, moment, fault, take_back).await {
        Ok(refused) | Err(refused) => refused,
    }
}

async fn hand_out(
    house: &House,
    moment: &mut Moment<'_>,
    used: &GrantUse<'_>,
    granted: Granted,
    spend: Change,
) -> Result<Handout, TokenError> {
    let mut changes: Vec<Change> = used.client.spend.iter().cloned().collect();
    let spend_index = changes.len();
    changes.push(spend);
    let refresh = granted
        .scopes
        .contains("offline_access")
        .then(|| handout::first_refresh_token(house, moment, used));
    let refresh_text = refresh.map(|(text, change)| {
        changes.push(change);
        text
    });
    let handout = Handout::new(&granted, refresh_text);
    match used.write(house, granted.rows, changes).await {
        Ok(()) => Ok(handout),
        Err(CommitError::Lost { index }) if index < spend_index => {
            Err(ErrorCode::ClientAssertionReplayed.into())
        }
        Err(CommitError::Lost { index }) if index == spend_index => {
            Err(revoke(house, moment, used).await)
        }
        // The grant was revoked between reading and writing.
        Err(CommitError::Lost { .. }) => Err(ErrorCode::ExpiredOrRevokedGrant.into()),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}
