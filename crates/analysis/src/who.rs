//! Kinds of subjects: how somebody stands to the tenant, and where their credentials live.

use portcullis_model::conditional_access::ExternalUserTypes;
use portcullis_model::id::{TenantId, UserId};
use portcullis_model::user::{HomeAccount, UserType};
use portcullis_policy::cross_tenant::CrossTenantChannel;
use portcullis_policy::external_user::external_user_types;
use portcullis_policy::facts::{Channel, ExternalUserFacts};
use portcullis_policy::hypothesis::SupposedOrigin;

/// How a subject stands to the tenant (specification 8.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SubjectKind {
    /// A member with credentials of the tenant.
    Member,
    /// A guest with credentials of the tenant.
    InternalGuest,
    /// A guest with credentials elsewhere.
    B2bCollaborationGuest,
    /// A member with credentials elsewhere.
    B2bCollaborationMember,
    /// Somebody without an object, through B2B direct connect.
    B2bDirectConnectUser,
    /// External in another way.
    OtherExternalUser,
    /// A service provider's user.
    ServiceProvider,
    /// An application on its own behalf.
    WorkloadIdentity,
}

impl SubjectKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Member,
        Self::InternalGuest,
        Self::B2bCollaborationGuest,
        Self::B2bCollaborationMember,
        Self::B2bDirectConnectUser,
        Self::OtherExternalUser,
        Self::ServiceProvider,
        Self::WorkloadIdentity,
    ];

    /// The word for it, Graph's where Graph has one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::InternalGuest => "internalGuest",
            Self::B2bCollaborationGuest => "b2bCollaborationGuest",
            Self::B2bCollaborationMember => "b2bCollaborationMember",
            Self::B2bDirectConnectUser => "b2bDirectConnectUser",
            Self::OtherExternalUser => "otherExternalUser",
            Self::ServiceProvider => "serviceProvider",
            Self::WorkloadIdentity => "workloadIdentity",
        }
    }

    /// Whether it is a person.
    pub const fn is_person(self) -> bool {
        !matches!(self, Self::WorkloadIdentity)
    }

    /// Whether the credentials live elsewhere.
    pub const fn is_external(self) -> bool {
        match self {
            Self::Member | Self::InternalGuest | Self::WorkloadIdentity => false,
            Self::B2bCollaborationGuest
            | Self::B2bCollaborationMember
            | Self::B2bDirectConnectUser
            | Self::OtherExternalUser
            | Self::ServiceProvider => true,
        }
    }

    /// Whether such users have an object in the tenant, and so can be named, be in groups and hold roles.
    pub const fn has_object(self) -> bool {
        match self {
            Self::Member
            | Self::InternalGuest
            | Self::B2bCollaborationGuest
            | Self::B2bCollaborationMember
            | Self::OtherExternalUser => true,
            Self::B2bDirectConnectUser | Self::ServiceProvider | Self::WorkloadIdentity => false,
        }
    }

    fn channel(self) -> Channel {
        match self {
            Self::Member | Self::InternalGuest | Self::WorkloadIdentity => Channel::Internal,
            Self::B2bCollaborationGuest
            | Self::B2bCollaborationMember
            | Self::OtherExternalUser => Channel::Collaboration,
            Self::B2bDirectConnectUser => Channel::DirectConnect,
            Self::ServiceProvider => Channel::ServiceProvider,
        }
    }

    /// By what door users of other tenants come in.
    pub(crate) fn cross_tenant_channel(self) -> Option<CrossTenantChannel> {
        match self.channel() {
            Channel::Internal => None,
            Channel::Collaboration => Some(CrossTenantChannel::Collaboration),
            Channel::DirectConnect => Some(CrossTenantChannel::DirectConnect),
            Channel::ServiceProvider => Some(CrossTenantChannel::ServiceProvider),
        }
    }

    #[expect(
        clippy::option_option,
        reason = "no object, an object without `userType`, and one with, as the policy crate asks"
    )]
    fn object(self) -> Option<Option<UserType>> {
        match self {
            Self::Member | Self::B2bCollaborationMember => Some(Some(UserType::Member)),
            Self::InternalGuest | Self::B2bCollaborationGuest => Some(Some(UserType::Guest)),
            Self::OtherExternalUser => Some(None),
            Self::B2bDirectConnectUser | Self::ServiceProvider | Self::WorkloadIdentity => None,
        }
    }
}

/// Where a subject's credentials live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Home {
    /// In the tenant itself.
    Here,
    /// Nowhere that is a tenant: social, federated, a mailbox with passcodes.
    NoTenant,
    /// In this other tenant.
    Tenant(TenantId),
    /// In a tenant that neither a policy nor the cross-tenant access settings name; the id stands for all of them.
    AnyOtherTenant(TenantId),
}

/// A kind of subject and its home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Who {
    /// The kind.
    pub kind: SubjectKind,
    /// The home.
    pub home: Home,
}

impl Who {
    /// Every pair that can be, for these other tenants.
    pub(crate) fn all(tenants: &[Home]) -> Vec<Self> {
        let pair = |kind, home| Self { kind, home };
        SubjectKind::ALL
            .into_iter()
            .flat_map(|kind| match kind {
                SubjectKind::Member
                | SubjectKind::InternalGuest
                | SubjectKind::WorkloadIdentity => vec![pair(kind, Home::Here)],
                SubjectKind::B2bCollaborationGuest
                | SubjectKind::B2bCollaborationMember
                | SubjectKind::OtherExternalUser => std::iter::once(Home::NoTenant)
                    .chain(tenants.iter().copied())
                    .map(|home| pair(kind, home))
                    .collect(),
                SubjectKind::B2bDirectConnectUser | SubjectKind::ServiceProvider => {
                    tenants.iter().map(|home| pair(kind, *home)).collect()
                }
            })
            .collect()
    }

    /// The other tenant.
    pub fn home_tenant(&self) -> Option<TenantId> {
        match self.home {
            Home::Here | Home::NoTenant => None,
            Home::Tenant(tenant) | Home::AnyOtherTenant(tenant) => Some(tenant),
        }
    }

    /// Graph's external user types.
    pub(crate) fn types(&self, is_direct_connect_eligible: bool) -> ExternalUserTypes {
        external_user_types(&ExternalUserFacts {
            object: self.kind.object(),
            channel: self.kind.channel(),
            direct_connect_eligible: is_direct_connect_eligible,
        })
    }

    /// Where this account's credentials live.
    pub(crate) fn origin(&self, account: UserId) -> SupposedOrigin {
        match (self.home_tenant(), self.kind.cross_tenant_channel()) {
            (Some(tenant_id), Some(channel)) => SupposedOrigin::Tenant {
                channel,
                home: HomeAccount {
                    tenant_id,
                    user_id: account,
                },
            },
            (None, Some(_)) => SupposedOrigin::WithoutHome,
            (_, None) => SupposedOrigin::Internal,
        }
    }
}
