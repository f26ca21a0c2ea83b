//! Which policies are about a sign-in, condition by condition (specification, section 4).

use std::collections::BTreeSet;

use portcullis_model::application::SignInAudience;
use portcullis_model::conditional_access::{
    ApplicationCondition, ApplicationConditions, ClientAppType, ClientApplicationConditions,
    ConditionalAccessPolicy, DeviceCondition, DevicePlatform, DeviceState, ExternalUserType,
    GrantControl, LocationCondition, PlatformCondition, ServicePrincipalCondition, Target,
    UserCondition,
};
use portcullis_model::device::DeviceTrustType;
use portcullis_model::id::{ClientId, ServicePrincipalId};
use portcullis_model::named_location::{CountryLookup, NamedLocation, NamedLocationKind};
use portcullis_policy::facts::{Subject, UserSubject};

use super::World;
use super::filter::{application_fulfils, device_fulfils, fulfils};

/// Graph's names of the conditions of a policy that hold and that do not; those that are not configured are named only
/// when every sign-in has the fact (specification 5.8).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Matched {
    pub satisfied: BTreeSet<String>,
    pub not_satisfied: BTreeSet<String>,
}

impl Matched {
    fn note(&mut self, name: &'static str, is_configured: bool, holds: bool) {
        if is_configured {
            let list = if holds {
                &mut self.satisfied
            } else {
                &mut self.not_satisfied
            };
            list.insert(name.to_owned());
        }
    }
}

impl World<'_> {
    pub(super) fn in_scope(&self, policy: &ConditionalAccessPolicy) -> bool {
        self.matched(policy).not_satisfied.is_empty()
    }

    pub(super) fn matched(&self, policy: &ConditionalAccessPolicy) -> Matched {
        let conditions = &policy.conditions;
        let risk = &self.sign_in.risk;
        let mut found = Matched::default();
        // A policy is about people or about workload identities, never about both.
        let subject = match (&conditions.client_applications, &self.sign_in.subject) {
            (None, Subject::User(user)) => users_match(policy, user),
            (Some(wanted), Subject::ServicePrincipal(id)) => self.workload_matches(wanted, *id),
            (None, Subject::ServicePrincipal(_)) | (Some(_), Subject::User(_)) => false,
        };
        let name = match &self.sign_in.subject {
            Subject::User(_) => "users",
            Subject::ServicePrincipal(_) => "servicePrincipals",
        };
        found.note(name, true, subject);
        found.note("application", true, self.target_matches(policy));
        let client_type = conditions.client_app_types.as_ref().is_none_or(|types| {
            types.is_empty() || types.iter().any(|one| self.client_matches(*one))
        });
        found.note("clientType", true, client_type);
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
        found.note("devicePlatform", true, platform);
        let location = conditions.locations.as_ref().is_none_or(|locations| {
            let any =
                |list: &[LocationCondition]| list.iter().any(|one| self.location_matches(one));
            let could_be_anywhere = locations.include.is_empty()
                || locations
                    .include
                    .iter()
                    .any(|one| self.is_missing(one) || self.is_not_located(one));
            (could_be_anywhere || any(&locations.include)) && !any(&locations.exclude)
        });
        found.note("location", true, location);

        let levels = conditions.sign_in_risk_levels;
        let holds = levels.contains(risk.sign_in);
        found.note("signInRisk", !levels.is_empty(), holds);
        let levels = conditions.user_risk_levels;
        found.note("userRisk", !levels.is_empty(), levels.contains(risk.user));
        let levels = conditions.service_principal_risk_levels;
        let holds = levels.contains(risk.service_principal);
        found.note("servicePrincipalRisk", !levels.is_empty(), holds);
        let levels = conditions.insider_risk_levels;
        let holds = risk.insider.is_some_and(|level| levels.contains(level));
        found.note("insiderRisk", !levels.is_empty(), holds);
        let methods = conditions.transfer_methods;
        let method = self.sign_in.transfer_method;
        let holds = method.is_some_and(|method| methods.contains(method));
        found.note("authenticationFlows", !methods.is_empty(), holds);
        let holds = conditions
            .devices
            .as_ref()
            .is_none_or(|wanted| self.device_matches(wanted));
        found.note("deviceState", conditions.devices.is_some(), holds);
        found
    }

    // 4.2 and 4.10: who.

    fn workload_matches(
        &self,
        wanted: &ClientApplicationConditions,
        id: ServicePrincipalId,
    ) -> bool {
        use portcullis_model::conditional_access::filter::FilterMode;
        let names = |list: &[ServicePrincipalCondition], all: bool| {
            list.iter().any(|one| match one {
                ServicePrincipalCondition::All => all,
                ServicePrincipalCondition::ServicePrincipal(named) => *named == id,
            })
        };
        let filtered = |mode| {
            wanted.filter.as_ref().is_some_and(|filter| {
                filter.mode == mode && fulfils(&filter.rule.expression, &self.attributes_of(id))
            })
        };
        self.is_single_tenant(id)
            && (names(&wanted.include, true) || filtered(FilterMode::Include))
            && !names(&wanted.exclude, false)
            && !filtered(FilterMode::Exclude)
    }

    /// Registered here, and for here alone.
    fn is_single_tenant(&self, id: ServicePrincipalId) -> bool {
        let found = self.tenant.service_principals.iter();
        found.filter(|one| one.id == id).any(|principal| {
            self.tenant.applications.iter().any(|application| {
                application.app_id == principal.app_id
                    && application.sign_in_audience == SignInAudience::AzureADMyOrg
            })
        })
    }

    // 4.3: what.

    fn target_matches(&self, policy: &ConditionalAccessPolicy) -> bool {
        let sign_in = self.sign_in;
        match &policy.conditions.target {
            Target::Applications(applications) => {
                let audiences = &mut sign_in.audiences.iter();
                audiences.any(|audience| self.application_matches(applications, *audience))
                    || (applications.include.contains(&ApplicationCondition::All)
                        && sign_in.user_action.is_some())
            }
            Target::UserActions(actions) => {
                let action = sign_in.user_action;
                action.is_some_and(|action| actions.contains(&action))
            }
            Target::AuthenticationContexts(contexts) => contexts
                .iter()
                .any(|context| sign_in.authentication_contexts.contains(context)),
        }
    }

    fn application_matches(&self, wanted: &ApplicationConditions, audience: ClientId) -> bool {
        use portcullis_model::conditional_access::filter::FilterMode;
        let any = |list: &[ApplicationCondition], all: bool| {
            list.iter().any(|one| match one {
                ApplicationCondition::All => all,
                ApplicationCondition::Office365 => OFFICE_365.contains(&audience.uuid().as_u128()),
                ApplicationCondition::MicrosoftAdminPortals => {
                    ADMIN_PORTALS.contains(&audience.uuid().as_u128())
                }
                ApplicationCondition::Application(id) => *id == audience,
            })
        };
        let filtered = |mode| {
            wanted.filter.as_ref().is_some_and(|filter| {
                filter.mode == mode
                    && application_fulfils(self.tenant, audience, &filter.rule.expression)
            })
        };
        (any(&wanted.include, true) || filtered(FilterMode::Include))
            && !any(&wanted.exclude, false)
            && !filtered(FilterMode::Exclude)
    }

    // 4.6: by what kind of client.

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

    // 4.5: from where.

    fn location_matches(&self, condition: &LocationCondition) -> bool {
        let locations = &self.tenant.named_locations;
        match condition {
            LocationCondition::All => true,
            LocationCondition::AllTrusted => locations
                .iter()
                .any(|location| location.is_trusted() && self.is_inside(location)),
            LocationCondition::NamedLocation(id) => locations
                .iter()
                .any(|location| location.id == *id && self.is_inside(location)),
        }
    }

    fn is_inside(&self, location: &NamedLocation) -> bool {
        let place = &self.sign_in.place;
        match &location.kind {
            NamedLocationKind::IpRanges { ranges, .. } => {
                self.sign_in.ip_address.is_some_and(|address| {
                    let address = address.to_canonical();
                    ranges.iter().any(|range| range.contains(&address))
                })
            }
            NamedLocationKind::Countries {
                countries,
                lookup: CountryLookup::ClientIpAddress,
                includes_unknown,
            } => match self.sign_in.country {
                Some(country) => countries.contains(&country),
                None => *includes_unknown,
            },
            NamedLocationKind::Countries {
                countries,
                lookup: CountryLookup::AuthenticatorAppGps,
                ..
            } => place
                .gps_country
                .is_some_and(|country| countries.contains(&country)),
            NamedLocationKind::CompliantNetwork { .. } => {
                place.compliant_network == Some(self.tenant.organization.id)
            }
        }
    }

    /// Who gives no coordinates, or none that are believed, is refused: they could be anywhere.
    fn is_not_located(&self, condition: &LocationCondition) -> bool {
        let by_coordinates = |location: &NamedLocation| {
            matches!(location.kind, NamedLocationKind::Countries { lookup, .. }
                if lookup == CountryLookup::AuthenticatorAppGps)
        };
        let mut locations = self.tenant.named_locations.iter();
        self.sign_in.place.gps_country.is_none()
            && locations.any(|one| {
                *condition == LocationCondition::NamedLocation(one.id) && by_coordinates(one)
            })
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

    // 4.9 and 6: on which device.

    fn device_matches(&self, wanted: &DeviceCondition) -> bool {
        use portcullis_model::conditional_access::filter::FilterMode;
        let device = self.known_device();
        match wanted {
            DeviceCondition::Filter(filter) => {
                let fulfilled = device_fulfils(device.as_ref(), &filter.rule.expression);
                match filter.mode {
                    FilterMode::Include => fulfilled,
                    FilterMode::Exclude => !fulfilled,
                }
            }
            DeviceCondition::AllExceptStates(states) => !states.iter().any(|state| {
                device.as_ref().is_some_and(|device| match state {
                    DeviceState::Compliant => device.is_compliant == Some(true),
                    DeviceState::DomainJoined => {
                        device.trust_type == Some(DeviceTrustType::ServerAd)
                    }
                })
            }),
        }
    }

    /// Decision 18, and what Graph would not have stored.
    pub(super) fn is_broken(&self, policy: &ConditionalAccessPolicy) -> bool {
        let conditions = &policy.conditions;
        let lacks = |control: &GrantControl| match control {
            GrantControl::AuthenticationStrength(id) => self.strength(policy, *id).is_none(),
            GrantControl::TermsOfUse(id) => !self.tenant.agreements.iter().any(|one| one.id == *id),
            GrantControl::Block
            | GrantControl::Mfa
            | GrantControl::CompliantDevice
            | GrantControl::DomainJoinedDevice
            | GrantControl::ApprovedApplication
            | GrantControl::CompliantApplication
            | GrantControl::PasswordChange
            | GrantControl::RiskRemediation
            | GrantControl::CustomAuthenticationFactor(_) => false,
        };
        let excludes_all_workloads = conditions.client_applications.as_ref().is_some_and(|list| {
            list.exclude.contains(&ServicePrincipalCondition::All)
                || !conditions.users.include.is_empty()
        });
        excludes_all_workloads
            || conditions.users.exclude.contains(&UserCondition::All)
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
                .is_some_and(|grant| grant.controls.is_empty() || grant.controls.iter().any(lacks))
    }
}

fn users_match(policy: &ConditionalAccessPolicy, user: &UserSubject) -> bool {
    let users = &policy.conditions.users;
    // There is no exclude "All": such a policy is broken, and the entry takes nobody out.
    let excluded = |one: &UserCondition| *one != UserCondition::All && matches(user, one);
    users.include.iter().any(|one| matches(user, one)) && !users.exclude.iter().any(excluded)
}

fn matches(user: &UserSubject, condition: &UserCondition) -> bool {
    let types = user.external_user_types;
    match condition {
        UserCondition::All => true,
        UserCondition::User(id) => user.user == Some(*id),
        UserCondition::Group(id) => user.groups.contains(id),
        UserCondition::Role(id) => user.roles.contains(id),
        UserCondition::GuestsOrExternalUsers => !types.is_empty(),
        UserCondition::ExternalUsers {
            types: wanted,
            tenants: None,
        } => types.intersects(*wanted),
        UserCondition::ExternalUsers {
            types: wanted,
            tenants: Some(tenants),
        } => {
            let home = user.home();
            let from = home.is_some_and(|home| tenants.contains(&home.tenant_id));
            let guest = ExternalUserType::InternalGuest;
            (from && types.intersects(*wanted)) || (types.contains(guest) && wanted.contains(guest))
        }
    }
}

/// Two of the suite, as good as all.
const OFFICE_365: [u128; 2] = [
    0x0000_0002_0000_0ff1_ce00_0000_0000_0000,
    0x0000_0003_0000_0ff1_ce00_0000_0000_0000,
];
/// The Azure portal.
const ADMIN_PORTALS: [u128; 1] = [0xc44b_4083_3bb0_49c1_b47d_974e_53cb_df3c];
