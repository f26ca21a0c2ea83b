//! Which policies are about a sign-in, condition by condition (specification, section 4).

use portcullis_model::conditional_access::{
    ApplicationCondition, ClientAppType, ConditionalAccessPolicy, DevicePlatform, ExternalUserType,
    ExternalUserTypes, LocationCondition, PlatformCondition, Target, UserCondition,
};
use portcullis_model::id::NamedLocationId;
use portcullis_model::named_location::{NamedLocation, NamedLocationKind};
use portcullis_policy::facts::UserSubject;

use super::World;

impl World<'_> {
    /// Graph's names of the conditions that do not match; none: the policy is in scope.
    pub(super) fn unmatched(&self, policy: &ConditionalAccessPolicy) -> Vec<&'static str> {
        let conditions = &policy.conditions;
        let users = self.user().is_some_and(|user| {
            let any = |list: &[UserCondition]| list.iter().any(|one| user_matches(user, one));
            let excluding = conditions.users.exclude.iter();
            // There is no exclude "All"; the policy is broken, and such an entry takes nobody out.
            let excluding: Vec<_> = excluding
                .filter(|one| **one != UserCondition::All)
                .cloned()
                .collect();
            any(&conditions.users.include) && !any(&excluding)
        });
        let application = self.sign_in.audiences.iter().any(|audience| {
            let named = ApplicationCondition::Application(*audience);
            let Target::Applications(applications) = &conditions.target else {
                return false;
            };
            let include = &applications.include;
            (include.contains(&ApplicationCondition::All) || include.contains(&named))
                && !applications.exclude.contains(&named)
        }) || match &conditions.target {
            Target::Applications(_) | Target::UserActions(_) => false,
            Target::AuthenticationContexts(contexts) => {
                let requested = &self.sign_in.authentication_contexts;
                contexts.iter().any(|context| requested.contains(context))
            }
        };
        let risk = self.sign_in.risk;
        let insider_risk = conditions.insider_risk_levels.is_empty()
            || risk
                .insider
                .is_some_and(|level| conditions.insider_risk_levels.contains(level));
        let client_type = conditions.client_app_types.as_ref().is_none_or(|types| {
            types.is_empty() || types.iter().any(|one| self.client_matches(*one))
        });
        let platform = conditions.platforms.as_ref().is_none_or(|platforms| {
            let any = |list: &[PlatformCondition]| {
                list.iter().any(|one| match one {
                    PlatformCondition::All => true,
                    PlatformCondition::Platform(platform) => {
                        self.sign_in.platform == Some(*platform)
                    }
                })
            };
            (platforms.include.is_empty() || any(&platforms.include)) && !any(&platforms.exclude)
        });
        let location = conditions.locations.as_ref().is_none_or(|locations| {
            let any =
                |list: &[LocationCondition]| list.iter().any(|one| self.location_matches(one));
            let could_be_anywhere = locations.include.is_empty()
                || locations.include.iter().any(|one| self.is_missing(one));
            (could_be_anywhere || any(&locations.include)) && !any(&locations.exclude)
        });
        [
            (self.subject_condition(), users),
            ("application", application),
            ("clientType", client_type),
            ("devicePlatform", platform),
            ("location", location),
            ("insiderRisk", insider_risk),
        ]
        .into_iter()
        .filter_map(|(name, matches)| (!matches).then_some(name))
        .collect()
    }

    fn subject_condition(&self) -> &'static str {
        if self.user().is_some() {
            "users"
        } else {
            "servicePrincipals"
        }
    }

    fn client_matches(&self, wanted: ClientAppType) -> bool {
        use ClientAppType::{EasSupported, ExchangeActiveSync};
        let supported = [
            DevicePlatform::Ios,
            DevicePlatform::Android,
            DevicePlatform::Windows,
        ];
        let on_supported = self
            .sign_in
            .platform
            .is_some_and(|one| supported.contains(&one));
        match (wanted, self.sign_in.client_app_type) {
            (ExchangeActiveSync, EasSupported) => true,
            (EasSupported, ExchangeActiveSync) => on_supported,
            (wanted, found) => wanted == found,
        }
    }

    fn location_matches(&self, condition: &LocationCondition) -> bool {
        let inside = |wanted: &dyn Fn(NamedLocationId, bool) -> bool| {
            self.sign_in.ip_address.is_some_and(|address| {
                self.tenant.named_locations.iter().any(|location| {
                    wanted(location.id, location.is_trusted()) && has(location, address)
                })
            })
        };
        match condition {
            LocationCondition::All => true,
            LocationCondition::AllTrusted => inside(&|_, is_trusted| is_trusted),
            LocationCondition::NamedLocation(id) => inside(&|found, _| found == *id),
        }
    }

    fn is_missing(&self, condition: &LocationCondition) -> bool {
        match condition {
            LocationCondition::All | LocationCondition::AllTrusted => false,
            LocationCondition::NamedLocation(id) => !self
                .tenant
                .named_locations
                .iter()
                .any(|location| location.id == *id),
        }
    }

    /// Decision 18, and what Graph would not have stored.
    pub(super) fn is_broken(&self, policy: &ConditionalAccessPolicy) -> bool {
        let conditions = &policy.conditions;
        conditions.users.exclude.contains(&UserCondition::All)
            || matches!(&conditions.target, Target::Applications(applications)
                if applications.exclude.contains(&ApplicationCondition::All))
            || conditions
                .platforms
                .as_ref()
                .is_some_and(|list| list.include.is_empty())
            || conditions.locations.as_ref().is_some_and(|list| {
                list.include.is_empty()
                    || list
                        .include
                        .iter()
                        .chain(&list.exclude)
                        .any(|one| self.is_missing(one))
            })
            || policy
                .grant_controls
                .as_ref()
                .is_some_and(|grant| grant.controls.is_empty())
    }
}

fn has(location: &NamedLocation, address: std::net::IpAddr) -> bool {
    match &location.kind {
        NamedLocationKind::IpRanges { ranges, .. } => {
            ranges.iter().any(|range| range.contains(&address))
        }
        NamedLocationKind::Countries { .. } | NamedLocationKind::CompliantNetwork { .. } => false,
    }
}

fn user_matches(user: &UserSubject, condition: &UserCondition) -> bool {
    let types = user.external_user_types;
    match condition {
        UserCondition::All => true,
        UserCondition::User(id) => user.user == Some(*id),
        UserCondition::Group(id) => user.groups.contains(id),
        UserCondition::Role(id) => user.roles.contains(id),
        UserCondition::GuestsOrExternalUsers => types != ExternalUserTypes::NONE,
        UserCondition::ExternalUsers {
            types: wanted,
            tenants: None,
        } => types.intersects(*wanted),
        UserCondition::ExternalUsers {
            types: wanted,
            tenants: Some(tenants),
        } => {
            let from = user
                .home()
                .is_some_and(|home| tenants.contains(&home.tenant_id));
            let guest = ExternalUserType::InternalGuest;
            (from && types.intersects(*wanted)) || (types.contains(guest) && wanted.contains(guest))
        }
    }
}
