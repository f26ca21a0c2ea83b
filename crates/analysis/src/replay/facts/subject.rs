//! Who signed in: somebody the world lists, somebody of another tenant, or somebody of whom only the row tells.

use portcullis_model::group::Memberships;
use portcullis_model::id::{ServicePrincipalId, TenantId, UserId};
use portcullis_model::user::UserType;
use portcullis_policy::cross_tenant::CrossTenantChannel;
use portcullis_policy::facts::Subject;
use portcullis_policy::hypothesis::SupposedOrigin;
use uuid::Uuid;

use super::{Reader, TenantIdentity, id};
use crate::replay::missing::{Missing, MissingSet};
use crate::replay::people::{self, Home, collaborating, somebody_of};
use crate::replay::row::{Row, said};
use crate::replay::sides::Knowledge;

/// Who signed in, as far as row and world know.
pub(super) struct Somebody {
    pub(super) subject: Subject,
    pub(super) origin: SupposedOrigin,
    pub(super) knowledge: Knowledge,
    pub(super) missing: MissingSet,
    pub(super) is_person: bool,
}

/// What a row says of where the account lives.
enum Said {
    Internal,
    From(CrossTenantChannel, TenantId),
    WithoutHome,
    /// Another tenant's, by whichever channel.
    Elsewhere(TenantId),
    Nothing,
}

impl Reader {
    pub(super) fn somebody(&self, row: &Row<'_>) -> Somebody {
        if is_service(row) {
            return service(row);
        }
        let user = id(row.user_id.as_ref()).filter(|id: &UserId| !id.uuid().is_nil());
        let said = self.said_of_origin(row);
        if let Some((id, person)) = user.and_then(|id| Some((id, self.people.find(id)?))) {
            let origin = origin_of_object(person.home, &said);
            return Somebody {
                subject: person.subject(id, origin),
                origin,
                knowledge: Knowledge::Whole,
                missing: MissingSet::NOTHING,
                is_person: true,
            };
        }
        stranger(row, user, &said)
    }

    fn said_of_origin(&self, row: &Row<'_>) -> Said {
        let home: Option<TenantId> = id(row.home_tenant_id.as_ref());
        let home = home.filter(|home| !home.uuid().is_nil());
        let resource: Option<TenantId> = id(row.resource_tenant_id.as_ref());
        let own = match self.identity {
            TenantIdentity::Known(own) => Some(own),
            TenantIdentity::Unsaid => resource,
        };
        let is_foreign = home.zip(own).is_some_and(|(home, own)| home != own);
        let elsewhere = home.unwrap_or(TenantId::UNDISCOVERED);
        let access = said(row.cross_tenant_access_type.as_ref()).unwrap_or_default();
        let says = |word: &str| access.split(',').any(|part| part.trim() == word);
        // Of a world that does not say which tenant it is, a row with two tenants may be about either.
        let is_unsure = is_foreign && self.identity == TenantIdentity::Unsaid;
        if is_unsure {
            return Said::Nothing;
        }
        if says("b2bDirectConnect") {
            return Said::From(CrossTenantChannel::DirectConnect, elsewhere);
        }
        if says("serviceProvider") || says("microsoftSupport") {
            return Said::From(CrossTenantChannel::ServiceProvider, elsewhere);
        }
        if says("b2bCollaboration") {
            return match home {
                Some(home) if is_foreign => Said::From(CrossTenantChannel::Collaboration, home),
                Some(_) | None => Said::WithoutHome,
            };
        }
        if says("none") && !is_foreign {
            return Said::Internal;
        }
        let name = said(row.user_principal_name.as_ref()).unwrap_or_default();
        match home {
            Some(home) if is_foreign => Said::Elsewhere(home),
            Some(_) if !name.contains("#EXT#") => Said::Internal,
            Some(_) | None => Said::Nothing,
        }
    }
}

/// Somebody whom the world does not list.
fn stranger(row: &Row<'_>, user: Option<UserId>, said_of_origin: &Said) -> Somebody {
    let mut missing = MissingSet::NOTHING;
    let (origin, has_object) = match said_of_origin {
        Said::Internal => (SupposedOrigin::Internal, true),
        Said::WithoutHome => (SupposedOrigin::WithoutHome, true),
        Said::From(channel, home) => {
            let home = somebody_of(*home);
            let origin = SupposedOrigin::Tenant {
                channel: *channel,
                home,
            };
            match channel {
                CrossTenantChannel::Collaboration => (origin, true),
                CrossTenantChannel::DirectConnect | CrossTenantChannel::ServiceProvider => {
                    (origin, false)
                }
            }
        }
        Said::Elsewhere(home) => {
            missing.add(Missing::Origin);
            (collaborating(somebody_of(*home)), true)
        }
        Said::Nothing => {
            missing.add(Missing::Origin);
            (SupposedOrigin::Internal, true)
        }
    };
    if user.is_none() && has_object {
        missing.add(Missing::Subject);
    }
    let user_type = match said(row.user_type.as_ref()) {
        Some("member" | "Member") => Some(UserType::Member),
        Some("guest" | "Guest") => Some(UserType::Guest),
        Some(_) | None => None,
    };
    let knowledge = match (has_object, user_type) {
        // Whoever has no object is in no group, and is what the channel says.
        (false, _) => Knowledge::Whole,
        (true, Some(_)) => Knowledge::NotMemberships,
        (true, None) => Knowledge::NotMembershipsNorType,
    };
    if has_object {
        missing.add(Missing::Memberships);
        if user_type.is_none() {
            missing.add(Missing::UserType);
        }
    }
    let object = has_object.then_some(user_type);
    Somebody {
        subject: people::user(
            user.filter(|_| has_object),
            people::types(object, origin),
            Memberships::default(),
        ),
        origin,
        knowledge,
        missing,
        is_person: true,
    }
}

/// Where the account of somebody with an object lives: as the world says; which tenant it is, the row may know better.
fn origin_of_object(home: Home, said: &Said) -> SupposedOrigin {
    match (home, said) {
        (Home::At(home), Said::From(channel, _)) => SupposedOrigin::Tenant {
            channel: *channel,
            home,
        },
        (Home::At(home), _) => collaborating(home),
        (Home::SomeTenant | Home::Here, Said::From(CrossTenantChannel::Collaboration, home))
        | (Home::SomeTenant, Said::From(_, home) | Said::Elsewhere(home)) => {
            collaborating(somebody_of(*home))
        }
        (Home::SomeTenant, Said::Internal | Said::WithoutHome | Said::Nothing) => {
            collaborating(somebody_of(TenantId::UNDISCOVERED))
        }
        (Home::NoTenant, _) | (Home::Here, Said::WithoutHome) => SupposedOrigin::WithoutHome,
        (Home::Here, Said::Internal | Said::From(..) | Said::Elsewhere(_) | Said::Nothing) => {
            SupposedOrigin::Internal
        }
    }
}

/// Whether an application signed in for itself.
fn is_service(row: &Row<'_>) -> bool {
    let mut events = row.sign_in_event_types.iter().flatten();
    let is_one =
        events.any(|event| matches!(event.as_str(), "servicePrincipal" | "managedIdentity"));
    let names_user = id::<Uuid>(row.user_id.as_ref()).is_some_and(|id| !id.is_nil());
    is_one || (said(row.service_principal_id.as_ref()).is_some() && !names_user)
}

fn service(row: &Row<'_>) -> Somebody {
    let known: Option<ServicePrincipalId> = id(row.service_principal_id.as_ref());
    let mut missing = MissingSet::NOTHING;
    if known.is_none() {
        missing.add(Missing::Subject);
    }
    Somebody {
        subject: Subject::ServicePrincipal(known.unwrap_or(ServicePrincipalId::new(Uuid::nil()))),
        origin: SupposedOrigin::Internal,
        knowledge: Knowledge::Whole,
        missing,
        is_person: false,
    }
}
