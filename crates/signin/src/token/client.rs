//! Who asks for a token: the client, as one tenant knows it, and how it showed who it is (RFC 6749 §2.3, RFC 7523).

use std::sync::Arc;

use portcullis_model::application::{RedirectKind, ServicePrincipal, SigningAlgorithm};
use portcullis_model::credential::{ClientSecret, ThrottleKey};
use portcullis_model::id::ClientId;
use portcullis_model::secret::TokenHash;
use portcullis_model::store::{Change, CommitError, StoreError};
use portcullis_protocol::jose::public_key::VerificationKey;
use portcullis_protocol::oauth::client_assertion::{self, ExpectedAssertion};
use portcullis_protocol::oauth::client_authentication::{ClientAuthentication, ClientCredential};
use portcullis_protocol::oauth::error::Fault;
use portcullis_protocol::oauth::error_catalogue::ErrorCode;
use portcullis_protocol::oidc::access_token::ClientAuthenticationClass;
use portcullis_protocol::secret::SecretText;
use subtle::ConstantTimeEq;

use crate::house::{House, LoadedTenant, Moment};
use crate::realm::{self, Registration};
use crate::token::error::TokenError;
use crate::token::record;
use crate::token::text;

/// A client whose credential, if it needs one, was right.
pub struct AuthenticatedClient {
    /// The application as the tenant of the request knows it.
    pub principal: ServicePrincipal,
    /// Its registration.
    pub registration: Registration,
    /// How it showed who it is.
    pub class: ClientAuthenticationClass,
    /// What signs its id tokens.
    pub algorithm: SigningAlgorithm,
    /// Enters the assertion as used: goes first into the commit that hands something out (requirement F02).
    pub spend: Option<Change>,
}

impl AuthenticatedClient {
    /// The client id.
    pub fn id(&self) -> ClientId {
        self.registration.client
    }

    /// A failure of this client that anybody can repeat.
    pub fn charge<'a>(&'a self, tenant: &'a LoadedTenant, code: ErrorCode) -> Charge<'a> {
        Charge {
            tenant,
            principal: &self.principal,
            spend: self.spend.as_ref(),
            code,
        }
    }

    /// Whoever came to a `web` address authenticates; whoever came to another one has no secret to show.
    pub fn check_kind(&self, kind: RedirectKind) -> Result<(), Fault> {
        match (kind, self.class) {
            (RedirectKind::Web, ClientAuthenticationClass::Public) => {
                Err(ErrorCode::MissingClientCredential.into())
            }
            (
                RedirectKind::Spa | RedirectKind::PublicClient,
                ClientAuthenticationClass::Secret | ClientAuthenticationClass::Key,
            ) => Err(ErrorCode::ClientIsPublic.into()),
            (
                RedirectKind::Web,
                ClientAuthenticationClass::Secret | ClientAuthenticationClass::Key,
            )
            | (RedirectKind::Spa | RedirectKind::PublicClient, ClientAuthenticationClass::Public) => {
                Ok(())
            }
        }
    }
}

/// Finds the client in `tenant` and checks its credential. A wrong one is charged and logged.
pub async fn authenticate(
    house: &House,
    moment: &mut Moment<'_>,
    tenant: &Arc<LoadedTenant>,
    presented: &ClientAuthentication,
) -> Result<AuthenticatedClient, TokenError> {
    let client: ClientId = presented
        .client_id
        .parse()
        .map_err(|_| ErrorCode::ApplicationNotFound)?;
    let registration = Registration::find(house, tenant, client)
        .await?
        .ok_or(ErrorCode::ApplicationNotFound)?;
    let principal = tenant
        .service_principal(client)
        .ok_or(ErrorCode::ApplicationNotFound)?
        .clone();
    let checked = match &presented.credential {
        ClientCredential::Absent => Ok((ClientAuthenticationClass::Public, None)),
        ClientCredential::SecretPost(secret) | ClientCredential::SecretBasic(secret) => {
            check_secret(house, moment, &registration, secret)
                .await?
                .map(|()| (ClientAuthenticationClass::Secret, None))
        }
        ClientCredential::PrivateKeyJwt(assertion) => {
            check_assertion(house, moment, tenant, &registration, assertion)
                .map(|spend| (ClientAuthenticationClass::Key, Some(spend)))
        }
    };
    let (class, spend) = match checked {
        Ok(authenticated) => authenticated,
        Err(fault) => return Err(charge(house, moment, tenant, &principal, fault).await),
    };
    // After the credential, so that nobody learns of a stranger's registration whether it is switched on.
    if !principal.account_enabled {
        return Err(ErrorCode::ApplicationDisabled.into());
    }
    let algorithm = registration
        .application()
        .map(|application| application.token_signing_algorithm)
        .unwrap_or_default();
    Ok(AuthenticatedClient {
        principal,
        registration,
        class,
        algorithm,
        spend,
    })
}

/// Compares hashes in constant time; all secrets are looked at, whichever fits (requirements F05, F06).
async fn check_secret(
    house: &House,
    moment: &Moment<'_>,
    registration: &Registration,
    presented: &SecretText,
) -> Result<Result<(), Fault>, StoreError> {
    let store = house.store.tenant(registration.owner.id());
    let secrets = store.list_client_secrets(registration.client).await?;
    let hash = text::hash(presented.expose());
    let mut fitting: Option<&ClientSecret> = None;
    for secret in &secrets {
        let fits = bool::from(secret.hash.0.ct_eq(&hash.0));
        let is_current = secret.expires_at.is_none_or(|end| moment.now < end);
        if fits && (fitting.is_none() || is_current) {
            fitting = Some(secret);
        }
    }
    Ok(match fitting {
        None => Err(ErrorCode::InvalidClientSecret.into()),
        Some(secret) if secret.expires_at.is_some_and(|end| end <= moment.now) => {
            Err(ErrorCode::ExpiredClientSecret.into())
        }
        Some(_) => Ok(()),
    })
}

/// Verifies the assertion against the registered keys; answers the change that enters it as used.
fn check_assertion(
    house: &House,
    moment: &Moment<'_>,
    tenant: &LoadedTenant,
    registration: &Registration,
    assertion: &SecretText,
) -> Result<Change, Fault> {
    let keys: Vec<VerificationKey> = registration
        .application()
        .into_iter()
        .flat_map(|application| &application.key_credentials)
        .filter_map(|credential| {
            let key = VerificationKey::from_jwk(&credential.jwk).ok()?;
            Some(key.named(credential.key_id.clone()))
        })
        .collect();
    let client_id = registration.client.to_string();
    let issuer = realm::issuer(&house.public_url, tenant.id());
    let base = realm::base(&house.public_url);
    // The addresses under which this tenant's token endpoint can be reached (requirement F01).
    let mut endpoints = vec![format!("{base}/{}/oauth2/v2.0/token", tenant.id())];
    for name in ["organizations", "common"] {
        endpoints.push(format!("{base}/{name}/oauth2/v2.0/token"));
    }
    let domains = &tenant.configuration.organization.verified_domains;
    endpoints.extend(
        domains
            .iter()
            .map(|domain| format!("{base}/{}/oauth2/v2.0/token", domain.name)),
    );
    let mut audiences: Vec<&str> = endpoints.iter().map(String::as_str).collect();
    audiences.push(&issuer);
    let expected = ExpectedAssertion {
        client_id: &client_id,
        audiences: &audiences,
        now: moment.now,
    };
    let proof = client_assertion::verify(assertion.expose(), &keys, &expected)?;
    Ok(Change::SpendAssertionId {
        client: registration.client,
        id: assertion_id(proof.jti()),
        expires_at: proof.expires_at(),
    })
}

fn assertion_id(jti: &str) -> TokenHash {
    text::hash(jti)
}

/// Charges and logs a wrong credential. A right one is never held up by others' wrong ones: secrets have 128 bits, so
/// the budget protects the log and the writer, not the secret, and nobody can lock a client out.
async fn charge(
    house: &House,
    moment: &mut Moment<'_>,
    tenant: &Arc<LoadedTenant>,
    principal: &ServicePrincipal,
    fault: Fault,
) -> TokenError {
    let charge = Charge {
        tenant,
        principal,
        spend: None,
        code: fault.code,
    };
    match charge.record(house, moment).await {
        Ok(()) => TokenError::Logged(fault),
        Err(error) => error,
    }
}

/// A failure that anybody can cause, and that is written down as often as the client's budget allows.
pub struct Charge<'a> {
    /// Where it happened.
    pub tenant: &'a LoadedTenant,
    /// Whose budget it is.
    pub principal: &'a ServicePrincipal,
    /// The assertion, if one came along that is good.
    pub spend: Option<&'a Change>,
    /// What it was.
    pub code: ErrorCode,
}

impl Charge<'_> {
    /// Writes it down; 90055 once the budget is used up.
    pub async fn record(self, house: &House, moment: &mut Moment<'_>) -> Result<(), TokenError> {
        let budget = Change::ChargeThrottle {
            key: ThrottleKey::Client(self.principal.app_id),
            attempts_max: house.budgets.client_attempts_max,
            window_seconds: house.budgets.window_seconds,
            now: moment.now,
        };
        let rows = record::client_refused(moment, self.tenant, self.principal, self.code);
        let spend = self.spend.cloned();
        let changes = std::iter::once(budget).chain(spend).chain(rows).collect();
        match house.store.tenant(self.tenant.id()).commit(changes).await {
            Ok(()) => Ok(()),
            Err(CommitError::Lost { index: 0 }) => {
                Err(TokenError::Logged(ErrorCode::TooManyRequests.into()))
            }
            Err(CommitError::Lost { .. }) => Err(ErrorCode::ClientAssertionReplayed.into()),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }
}
