//! The token endpoint, top down: form, tenant, client, grant (RFC 6749 §3.2).

use std::sync::Arc;

use portcullis_model::application::SignInAudience;
use portcullis_protocol::oauth::client_authentication::danger_named_client;
use portcullis_protocol::oauth::error::{Fault, WireError};
use portcullis_protocol::oauth::error_catalogue::ErrorCode;
use portcullis_protocol::oauth::parameters::{Parameters, ParametersError};
use portcullis_protocol::oauth::token_request::{RequestedGrant, TokenRequest};
use portcullis_protocol::oauth::token_response::TokenResponse;

use crate::house::{House, LoadedTenant, Moment};
use crate::realm::{self, Realm};
use crate::token::application::{self, ApplicationRequest};
use crate::token::caller::Caller;
use crate::token::client::{AuthenticatedClient, authenticate};
use crate::token::code::{self, CodeRequest};
use crate::token::error::TokenError;
use crate::token::handout::{Handout, HomeAccountHint};
use crate::token::refresh::{self, RefreshRequest};
use crate::token::text::{self, ArtefactKind, Presented};

/// A POST to a token endpoint, as it arrived. The query of the URL is not part of it (requirements B12, B13).
#[derive(Clone, Copy)]
pub struct TokenCall<'a> {
    /// The first segment of the path.
    pub tenant_segment: &'a str,
    /// The form body; the server has looked at its content type.
    pub body: &'a [u8],
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
}

/// Answers a token request: with tokens whose record is durable, or with a refusal.
pub async fn redeem(
    house: &House,
    moment: &mut Moment<'_>,
    call: TokenCall<'_>,
) -> Result<TokenResponse, WireError> {
    let mut caller = Caller::default();
    // On the heap: it holds grant, visitor and decision at once, and its callers would carry that on their stacks.
    match Box::pin(answer(house, moment, call, &mut caller)).await {
        Ok(response) => Ok(response),
        Err(TokenError::Refused(fault)) => {
            let error = caller.log_refusal(house, moment, fault).await;
            Err(error.wire(house, moment))
        }
        Err(error) => Err(error.wire(house, moment)),
    }
}

async fn answer(
    house: &House,
    moment: &mut Moment<'_>,
    call: TokenCall<'_>,
    caller: &mut Caller,
) -> Result<TokenResponse, TokenError> {
    // First where, so that whatever is wrong with the rest has a log to stand in.
    let realm = Realm::find(house, call.tenant_segment).await?;
    if let Realm::Tenant(tenant) = &realm {
        caller.tenant = Some(Arc::clone(tenant));
    }
    let form = Parameters::parse(call.body);
    caller.client = danger_named_client(form.as_ref().ok(), call.authorization);
    let form = form.map_err(|error| malformed(&error))?;
    let request = TokenRequest::parse(&form, call.authorization)?;
    let (tenant, artefact) = match addressed(house, &realm, &request.grant).await? {
        Addressed::Here { tenant, artefact } => {
            caller.tenant = Some(Arc::clone(&tenant));
            (tenant, artefact)
        }
        Addressed::Elsewhere(tenant) => {
            return Err(refuse_elsewhere(house, moment, &tenant, &request).await);
        }
    };
    let client = authenticate(house, moment, &tenant, &request.client).await?;
    check_audience(&realm, &client)?;
    let handout = exchange(house, moment, (&tenant, client, artefact), &request).await?;
    let hint = if request.client_info {
        HomeAccountHint::Tell
    } else {
        HomeAccountHint::Omit
    };
    Ok(handout.response(tenant.id(), hint))
}

/// Hands the grant to whoever knows its kind.
async fn exchange(
    house: &House,
    moment: &mut Moment<'_>,
    (tenant, client, artefact): (&Arc<LoadedTenant>, AuthenticatedClient, Option<Presented>),
    request: &TokenRequest,
) -> Result<Handout, TokenError> {
    Ok(match (&request.grant, artefact) {
        (
            RequestedGrant::AuthorizationCode {
                redirect_uri,
                code_verifier,
                scopes,
                ..
            },
            Some(presented),
        ) => {
            let exchange = CodeRequest {
                tenant,
                client,
                presented,
                redirect_uri: redirect_uri.as_deref(),
                code_verifier: code_verifier.as_ref(),
                scopes,
                claims: &request.claims,
            };
            code::redeem(house, moment, exchange).await?
        }
        (RequestedGrant::RefreshToken { scopes, .. }, Some(presented)) => {
            let exchange = RefreshRequest {
                tenant,
                client,
                presented,
                scopes,
                claims: &request.claims,
            };
            refresh::refresh(house, moment, exchange).await?
        }
        (RequestedGrant::ClientCredentials { resource }, _) => {
            let request = ApplicationRequest {
                tenant,
                client,
                resource,
            };
            application::give(house, moment, request).await?
        }
        (RequestedGrant::AuthorizationCode { .. } | RequestedGrant::RefreshToken { .. }, None) => {
            let code = ErrorCode::InvalidGrant;
            client.charge(tenant, code).record(house, moment).await?;
            return Err(TokenError::Logged(code.into()));
        }
    })
}

fn malformed(error: &ParametersError) -> TokenError {
    let code = match error {
        ParametersError::Repeated { .. } => ErrorCode::DuplicateParameter,
        ParametersError::TooLong
        | ParametersError::TooMany
        | ParametersError::ValueTooLong { .. }
        | ParametersError::NotUtf8 => ErrorCode::InvalidUserInput,
    };
    Fault::with_detail(code, error.to_string()).into()
}

/// Where a request belongs.
enum Addressed {
    /// To this tenant.
    Here {
        /// The tenant.
        tenant: Arc<LoadedTenant>,
        /// The code or refresh token.
        artefact: Option<Presented>,
    },
    /// To another tenant than this one, which the path names.
    Elsewhere(Arc<LoadedTenant>),
}

/// A code of another tenant (requirement B10): refused whoever brings it, and written down if the client is known here.
async fn refuse_elsewhere(
    house: &House,
    moment: &mut Moment<'_>,
    tenant: &Arc<LoadedTenant>,
    request: &TokenRequest,
) -> TokenError {
    let refused = ErrorCode::CodeOfAnotherTenant;
    match authenticate(house, moment, tenant, &request.client).await {
        Ok(client) => match client.charge(tenant, refused).record(house, moment).await {
            Ok(()) => TokenError::Logged(refused.into()),
            Err(error) => error,
        },
        Err(TokenError::Refused(_)) => refused.into(),
        Err(TokenError::Logged(_)) => TokenError::Logged(refused.into()),
        Err(error) => error,
    }
}

/// The tenant of the request: the one the path names; else the one that issued the code or refresh token.
async fn addressed(
    house: &House,
    realm: &Realm,
    grant: &RequestedGrant,
) -> Result<Addressed, TokenError> {
    let artefact = match grant {
        RequestedGrant::AuthorizationCode { code, .. } => {
            text::parse(ArtefactKind::AuthorizationCode, code.expose())
        }
        RequestedGrant::RefreshToken { refresh_token, .. } => {
            text::parse(ArtefactKind::RefreshToken, refresh_token.expose())
        }
        RequestedGrant::ClientCredentials { .. } => None,
    };
    match (realm, artefact) {
        (Realm::Tenant(tenant), Some(presented)) if presented.tenant != tenant.id() => {
            Ok(Addressed::Elsewhere(Arc::clone(tenant)))
        }
        (Realm::Tenant(tenant), artefact) => Ok(Addressed::Here {
            tenant: Arc::clone(tenant),
            artefact,
        }),
        (Realm::Undiscovered, Some(presented)) => {
            match realm::load(house, presented.tenant).await {
                Ok(tenant) => Ok(Addressed::Here { tenant, artefact }),
                Err(realm::RealmError::Unknown) => Err(ErrorCode::InvalidGrant.into()),
                Err(realm::RealmError::Store(error)) => Err(error.into()),
            }
        }
        (Realm::Undiscovered, None) => Err(match grant {
            RequestedGrant::ClientCredentials { .. } => {
                ErrorCode::GrantTypeNotSupportedOnCommon.into()
            }
            RequestedGrant::AuthorizationCode { .. } | RequestedGrant::RefreshToken { .. } => {
                ErrorCode::InvalidGrant.into()
            }
        }),
    }
}

/// An application of one organisation is not reached without naming it (50194).
fn check_audience(realm: &Realm, client: &AuthenticatedClient) -> Result<(), TokenError> {
    let audience = client
        .registration
        .application()
        .map(|application| application.sign_in_audience);
    match (realm, audience) {
        (Realm::Tenant(_), _)
        | (Realm::Undiscovered, Some(SignInAudience::AzureADMultipleOrgs)) => Ok(()),
        (Realm::Undiscovered, Some(SignInAudience::AzureADMyOrg) | None) => {
            Err(ErrorCode::NotMultiTenantApplication.into())
        }
    }
}
