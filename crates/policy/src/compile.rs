//! A tenant's configuration, compiled once for each change and shared by every decision.

mod conditions;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use portcullis_model::conditional_access::{PolicyState, SessionControls};
use portcullis_model::id::{ClientId, PolicyId, TenantId};
use portcullis_model::store::TenantConfiguration;

use crate::attribute_class::AttributeClasses;
use crate::brief::{Brief, Briefs};
use crate::cross_tenant::{CrossTenant, Crossing, Trust};
use crate::demand::{Concern, Demand, compile_demand, compile_session_controls};
use crate::facts::SignIn;
use crate::index::{Index, IndexBuilder};
use crate::location::NamedLocations;
use crate::policy_set::PolicySet;
use crate::seen::Seen;
use conditions::Compilation;

/// A snapshot of everything a tenant has configured that a decision looks at. Cheap to clone; never changes.
#[derive(Clone)]
pub struct CompiledTenant(Arc<Compiled>);

struct Compiled {
    id: TenantId,
    version: u64,
    policies: Vec<CompiledPolicy>,
    briefs: Briefs,
    takes_strengths_of_all_guests: bool,
    enabled: PolicySet,
    /// The enabled policies that say something of the session.
    saying: PolicySet,
    /// Those that say how often proofs are renewed.
    renewing: PolicySet,
    report_only: PolicySet,
    index: Index,
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

impl CompiledPolicy {
    /// Whether nobody passes without remediating the risk; nobody passes what cannot be evaluated.
    pub(crate) fn remediates(&self) -> bool {
        self.defect.is_none() && self.demand.remediates()
    }
}

impl CompiledTenant {
    /// Compiles a configuration. Never fails as a whole: a policy that cannot be evaluated is kept, and blocks
    /// (see [`CompiledTenant::not_evaluable`]).
    pub fn compile(configuration: &TenantConfiguration) -> Self {
        let policies = &configuration.conditional_access_policies;
        let count = policies.len();
        let mut index = IndexBuilder::new(
            count,
            NamedLocations::compile(&configuration.named_locations),
            AttributeClasses::of(
                configuration.organization.id,
                &configuration.service_principals,
                &configuration.applications,
            ),
        );
        let mut enabled = PolicySet::empty(count);
        let mut saying = PolicySet::empty(count);
        let mut renewing = PolicySet::empty(count);
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
            let compilation = Compilation {
                number,
                conditions: &policy.conditions,
                index: &mut index,
                defects: &mut defects,
            };
            compilation.run();
            let session_controls = compile_session_controls(policy);
            let says = session_controls != SessionControls::default();
            if says && policy.state == PolicyState::Enabled {
                saying.insert(number);
                if session_controls.sign_in_frequency.is_some() {
                    renewing.insert(number);
                }
            }
            compiled.push(CompiledPolicy {
                id: policy.id,
                display_name: policy.display_name.clone(),
                state: policy.state,
                concern: Concern::of(policy),
                demand,
                session_controls,
                defect: (!defects.is_empty()).then(|| defects.join("; ")),
            });
        }
        Self(Arc::new(Compiled {
            id: configuration.organization.id,
            version: configuration.version,
            briefs: Briefs::of(&compiled),
            policies: compiled,
            takes_strengths_of_all_guests: configuration
                .organization
                .has_strengths_for_all_guests(),
            enabled,
            saying,
            renewing,
            report_only,
            index: index.build(),
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

    pub(crate) fn briefs(&self) -> &Briefs {
        &self.0.briefs
    }

    /// The policies in both sets in brief, with their numbers, in the order of configuration.
    pub(crate) fn briefs_in<'a, 's>(
        &'a self,
        scope: &'s PolicySet,
        state: &'s PolicySet,
    ) -> impl Iterator<Item = (usize, &'a Brief)> + Clone + use<'a, 's> {
        scope
            .common(state)
            .filter_map(|number| Some((number, self.0.briefs.get(number)?)))
    }

    /// Which policies a sign-in brings into scope.
    pub(crate) fn scope(&self, sign_in: &SignIn) -> PolicySet {
        self.0.index.scope(&Seen::whole(self, sign_in))
    }

    pub(crate) fn enabled(&self) -> &PolicySet {
        &self.0.enabled
    }

    /// The enabled policies that say something of the session; most do not, and are passed over.
    pub(crate) fn saying(&self) -> &PolicySet {
        &self.0.saying
    }

    /// The enabled policies that say how often proofs are renewed.
    pub(crate) fn renewing(&self) -> &PolicySet {
        &self.0.renewing
    }

    pub(crate) fn report_only(&self) -> &PolicySet {
        &self.0.report_only
    }

    pub(crate) fn index(&self) -> &Index {
        &self.0.index
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
