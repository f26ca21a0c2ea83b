//! Checks that what policies cannot be evaluated without is there (decision 18).

use std::collections::BTreeSet;

use portcullis_model::authentication_context::AuthenticationContextId;
use portcullis_model::authentication_strength::BuiltInStrength;
use portcullis_model::conditional_access::{ConditionalAccessPolicy, LocationCondition, Target};
use portcullis_model::document::Reason;
use portcullis_model::id::{AgreementId, AuthenticationStrengthId, ClientId, NamedLocationId};
use portcullis_model::microsoft_application::is_microsoft_application;

use crate::error::{Place, WorldFindings};
use crate::tenant::{Placed, PlacedTenant};

/// The ids of a tenant's objects; `None` when no file speaks of the kind: policies may be imported beside what is stored.
pub(super) struct Known {
    locations: Option<BTreeSet<NamedLocationId>>,
    has_trusted: bool,
    strengths: Option<BTreeSet<AuthenticationStrengthId>>,
    agreements: Option<BTreeSet<AgreementId>>,
    contexts: Option<BTreeSet<AuthenticationContextId>>,
    /// The appIds of service principals and registrations, when a file lists service principals.
    applications: Option<BTreeSet<ClientId>>,
}

impl Known {
    pub(super) fn new(tenant: &PlacedTenant) -> Self {
        fn ids<T, K: Ord>(
            kind: Option<&Vec<Placed<T>>>,
            id: impl Fn(&T) -> K,
        ) -> Option<BTreeSet<K>> {
            Some(kind?.iter().map(|placed| id(&placed.value)).collect())
        }
        let mut locations = tenant.named_locations.iter().flatten();
        Self {
            has_trusted: locations.any(|location| location.value.is_trusted()),
            locations: ids(tenant.named_locations.as_ref(), |one| one.id),
            strengths: ids(tenant.authentication_strengths.as_ref(), |one| one.id),
            agreements: ids(tenant.agreements.as_ref(), |one| one.id),
            contexts: ids(tenant.authentication_contexts.as_ref(), |one| one.id),
            applications: ids(tenant.service_principals.as_ref(), |one| one.app_id).map(
                |mut principals| {
                    let registered = tenant.applications.iter().flatten();
                    principals.extend(registered.map(|one| one.value.app_id));
                    principals
                },
            ),
        }
    }

    pub(super) fn check(
        &self,
        policy: &ConditionalAccessPolicy,
        place: &Place,
        findings: &mut WorldFindings,
    ) {
        self.check_locations(policy, place, findings);
        self.check_applications(policy, place, findings);
        let mut missing = |path: &str, id: &dyn std::fmt::Display, expected: &str| {
            let found = format!("`{id}`");
            findings.add(&place.below(path), Reason::Reference, found, expected);
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
    fn check_applications(
        &self,
        policy: &ConditionalAccessPolicy,
        place: &Place,
        findings: &mut WorldFindings,
    ) {
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
                    let place = place.below(&format!(".conditions.applications.{side}[{index}]"));
                    let found = format!("`{id}`");
                    let expected = "the appId of a service principal of this tenant, or of an application of Microsoft's";
                    findings.add(&place, Reason::Rule("CA-V05"), found, expected);
                }
            }
        }
    }

    fn check_locations(
        &self,
        policy: &ConditionalAccessPolicy,
        place: &Place,
        findings: &mut WorldFindings,
    ) {
        let (Some(locations), Some(condition)) = (&self.locations, &policy.conditions.locations)
        else {
            return;
        };
        for (side, list) in [
            ("includeLocations", &condition.include),
            ("excludeLocations", &condition.exclude),
        ] {
            for (index, one) in list.iter().enumerate() {
                let place = || place.below(&format!(".conditions.locations.{side}[{index}]"));
                match one {
                    LocationCondition::All => {}
                    LocationCondition::AllTrusted if self.has_trusted => {}
                    LocationCondition::AllTrusted => findings.add(
                        &place(),
                        Reason::Rule("CA-V12"),
                        "`AllTrusted` without any trusted location".into(),
                        "a named location with `isTrusted`, before policies use it",
                    ),
                    LocationCondition::NamedLocation(id) if locations.contains(id) => {}
                    LocationCondition::NamedLocation(id) => {
                        let found = format!("`{id}`");
                        let expected = "the id of a named location of this tenant";
                        findings.add(&place(), Reason::Reference, found, expected);
                    }
                }
            }
        }
    }
}
