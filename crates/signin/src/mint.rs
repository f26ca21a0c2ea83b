//! The mint: the only place where id tokens and access tokens are made, each from a permit that it uses up.
//!
//! What a token says comes from the decision's facts and the directory, never from the request (requirement J04).

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis_model::Timestamp;
use portcullis_model::application::SigningAlgorithm;
use portcullis_model::artefact::Grant;
use portcullis_model::authentication_context::AuthenticationContextId;
use portcullis_model::credential::AuthenticationMethod;
use portcullis_model::entropy::Entropy;
use portcullis_model::id::{ClientId, ServicePrincipalId, TenantId};
use portcullis_model::session::SessionSubject;
use portcullis_model::user::UserType;
use portcullis_policy::facts::{Channel, Proof, Subject, UserSubject};
use portcullis_policy::permit::Permit;
use portcullis_protocol::jose::signing_key::SigningError;
use portcullis_protocol::jose::token::TokenClaims;
use portcullis_protocol::oidc::access_token::{
    AccessTokenClaims, ClientAuthenticationClass, SubjectKind,
};
use portcullis_protocol::oidc::id_token::IdTokenClaims;
use portcullis_protocol::secret::SecretText;

use crate::authentication_contexts;
use crate::house::{House, KeyError, LoadedTenant};
use crate::realm;
use crate::resource::{Resource, short_name};
use crate::subject::pairwise;
use crate::visitor::Visitor;

/// What a person's tokens are made from.
pub struct UserOrder<'a> {
    /// The tenant that issues.
    pub tenant: &'a LoadedTenant,
    /// Who.
    pub visitor: &'a Visitor,
    /// What they granted.
    pub grant: &'a Grant,
    /// The scopes of these tokens; a part of the grant's.
    pub scopes: &'a BTreeSet<String>,
    /// Every proof the decision looked at.
    pub proofs: &'a [Proof],
    /// The authentication contexts that were asked for, and so are met.
    pub authentication_contexts: &'a BTreeSet<AuthenticationContextId>,
    /// Whom the access token is for.
    pub resource: Resource,
    /// How the client showed who it is.
    pub client_class: ClientAuthenticationClass,
    /// What signs the client's id tokens.
    pub client_algorithm: SigningAlgorithm,
    /// From the authorization request; only the first id token echoes it.
    pub nonce: Option<&'a str>,
}

/// What an application's own token is made from.
pub struct ApplicationOrder<'a> {
    /// The tenant that issues.
    pub tenant: &'a LoadedTenant,
    /// The application as this tenant knows it.
    pub principal: ServicePrincipalId,
    /// Its client id.
    pub client: ClientId,
    /// Whom the token is for.
    pub resource: Resource,
    /// The application permissions it holds there.
    pub roles: Vec<String>,
    /// How it showed who it is.
    pub client_class: ClientAuthenticationClass,
}

/// Fresh tokens.
#[derive(Debug)]
pub struct Minted {
    /// The access token.
    pub access_token: SecretText,
    /// The id token, if `openid` is among the scopes.
    pub id_token: Option<SecretText>,
    /// Life of both.
    pub lifetime_seconds: i64,
    /// `uti`, for the log.
    pub unique_token_identifier: String,
}

/// No token is made.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// The permit is for something else, or too old: a fault of ours.
    #[error("the permit does not cover the token: {0}")]
    Permit(&'static str),
    /// There is no key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key does not sign.
    #[error(transparent)]
    Signing(#[from] SigningError),
}

/// Makes a person's tokens. The permit is used up: another token needs another decision.
pub async fn mint_for_user(
    house: &House,
    now: Timestamp,
    entropy: &mut dyn Entropy,
    permit: Permit,
    order: UserOrder<'_>,
) -> Result<Minted, MintError> {
    let tenant = order.tenant.id();
    check_binding(&permit, tenant, order.grant.client, order.resource, now)?;
    let subject = match permit.subject() {
        Subject::User(subject) if is_subject(subject, order.grant.subject) => subject,
        Subject::User(_) | Subject::ServicePrincipal(_) => {
            return Err(MintError::Permit("another subject"));
        }
    };
    let person = Person::describe(house, &order, subject);
    let stamp = Stamp::new(house, tenant, now, entropy);
    let access = access_claims(house, &stamp, &order, &person);
    let algorithm = order.resource.algorithm;
    let access_token = sign(house, tenant, algorithm, now, &access).await?;
    let id_token = if order.scopes.contains("openid") {
        let claims = id_claims(house, &stamp, &order, &person, &access_token);
        Some(sign(house, tenant, order.client_algorithm, now, &claims).await?)
    } else {
        None
    };
    Ok(Minted {
        access_token,
        id_token,
        lifetime_seconds: stamp.lifetime_seconds,
        unique_token_identifier: stamp.unique_token_identifier,
    })
}

/// Makes an application's own token.
pub async fn mint_for_application(
    house: &House,
    now: Timestamp,
    entropy: &mut dyn Entropy,
    permit: Permit,
    order: ApplicationOrder<'_>,
) -> Result<Minted, MintError> {
    let tenant = order.tenant.id();
    check_binding(&permit, tenant, order.client, order.resource, now)?;
    if *permit.subject() != Subject::ServicePrincipal(order.principal) {
        return Err(MintError::Permit("another subject"));
    }
    let stamp = Stamp::new(house, tenant, now, entropy);
    let principal = order.principal.to_string();
    let claims = AccessTokenClaims {
        // An object id of 36 characters; a person's subject has 43 (requirement B18).
        sub: principal.clone(),
        oid: Some(principal),
        azpacr: order.client_class,
        idtyp: SubjectKind::App,
        roles: order.roles,
        ..stamp.blank_access_claims(order.resource.client, order.client)
    };
    let access_token = sign(house, tenant, order.resource.algorithm, now, &claims).await?;
    Ok(Minted {
        access_token,
        id_token: None,
        lifetime_seconds: stamp.lifetime_seconds,
        unique_token_identifier: stamp.unique_token_identifier,
    })
}

fn check_binding(
    permit: &Permit,
    tenant: TenantId,
    client: ClientId,
    resource: Resource,
    now: Timestamp,
) -> Result<(), MintError> {
    let age_seconds = now.duration_since(permit.granted_at()).as_secs();
    if permit.tenant() != tenant {
        Err(MintError::Permit("another tenant"))
    } else if permit.client() != client {
        Err(MintError::Permit("another client"))
    } else if !permit.audiences().contains(&resource.client) {
        Err(MintError::Permit("another audience"))
    } else if !(0..=Permit::LIFETIME_SECONDS).contains(&age_seconds) {
        Err(MintError::Permit("of another moment"))
    } else {
        Ok(())
    }
}

fn is_subject(permitted: &UserSubject, granted: SessionSubject) -> bool {
    match granted {
        SessionSubject::User(user) => permitted.user == Some(user),
        SessionSubject::DirectConnect(home) => {
            permitted.user.is_none() && permitted.home() == Some(home)
        }
    }
}

/// An RSA signature takes most of a millisecond, less than handing it to another thread and back would be worth here.
async fn sign<C: TokenClaims>(
    house: &House,
    tenant: TenantId,
    algorithm: SigningAlgorithm,
    now: Timestamp,
    claims: &C,
) -> Result<SecretText, MintError> {
    let key = house.keys.signing_key(tenant, algorithm, now).await?;
    Ok(key.sign(claims)?)
}

/// What all tokens of one answer share.
struct Stamp {
    issuer: String,
    tenant: String,
    issued_at: i64,
    lifetime_seconds: i64,
    unique_token_identifier: String,
}

impl Stamp {
    fn new(house: &House, tenant: TenantId, now: Timestamp, entropy: &mut dyn Entropy) -> Self {
        let mut octets = [0; 16];
        entropy.fill(&mut octets);
        Self {
            issuer: realm::issuer(&house.public_url, tenant),
            tenant: tenant.to_string(),
            issued_at: now.as_second(),
            lifetime_seconds: house.lifetimes.access_token_seconds,
            unique_token_identifier: URL_SAFE_NO_PAD.encode(octets),
        }
    }

    fn expires_at(&self) -> i64 {
        self.issued_at.saturating_add(self.lifetime_seconds)
    }

    /// Claims about nobody yet.
    fn blank_access_claims(&self, audience: ClientId, client: ClientId) -> AccessTokenClaims {
        AccessTokenClaims {
            iss: self.issuer.clone(),
            sub: String::new(),
            aud: audience.to_string(),
            exp: self.expires_at(),
            iat: self.issued_at,
            nbf: self.issued_at,
            jti: self.unique_token_identifier.clone(),
            client_id: client.to_string(),
            azp: client.to_string(),
            azpacr: ClientAuthenticationClass::Public,
            ver: VERSION.to_owned(),
            tid: self.tenant.clone(),
            oid: None,
            idtyp: SubjectKind::User,
            scope: None,
            scp: None,
            roles: Vec::new(),
            idp: None,
            acct: None,
            auth_time: None,
            amr: Vec::new(),
            acr: None,
            acrs: BTreeSet::new(),
            sid: None,
            name: None,
            preferred_username: None,
            email: None,
            gid: None,
            uti: Some(self.unique_token_identifier.clone()),
        }
    }
}

const VERSION: &str = "2.0";

/// What both tokens say of the person.
struct Person {
    object: Option<String>,
    home_issuer: Option<String>,
    account_type: u8,
    methods: Vec<String>,
    name: Option<String>,
    preferred_username: Option<String>,
    email: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
}

impl Person {
    fn describe(house: &House, order: &UserOrder<'_>, subject: &UserSubject) -> Self {
        let visitor = order.visitor;
        let wants = |scope: &str| order.scopes.contains(scope);
        let object = visitor.object.as_ref();
        let home = visitor.home.as_ref();
        let described = object.or(home.map(|home| &home.user));
        // Guests' applications know them by mail; members' is told when asked for (specification 7.9).
        let tells_mail = wants("email") || subject.channel() == Channel::Collaboration;
        let mail = described.and_then(|user| user.mail.as_deref());
        let profile =
            |text: Option<&String>| text.filter(|_| wants("profile")).map(|text| bounded(text));
        Self {
            object: object.map(|user| user.id.to_string()),
            home_issuer: home.map(|home| realm::issuer(&house.public_url, home.tenant.id())),
            account_type: account_type(visitor),
            methods: methods(order.tenant, subject, order.proofs),
            name: wants("profile").then(|| bounded(visitor.display_name())),
            preferred_username: wants("profile").then(|| bounded(visitor.account_name())),
            email: mail.filter(|_| tells_mail).map(bounded),
            given_name: profile(described.and_then(|user| user.given_name.as_ref())),
            family_name: profile(described.and_then(|user| user.surname.as_ref())),
        }
    }
}

/// `acct`: 0 for a member of the tenant, 1 for a guest and for whoever has no object here.
fn account_type(visitor: &Visitor) -> u8 {
    match &visitor.object {
        None => 1,
        Some(user) => match user.user_type {
            Some(UserType::Guest) => 1,
            Some(UserType::Member) => 0,
            None => u8::from(visitor.home.is_some()),
        },
    }
}

/// `amr` (RFC 8176): the methods that count here. A second factor counts where the decision would have counted it: at
/// home for users of this tenant, at home for others if its MFA is trusted, else here (requirement J06). `idp` beside
/// it says that a method was proven in another tenant.
fn methods(tenant: &LoadedTenant, subject: &UserSubject, proofs: &[Proof]) -> Vec<String> {
    let home = subject.home().map(|home| home.tenant_id);
    let first_place = home.unwrap_or(tenant.id());
    let second_place = match home {
        Some(home) if tenant.compiled.trust(home).mfa => home,
        Some(_) | None => tenant.id(),
    };
    let proven = |wanted: AuthenticationMethod, place: TenantId| {
        proofs
            .iter()
            .any(|proof| proof.method == wanted && proof.tenant == place)
    };
    let first = proven(AuthenticationMethod::Password, first_place);
    let second = proven(AuthenticationMethod::SoftwareOath, second_place);
    let named = [("pwd", first), ("otp", second), ("mfa", first && second)];
    let counted = named.into_iter().filter(|(_, counts)| *counts);
    counted.map(|(name, _)| name.to_owned()).collect()
}

/// The class every sign-in of ours reaches (specification 7.9); more is said by `amr` and `acrs`.
const ACR: &str = "1";

fn access_claims(
    house: &House,
    stamp: &Stamp,
    order: &UserOrder<'_>,
    person: &Person,
) -> AccessTokenClaims {
    let grant = order.grant;
    let audience = order.resource.client;
    let names: BTreeSet<&str> = order
        .scopes
        .iter()
        .filter_map(|scope| short_name(scope))
        .collect();
    let names = names.into_iter().collect::<Vec<_>>().join(" ");
    let scope = Some(names).filter(|names| !names.is_empty());
    AccessTokenClaims {
        sub: pairwise(house, order.tenant.id(), audience, grant.subject),
        azpacr: order.client_class,
        oid: person.object.clone(),
        scope: scope.clone(),
        scp: scope,
        idp: person.home_issuer.clone(),
        acct: Some(person.account_type),
        auth_time: Some(grant.authenticated_at.as_second()),
        amr: person.methods.clone(),
        acr: Some(ACR.to_owned()),
        acrs: authentication_contexts::names(order.authentication_contexts),
        sid: Some(grant.session.to_string()),
        name: person.name.clone(),
        preferred_username: person.preferred_username.clone(),
        email: person.email.clone(),
        gid: Some(grant.id.to_string()),
        ..stamp.blank_access_claims(audience, grant.client)
    }
}

fn id_claims(
    house: &House,
    stamp: &Stamp,
    order: &UserOrder<'_>,
    person: &Person,
    access_token: &SecretText,
) -> IdTokenClaims {
    let grant = order.grant;
    IdTokenClaims {
        iss: stamp.issuer.clone(),
        sub: pairwise(house, order.tenant.id(), grant.client, grant.subject),
        aud: grant.client.to_string(),
        exp: stamp.expires_at(),
        iat: stamp.issued_at,
        nbf: stamp.issued_at,
        ver: VERSION.to_owned(),
        tid: stamp.tenant.clone(),
        oid: person.object.clone(),
        idp: person.home_issuer.clone(),
        acct: Some(person.account_type),
        auth_time: Some(grant.authenticated_at.as_second()),
        amr: person.methods.clone(),
        acr: Some(ACR.to_owned()),
        acrs: authentication_contexts::names(order.authentication_contexts),
        sid: Some(grant.session.to_string()),
        at_hash: Some(access_token_hash(access_token)),
        nonce: order.nonce.map(str::to_owned),
        name: person.name.clone(),
        preferred_username: person.preferred_username.clone(),
        email: person.email.clone(),
        given_name: person.given_name.clone(),
        family_name: person.family_name.clone(),
        roles: Vec::new(),
        uti: Some(stamp.unique_token_identifier.clone()),
    }
}

/// The left half of the hash (OpenID Connect Core §3.1.3.6); both our algorithms hash with SHA-256.
fn access_token_hash(access_token: &SecretText) -> String {
    let hash = digest(&SHA256, access_token.expose().as_bytes());
    let left: Vec<u8> = hash.as_ref().iter().copied().take(16).collect();
    URL_SAFE_NO_PAD.encode(left)
}

/// A name of an imported directory may be of any length; a token may not (requirement G17).
fn bounded(text: &str) -> String {
    text.chars().take(NAME_CHARACTERS_MAX).collect()
}

const NAME_CHARACTERS_MAX: usize = 256;
