//! The facts of a sign-in, each with where it came from: all that a decision may look at.

use std::collections::BTreeSet;
use std::net::IpAddr;

use portcullis_model::Timestamp;
use portcullis_model::conditional_access::{ClientAppType, DevicePlatform, ExternalUserTypes};
use portcullis_model::credential::AuthenticationMethod;
use portcullis_model::device::DeviceClaims;
use portcullis_model::id::{
    ClientId, GroupId, RoleTemplateId, ServicePrincipalId, TenantId, UserId,
};
use portcullis_model::user::{HomeAccount, UserType};

use crate::cross_tenant::Admission;

/// One sign-in as the resource tenant sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Who.
    pub subject: Subject,
    /// Every resource the request reaches (specification 4.3), never empty: an empty set is blocked.
    pub audiences: BTreeSet<ClientId>,
    /// The client the permit will be bound to.
    pub client: ClientId,
    /// By what kind of client.
    pub client_app_type: ClientAppType,
    /// From what platform; `None` is unknown.
    pub platform: Option<DevicePlatform>,
    /// From what address; `None` is unknown and inside no named location.
    pub ip_address: Option<IpAddr>,
    /// What a tenant says of the device; `None` when nobody vouches.
    pub device: Option<DeviceClaims>,
    /// What was proven so far, in whichever tenant.
    pub proofs: Vec<Proof>,
    /// Whether somebody is there to answer a challenge.
    pub interaction: Interaction,
    /// The request itself demands MFA (essential `amr` or `acr` of OpenID Connect): asked for like a policy's control.
    pub requests_mfa: bool,
    /// Now.
    pub at: Timestamp,
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
    /// Groups of the resource tenant, nesting followed.
    pub groups: BTreeSet<GroupId>,
    /// Active roles in the resource tenant.
    pub roles: BTreeSet<RoleTemplateId>,
}

/// Where a user's credentials live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In the resource tenant itself.
    Internal,
    /// In another tenant. Only [`admit`](crate::cross_tenant::admit) makes the proof that both tenants let them cross,
    /// so nobody is decided about whom the cross-tenant settings hold back.
    External(Admission),
}

impl UserSubject {
    /// The account at home, for users of other tenants.
    pub fn home(&self) -> Option<HomeAccount> {
        match &self.origin {
            Origin::Internal => None,
            Origin::External(admission) => Some(admission.home()),
        }
    }

    /// How the user comes in.
    pub fn channel(&self) -> Channel {
        match &self.origin {
            Origin::Internal => Channel::Internal,
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
}

/// One method, proven at one moment in one tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    /// Where it was proven. Proofs of the home tenant count for MFA only through inbound trust.
    pub tenant: TenantId,
    /// How.
    pub method: AuthenticationMethod,
    /// When.
    pub at: Timestamp,
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
