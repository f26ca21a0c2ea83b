//! Applications and service principals by their custom security attributes: those with equal ones are one class, so that
//! a filter is run once for each class when policies are compiled, and never at a sign-in.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::application::{Application, ServicePrincipal, SignInAudience};
use portcullis_model::conditional_access::filter::{AttributeFilter, SecurityAttribute};
use portcullis_model::id::{ClientId, ServicePrincipalId, TenantId};

use crate::filter::{Value, holds, is_fulfilled};

/// The number of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AttributeClass(usize);

impl AttributeClass {
    pub(crate) const fn number(self) -> usize {
        self.0
    }
}

type Attributes = BTreeMap<SecurityAttribute, Vec<String>>;

/// All classes of a tenant. The first is of those without attributes, applications that the tenant does not know included.
#[derive(Debug)]
pub(crate) struct AttributeClasses {
    classes: Vec<Attributes>,
    applications: BTreeMap<ClientId, AttributeClass>,
    /// Only those that a policy on workload identities can be about.
    workloads: BTreeMap<ServicePrincipalId, AttributeClass>,
}

impl AttributeClasses {
    pub(crate) const WITHOUT: AttributeClass = AttributeClass(0);

    pub(crate) fn of(
        tenant: TenantId,
        principals: &[ServicePrincipal],
        registrations: &[Application],
    ) -> Self {
        let multi_tenant: BTreeSet<ClientId> = registrations
            .iter()
            .filter(|one| one.sign_in_audience != SignInAudience::AzureADMyOrg)
            .map(|one| one.app_id)
            .collect();
        let mut numbers = BTreeMap::from([(Attributes::new(), Self::WITHOUT)]);
        let mut applications = BTreeMap::new();
        let mut workloads = BTreeMap::new();
        for principal in principals {
            let next = AttributeClass(numbers.len());
            let attributes = principal.custom_security_attributes();
            let class = *numbers.entry(attributes).or_insert(next);
            if class != Self::WITHOUT {
                applications.insert(principal.app_id, class);
            }
            // Specification 4.10: single-tenant, and registered here, which Graph says of its own applications too.
            let owner = principal.app_owner_organization_id;
            if owner.is_none_or(|owner| owner == tenant)
                && !multi_tenant.contains(&principal.app_id)
            {
                workloads.insert(principal.id, class);
            }
        }
        let mut classes: Vec<(AttributeClass, Attributes)> = numbers
            .into_iter()
            .map(|(one, class)| (class, one))
            .collect();
        classes.sort_unstable_by_key(|(class, _)| *class);
        Self {
            classes: classes.into_iter().map(|(_, one)| one).collect(),
            applications,
            workloads,
        }
    }

    /// The class of an application.
    pub(crate) fn of_application(&self, application: ClientId) -> AttributeClass {
        let known = self.applications.get(&application);
        known.copied().unwrap_or(Self::WITHOUT)
    }

    /// The applications with attributes.
    pub(crate) fn applications(&self) -> impl Iterator<Item = ClientId> {
        self.applications.keys().copied()
    }

    /// The class of a service principal, if a policy on workload identities can be about it.
    pub(crate) fn of_workload(&self, principal: ServicePrincipalId) -> Option<AttributeClass> {
        self.workloads.get(&principal).copied()
    }

    /// The classes that fulfil a filter's rule.
    pub(crate) fn fulfilling(&self, filter: &AttributeFilter) -> Vec<AttributeClass> {
        let fulfils = |attributes: &Attributes| {
            is_fulfilled(&filter.rule.expression, &|comparison| {
                // One value or several: `-contains` asks for a whole one either way (specification 7).
                let values = attributes.get(&comparison.property);
                let value = values.map_or(Value::Null, |values| Value::Texts(values));
                holds(value, comparison.operator, &comparison.operand)
            })
        };
        let classes = self.classes.iter().enumerate();
        classes
            .filter(|(_, attributes)| fulfils(attributes))
            .map(|(number, _)| AttributeClass(number))
            .collect()
    }
}
