//! What a policy demands, in words.

use portcullis_model::authentication_strength::BuiltInStrength;
use portcullis_model::conditional_access::{
    ConditionalAccessPolicy, GrantControl, GrantOperator, SessionControls,
};
use portcullis_model::id::{AuthenticationStrengthId, PolicyId};
use portcullis_whatif::directory::NameOf;

use super::{NO_DEMAND, PolicyTold};
use crate::analysis::Analysis;

impl Analysis {
    /// Every policy of the tenant.
    pub(super) fn policies_told(&self) -> Vec<PolicyTold> {
        let all = &self.tenant.configuration().conditional_access_policies;
        let counted = self.sides.first().map_or(&[][..], |side| side.policies());
        let defects: Vec<(PolicyId, &str)> = self
            .sides
            .first()
            .into_iter()
            .flat_map(|side| side.compiled.not_evaluable())
            .collect();
        all.iter()
            .map(|policy| PolicyTold {
                id: policy.id,
                name: policy.display_name.clone(),
                state: policy.state,
                is_counted: counted.iter().any(|one| one.id == policy.id),
                demands: self.demands(policy),
                session: session(&policy.session_controls),
                defect: defects
                    .iter()
                    .find(|(id, _)| *id == policy.id)
                    .map(|(_, why)| (*why).to_owned()),
                cells: 0,
                always: 0,
            })
            .collect()
    }

    /// Whether a policy that counts demands anything.
    pub(super) fn demands_something(&self, id: PolicyId) -> bool {
        let policies = self.sides.first().map_or(&[][..], |side| side.policies());
        let mut policies = policies.iter();
        policies.any(|policy| policy.id == id && policy.grant_controls.is_some())
    }

    fn demands(&self, policy: &ConditionalAccessPolicy) -> String {
        let Some(grant) = &policy.grant_controls else {
            return NO_DEMAND.to_owned();
        };
        let word = match grant.operator {
            GrantOperator::And => " and ",
            GrantOperator::Or => " or ",
        };
        let all = grant.controls.iter();
        let words: Vec<String> = all.map(|control| self.control(control, policy)).collect();
        if words.is_empty() {
            "block".to_owned()
        } else {
            words.join(word)
        }
    }

    /// A control by the name that people know.
    pub(crate) fn control(
        &self,
        control: &GrantControl,
        policy: &ConditionalAccessPolicy,
    ) -> String {
        match control {
            GrantControl::Block => "block".to_owned(),
            GrantControl::Mfa => "MFA".to_owned(),
            GrantControl::AuthenticationStrength(id) => {
                format!("strength “{}”", self.strength(*id, policy))
            }
            GrantControl::CompliantDevice => "a compliant device".to_owned(),
            GrantControl::DomainJoinedDevice => "a hybrid joined device".to_owned(),
            GrantControl::ApprovedApplication => "an approved application".to_owned(),
            GrantControl::CompliantApplication => "an application protection policy".to_owned(),
            GrantControl::PasswordChange => "a password change".to_owned(),
            GrantControl::RiskRemediation => "risk remediation".to_owned(),
            GrantControl::TermsOfUse(id) => {
                let name = self.tenant.name_of(NameOf::Agreement, id.uuid());
                let name = name.unwrap_or_else(|| id.to_string());
                format!("terms of use “{name}”")
            }
            GrantControl::CustomAuthenticationFactor(id) => format!("custom control “{id}”"),
        }
    }

    fn strength(&self, id: AuthenticationStrengthId, policy: &ConditionalAccessPolicy) -> String {
        let mut built_in = BuiltInStrength::ALL.iter();
        if let Some(one) = built_in.find(|one| one.id == id) {
            return one.display_name.to_owned();
        }
        let own = &self.tenant.configuration().authentication_strengths;
        let brought = policy.expanded_strength.iter().map(|one| &**one);
        let mut known = own.iter().chain(brought);
        let found = known.find(|one| one.id == id);
        found.map_or_else(|| id.to_string(), |one| one.display_name.clone())
    }
}

fn session(controls: &SessionControls) -> Vec<&'static str> {
    let SessionControls {
        sign_in_frequency,
        persistent_browser,
        application_enforced_restrictions,
        cloud_app_security,
        secure_sign_in_session,
        disable_resilience_defaults,
        continuous_access_evaluation,
        global_secure_access_filtering_profile,
    } = controls;
    [
        (sign_in_frequency.is_some(), "sign-in frequency"),
        (persistent_browser.is_some(), "persistent browser session"),
        (
            *application_enforced_restrictions,
            "application enforced restrictions",
        ),
        (cloud_app_security.is_some(), "cloud app security"),
        (*secure_sign_in_session, "token protection"),
        (*disable_resilience_defaults, "no resilience defaults"),
        (
            continuous_access_evaluation.is_some(),
            "continuous access evaluation",
        ),
        (
            global_secure_access_filtering_profile.is_some(),
            "network filtering profile",
        ),
    ]
    .into_iter()
    .filter(|(is_set, _)| *is_set)
    .map(|(_, name)| name)
    .collect()
}
