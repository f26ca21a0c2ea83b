//! Checks that what a policy cannot be evaluated without is there (decision 18).

use std::collections::BTreeSet;
use std::fmt::Display;

use crate::authentication_context::AuthenticationContextId;
use crate::authentication_strength::BuiltInStrength;
use crate::conditional_access::{ConditionalAccessPolicy, LocationCondition, Target};
use crate::document::{Findings, Reason, Refusal};
use crate::id::{AgreementId, AuthenticationStrengthId, ClientId, NamedLocationId};
use crate::microsoft_application::is_microsoft_application;
use crate::named_location::NamedLocation;
use crate::store::TenantWorld;

/// The ids of a tenant's objects that policies refer to; `None`: nobody says which there are, and nothing of the kind is missing.
#[derive(Debug, Clone, Default)]
pub struct Referable {
    /// Named locations.
    pub locations: Option<BTreeSet<NamedLocationId>>,
    /// Whether one of them is trusted.
    pub has_trusted: bool,
    /// Authentication strengths but the built-in ones.
    pub strengths: Option<BTreeSet<AuthenticationStrengthId>>,
    /// Terms of use.
    pub agreements: Option<BTreeSet<AgreementId>>,
    /// Authentication contexts.
    pub contexts: Option<BTreeSet<AuthenticationContextId>>,
    /// The appIds of service principals and registrations.
    pub applications: Option<BTreeSet<ClientId>>,
}

impl Referable {
    /// What a tenant has, as far as it says so.
    pub fn of_tenant(tenant: &TenantWorld) -> Self {
        fn ids<T, K: Ord>(kind: Option<&Vec<T>>, id: impl Fn(&T) -> K) -> Option<BTreeSet<K>> {
            Some(kind?.iter().map(id).collect())
        }
        let mut locations = tenant.named_locations.iter().flatten();
        Self {
            has_trusted: locations.any(NamedLocation::is_trusted),
            locations: ids(tenant.named_locations.as_ref(), |one| one.id),
            strengths: ids(tenant.authentication_strengths.as_ref(), |one| one.id),
            agreements: ids(tenant.agreements.as_ref(), |one| one.id),
            contexts: ids(tenant.authentication_contexts.as_ref(), |one| one.id),
            applications: ids(tenant.service_principals.as_ref(), |one| one.app_id).map(
                |mut principals| {
                    let registered = tenant.applications.iter().flatten();
                    principals.extend(registered.map(|one| one.app_id));
                    principals
                },
            ),
        }
    }

    /// Whether everything is there that the policy refers to; what is missing is told with its place in the policy.
    pub fn check(&self, policy: &ConditionalAccessPolicy) -> Result<(), Refusal> {
        let mut findings = Findings::default();
        self.check_all(policy, &mut findings);
        findings.into_result(Some(()))
    }

    fn check_all(&self, policy: &ConditionalAccessPolicy, findings: &mut Findings) {
        self.check_locations(policy, findings);
        self.check_applications(policy, findings);
        let mut missing = |path: &str, id: &dyn Display, expected: &str| {
            let found = format!("`{id}`");
            findings.add(format!("${path}"), Reason::Reference, found, expected);
        };
        if let (Some(strengths), Some(id)) = (&self.strengths, policy.authentication_strength()) {
            let is_built_in = BuiltInStrength::ALL.iter().any(|one| one.id == id);
            if !is_built_in && !strengths.contains(&id) && policy.expanded_strength.is_none() {
                let expected = "the id of an authentication strength of this tenant";
                missing(".grantControls.authenticationStrength", &id, expected);
            }
        }
        if let Some(agreements) = &self.agreements {
            for id in policy.agreements().filter(|id| !agreements.contains(id)) {
                let expected = "the id of an agreement of this tenant";
                missing(".grantControls.termsOfUse", &id, expected);
            }
        }
        if let Some(contexts) = &self.contexts {
            let named = policy.authentication_contexts().iter();
            for id in named.filter(|id| !contexts.contains(id)) {
                let path = ".conditions.applications.includeAuthenticationContextClassReferences";
                let expected = "the id of an authentication context of this tenant";
                missing(path, id, expected);
            }
        }
    }

    /// A policy about an application that nobody has would be about nothing, and one that leaves it out would leave out nothing.
    fn check_applications(&self, policy: &ConditionalAccessPolicy, findings: &mut Findings) {
        let (Some(known), Target::Applications(named)) =
            (&self.applications, &policy.conditions.target)
        else {
            return;
        };
        for (side, list) in [
            ("includeApplications", &named.include),
            ("excludeApplications", &named.exclude),
        ] {
            for (index, one) in list.iter().enumerate() {
                let Some(id) = one.application() else {
                    continue;
                };
                if !known.contains(&id) && !is_microsoft_application(id) {
                    let place = format!("$.conditions.applications.{side}[{index}]");
                    let found = format!("`{id}`");
                    let expected = "the appId of a service principal of this tenant, or of an application of Microsoft's";
                    findings.add(place, Reason::Rule("CA-V05"), found, expected);
                }
            }
        }
    }

    fn check_locations(&self, policy: &ConditionalAccessPolicy, findings: &mut Findings) {
        let (Some(locations), Some(condition)) = (&self.locations, &policy.conditions.locations)
        else {
            return;
        };
        for (side, list) in [
            ("includeLocations", &condition.include),
            ("excludeLocations", &condition.exclude),
        ] {
            for (index, one) in list.iter().enumerate() {
                let place = || format!("$.conditions.locations.{side}[{index}]");
                match one {
                    LocationCondition::All => {}
                    LocationCondition::AllTrusted if self.has_trusted => {}
                    LocationCondition::AllTrusted => findings.add(
                        place(),
                        Reason::Rule("CA-V12"),
                        "`AllTrusted` without any trusted location",
                        "a named location with `isTrusted`, before policies use it",
                    ),
                    LocationCondition::NamedLocation(id) if locations.contains(id) => {}
                    LocationCondition::NamedLocation(id) => {
                        let found = format!("`{id}`");
                        let expected = "the id of a named location of this tenant";
                        findings.add(place(), Reason::Reference, found, expected);
                    }
                }
            }
        }
    }
}
