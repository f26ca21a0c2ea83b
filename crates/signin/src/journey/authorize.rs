//! The authorization endpoint: a table of small checks, then the choice of an account (RFC 6749 §4.1.1).

use std::collections::BTreeSet;
use std::sync::Arc;

use portcullis_model::application::RedirectKind;
use portcullis_model::authentication_context::AuthenticationContextId;
use portcullis_protocol::jose::public_key::VerificationKey;
use portcullis_protocol::jose::verify::{Audience, Expected, Lifetime, verify};
use portcullis_protocol::oauth::authorization_request::{
    AuthorizationRequest, AuthorizationTarget, ResponseMode,
};
use portcullis_protocol::oauth::authorization_response::ReturnAddress;
use portcullis_protocol::oauth::error::Fault;
use portcullis_protocol::oauth::error_catalogue::{Channel, ErrorCode};
use portcullis_protocol::oauth::parameters::Parameters;
use portcullis_protocol::oidc::id_token::IdTokenClaims;

use super::account;
use super::answer::deliver;
use super::client::{self, Client};
use super::record::Case;
use super::refusal;
use super::request::{Reach, Request, client_kind};
use super::walk::{Halt, Progress, Walk};
use super::{assurance, reach};
use crate::authentication_contexts;
use crate::house::{House, KeyError, LoadedTenant, Moment};
use crate::log::row::Who;
use crate::page::{Answer, Cookies, Step};
use crate::realm::{self, Realm, RealmError};

/// A refusal at the authorization endpoint. Only the second kind may ever reach the client: an open redirect does not
/// type-check (RFC 9700 §4.11.2, requirement A06).
pub(super) enum Refused {
    /// The client or its address is not known to be good: only a page of ours.
    Shown {
        fault: Fault,
        /// The client, when it is known in the tenant.
        client: Option<Client>,
    },
    /// The address matched: the client may be told.
    Redirected {
        fault: Fault,
        address: Box<ReturnAddress>,
        client: Client,
    },
    /// Nothing could be checked.
    Halted(Halt),
}

impl<E: Into<Halt>> From<E> for Refused {
    fn from(cause: E) -> Self {
        Self::Halted(cause.into())
    }
}

/// Answers an authorization request, by GET or POST. `tenant_segment` is a tenant id, a verified domain, `organizations`
/// or `common`; `raw_parameters` the query or the form body as it came.
pub async fn authorize(
    house: &House,
    moment: Moment<'_>,
    cookies: &dyn Cookies,
    tenant_segment: &str,
    raw_parameters: &str,
) -> Answer {
    let mut walk = Walk::new(house, moment, cookies);
    let step = match begin(&mut walk, tenant_segment, raw_parameters).await {
        Ok(step) => step,
        Err(halt) => refusal::halted(&mut walk, &halt, None),
    };
    walk.answer(step)
}

async fn begin(
    walk: &mut Walk<'_, '_>,
    tenant_segment: &str,
    raw_parameters: &str,
) -> Result<Step, Halt> {
    let realm = match Realm::find(walk.house, tenant_segment).await {
        Ok(realm) => realm,
        Err(RealmError::Unknown) => return Err(Halt::Refused(ErrorCode::InvalidTenantName)),
        Err(RealmError::Store(cause)) => return Err(cause.into()),
    };
    let parameters = match Parameters::parse(raw_parameters.as_bytes()) {
        Ok(parameters) => parameters,
        Err(error) => return Err(Halt::Refused(Fault::from(error).code)),
    };
    enter(walk, Progress::New, realm, parameters, None).await
}

/// Reads the request for this realm and chooses the account. `name` is what the person typed at `organizations`.
pub(super) async fn enter(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    realm: Realm,
    parameters: Parameters,
    name: Option<String>,
) -> Result<Step, Halt> {
    match read(walk, &realm, &parameters).await {
        Ok(mut request) => {
            if name.is_some() {
                request.asked.login_hint = name;
            }
            account::choose(walk, progress, Box::new(request)).await
        }
        Err(Refused::Halted(halt)) => Err(halt),
        Err(Refused::Shown { fault, client }) => {
            note(walk, &realm, client.as_ref(), &fault).await?;
            Ok(refusal::shown(walk, &realm, client.as_ref(), &fault))
        }
        Err(Refused::Redirected {
            fault,
            address,
            client,
        }) => {
            note(walk, &realm, Some(&client), &fault).await?;
            let is_silent = parameters.find("prompt") == Some("none");
            if is_silent || somebody_is_here(walk, &realm).await? {
                let channel = if is_silent {
                    Channel::Silent
                } else {
                    Channel::Interactive
                };
                Ok(deliver(walk.tell(*address, &fault, channel)))
            } else {
                // Nobody is bounced to a client by a link they merely followed (requirement A07).
                Ok(refusal::offered(walk, &realm, &client, *address, &fault))
            }
        }
    }
}

/// The table: each row takes what it needs and answers a value or a refusal.
async fn read(
    walk: &mut Walk<'_, '_>,
    realm: &Realm,
    parameters: &Parameters,
) -> Result<Request, Refused> {
    let shown = |fault| Refused::Shown {
        fault,
        client: None,
    };
    // RFC 6749 §4.1.1: who asks, and where the answer would go.
    let target = AuthorizationTarget::parse(parameters).map_err(shown)?;
    let client = client::identify(walk.house, realm, &target)
        .await?
        .map_err(shown)?;
    // RFC 6749 §3.1.2.3: exactly a registered address.
    let (redirect_uri, platform) = match client.match_redirect_uri(target.redirect_uri.as_deref()) {
        Ok(matched) => matched,
        Err(fault) => {
            let client = Some(client);
            return Err(Refused::Shown { fault, client });
        }
    };
    let address = ReturnAddress {
        redirect_uri,
        response_mode: target.response_mode,
        state: target.state,
        issuer: issuer(walk.house, realm),
    };
    // From here on the client may be told.
    match ask(walk, realm, parameters, (&client, platform)).await {
        Ok(answers) => Ok(request(
            walk, realm, client, platform, address, answers, parameters,
        )),
        Err(Asking::Fault(fault)) => Err(Refused::Redirected {
            fault,
            address: Box::new(address),
            client,
        }),
        Err(Asking::Halted(halt)) => Err(halt.into()),
    }
}

/// What the second half of the table came to.
struct Answers {
    asked: AuthorizationRequest,
    reach: Reach,
    requests_mfa: bool,
    authentication_contexts: BTreeSet<AuthenticationContextId>,
    expected_subject: Option<String>,
}

enum Asking {
    Fault(Fault),
    Halted(Halt),
}

impl From<Fault> for Asking {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<portcullis_model::store::StoreError> for Asking {
    fn from(cause: portcullis_model::store::StoreError) -> Self {
        Self::Halted(cause.into())
    }
}

async fn ask(
    walk: &Walk<'_, '_>,
    realm: &Realm,
    parameters: &Parameters,
    (client, platform): (&Client, RedirectKind),
) -> Result<Answers, Asking> {
    // RFC 6749 §3.1.1, OpenID Connect Core §3.1.2.1: response_type, response_mode, prompt, max_age, claims, ...
    let asked = AuthorizationRequest::parse(parameters)?;
    // Native applications have no server a form could be posted to (requirement A16).
    response_mode_fits(asked.response_mode, platform)?;
    // RFC 7636 §4.4.1, RFC 9700 §2.1.1: PKCE for every client (requirement B01).
    if asked.code_challenge.is_none() {
        let missing = Fault::with_detail(ErrorCode::PkceRequired, "code_challenge is missing");
        return Err(missing.into());
    }
    // OpenID Connect Core §5.5.1.1: what is demanded can be given.
    let requests_mfa = assurance::requests_mfa(&asked)?;
    let (reach, expected_subject, authentication_contexts) = match realm {
        Realm::Undiscovered => (Reach::default(), None, BTreeSet::new()),
        Realm::Tenant(tenant) => {
            // RFC 6749 §3.3: every scope names something this tenant knows.
            let kind = client_kind(platform);
            let reach =
                reach::of_scopes(walk.house, tenant, (client.id, kind), &asked.scopes).await??;
            // OpenID Connect Core §3.1.2.1: the hint is an id token of ours (requirement A24).
            let hinted = match &asked.id_token_hint {
                Some(hint) => Some(hinted_subject(walk, tenant, client, hint).await?),
                None => None,
            };
            // Specification 7.10: a context that is demanded is one this tenant knows.
            let contexts = authentication_contexts::demanded(tenant, &asked.claims)?;
            (reach, hinted, contexts)
        }
    };
    Ok(Answers {
        asked,
        reach,
        requests_mfa,
        authentication_contexts,
        expected_subject,
    })
}

fn response_mode_fits(mode: ResponseMode, platform: RedirectKind) -> Result<(), Fault> {
    match (mode, platform) {
        (ResponseMode::FormPost, RedirectKind::PublicClient | RedirectKind::Spa) => {
            Err(ErrorCode::UnsupportedResponseMode.into())
        }
        (ResponseMode::FormPost, RedirectKind::Web)
        | (ResponseMode::Query | ResponseMode::Fragment, _) => Ok(()),
    }
}

async fn hinted_subject(
    walk: &Walk<'_, '_>,
    tenant: &LoadedTenant,
    client: &Client,
    hint: &str,
) -> Result<String, Asking> {
    let keys = walk
        .house
        .keys
        .published_keys(tenant.id(), walk.moment.now)
        .await;
    let keys = keys.map_err(|error| match error {
        KeyError::Store(cause) => Asking::Halted(cause.into()),
        KeyError::Key(_) => Asking::Halted(Halt::Fault("the signing keys cannot be used")),
    })?;
    let keys: Vec<VerificationKey> = keys
        .iter()
        .filter_map(|jwk| VerificationKey::from_public_jwk(jwk).ok())
        .collect();
    let issuer = realm::issuer(&walk.house.public_url, tenant.id());
    let client = client.id.to_string();
    let claims: IdTokenClaims = verify(
        hint,
        &keys,
        &Expected {
            issuer: &issuer,
            audience: Audience::OneOf(&[&client]),
            lifetime: Lifetime::MayBeOver,
            now: walk.moment.now,
        },
    )
    .map_err(|_| Fault::with_detail(ErrorCode::InvalidUserInput, "id_token_hint"))?;
    Ok(claims.sub)
}

fn request(
    walk: &Walk<'_, '_>,
    realm: &Realm,
    client: Client,
    platform: RedirectKind,
    mut address: ReturnAddress,
    answers: Answers,
    parameters: &Parameters,
) -> Request {
    address.response_mode = answers.asked.response_mode;
    Request {
        tenant: match realm {
            Realm::Tenant(tenant) => Some(tenant.id()),
            Realm::Undiscovered => None,
        },
        client: client.id,
        client_name: client.name,
        redirect_kind: platform,
        address,
        asked: answers.asked,
        reach: answers.reach,
        requests_mfa: answers.requests_mfa,
        authentication_contexts: answers.authentication_contexts,
        expected_subject: answers.expected_subject,
        began_at: walk.moment.now,
        correlation_id: walk.moment.correlation_id,
        parameters: parameters.print(),
    }
}

/// The issuer that answers; before a tenant is known the one of the discovery document, with its placeholder.
fn issuer(house: &House, realm: &Realm) -> String {
    match realm {
        Realm::Tenant(tenant) => realm::issuer(&house.public_url, tenant.id()),
        Realm::Undiscovered => format!("{}/{{tenantid}}/v2.0", realm::base(&house.public_url)),
    }
}

async fn somebody_is_here(walk: &Walk<'_, '_>, realm: &Realm) -> Result<bool, Halt> {
    match realm {
        Realm::Tenant(tenant) => Ok(!walk.live_sessions(tenant.id()).await?.is_empty()),
        Realm::Undiscovered => Ok(false),
    }
}

/// Logs a refusal of a request whose client is known in the tenant.
async fn note(
    walk: &mut Walk<'_, '_>,
    realm: &Realm,
    client: Option<&Client>,
    fault: &Fault,
) -> Result<(), Halt> {
    let (Realm::Tenant(tenant), Some(client)) = (realm, client) else {
        return Ok(());
    };
    let tenant: &Arc<LoadedTenant> = tenant;
    let nobody = Who::Unproven {
        name: None,
        home: None,
        account: None,
    };
    let case = Case::of_client(tenant, client.id, walk.moment.now, nobody);
    walk.record(&case, Some(fault.code));
    walk.commit(tenant.id()).await
}
