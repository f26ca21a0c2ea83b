//! Who signs in: somebody of the directory, somebody of another tenant, or somebody who is only described.

use std::collections::BTreeSet;

use portcullis_model::application::ServicePrincipal;
use portcullis_model::conditional_access::{ExternalUserType, ExternalUserTypes};
use portcullis_model::group::Memberships;
use portcullis_model::id::{ClientId, TenantId, UserId};
use portcullis_model::store::TenantConfiguration;
use portcullis_model::user::{HomeAccount, User};
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::cross_tenant::{CrossTenantChannel, Crossing, can_direct_connect};
use portcullis_policy::external_user::external_user_types;
use portcullis_policy::facts::{Channel, ExternalUserFacts, Origin, Subject, UserSubject};
use portcullis_policy::hypothesis::SupposedOrigin;
use uuid::Uuid;

use super::{Notes, Question, Reached, gates, known};
use crate::directory::{DirectoryTenant, NameOf, Unresolved};
use crate::evaluate::{Signal, WhoSignsIn};
use crate::situation::{DescribedUser, UserTypeWord, Who};

/// A person as far as the situation and the directory know them.
#[derive(Debug)]
pub(super) struct Person {
    /// How they are called.
    name: String,
    /// The object in the resource tenant.
    pub(super) object: Option<User>,
    id: Option<UserId>,
    pub(super) origin: SupposedOrigin,
    /// The account in another tenant of the world.
    pub(super) home_user: Option<User>,
    /// Said outright; else from the facts.
    types: Option<ExternalUserTypes>,
    pub(super) memberships: Memberships,
}

impl Person {
    pub(super) fn home(&self) -> Option<(CrossTenantChannel, HomeAccount)> {
        match self.origin {
            SupposedOrigin::Internal | SupposedOrigin::WithoutHome => None,
            SupposedOrigin::Tenant { channel, home } => Some((channel, home)),
        }
    }

    fn channel(&self) -> Channel {
        match self.origin {
            SupposedOrigin::Internal => Channel::Internal,
            SupposedOrigin::WithoutHome => Channel::Collaboration,
            SupposedOrigin::Tenant { channel, .. } => channel.into(),
        }
    }

    /// Whether the credentials are not the tenant's own.
    pub(super) const fn is_from_elsewhere(&self) -> bool {
        match self.origin {
            SupposedOrigin::Internal => false,
            SupposedOrigin::WithoutHome | SupposedOrigin::Tenant { .. } => true,
        }
    }

    /// Whether nobody says which object of the tenant this is, though it is one.
    pub(super) fn could_be_anybody(&self) -> bool {
        self.object.is_none() && self.id.is_some()
    }

    pub(super) fn home_tenant(&self) -> Option<TenantId> {
        self.home().map(|(_, home)| home.tenant_id)
    }

    /// The subject of the sign-in, how it is told, and where its credentials live.
    pub(super) fn into_subject(
        self,
        question: &Question<'_>,
        compiled: &CompiledTenant,
        reached: &Reached,
    ) -> (Subject, WhoSignsIn, SupposedOrigin) {
        let types = self.types.unwrap_or_else(|| {
            external_user_types(&ExternalUserFacts {
                object: self.object.as_ref().map(|user| user.user_type),
                channel: self.channel(),
                direct_connect_eligible: self.could_direct_connect(question, compiled, reached),
            })
        });
        let home = self.home_tenant();
        let home_name = home
            .and_then(|home| question.directory.tenant(home))
            .map(|tenant| tenant.name().to_owned());
        let who = WhoSignsIn {
            name: self.name,
            user_types: types.iter().map(ExternalUserType::name).collect(),
            home_tenant: home,
            home_tenant_name: home_name,
        };
        let subject = Subject::User(UserSubject {
            user: self.id,
            // Replaced by the supposed one.
            origin: Origin::Internal,
            external_user_types: types,
            groups: self.memberships.groups.into_iter().collect(),
            roles: self.memberships.roles.into_iter().collect(),
        });
        (subject, who, self.origin)
    }

    fn could_direct_connect(
        &self,
        question: &Question<'_>,
        compiled: &CompiledTenant,
        reached: &Reached,
    ) -> bool {
        let Some((channel, home)) = self.home() else {
            return false;
        };
        let crossing = Crossing {
            channel,
            home,
            home_groups: &gates::home_groups(question, home),
            client: reached.client,
            resources: &reached.audiences,
        };
        let home_tenant = question.directory.tenant(home.tenant_id);
        home_tenant.is_some_and(|tenant| can_direct_connect(tenant.compiled(), compiled, &crossing))
    }
}

pub(super) fn service_principal(
    tenant: &DirectoryTenant,
    name: &str,
) -> Result<(Subject, WhoSignsIn, SupposedOrigin), Unresolved> {
    let id = tenant.find_service_principal(name)?;
    let principals = tenant.configuration().service_principals.iter();
    let known = principals.clone().find(|one| one.id == id);
    let who = WhoSignsIn {
        name: known.map_or_else(|| id.to_string(), |one| one.display_name.clone()),
        user_types: Vec::new(),
        home_tenant: None,
        home_tenant_name: None,
    };
    Ok((Subject::ServicePrincipal(id), who, SupposedOrigin::Internal))
}

/// The tenant with the service principal that nobody listed, as one that policies on workload identities are about: its own, and
/// nobody else's. `None` where service principals are listed.
pub(super) fn supposing_service_principal(
    tenant: &DirectoryTenant,
    name: &str,
    notes: &mut Notes,
) -> Result<Option<TenantConfiguration>, Unresolved> {
    let id = tenant.find_service_principal(name)?;
    let mut listed = tenant.configuration().service_principals.iter();
    if !tenant.unsaid().service_principals || listed.any(|one| one.id == id) {
        return Ok(None);
    }
    let shown: String = name.trim().chars().take(80).collect();
    notes.suppose(format!(
        "`{shown}` is the object id or the name of a service principal of an application that is registered in this tenant, for this tenant alone: no file lists service principals"
    ));
    let mut configuration = tenant.configuration().clone();
    configuration.service_principals.push(ServicePrincipal {
        id,
        app_id: ClientId::new(id.uuid()),
        display_name: shown,
        app_owner_organization_id: None,
        account_enabled: true,
        app_role_assignment_required: false,
        assigned_to: Vec::new(),
        granted_app_roles: Vec::new(),
        admin_consented_scopes: Vec::new(),
        other: serde_json::Map::new(),
    });
    Ok(Some(configuration))
}

pub(super) fn person(
    question: &Question<'_>,
    who: &Who,
    notes: &mut Notes,
) -> Result<Person, Unresolved> {
    match who {
        Who::Named(name) => named(question, name, notes),
        Who::Described(described) => describe(question, described, notes),
    }
}

fn named(question: &Question<'_>, name: &str, notes: &mut Notes) -> Result<Person, Unresolved> {
    let tenant = question.tenant;
    if let Some(user) = tenant.find_user(name)? {
        return Ok(of_object(question, user, notes));
    }
    if let Some((home, user)) = question.directory.find_elsewhere(tenant.id(), name)? {
        let account = HomeAccount {
            tenant_id: home.id(),
            user_id: user.id,
        };
        let stands_for = |object: &&User| object.home_account == Some(account);
        if let Some(object) = tenant.users().iter().find(stands_for) {
            return Ok(of_object(question, object, notes));
        }
        notes.suppose(format!(
            "{} has no object in {}, and so comes through B2B direct connect",
            user.display_name,
            tenant.name()
        ));
        return Ok(Person {
            name: user.display_name.clone(),
            object: None,
            id: None,
            origin: SupposedOrigin::Tenant {
                channel: CrossTenantChannel::DirectConnect,
                home: account,
            },
            home_user: Some(user.clone()),
            types: None,
            memberships: Memberships::default(),
        });
    }
    if tenant.lists_people() {
        return Err(tenant.unknown_user(name));
    }
    unlisted(question, name, notes)
}

/// An export of policies says nothing of people: of whoever is named nothing else is known, unless the name tells a guest.
fn unlisted(question: &Question<'_>, name: &str, notes: &mut Notes) -> Result<Person, Unresolved> {
    let shown: String = name.trim().chars().take(80).collect();
    let is_guest = name.to_uppercase().contains(User::EXTERNAL_MARK);
    let described = DescribedUser {
        id: Some(name.to_owned()),
        user_type: Some(if is_guest {
            UserTypeWord::B2bCollaborationGuest
        } else {
            UserTypeWord::Member
        }),
        ..DescribedUser::default()
    };
    let because = if is_guest {
        "a guest from elsewhere, as the name has it"
    } else {
        notes.not_given.insert(Signal::UserType);
        "a member of the tenant and no guest"
    };
    notes.suppose(format!("`{shown}` is {because}: this world has no users"));
    let person = describe(question, &described, notes)?;
    Ok(Person {
        name: shown,
        ..person
    })
}

fn of_object(question: &Question<'_>, user: &User, notes: &mut Notes) -> Person {
    membership_notes(&question.tenant.unsaid().of_people, notes);
    let user = known::as_kind(question.tenant, user, None, notes);
    of_object_alone(question, &user, notes)
}

/// The same without a word on what the user may be in beside.
fn of_object_alone(question: &Question<'_>, user: &User, notes: &mut Notes) -> Person {
    let unsaid = question.tenant.unsaid();
    let is_unnamed_guest = user.home_account.is_none()
        && user.identities.is_empty()
        && user
            .user_principal_name
            .to_uppercase()
            .contains(User::EXTERNAL_MARK)
        && unsaid.of_people.contains(&Signal::HomeTenant);
    let origin = match (user.home_account, elsewhere(user)) {
        (Some(home), _) => SupposedOrigin::Tenant {
            channel: CrossTenantChannel::Collaboration,
            home,
        },
        (None, None) if is_unnamed_guest => {
            notes.not_given.insert(Signal::HomeTenant);
            notes.suppose(format!("{}: {NO_HOME_SAID}", user.display_name));
            SupposedOrigin::WithoutHome
        }
        (None, None) => SupposedOrigin::Internal,
        (None, Some(Elsewhere::NoTenant)) => SupposedOrigin::WithoutHome,
        (None, Some(Elsewhere::SomeTenant)) => {
            notes.not_given.insert(Signal::HomeTenant);
            notes.suppose(format!(
                "{} lives in a tenant that the directory does not name: one without an entry in the cross-tenant access settings",
                user.display_name
            ));
            SupposedOrigin::Tenant {
                channel: CrossTenantChannel::Collaboration,
                home: nobody_in(TenantId::UNDISCOVERED),
            }
        }
    };
    let home_user = user
        .home_account
        .and_then(|home| question.directory.account(home))
        .map(|(_, user)| user.clone());
    Person {
        name: user.display_name.clone(),
        object: Some(user.clone()),
        id: Some(user.id),
        origin,
        home_user,
        types: None,
        memberships: question.tenant.memberships(user),
    }
}

/// Who has no home tenant is a guest of another kind, whom trust and strengths treat otherwise.
const NO_HOME_SAID: &str =
    "no home tenant was said: the identity is a social or federated one, or a mailbox";

/// What even somebody who is listed may have more of than the files say.
fn membership_notes(unsaid: &BTreeSet<Signal>, notes: &mut Notes) {
    if unsaid.contains(&Signal::Groups) {
        notes.not_given.insert(Signal::Groups);
        notes.suppose("the user is in no group that a policy excludes, but those that are listed");
    }
    if unsaid.contains(&Signal::Roles) {
        notes.not_given.insert(Signal::Roles);
        notes.suppose("the user has no role that a policy excludes, but those that are listed");
    }
}

/// Where somebody signs in of whom the directory does not say the account.
pub(super) enum Elsewhere {
    SomeTenant,
    NoTenant,
}

/// Exports of Entra have the issuer alone: `ExternalAzureAD` is another tenant, every other one is none.
pub(super) fn elsewhere(user: &User) -> Option<Elsewhere> {
    let mut federated = user
        .identities
        .iter()
        .filter(|identity| identity.sign_in_type == "federated");
    let issuer = federated.next()?.issuer.as_str();
    Some(if issuer == "ExternalAzureAD" {
        Elsewhere::SomeTenant
    } else {
        Elsewhere::NoTenant
    })
}

fn describe(
    question: &Question<'_>,
    described: &DescribedUser,
    notes: &mut Notes,
) -> Result<Person, Unresolved> {
    let tenant = question.tenant;
    let object = match &described.id {
        Some(name) => tenant.find_user(name)?,
        None => None,
    };
    let memberships = described_memberships(tenant, described, object, notes)?;
    let object = match object {
        Some(object) => {
            known::agrees(question, described, object)?;
            Some(known::as_kind(tenant, object, described.user_type, notes))
        }
        None => None,
    };
    let object = object.as_ref();
    if let Some(object) = object {
        let is_kind = |said| said == known::kind(object);
        let says_nothing_new =
            described.user_type.is_none_or(is_kind) && described.home_tenant.is_none();
        if says_nothing_new || !known::has_unsaid_home(tenant, object) {
            return Ok(Person {
                memberships,
                ..of_object_alone(question, object, notes)
            });
        }
    }
    let listed = object.map(known::kind);
    let user_type = described.user_type.or(listed).unwrap_or_else(|| {
        notes.not_given.insert(Signal::UserType);
        notes.suppose("the user is a member of the tenant and no guest");
        UserTypeWord::Member
    });
    let (user_types, channel) = kind(user_type);
    let home = match &described.home_tenant {
        None => SaidHome::Nothing,
        Some(_) if described.has_no_tenant() => SaidHome::NoTenant,
        Some(name) => SaidHome::Tenant(question.directory.find_tenant_id(name)?),
    };
    let origin = described_origin(user_type, channel, home, notes)?;
    let typed = described.id.as_deref().map(|name| id_in(tenant, name));
    let id = object.map(|user| user.id).or(typed);
    Ok(Person {
        name: object.map_or_else(
            || format!("a {}", user_type.name()),
            |user| user.display_name.clone(),
        ),
        object: object.cloned(),
        id: id.or_else(|| has_object(user_type).then(|| id_in(tenant, "a described user"))),
        origin,
        home_user: None,
        types: Some(user_types),
        memberships,
    })
}

/// The type in Graph's terms, and by which channel such users come.
const fn kind(user_type: UserTypeWord) -> (ExternalUserTypes, Option<CrossTenantChannel>) {
    use CrossTenantChannel as C;
    use ExternalUserType as T;
    let (one, channel) = match user_type {
        UserTypeWord::Member => return (ExternalUserTypes::NONE, None),
        UserTypeWord::InternalGuest => (T::InternalGuest, None),
        UserTypeWord::B2bCollaborationGuest => (T::B2bCollaborationGuest, Some(C::Collaboration)),
        UserTypeWord::B2bCollaborationMember => (T::B2bCollaborationMember, Some(C::Collaboration)),
        UserTypeWord::B2bDirectConnectUser => (T::B2bDirectConnectUser, Some(C::DirectConnect)),
        UserTypeWord::OtherExternalUser => (T::OtherExternalUser, Some(C::Collaboration)),
        UserTypeWord::ServiceProvider => (T::ServiceProvider, Some(C::ServiceProvider)),
    };
    (ExternalUserTypes::NONE.with(one), channel)
}

/// What a description says of the tenant that owns the account.
enum SaidHome {
    Nothing,
    NoTenant,
    Tenant(TenantId),
}

fn described_origin(
    user_type: UserTypeWord,
    channel: Option<CrossTenantChannel>,
    home: SaidHome,
    notes: &mut Notes,
) -> Result<SupposedOrigin, Unresolved> {
    match (channel, home) {
        (None, SaidHome::Nothing) => Ok(SupposedOrigin::Internal),
        (None, SaidHome::NoTenant | SaidHome::Tenant(_)) => Err(Unresolved::Incomplete(format!(
            "a user of type `{}` has credentials of the tenant itself: leave the home tenant out, or give another type",
            user_type.name()
        ))),
        (Some(channel), SaidHome::Tenant(home)) => Ok(SupposedOrigin::Tenant {
            channel,
            home: nobody_in(home),
        }),
        (Some(CrossTenantChannel::Collaboration), SaidHome::NoTenant) => {
            Ok(SupposedOrigin::WithoutHome)
        }
        (
            Some(CrossTenantChannel::DirectConnect | CrossTenantChannel::ServiceProvider),
            SaidHome::NoTenant,
        ) => Err(Unresolved::Incomplete(format!(
            "a user of type `{}` has an account in another tenant: name the home tenant, or leave it out",
            user_type.name()
        ))),
        (Some(CrossTenantChannel::Collaboration), SaidHome::Nothing) => {
            notes.not_given.insert(Signal::HomeTenant);
            notes.suppose(NO_HOME_SAID);
            Ok(SupposedOrigin::WithoutHome)
        }
        (
            Some(
                channel @ (CrossTenantChannel::DirectConnect | CrossTenantChannel::ServiceProvider),
            ),
            SaidHome::Nothing,
        ) => {
            notes.not_given.insert(Signal::HomeTenant);
            notes.suppose(
                "no home tenant was said: one without an entry in the cross-tenant access settings",
            );
            Ok(SupposedOrigin::Tenant {
                channel,
                home: nobody_in(TenantId::UNDISCOVERED),
            })
        }
    }
}

const fn has_object(user_type: UserTypeWord) -> bool {
    match user_type {
        UserTypeWord::Member
        | UserTypeWord::InternalGuest
        | UserTypeWord::B2bCollaborationGuest
        | UserTypeWord::B2bCollaborationMember
        | UserTypeWord::OtherExternalUser => true,
        UserTypeWord::B2bDirectConnectUser | UserTypeWord::ServiceProvider => false,
    }
}

fn described_memberships(
    tenant: &DirectoryTenant,
    described: &DescribedUser,
    object: Option<&User>,
    notes: &mut Notes,
) -> Result<Memberships, Unresolved> {
    let known = object.map(|user| tenant.memberships(user));
    if object.is_some() {
        let not_described = [
            (Signal::Groups, described.groups.is_none()),
            (Signal::Roles, described.roles.is_none()),
        ];
        let open = not_described.into_iter().filter(|(_, is_open)| *is_open);
        let open: BTreeSet<Signal> = open.map(|(signal, _)| signal).collect();
        let unsaid = &tenant.unsaid().of_people;
        membership_notes(&unsaid.intersection(&open).copied().collect(), notes);
    }
    let mut through_groups = BTreeSet::new();
    let groups = match (&described.groups, &known) {
        (None, Some(known)) => known.groups.clone(),
        (Some(names), Some(known)) => {
            let found = names.0.iter().map(|name| tenant.find_group(name));
            let said = tenant.nested(found.collect::<Result<_, _>>()?);
            let may_be_more = tenant.unsaid().of_people.contains(&Signal::Groups);
            if !may_be_more && !said.groups.is_subset(&known.groups) {
                return Err(known::is_known(tenant, described, "in other groups"));
            }
            through_groups = said.roles;
            said.groups.union(&known.groups).copied().collect()
        }
        (None, None) => {
            notes.not_given.insert(Signal::Groups);
            notes.suppose("the user is in no group that a policy excludes");
            BTreeSet::new()
        }
        (Some(names), None) => {
            let found = names.0.iter().map(|name| tenant.find_group(name));
            let nested = tenant.nested(found.collect::<Result<_, _>>()?);
            through_groups = nested.roles;
            nested.groups
        }
    };
    let said = described.roles.iter().flat_map(|names| &names.0);
    let said = said.map(|name| tenant.find_role(name));
    let said: BTreeSet<_> = said.collect::<Result<_, _>>()?;
    let roles = match (&described.roles, known) {
        (None, Some(known)) => known.roles.union(&through_groups).copied().collect(),
        (Some(_), Some(known)) => {
            let may_be_more = tenant.unsaid().of_people.contains(&Signal::Roles);
            if !may_be_more && !said.is_subset(&known.roles) {
                return Err(known::is_known(tenant, described, "with other roles"));
            }
            said.union(&known.roles).copied().collect()
        }
        (None, None) => {
            notes.not_given.insert(Signal::Roles);
            notes.suppose("the user has no role that a policy excludes");
            through_groups
        }
        (Some(_), None) => said,
    };
    Ok(Memberships { groups, roles })
}

/// Somebody in that tenant whom no list names.
fn nobody_in(tenant_id: TenantId) -> HomeAccount {
    HomeAccount {
        tenant_id,
        user_id: UserId::new(Uuid::nil()),
    }
}

/// The id that was typed or that stands for the name, or one of its own.
fn id_in(tenant: &DirectoryTenant, name: &str) -> UserId {
    let stand_in = tenant.stand_in(NameOf::User, name).map(UserId::new);
    let made_up = || UserId::new(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.trim().as_bytes()));
    let typed = name.trim().parse().ok();
    typed.or(stand_in).unwrap_or_else(made_up)
}
