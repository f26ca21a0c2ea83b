//! A tenant's configuration, compiled once for each change and shared by every decision.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use portcullis_model::conditional_access::{
    ApplicationCondition, ConditionalAccessPolicy, Conditions, ExternalUserType, LocationCondition,
    PlatformCondition, PolicyState, SessionControls, Target, UserCondition,
};
use portcullis_model::id::{ClientId, PolicyId, TenantId};
use portcullis_model::store::TenantConfiguration;

use crate::cross_tenant::{CrossTenant, Crossing, Trust};
use crate::demand::{Concern, Demand, compile_demand, compile_session_controls};
use crate::facts::SignIn;
use crate::index::{
    ApplicationValue, Index, IndexBuilder, LocationValue, PlatformValue, Scope, UserValue,
};
use crate::location::NamedLocations;
use crate::policy_set::PolicySet;

/// A snapshot of everything a tenant has configured that a decision looks at. Cheap to clone; never changes.
#[derive(Clone)]
pub struct CompiledTenant(Arc<Compiled>);

struct Compiled {
    id: TenantId,
    version: u64,
    policies: Vec<CompiledPolicy>,
    takes_strengths_of_all_guests: bool,
    enabled: PolicySet,
    report_only: PolicySet,
    index: Index,
    named_locations: NamedLocations,
    cross_tenant: CrossTenant,
    direct_connect_applications: BTreeSet<ClientId>,
}

/// One policy, its conditions moved into the index.
#[derive(Debug)]
pub(crate) struct CompiledPolicy {
    pub(crate) id: PolicyId,
    pub(crate) display_name: String,
    pub(crate) state: PolicyState,
    /// What it is about, where that matters to its controls.
    pub(crate) concern: Concern,
    pub(crate) demand: Demand,
    pub(crate) session_controls: SessionControls,
    /// Why the policy cannot be evaluated, if it cannot: then it blocks whoever it could match (decision 18).
    pub(crate) defect: Option<String>,
}

impl CompiledTenant {
    /// Compiles a configuration. Never fails as a whole: a policy that cannot be evaluated is kept, and blocks
    /// (see [`CompiledTenant::not_evaluable`]).
    pub fn compile(configuration: &TenantConfiguration) -> Self {
        let policies = &configuration.conditional_access_policies;
        let count = policies.len();
        let named_locations = NamedLocations::compile(&configuration.named_locations);
        let mut index = IndexBuilder::new(count);
        let mut enabled = PolicySet::empty(count);
        let mut report_only = PolicySet::empty(count);
        let mut compiled = Vec::with_capacity(count);
        for (number, policy) in policies.iter().enumerate() {
            match policy.state {
                PolicyState::Enabled => enabled.insert(number),
                PolicyState::ReportOnly => report_only.insert(number),
                PolicyState::Disabled => {}
            }
            let mut defects = Vec::new();
            let demand = compile_demand(policy, configuration, &mut defects);
            compile_conditions(number, policy, &mut index, (&named_locations, &mut defects));
            compiled.push(CompiledPolicy {
                id: policy.id,
                display_name: policy.display_name.clone(),
                state: policy.state,
                concern: Concern::of(policy),
                demand,
                session_controls: compile_session_controls(policy),
                defect: (!defects.is_empty()).then(|| defects.join("; ")),
            });
        }
        Self(Arc::new(Compiled {
            id: configuration.organization.id,
            version: configuration.version,
            policies: compiled,
            takes_strengths_of_all_guests: configuration.organization.has_strengths_for_all_guests(),
            enabled,
            report_only,
            index: index.build(),
            named_locations,
            cross_tenant: CrossTenant::compile(&configuration.cross_tenant_access_policy),
            direct_connect_applications: configuration
                .applications
                .iter()
                .filter(|application| application.supports_direct_connect)
                .map(|application| application.app_id)
                .collect(),
        }))
    }

    /// The tenant.
    pub fn id(&self) -> TenantId {
        self.0.id
    }

    /// The version of the configuration this was compiled from.
    pub fn version(&self) -> u64 {
        self.0.version
    }

    /// Enabled policies that cannot be evaluated and therefore block, each with why: for logs and metrics (decision 18).
    pub fn not_evaluable(&self) -> impl Iterator<Item = (PolicyId, &str)> {
        self.0
            .policies
            .iter()
            .filter(|policy| policy.state == PolicyState::Enabled)
            .filter_map(|policy| Some((policy.id, policy.defect.as_deref()?)))
    }

    /// Which claims of another tenant count here.
    pub fn trust(&self, home: TenantId) -> Trust {
        self.0.cross_tenant.toward(home).trust
    }

    /// Whether a guest whose identity is no tenant's may meet a strength by what is proven here (decision 6).
    pub(crate) fn takes_strengths_of_all_guests(&self) -> bool {
        self.0.takes_strengths_of_all_guests
    }

    pub(crate) fn cross_tenant(&self) -> &CrossTenant {
        &self.0.cross_tenant
    }

    /// Whether every resource of the request takes part in direct connect (specification 2.6). Baseline scopes alone
    /// reach the directory (decision 20), there the client's word counts.
    pub(crate) fn offers_direct_connect(&self, crossing: &Crossing<'_>) -> bool {
        let offers =
            |application: &ClientId| self.0.direct_connect_applications.contains(application);
        crossing.resources.iter().all(|resource| {
            offers(resource) || (*resource == ClientId::DIRECTORY && offers(&crossing.client))
        })
    }

    pub(crate) fn policies(&self) -> &[CompiledPolicy] {
        &self.0.policies
    }

    pub(crate) fn policy_id(&self, number: usize) -> Option<PolicyId> {
        self.0.policies.get(number).map(|policy| policy.id)
    }

    /// The policies in both sets, with their numbers, in the order of configuration.
    pub(crate) fn policies_in<'a>(
        &'a self,
        scope: &'a PolicySet,
        state: &'a PolicySet,
    ) -> impl Iterator<Item = (usize, &'a CompiledPolicy)> + Clone {
        scope
            .common(state)
            .filter_map(|number| Some((number, self.0.policies.get(number)?)))
    }

    /// Which policies each dimension of a sign-in matches.
    pub(crate) fn scope(&self, sign_in: &SignIn) -> Scope {
        self.0
            .index
            .scope(sign_in, &self.0.named_locations, self.0.policies.len())
    }

    pub(crate) fn enabled(&self) -> &PolicySet {
        &self.0.enabled
    }

    pub(crate) fn report_only(&self) -> &PolicySet {
        &self.0.report_only
    }

    pub(crate) fn index(&self) -> &Index {
        &self.0.index
    }

    pub(crate) fn named_locations(&self) -> &NamedLocations {
        &self.0.named_locations
    }
}

impl fmt::Debug for CompiledTenant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CompiledTenant")
            .field("id", &self.0.id)
            .field("version", &self.0.version)
            .finish_non_exhaustive()
    }
}

fn compile_conditions(
    number: usize,
    policy: &ConditionalAccessPolicy,
    index: &mut IndexBuilder,
    (named_locations, defects): (&NamedLocations, &mut Vec<String>),
) {
    compile_users(number, &policy.conditions, index, defects);
    compile_applications(number, &policy.conditions, index, defects);
    refuse_what_is_not_matched_yet(&policy.conditions, defects);
    compile_client_app_types(number, &policy.conditions, index);
    compile_platforms(number, &policy.conditions, index, defects);
    compile_locations(number, &policy.conditions, index, named_locations, defects);
}

fn compile_users(
    number: usize,
    conditions: &Conditions,
    index: &mut IndexBuilder,
    defects: &mut Vec<String>,
) {
    for condition in &conditions.users.include {
        for value in user_rules(condition) {
            index.users.include(value, number);
        }
    }
    for condition in &conditions.users.exclude {
        if *condition == UserCondition::All {
            defects.push("it excludes all users, which no policy can say".into());
            continue;
        }
        for value in user_rules(condition) {
            index.users.exclude(value, number);
        }
    }
}

/// The values that satisfy a user condition.
fn user_rules(condition: &UserCondition) -> Vec<UserValue> {
    let any_tenant = |one| UserValue::External(one, None);
    match condition {
        UserCondition::All => vec![UserValue::All],
        UserCondition::User(user) => vec![UserValue::User(*user)],
        UserCondition::Group(group) => vec![UserValue::Group(*group)],
        UserCondition::Role(role) => vec![UserValue::Role(*role)],
        // Decision 5: all six types, all tenants.
        UserCondition::GuestsOrExternalUsers => {
            ExternalUserType::ALL.into_iter().map(any_tenant).collect()
        }
        UserCondition::ExternalUsers {
            types,
            tenants: None,
        } => types.iter().map(any_tenant).collect(),
        UserCondition::ExternalUsers {
            types,
            tenants: Some(tenants),
        } => types
            .iter()
            .flat_map(|one| match one {
                // Internal guests have no home tenant: the list says nothing of them (specification 4.2).
                ExternalUserType::InternalGuest => vec![any_tenant(one)],
                ExternalUserType::B2bCollaborationGuest
                | ExternalUserType::B2bCollaborationMember
                | ExternalUserType::B2bDirectConnectUser
                | ExternalUserType::OtherExternalUser
                | ExternalUserType::ServiceProvider => tenants
                    .iter()
                    .map(|tenant| UserValue::External(one, Some(*tenant)))
                    .collect(),
            })
            .collect(),
    }
}

fn compile_applications(
    number: usize,
    conditions: &Conditions,
    index: &mut IndexBuilder,
    defects: &mut Vec<String>,
) {
    let applications = match &conditions.target {
        Target::Applications(applications) if applications.filter.is_none() => applications,
        Target::Applications(_) | Target::UserActions(_) | Target::AuthenticationContexts(_) => {
            defects.push("its target cannot be evaluated".into());
            return index.applications.always.insert(number);
        }
    };
    let mut unknown = Vec::new();
    let mut value = |condition: &ApplicationCondition| match condition {
        ApplicationCondition::All => Some(ApplicationValue::All),
        ApplicationCondition::Application(application) => {
            Some(ApplicationValue::Application(*application))
        }
        ApplicationCondition::Office365 | ApplicationCondition::MicrosoftAdminPortals => {
            unknown.push("it names a group of applications, which cannot be evaluated".to_owned());
            None
        }
    };
    for condition in &applications.include {
        match value(condition) {
            Some(value) => index.applications.include(value, number),
            None => index.applications.always.insert(number),
        }
    }
    for condition in &applications.exclude {
        match value(condition) {
            Some(ApplicationValue::All) => {
                defects.push("it excludes all resources, which no policy can say".into());
            }
            Some(one @ ApplicationValue::Application(_)) => index.applications.exclude(one, number),
            None => {}
        }
    }
    defects.append(&mut unknown);
}

/// Conditions that the index does not hold yet: a policy that has one blocks whoever the others match (decision 18).
fn refuse_what_is_not_matched_yet(conditions: &Conditions, defects: &mut Vec<String>) {
    let unmatched = [
        (
            "client applications",
            conditions.client_applications.is_some(),
        ),
        ("sign-in risk", !conditions.sign_in_risk_levels.is_empty()),
        ("user risk", !conditions.user_risk_levels.is_empty()),
        (
            "service principal risk",
            !conditions.service_principal_risk_levels.is_empty(),
        ),
        ("insider risk", !conditions.insider_risk_levels.is_empty()),
        ("devices", conditions.devices.is_some()),
        ("transfer methods", !conditions.transfer_methods.is_empty()),
    ];
    for (name, is_configured) in unmatched {
        if is_configured {
            defects.push(format!("its condition on {name} cannot be evaluated"));
        }
    }
}

/// No list, and an empty list, is no condition.
fn compile_client_app_types(number: usize, conditions: &Conditions, index: &mut IndexBuilder) {
    match conditions.client_app_types.as_deref() {
        None | Some([]) => index.client_app_types.always.insert(number),
        Some(types) => {
            for one in types {
                index.client_app_types.include(*one, number);
            }
        }
    }
}

fn compile_platforms(
    number: usize,
    conditions: &Conditions,
    index: &mut IndexBuilder,
    defects: &mut Vec<String>,
) {
    let Some(platforms) = &conditions.platforms else {
        return index.platforms.always.insert(number);
    };
    if platforms.include.is_empty() {
        defects.push("its platform condition includes none".into());
        index.platforms.always.insert(number);
    }
    let value = |condition: &PlatformCondition| match condition {
        PlatformCondition::All => PlatformValue::All,
        PlatformCondition::Platform(platform) => PlatformValue::Platform(*platform),
    };
    for condition in &platforms.include {
        index.platforms.include(value(condition), number);
    }
    for condition in &platforms.exclude {
        index.platforms.exclude(value(condition), number);
    }
}

fn compile_locations(
    number: usize,
    conditions: &Conditions,
    index: &mut IndexBuilder,
    named_locations: &NamedLocations,
    defects: &mut Vec<String>,
) {
    let Some(locations) = &conditions.locations else {
        return index.locations.always.insert(number);
    };
    if locations.include.is_empty() {
        defects.push("its location condition includes none".into());
        index.locations.always.insert(number);
    }
    let mut value = |condition: &LocationCondition| match condition {
        LocationCondition::All => Some(LocationValue::All),
        LocationCondition::AllTrusted => Some(LocationValue::AllTrusted),
        LocationCondition::NamedLocation(id) if named_locations.knows(*id) => {
            Some(LocationValue::Named(*id))
        }
        LocationCondition::NamedLocation(id) => {
            defects.push(format!("it names location `{id}`, which does not exist"));
            None
        }
    };
    for condition in &locations.include {
        match value(condition) {
            Some(value) => index.locations.include(value, number),
            // The missing location could have been anywhere.
            None => index.locations.always.insert(number),
        }
    }
    // A missing location on the exclude side excludes nobody.
    for value in locations.exclude.iter().filter_map(value) {
        index.locations.exclude(value, number);
    }
}
