//! The two sets of policies that are compared, compiled once: as they are, only what differs, and what is left of either when
//! something of the user is not known.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::authentication_strength::BuiltInStrength;
use portcullis_model::conditional_access::{
    ApplicationCondition, ConditionalAccessPolicy, GrantControl, PolicyState,
    ServicePrincipalCondition, Target, UserCondition, UserConditions,
};
use portcullis_model::credential::AuthenticationMethods;
use portcullis_model::id::{AuthenticationStrengthId, PolicyId};
use portcullis_model::store::TenantConfiguration;
use portcullis_policy::compile::CompiledTenant;

use super::asked::{Named, asked_by};
use super::missing::MissingSet;

/// What is known of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Knowledge {
    /// Everything that a policy may ask.
    Whole,
    /// Not the groups and roles.
    NotMemberships,
    /// Neither these nor whether they are a member or a guest.
    NotMembershipsNorType,
    /// Not even who it was or what was reached.
    Nothing,
}

/// What is supposed of what is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// Whatever keeps policies out.
    Lenient,
    /// Whatever brings policies in.
    Strict,
}

/// The policies of one side.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) whole: Variants,
    /// Only those that the other side does not have just so.
    pub(super) differing: Variants,
    /// What each enabled policy asks for.
    asked: BTreeMap<PolicyId, MissingSet>,
}

/// One set of policies, for everything that may be unknown of a user.
#[derive(Debug)]
pub(super) struct Variants {
    exact: CompiledTenant,
    without_memberships: Bounds,
    without_type: Bounds,
    open: CompiledTenant,
}

/// The policies as they match somebody of whom something is not known: at least these, at most those.
#[derive(Debug)]
struct Bounds {
    lenient: CompiledTenant,
    strict: CompiledTenant,
}

/// A policy that the two sides do not share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// Only after.
    Added,
    /// Only before.
    Removed,
    /// In both, and not the same.
    Changed,
}

/// Both sides, and what is asked by either.
#[derive(Debug)]
pub(super) struct Sides {
    pub(super) before: Side,
    pub(super) after: Side,
    pub(super) asked: MissingSet,
    pub(super) differences: BTreeMap<PolicyId, Difference>,
    /// The names of the policies of either.
    pub(super) names: BTreeMap<PolicyId, String>,
    /// Methods that some strength names beside the built-in one for MFA: only for these it matters which was used.
    pub(super) told_apart: AuthenticationMethods,
    /// A strength asks for models of keys or issuers of certificates, which no log says.
    pub(super) asks_for_models: bool,
    /// A policy that differs is about an action, which no log says.
    pub(super) has_user_actions: bool,
}

impl Sides {
    pub(super) fn new(before: &TenantConfiguration, after: &TenantConfiguration) -> Self {
        let differences = differences(before, after);
        let side = |configuration: &TenantConfiguration| Side::new(configuration, &differences);
        let (one, two) = (side(before), side(after));
        let both = [before, after];
        let policies = || {
            both.iter()
                .flat_map(|side| &side.conditional_access_policies)
        };
        let enabled = || policies().filter(|policy| policy.state == PolicyState::Enabled);
        let strengths: Vec<_> = both
            .iter()
            .flat_map(|side| strengths_in_use(side))
            .collect();
        let asked = [&one, &two]
            .into_iter()
            .flat_map(|side| side.asked.values());
        Self {
            asked: asked.copied().fold(MissingSet::NOTHING, MissingSet::or),
            names: policies()
                .map(|policy| (policy.id, policy.display_name.clone()))
                .collect(),
            told_apart: strengths
                .iter()
                .flat_map(|strength| &strength.combinations)
                .flat_map(|methods| methods.iter())
                .fold(AuthenticationMethods::NONE, AuthenticationMethods::with),
            asks_for_models: strengths.iter().any(|strength| strength.is_restricted),
            has_user_actions: enabled()
                .any(|policy| differences.contains_key(&policy.id) && is_about_actions(policy)),
            differences,
            before: one,
            after: two,
        }
    }
}

impl Side {
    fn new(
        configuration: &TenantConfiguration,
        differences: &BTreeMap<PolicyId, Difference>,
    ) -> Self {
        // Nothing else can change an outcome.
        let enabled = with_only(configuration, |policy| policy.state == PolicyState::Enabled);
        let differing = with_only(&enabled, |policy| differences.contains_key(&policy.id));
        let named = Named::new(&enabled);
        let asked = enabled.conditional_access_policies.iter();
        Self {
            asked: asked
                .map(|policy| (policy.id, asked_by(policy, &named)))
                .collect(),
            whole: Variants::new(&enabled),
            differing: Variants::new(&differing),
        }
    }

    /// What a policy of this side asks for.
    pub(super) fn asked_by(&self, policy: PolicyId) -> MissingSet {
        self.asked.get(&policy).copied().unwrap_or_default()
    }
}

impl Variants {
    fn new(configuration: &TenantConfiguration) -> Self {
        Self {
            exact: CompiledTenant::compile(configuration),
            without_memberships: Bounds::new(configuration, is_membership),
            without_type: Bounds::new(configuration, |one| is_membership(one) || is_type(one)),
            open: CompiledTenant::compile(&opened(configuration)),
        }
    }

    /// The policies to ask about somebody of whom so much is known.
    pub(super) fn of(&self, knowledge: Knowledge, bound: Bound) -> &CompiledTenant {
        match knowledge {
            Knowledge::Whole => &self.exact,
            Knowledge::NotMemberships => self.without_memberships.at(bound),
            Knowledge::NotMembershipsNorType => self.without_type.at(bound),
            Knowledge::Nothing => &self.open,
        }
    }
}

impl Bounds {
    fn new(configuration: &TenantConfiguration, is_unknown: fn(&UserCondition) -> bool) -> Self {
        let supposing = |bound: Bound| {
            let mut configuration = configuration.clone();
            for policy in &mut configuration.conditional_access_policies {
                suppose(&mut policy.conditions.users, is_unknown, bound);
            }
            CompiledTenant::compile(&configuration)
        };
        Self {
            lenient: supposing(Bound::Lenient),
            strict: supposing(Bound::Strict),
        }
    }

    const fn at(&self, bound: Bound) -> &CompiledTenant {
        match bound {
            Bound::Lenient => &self.lenient,
            Bound::Strict => &self.strict,
        }
    }
}

const fn is_membership(condition: &UserCondition) -> bool {
    match condition {
        UserCondition::Group(_) | UserCondition::Role(_) => true,
        UserCondition::All
        | UserCondition::User(_)
        | UserCondition::GuestsOrExternalUsers
        | UserCondition::ExternalUsers { .. } => false,
    }
}

const fn is_type(condition: &UserCondition) -> bool {
    match condition {
        UserCondition::GuestsOrExternalUsers | UserCondition::ExternalUsers { .. } => true,
        UserCondition::All
        | UserCondition::User(_)
        | UserCondition::Group(_)
        | UserCondition::Role(_) => false,
    }
}

/// The condition on users if whatever is unknown of them is such that the policy matches least, or most.
fn suppose(users: &mut UserConditions, is_unknown: fn(&UserCondition) -> bool, bound: Bound) {
    match bound {
        Bound::Lenient if users.exclude.iter().any(is_unknown) => users.include.clear(),
        Bound::Lenient => users.include.retain(|one| !is_unknown(one)),
        Bound::Strict => {
            users.exclude.retain(|one| !is_unknown(one));
            if users.include.iter().any(is_unknown) {
                users.include = vec![UserCondition::All];
            }
        }
    }
}

/// The policies as they could match anybody at anything.
fn opened(configuration: &TenantConfiguration) -> TenantConfiguration {
    let mut configuration = configuration.clone();
    for policy in &mut configuration.conditional_access_policies {
        let conditions = &mut policy.conditions;
        if !conditions.users.include.is_empty() {
            conditions.users.include = vec![UserCondition::All];
        }
        conditions.users.exclude.clear();
        if let Some(applications) = &mut conditions.client_applications {
            applications.include = vec![ServicePrincipalCondition::All];
            applications.exclude.clear();
            applications.filter = None;
        }
        match &mut conditions.target {
            Target::Applications(applications) => {
                applications.include = vec![ApplicationCondition::All];
                applications.exclude.clear();
                applications.filter = None;
            }
            Target::UserActions(_) | Target::AuthenticationContexts(_) => {}
        }
    }
    configuration
}

fn with_only(
    configuration: &TenantConfiguration,
    keep: impl Fn(&ConditionalAccessPolicy) -> bool,
) -> TenantConfiguration {
    let mut configuration = configuration.clone();
    configuration.conditional_access_policies.retain(keep);
    configuration
}

const fn is_about_actions(policy: &ConditionalAccessPolicy) -> bool {
    match policy.conditions.target {
        Target::UserActions(_) => true,
        Target::Applications(_) | Target::AuthenticationContexts(_) => false,
    }
}

/// A strength that an enabled policy demands, and that says more than "MFA".
struct StrengthInUse {
    combinations: Vec<AuthenticationMethods>,
    is_restricted: bool,
}

fn strengths_in_use(configuration: &TenantConfiguration) -> Vec<StrengthInUse> {
    let policies = configuration.conditional_access_policies.iter();
    let enabled = policies.filter(|policy| policy.state == PolicyState::Enabled);
    let strengths = enabled.flat_map(|policy| {
        let controls = policy
            .grant_controls
            .iter()
            .flat_map(|grant| &grant.controls);
        controls.filter_map(|control| match control {
            GrantControl::AuthenticationStrength(id) => strength(configuration, policy, *id),
            GrantControl::RiskRemediation
            | GrantControl::Block
            | GrantControl::Mfa
            | GrantControl::CompliantDevice
            | GrantControl::DomainJoinedDevice
            | GrantControl::ApprovedApplication
            | GrantControl::CompliantApplication
            | GrantControl::PasswordChange
            | GrantControl::TermsOfUse(_)
            | GrantControl::CustomAuthenticationFactor(_) => None,
        })
    });
    strengths.collect()
}

fn strength(
    configuration: &TenantConfiguration,
    policy: &ConditionalAccessPolicy,
    id: AuthenticationStrengthId,
) -> Option<StrengthInUse> {
    let [multifactor, others @ ..] = &BuiltInStrength::ALL;
    if id == multifactor.id {
        return None;
    }
    if let Some(built_in) = others.iter().find(|one| one.id == id) {
        return Some(StrengthInUse {
            combinations: built_in.allowed_combinations.to_vec(),
            is_restricted: false,
        });
    }
    let stored = configuration.authentication_strengths.iter();
    let own = stored
        .chain(policy.expanded_strength.as_deref())
        .find(|one| one.id == id)?;
    Some(StrengthInUse {
        combinations: own.allowed_combinations.clone(),
        is_restricted: !own.combination_configurations.is_empty(),
    })
}

/// The policies that one side has and the other has not, or has otherwise; every one where what all of them lean on differs.
fn differences(
    before: &TenantConfiguration,
    after: &TenantConfiguration,
) -> BTreeMap<PolicyId, Difference> {
    let by_id =
        |configuration: &TenantConfiguration| -> BTreeMap<PolicyId, ConditionalAccessPolicy> {
            let policies = configuration.conditional_access_policies.iter();
            policies.map(|policy| (policy.id, policy.clone())).collect()
        };
    let (old, new) = (by_id(before), by_id(after));
    let ids: BTreeSet<PolicyId> = old.keys().chain(new.keys()).copied().collect();
    let leaning = Leaning::new(before, after);
    ids.into_iter()
        .filter_map(|id| {
            let difference = match (old.get(&id), new.get(&id)) {
                (None, _) => Difference::Added,
                (Some(_), None) => Difference::Removed,
                (Some(one), Some(two)) if means_the_same(one, two) && !leaning.differs(one) => {
                    return None;
                }
                (Some(_), Some(_)) => Difference::Changed,
            };
            Some((id, difference))
        })
        .collect()
}

/// Whatever the policies are called.
fn means_the_same(one: &ConditionalAccessPolicy, two: &ConditionalAccessPolicy) -> bool {
    one.state == two.state
        && one.conditions == two.conditions
        && one.grant_controls == two.grant_controls
        && one.session_controls == two.session_controls
        && one.expanded_strength == two.expanded_strength
}

/// What policies lean on and is configured beside them, where it differs.
#[expect(clippy::struct_excessive_bools, reason = "four independent questions")]
struct Leaning {
    locations: bool,
    strengths: bool,
    agreements: bool,
    everything_else: bool,
}

impl Leaning {
    fn new(before: &TenantConfiguration, after: &TenantConfiguration) -> Self {
        Self {
            locations: before.named_locations != after.named_locations,
            strengths: before.authentication_strengths != after.authentication_strengths,
            agreements: before.agreements != after.agreements,
            everything_else: before.applications != after.applications
                || before.service_principals != after.service_principals
                || before.cross_tenant_access_policy != after.cross_tenant_access_policy
                || before.organization.has_strengths_for_all_guests()
                    != after.organization.has_strengths_for_all_guests(),
        }
    }

    fn differs(&self, policy: &ConditionalAccessPolicy) -> bool {
        let grant = policy.grant_controls.iter();
        let mut controls = grant.flat_map(|grant| &grant.controls);
        self.everything_else
            || (self.locations && policy.conditions.locations.is_some())
            || controls.any(|control| match control {
                GrantControl::AuthenticationStrength(_) => self.strengths,
                GrantControl::TermsOfUse(_) => self.agreements,
                GrantControl::Block
                | GrantControl::Mfa
                | GrantControl::CompliantDevice
                | GrantControl::DomainJoinedDevice
                | GrantControl::ApprovedApplication
                | GrantControl::CompliantApplication
                | GrantControl::PasswordChange
                | GrantControl::RiskRemediation
                | GrantControl::CustomAuthenticationFactor(_) => false,
            })
    }
}
