//! Who stands at the door: a user as the resource tenant knows them, and the account at home behind a guest.
//!
//! Found by ids only. A mail address or a name never links a guest to a home account (specification 3.4,
//! requirement U08).

use std::sync::Arc;

use portcullis_model::Timestamp;
use portcullis_model::credential::{AuthenticationMethod, AuthenticationMethods};
use portcullis_model::group::Memberships;
use portcullis_model::id::{TenantId, UserId};
use portcullis_model::session::SessionSubject;
use portcullis_model::store::{StoreError, TenantStore};
use portcullis_model::user::{CanonicalName, ExternalUserState, HomeAccount, User};
use portcullis_policy::facts::{Channel, MethodFacts, Methods};
use portcullis_protocol::oauth::error_catalogue::ErrorCode;

use crate::house::{House, LoadedTenant};

/// Somebody who wants in, looked up in both tenants at this moment; never kept between requests.
#[derive(Clone)]
pub struct Visitor {
    /// As a session or grant of the resource tenant names them.
    pub subject: SessionSubject,
    /// How they come in.
    pub channel: Channel,
    /// The object in the resource tenant; direct connect users have none.
    pub object: Option<User>,
    /// Groups and roles of that object.
    pub memberships: Memberships,
    /// The account in another tenant, for users of other tenants.
    pub home: Option<HomeUser>,
}

/// A user in their own tenant, on the way to another one.
#[derive(Clone)]
pub struct HomeUser {
    /// The home tenant.
    pub tenant: Arc<LoadedTenant>,
    /// The account there.
    pub user: User,
    /// Groups and roles there; the lists of cross-tenant settings speak of these.
    pub memberships: Memberships,
}

/// Why somebody may not go on: a refusal with its number, or a store that failed.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// Refused.
    #[error("refused with {}", .0.code.number())]
    Denied(Denied),
    /// The store failed; fail closed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A refusal before any policy was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// The number and its texts.
    pub code: ErrorCode,
    /// The organisation that refuses, for the page.
    pub organization_name: Option<String>,
}

impl Denied {
    /// A refusal by the organisation of this tenant.
    pub fn by(tenant: &LoadedTenant, code: ErrorCode) -> Self {
        let organization_name = Some(tenant.configuration.organization.display_name.clone());
        Self {
            code,
            organization_name,
        }
    }
}

impl From<Denied> for Stop {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl HomeUser {
    /// The account with its groups; `None` when there is no such account any more.
    pub async fn find(house: &House, account: HomeAccount) -> Result<Option<Self>, StoreError> {
        let Some(tenant) = house.tenants.find(account.tenant_id).await? else {
            return Ok(None);
        };
        let store = house.store.tenant(account.tenant_id);
        let found = store.find_user_and_memberships(account.user_id).await?;
        let Some((user, memberships)) = found else {
            return Ok(None);
        };
        // An account that is itself a guest elsewhere is nobody's home account (requirement U11).
        if user.home_account.is_some() {
            return Ok(None);
        }
        Ok(Some(Self {
            tenant,
            user,
            memberships,
        }))
    }

    /// The account as the key of a guest.
    pub fn account(&self) -> HomeAccount {
        HomeAccount {
            tenant_id: self.tenant.id(),
            user_id: self.user.id,
        }
    }
}

impl Visitor {
    /// The person a session or grant of `resource` names. Both accounts must exist; whether they may sign in says [`Visitor::check_accounts`].
    pub async fn find(
        house: &House,
        resource: &LoadedTenant,
        subject: SessionSubject,
    ) -> Result<Self, Stop> {
        let gone = || Denied::by(resource, ErrorCode::UserAccountNotFound);
        let (object, account) = match subject {
            SessionSubject::User(id) => {
                let store = house.store.tenant(resource.id());
                let found = store.find_user_and_memberships(id).await?;
                let found = found.ok_or_else(gone)?;
                let account = found.0.home_account;
                (Some(found), account)
            }
            SessionSubject::DirectConnect(account) => (None, Some(account)),
        };
        let home = match account {
            Some(account) => Some(HomeUser::find(house, account).await?.ok_or_else(gone)?),
            None => None,
        };
        Self::assemble(resource, object, home)
    }

    /// The person behind an account of another tenant that has just been vouched for: a guest of `resource`, or a direct
    /// connect user where `offers_direct_connect` holds, or somebody who is invited and has not accepted (50014), or nobody
    /// (50020).
    pub async fn arriving(
        house: &House,
        resource: &LoadedTenant,
        home: HomeUser,
        client: Entrance,
    ) -> Result<Self, Stop> {
        let store = house.store.tenant(resource.id());
        let object = store.find_user_by_home_account(home.account()).await?;
        match (object, client) {
            (None, Entrance::CollaborationOnly) => {
                let code = if is_invited(&*store, &home).await? {
                    ErrorCode::GuestUserInPendingState
                } else {
                    ErrorCode::UserUnauthorized
                };
                Err(Denied::by(resource, code).into())
            }
            (object, Entrance::CollaborationOnly | Entrance::DirectConnectToo) => {
                let object = match object {
                    Some(object) => {
                        let memberships = store.memberships(object.id).await?;
                        Some((object, memberships))
                    }
                    None => None,
                };
                Self::assemble(resource, object, Some(home))
            }
        }
    }

    fn assemble(
        resource: &LoadedTenant,
        object: Option<(User, Memberships)>,
        home: Option<HomeUser>,
    ) -> Result<Self, Stop> {
        let (object, memberships) = match object {
            Some((object, memberships)) => (Some(object), memberships),
            None => (None, Memberships::default()),
        };
        let (subject, channel) = match (&object, &home) {
            (Some(object), None) => (SessionSubject::User(object.id), Channel::Internal),
            (Some(object), Some(_)) => (SessionSubject::User(object.id), Channel::Collaboration),
            (None, Some(home)) => (
                SessionSubject::DirectConnect(home.account()),
                Channel::DirectConnect,
            ),
            (None, None) => return Err(Denied::by(resource, ErrorCode::UserAccountNotFound).into()),
        };
        Ok(Self {
            subject,
            channel,
            object,
            memberships,
            home,
        })
    }

    /// Whether the accounts may be used at all, here and at home (specification 2.2 step 4, decision 4).
    pub fn check_accounts(&self, resource: &LoadedTenant) -> Result<(), Denied> {
        if let Some(home) = &self.home
            && !home.user.account_enabled
        {
            return Err(Denied::by(&home.tenant, ErrorCode::UserDisabled));
        }
        let Some(object) = &self.object else {
            return Ok(());
        };
        match object.external_user_state {
            Some(ExternalUserState::PendingAcceptance) => {
                return Err(Denied::by(resource, ErrorCode::GuestUserInPendingState));
            }
            Some(ExternalUserState::Accepted) | None => {}
        }
        if object.account_enabled {
            Ok(())
        } else {
            Err(Denied::by(resource, ErrorCode::UserDisabled))
        }
    }

    /// What the person could still prove, or register, at home and in `resource`. A password is had where the account
    /// lives, an authenticator wherever there is an account or an object.
    pub async fn methods(
        &self,
        house: &House,
        resource: &LoadedTenant,
    ) -> Result<MethodFacts, StoreError> {
        let here = match &self.object {
            Some(object) => authenticators(house, resource.id(), object.id).await?,
            None => Methods::default(),
        };
        let with_password = |methods: Methods| Methods {
            registered: methods.registered.with(AuthenticationMethod::Password),
            ..methods
        };
        Ok(match &self.home {
            Some(home) => MethodFacts {
                home: with_password(authenticators(house, home.tenant.id(), home.user.id).await?),
                resource: here,
            },
            None => MethodFacts {
                home: with_password(here),
                resource: with_password(here),
            },
        })
    }

    /// Nothing proven or granted before this moment counts (Graph `signInSessionsValidFromDateTime`, of both accounts).
    pub fn sessions_valid_from(&self) -> Option<Timestamp> {
        let here = self.object.as_ref();
        let home = self.home.as_ref().map(|home| &home.user);
        [here, home]
            .into_iter()
            .flatten()
            .filter_map(|user| user.sign_in_sessions_valid_from_date_time)
            .max()
    }

    /// The name people see, as the resource tenant has it.
    pub fn display_name(&self) -> &str {
        let home = self.home.as_ref().map(|home| &home.user);
        self.object
            .as_ref()
            .or(home)
            .map_or("", |user| user.display_name.as_str())
    }

    /// The name the person signs in with: the UPN at home.
    pub fn account_name(&self) -> &str {
        let home = self.home.as_ref().map(|home| &home.user);
        home.or(self.object.as_ref())
            .map_or("", |user| user.user_principal_name.as_str())
    }

    /// The tenant in which the person proves the first factor.
    pub fn home_tenant<'a>(&'a self, resource: &'a LoadedTenant) -> &'a LoadedTenant {
        self.home.as_ref().map_or(resource, |home| &home.tenant)
    }
}

/// Whether an invitation to one of these addresses waits to be accepted. An address says only which refusal to give, never
/// who somebody is (requirement U08); those of domains the home tenant has not verified say nothing, or its administrator
/// could find out who else is invited.
async fn is_invited(store: &dyn TenantStore, home: &HomeUser) -> Result<bool, StoreError> {
    let verified = &home.tenant.configuration.organization.verified_domains;
    let is_own = |name: &CanonicalName| {
        let owned = |domain: &str| {
            verified
                .iter()
                .any(|known| known.name.eq_ignore_ascii_case(domain))
        };
        name.domain().is_some_and(owned)
    };
    for name in home.user.names().filter(is_own) {
        let found = store.find_user_by_name(&name).await?;
        if found.is_some_and(|user| user.is_unclaimed_invitation()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Who has no authenticator may register one, here and now.
async fn authenticators(
    house: &House,
    tenant: TenantId,
    user: UserId,
) -> Result<Methods, StoreError> {
    let registered = house.store.tenant(tenant).list_totp(user).await?;
    let totp = AuthenticationMethods::of([AuthenticationMethod::SoftwareOath]);
    Ok(if registered.is_empty() {
        Methods {
            registered: AuthenticationMethods::NONE,
            registrable: totp,
        }
    } else {
        Methods {
            registered: totp,
            registrable: AuthenticationMethods::NONE,
        }
    })
}

/// By which doors people of other tenants reach an application (specification 2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entrance {
    /// Only with an object in the resource tenant.
    CollaborationOnly,
    /// Without one as well.
    DirectConnectToo,
}
