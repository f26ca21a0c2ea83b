//! Whom the world lists, looked up by object id.

use std::collections::BTreeMap;

use portcullis_model::conditional_access::ExternalUserTypes;
use portcullis_model::group::Memberships;
use portcullis_model::id::{TenantId, UserId};
use portcullis_model::user::{HomeAccount, User, UserType};
use portcullis_policy::cross_tenant::CrossTenantChannel;
use portcullis_policy::external_user::external_user_types;
use portcullis_policy::facts::{Channel, ExternalUserFacts, Origin, Subject, UserSubject};
use portcullis_policy::hypothesis::SupposedOrigin;
use portcullis_whatif::directory::DirectoryTenant;
use uuid::Uuid;

/// The users of a world.
#[derive(Debug)]
pub(super) struct People(BTreeMap<UserId, Person>);

/// One of them, as far as decisions ask.
#[derive(Debug)]
pub(super) struct Person {
    user_type: Option<UserType>,
    memberships: Memberships,
    /// Where the account lives, as far as the world says; rows may know the home tenant.
    pub(super) home: Home,
}

/// Where an account lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    /// In this tenant.
    Here,
    /// There.
    At(HomeAccount),
    /// In some other tenant.
    SomeTenant,
    /// In no tenant.
    NoTenant,
}

impl People {
    pub(super) fn new(tenant: &DirectoryTenant) -> Self {
        let person = |user: &User| Person {
            user_type: user.user_type,
            memberships: tenant.memberships(user),
            home: home(user),
        };
        let users = tenant.users().iter();
        Self(users.map(|user| (user.id, person(user))).collect())
    }

    pub(super) fn find(&self, id: UserId) -> Option<&Person> {
        self.0.get(&id)
    }
}

impl Person {
    /// The subject of a sign-in by this person.
    pub(super) fn subject(&self, id: UserId, origin: SupposedOrigin) -> Subject {
        user(
            Some(id),
            types(Some(self.user_type), origin),
            self.memberships.clone(),
        )
    }
}

/// A user, wherever their account lives: the supposed origin replaces what stands here.
pub(super) fn user(
    id: Option<UserId>,
    external_user_types: ExternalUserTypes,
    memberships: Memberships,
) -> Subject {
    Subject::User(UserSubject {
        user: id,
        origin: Origin::Internal,
        external_user_types,
        groups: memberships.groups,
        roles: memberships.roles,
    })
}

/// The external user types; that somebody could also have come through direct connect is not supposed.
#[expect(
    clippy::option_option,
    reason = "as the facts have it: no object, or one without a type"
)]
pub(super) fn types(object: Option<Option<UserType>>, origin: SupposedOrigin) -> ExternalUserTypes {
    external_user_types(&ExternalUserFacts {
        object,
        channel: match origin {
            SupposedOrigin::Internal => Channel::Internal,
            SupposedOrigin::WithoutHome => Channel::Collaboration,
            SupposedOrigin::Tenant { channel, .. } => channel.into(),
        },
        direct_connect_eligible: false,
    })
}

/// An account of that tenant that nobody needs to find.
pub(super) fn somebody_of(tenant_id: TenantId) -> HomeAccount {
    HomeAccount {
        tenant_id,
        user_id: UserId::new(Uuid::nil()),
    }
}

/// A guest, or whoever else has an object here and an account there.
pub(super) const fn collaborating(home: HomeAccount) -> SupposedOrigin {
    SupposedOrigin::Tenant {
        channel: CrossTenantChannel::Collaboration,
        home,
    }
}

/// Exports of Entra have the issuer alone: `ExternalAzureAD` is another tenant, every other one is none.
fn home(user: &User) -> Home {
    if let Some(home) = user.home_account {
        return Home::At(home);
    }
    let mut identities = user.identities.iter();
    match identities.find(|identity| identity.sign_in_type == "federated") {
        None => Home::Here,
        Some(identity) if identity.issuer == "ExternalAzureAD" => Home::SomeTenant,
        Some(_) => Home::NoTenant,
    }
}
