//! The facts of a sign-in, each with where it came from: all that a decision may look at.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use portcullis_model::Timestamp;
use portcullis_model::authentication_context::AuthenticationContextId;
use portcullis_model::conditional_access::signal::{InsiderRiskLevel, RiskLevel, TransferMethod};
use portcullis_model::conditional_access::{
    ClientAppType, DevicePlatform, ExternalUserTypes, UserAction,
};
use portcullis_model::country::CountryCode;
use portcullis_model::credential::{AuthenticationMethod, AuthenticationMethods};
use portcullis_model::device::DeviceClaims;
use portcullis_model::id::{
    AgreementId, ClientId, GroupId, RoleTemplateId, ServicePrincipalId, TenantId, UserId,
};
use portcullis_model::user::{HomeAccount, UserType};
use uuid::Uuid;

use crate::cross_tenant::{Admission, AdmissionWithoutHome};

/// One sign-in as the resource tenant sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Who.
    pub subject: Subject,
    /// Every resource the request reaches (specification 4.3). Empty only beside a user action or an authentication
    /// context; a request that reaches nothing at all is blocked.
    pub audiences: BTreeSet<ClientId>,
    /// What the user does to their own account, if that is what this is about.
    pub user_action: Option<UserAction>,
    /// What the application asks for by name.
    pub authentication_contexts: BTreeSet<AuthenticationContextId>,
    /// The client the permit will be bound to.
    pub client: ClientId,
    /// By what kind of client.
    pub client_app_type: ClientAppType,
    /// From what platform; `None` is unknown.
    pub platform: Option<DevicePlatform>,
    /// From what address; `None` is unknown and inside no named location.
    pub ip_address: Option<IpAddr>,
    /// From what country, by the address; `None` is unknown.
    pub country: Option<CountryCode>,
    /// What else is known of the place.
    pub place: PlaceFacts,
    /// What a tenant says of the device; `None` when nobody vouches.
    pub device: Option<DeviceClaims>,
    /// What the client application is; `None` when nothing vouches for it.
    pub client_protection: ClientProtection,
    /// How risky it is.
    pub risk: RiskFacts,
    /// How the session was moved here from another device, if it was; refreshes keep it (specification 4.8).
    pub transfer_method: Option<TransferMethod>,
    /// What was proven so far, in whichever tenant.
    pub proofs: Vec<Proof>,
    /// What was done so far beside proving methods.
    pub fulfilled: Fulfilled,
    /// What the user could still prove.
    pub methods: MethodFacts,
    /// Whether somebody is there to answer a challenge.
    pub interaction: Interaction,
    /// The request itself demands MFA (essential `amr` or `acr` of OpenID Connect): asked for like a policy's control.
    pub requests_mfa: bool,
    /// Now.
    pub at: Timestamp,
}

/// For whoever still needs the facts afterwards.
impl From<&SignIn> for Arc<SignIn> {
    fn from(sign_in: &SignIn) -> Self {
        Self::new(sign_in.clone())
    }
}

impl SignIn {
    /// A sign-in of which nothing else is known: a browser of unknown platform and place, no device, no risk, no proof, and
    /// nobody there to answer.
    pub fn new(
        subject: Subject,
        client: ClientId,
        audiences: BTreeSet<ClientId>,
        at: Timestamp,
    ) -> Self {
        Self {
            subject,
            audiences,
            user_action: None,
            authentication_contexts: BTreeSet::new(),
            client,
            client_app_type: ClientAppType::Browser,
            platform: None,
            ip_address: None,
            country: None,
            place: PlaceFacts::default(),
            device: None,
            client_protection: ClientProtection::default(),
            risk: RiskFacts::default(),
            transfer_method: None,
            proofs: Vec::new(),
            fulfilled: Fulfilled::default(),
            methods: MethodFacts::default(),
            interaction: Interaction::Silent,
            requests_mfa: false,
            at,
        }
    }
}

/// What is known of the place beside address and country.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlaceFacts {
    /// The country by the coordinates of an authenticator; `None`: none were given, or they are not believed.
    pub gps_country: Option<CountryCode>,
    /// The tenant whose compliant network the session came through.
    pub compliant_network: Option<TenantId>,
}

/// How far the client application protects what it gets (specification 5.4).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClientProtection {
    /// The application is on the list of approved ones, on a device that a broker registered.
    pub is_approved: bool,
    /// An application protection policy is in force.
    pub is_compliant: bool,
}

/// How risky a sign-in is. Whoever sees no risk says `none`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RiskFacts {
    /// Of this sign-in, by the resource tenant.
    pub sign_in: RiskLevel,
    /// Of the user, by the user's own tenant.
    pub user: RiskLevel,
    /// Of the service principal.
    pub service_principal: RiskLevel,
    /// Insider risk; `None` is no level, which no policy matches.
    pub insider: Option<InsiderRiskLevel>,
}

/// What was done in this sign-in, or earlier and still counts, beside proving methods.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fulfilled {
    /// Terms of use that are accepted in their present version, unexpired (and on this device, where that is asked).
    pub terms_of_use: BTreeSet<AgreementId>,
    /// Custom controls whose provider vouched.
    pub custom_factors: BTreeSet<String>,
    /// When the password was changed in this flow; what was changed before MFA does not count.
    pub password_changed_at: Option<Timestamp>,
    /// When the risk was remediated in this flow.
    pub risk_remediated_at: Option<Timestamp>,
}

/// What a user could still prove, in either tenant. A method that is in no set cannot be had in this sign-in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MethodFacts {
    /// In the tenant where the user's credentials live.
    pub home: Methods,
    /// In the resource tenant; the same for its own users.
    pub resource: Methods,
}

/// The methods of one user in one tenant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Methods {
    /// Registered, and enabled by the tenant.
    pub registered: AuthenticationMethods,
    /// Not registered, but the tenant would let the user register them now.
    pub registrable: AuthenticationMethods,
}

/// Who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A person.
    User(UserSubject),
    /// An application on its own behalf (client credentials). User policies never match it.
    ServicePrincipal(ServicePrincipalId),
}

/// A person, as the resource tenant knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserSubject {
    /// The object in the resource tenant; `None` for direct connect and service providers.
    pub user: Option<UserId>,
    /// Where the user's credentials live.
    pub origin: Origin,
    /// External user types, from [`external_user_types`](crate::external_user::external_user_types); empty for
    /// internal members.
    pub external_user_types: ExternalUserTypes,
    /// Groups of the resource tenant, nesting followed; each once, ascending. Every decision walks them.
    pub groups: Arc<[GroupId]>,
    /// Active roles in the resource tenant, likewise.
    pub roles: Arc<[RoleTemplateId]>,
}

/// Where a user's credentials live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In the resource tenant itself.
    Internal,
    /// In another tenant. Only [`admit`](crate::cross_tenant::admit) makes the proof that both tenants let them cross,
    /// so nobody is decided about whom the cross-tenant settings hold back.
    External(Admission),
    /// Nowhere that is a tenant: with a social or federated identity provider, or a mailbox that gets one-time passcodes.
    /// Whatever such a guest proves, the resource tenant records as its own. Only
    /// [`admit_without_home`](crate::cross_tenant::admit_without_home) makes the proof (decision 2).
    WithoutHome(AdmissionWithoutHome),
}

impl UserSubject {
    /// The account at home, for users of other tenants.
    pub fn home(&self) -> Option<HomeAccount> {
        match &self.origin {
            Origin::Internal | Origin::WithoutHome(_) => None,
            Origin::External(admission) => Some(admission.home()),
        }
    }

    /// How the user comes in.
    pub fn channel(&self) -> Channel {
        match &self.origin {
            Origin::Internal => Channel::Internal,
            // Decision 9.
            Origin::WithoutHome(_) => Channel::Collaboration,
            Origin::External(admission) => admission.channel().into(),
        }
    }
}

/// How a user comes in (specification 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    /// Credentials of the resource tenant itself.
    Internal,
    /// An object in the resource tenant, credentials of a home tenant.
    Collaboration,
    /// No object; B2B direct connect.
    DirectConnect,
    /// No object; delegated administration by a service provider.
    ServiceProvider,
}

/// One method, proven at one moment in one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Where it was proven. Proofs of the home tenant count for MFA only through inbound trust.
    pub tenant: TenantId,
    /// How.
    pub method: AuthenticationMethod,
    /// When.
    pub at: Timestamp,
    /// What it was proven with, where a strength may ask.
    pub authenticator: Authenticator,
}

/// What a method was proven with, as far as a combination may restrict it (specification 2.9).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Authenticator {
    /// Nothing is known, or nothing may be asked.
    #[default]
    Unnamed,
    /// A security key of this model (authenticator attestation GUID).
    Fido2(Uuid),
    /// A certificate.
    Certificate {
        /// The issuer's subject key identifier, hexadecimal, when the certificate names it.
        issuer_ski: Option<String>,
        /// The policies the certificate was issued under.
        policy_oids: Vec<String>,
    },
}

/// Whether a challenge can be answered now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interaction {
    /// A person is in front of a browser.
    Interactive,
    /// Nobody is (`prompt=none`, refresh, client credentials): what is open becomes `interaction_required`.
    Silent,
}

/// What is needed to tell a user's external types (specification 3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExternalUserFacts {
    /// `userType` of the object in the resource tenant; outer `None`: there is no object.
    pub object: Option<Option<UserType>>,
    /// How the user comes in.
    pub channel: Channel,
    /// The user could have come through direct connect to this application too (specification 3.5).
    pub direct_connect_eligible: bool,
}
