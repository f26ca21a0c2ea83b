//! What becomes of each policy: it applies and demands, it does not apply and why, or it depends on what was not said.

use std::collections::BTreeSet;

use portcullis_model::conditional_access::PolicyState;
use portcullis_model::id::PolicyId;
use portcullis_model::sign_in_log::{AppliedConditionalAccessPolicy, AppliedPolicyResult};
use portcullis_policy::hypothesis::Supposed;

use super::Signal;
use crate::directory::DirectoryTenant;
use crate::word::words;

/// One policy's part in an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyAnswer {
    /// The policy.
    pub id: PolicyId,
    /// Its name.
    pub display_name: String,
    /// Whether it counts.
    pub state: PolicyState,
    /// Whether it applies.
    pub applicability: Applicability,
    /// What the log would say.
    pub result: AppliedPolicyResult,
    /// One sentence why, without a full stop.
    pub reason: String,
    /// The same as the log would have it, with rules and controls.
    pub applied: AppliedConditionalAccessPolicy,
}

/// Whether a policy applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applicability {
    /// It does.
    Applies,
    /// It does not.
    DoesNotApply {
        /// The first condition that keeps it out.
        condition: Condition,
    },
    /// Nobody can say without these.
    DependsOn(BTreeSet<Signal>),
}

words! {
    /// Why a policy does not apply, under Graph's names (`whatIfAnalysisReasons`), in the order in which the first one is told.
    #[derive(PartialOrd, Ord)]
    Condition {
        /// It is disabled.
        PolicyNotEnabled = "policyNotEnabled",
        /// It has no condition at all.
        EmptyPolicy = "emptyPolicy",
        /// Its users.
        Users = "users",
        /// Its workload identities.
        WorkloadIdentities = "workloadIdentities",
        /// Its applications.
        Application = "application",
        /// Its user actions.
        UserActions = "userActions",
        /// Its authentication contexts.
        AuthenticationContext = "authenticationContext",
        /// Its platforms.
        DevicePlatform = "devicePlatform",
        /// Its devices.
        Devices = "devices",
        /// Its kinds of client.
        ClientApps = "clientApps",
        /// Its locations.
        Location = "location",
        /// Its levels of sign-in risk.
        SignInRisk = "signInRisk",
        /// Its levels of user risk.
        UserRisk = "userRisk",
        /// Its levels of insider risk.
        InsiderRisk = "insiderRisk",
        /// Its transfer methods.
        AuthenticationFlow = "authenticationFlow",
    }
}

pub(super) fn tell(tenant: &DirectoryTenant, supposed: &Supposed) -> Vec<PolicyAnswer> {
    let stored = &tenant.configuration().conditional_access_policies;
    supposed
        .policies()
        .into_iter()
        .zip(stored)
        .map(|(applied, policy)| PolicyAnswer {
            id: applied.id,
            display_name: applied.display_name.clone(),
            state: policy.state,
            applicability: applicability(&applied),
            result: applied.result,
            reason: applied.reason.clone(),
            applied,
        })
        .collect()
}

fn applicability(applied: &AppliedConditionalAccessPolicy) -> Applicability {
    use AppliedPolicyResult as R;
    match applied.result {
        R::NotEnabled => Applicability::DoesNotApply {
            condition: Condition::PolicyNotEnabled,
        },
        R::NotApplied | R::ReportOnlyNotApplied => {
            let named = applied.conditions_not_satisfied.iter();
            let first = named.filter_map(|name| condition(name)).min();
            Applicability::DoesNotApply {
                condition: first.unwrap_or(Condition::EmptyPolicy),
            }
        }
        R::Success
        | R::Failure
        | R::Unknown
        | R::ReportOnlySuccess
        | R::ReportOnlyFailure
        | R::ReportOnlyInterrupted => Applicability::Applies,
    }
}

/// The log's name of a condition, as What If has it.
fn condition(name: &str) -> Option<Condition> {
    Some(match name {
        "users" => Condition::Users,
        "application" => Condition::Application,
        "clientType" => Condition::ClientApps,
        "devicePlatform" => Condition::DevicePlatform,
        "location" => Condition::Location,
        _ => return None,
    })
}
