//! What policies name: every value that could make two sign-ins different to them.

use std::collections::BTreeSet;

use portcullis_model::authentication_context::AuthenticationContextId;
use portcullis_model::conditional_access::filter::{
    Comparison, DeviceProperty, Expression, SecurityAttribute,
};
use portcullis_model::conditional_access::{
    ApplicationCondition, ConditionalAccessPolicy, DeviceCondition, ServicePrincipalCondition,
    Target, UserCondition,
};
use portcullis_model::id::{
    ClientId, GroupId, RoleTemplateId, ServicePrincipalId, TenantId, UserId,
};

/// Everything that some policy names.
#[derive(Debug, Default)]
pub(crate) struct Mentions {
    pub(crate) users: BTreeSet<UserId>,
    pub(crate) groups: BTreeSet<GroupId>,
    pub(crate) roles: BTreeSet<RoleTemplateId>,
    pub(crate) tenants: BTreeSet<TenantId>,
    pub(crate) applications: BTreeSet<ClientId>,
    pub(crate) names_office_365: bool,
    pub(crate) names_admin_portals: bool,
    pub(crate) contexts: BTreeSet<AuthenticationContextId>,
    pub(crate) principals: BTreeSet<ServicePrincipalId>,
    pub(crate) device: Vec<Comparison<DeviceProperty>>,
    pub(crate) application_attributes: Vec<Comparison<SecurityAttribute>>,
    pub(crate) principal_attributes: Vec<Comparison<SecurityAttribute>>,
}

impl Mentions {
    pub(crate) fn add(&mut self, policy: &ConditionalAccessPolicy) {
        let conditions = &policy.conditions;
        let users = &conditions.users;
        for condition in users.include.iter().chain(&users.exclude) {
            self.user(condition);
        }
        self.target(&conditions.target);
        if let Some(workloads) = &conditions.client_applications {
            for condition in workloads.include.iter().chain(&workloads.exclude) {
                match condition {
                    ServicePrincipalCondition::All => {}
                    ServicePrincipalCondition::ServicePrincipal(id) => {
                        self.principals.insert(*id);
                    }
                }
            }
            if let Some(filter) = &workloads.filter {
                comparisons(&filter.rule.expression, &mut self.principal_attributes);
            }
        }
        match &conditions.devices {
            Some(DeviceCondition::Filter(filter)) => {
                comparisons(&filter.rule.expression, &mut self.device);
            }
            Some(DeviceCondition::AllExceptStates(_)) | None => {}
        }
    }

    fn user(&mut self, condition: &UserCondition) {
        match condition {
            UserCondition::All
            | UserCondition::GuestsOrExternalUsers
            | UserCondition::ExternalUsers { tenants: None, .. } => {}
            UserCondition::User(id) => {
                self.users.insert(*id);
            }
            UserCondition::Group(id) => {
                self.groups.insert(*id);
            }
            UserCondition::Role(id) => {
                self.roles.insert(*id);
            }
            UserCondition::ExternalUsers {
                tenants: Some(tenants),
                ..
            } => self.tenants.extend(tenants),
        }
    }

    fn target(&mut self, target: &Target) {
        let applications = match target {
            Target::Applications(applications) => applications,
            Target::UserActions(_) => return,
            Target::AuthenticationContexts(contexts) => return self.contexts.extend(contexts),
        };
        for condition in applications.include.iter().chain(&applications.exclude) {
            match condition {
                ApplicationCondition::All => {}
                ApplicationCondition::Office365 => self.names_office_365 = true,
                ApplicationCondition::MicrosoftAdminPortals => self.names_admin_portals = true,
                ApplicationCondition::Application(id) => {
                    self.applications.insert(*id);
                }
            }
        }
        if let Some(filter) = &applications.filter {
            comparisons(&filter.rule.expression, &mut self.application_attributes);
        }
    }
}

/// The comparisons of a rule. As deep as the rule is nested, which its parser limits.
fn comparisons<P: Clone>(expression: &Expression<P>, found: &mut Vec<Comparison<P>>) {
    match expression {
        Expression::Or(several) | Expression::And(several) => {
            for one in several {
                comparisons(one, found);
            }
        }
        Expression::Not(one) => comparisons(one, found),
        Expression::Compare(comparison) => found.push(comparison.clone()),
    }
}
