//! The rules about how the parts of a policy go together (specification 3); each part by itself is in order already.

use super::controls::ReadControls;
use super::{
    ApplicationCondition, Conditions, ContinuousAccessEvaluation, GrantControl, GrantOperator,
    SessionControls, Target, UserAction,
};
use crate::document::{Findings, Reason};

pub(super) fn check(conditions: &Conditions, controls: &ReadControls, findings: &mut Findings) {
    let policy = Policy {
        conditions,
        controls,
        grant: controls
            .grant
            .as_ref()
            .map_or(&[], |grant| grant.controls.as_slice()),
    };
    policy.check_persistent_browser(findings);
    policy.check_continuous_access_evaluation(findings);
    policy.check_register_device(findings);
    policy.check_workload_identities(findings);
    policy.check_password_change(findings);
    policy.check_risk_remediation(findings);
}

struct Policy<'p> {
    conditions: &'p Conditions,
    controls: &'p ReadControls,
    grant: &'p [GrantControl],
}

impl Policy<'_> {
    /// All tabs of a browser share one session: persistence for some applications only would mean nothing (CA-V33).
    fn check_persistent_browser(&self, findings: &mut Findings) {
        if self.controls.session.persistent_browser.is_some() && !self.is_about_all_applications() {
            findings.add(
                "$.conditions.applications.includeApplications",
                Reason::Rule("CA-V33"),
                "single applications in a policy with `persistentBrowser`",
                "`All`",
            );
        }
    }

    /// Switching it off works for everything or not at all (CA-V34).
    fn check_continuous_access_evaluation(&self, findings: &mut Findings) {
        let mode = self.controls.session.continuous_access_evaluation;
        let switched_off = mode == Some(ContinuousAccessEvaluation::Disabled);
        if switched_off && !(self.is_about_everything() && self.other_conditions().is_empty()) {
            findings.add(
                "$.sessionControls.continuousAccessEvaluation.mode",
                Reason::Rule("CA-V34"),
                "`disabled` in a policy with a condition beside its users",
                "`All` applications and no condition",
            );
        }
    }

    /// Registering a device comes before there is one (CA-V40).
    fn check_register_device(&self, findings: &mut Findings) {
        let action = UserAction::RegisterOrJoinDevices;
        let is_about = match &self.conditions.target {
            Target::UserActions(actions) => actions.contains(&action),
            Target::Applications(_) | Target::AuthenticationContexts(_) => false,
        };
        if !is_about {
            return;
        }
        let rule = Reason::Rule("CA-V40");
        let other = self.grant.iter().find(|one| {
            !matches!(
                one,
                GrantControl::Mfa | GrantControl::AuthenticationStrength(_)
            )
        });
        if let Some(other) = other {
            findings.add(
                "$.grantControls",
                rule,
                format!("`{}` for registering a device", other.name()),
                "`mfa` or an authentication strength",
            );
        }
        for (name, is_configured) in [
            ("clientAppTypes", self.conditions.client_app_types.is_some()),
            ("devices", self.conditions.devices.is_some()),
        ] {
            if is_configured {
                findings.add(
                    format!("$.conditions.{name}"),
                    rule,
                    "a condition for registering a device",
                    "no such condition",
                );
            }
        }
    }

    /// A policy is about people or about workload identities; the latter are blocked or not (CA-V41).
    fn check_workload_identities(&self, findings: &mut Findings) {
        let rule = Reason::Rule("CA-V41");
        let conditions = self.conditions;
        if conditions.client_applications.is_none() {
            if !conditions.service_principal_risk_levels.is_empty() {
                findings.add(
                    "$.conditions.servicePrincipalRiskLevels",
                    rule,
                    "the risk of service principals in a policy about people",
                    "`clientApplications`, which say whose risk is meant",
                );
            }
            return;
        }
        if !(conditions.users.include.is_empty() && conditions.users.exclude.is_empty()) {
            findings.add(
                "$.conditions.users",
                rule,
                "people beside workload identities",
                "`includeUsers` with `None` only",
            );
        }
        if let Some(name) = self
            .other_conditions()
            .into_iter()
            .find(|name| *name != "locations" && *name != "servicePrincipalRiskLevels")
        {
            findings.add(
                format!("$.conditions.{name}"),
                rule,
                "a condition about people beside workload identities",
                "`locations` or `servicePrincipalRiskLevels`",
            );
        }
        if self.grant != [GrantControl::Block]
            || self.controls.session != SessionControls::default()
        {
            findings.add(
                "$.grantControls",
                rule,
                "a control that a workload identity cannot meet",
                "`block`, and no session control",
            );
        }
    }

    /// A password is changed after MFA, because of the user's risk, and everywhere (specification 3.2).
    fn check_password_change(&self, findings: &mut Findings) {
        if !self.grant.contains(&GrantControl::PasswordChange) {
            return;
        }
        let mut refuse = |path: &str, found: &str, expected: &str| {
            let rule = Reason::Rule("1032 InvalidPasswordResetControl");
            findings.add(path, rule, found, expected);
        };
        let mfa = self.grant.iter().any(|one| {
            matches!(
                one,
                GrantControl::Mfa | GrantControl::AuthenticationStrength(_)
            )
        });
        let grant = self.controls.grant.as_ref();
        let and = grant.is_some_and(|grant| grant.operator == GrantOperator::And);
        if !(mfa && and && self.grant.len() == 2) {
            refuse(
                "$.grantControls",
                "`passwordChange` by itself, in other company or as an alternative",
                "`passwordChange` AND `mfa` (or an authentication strength), nothing else",
            );
        }
        if self.conditions.user_risk_levels.is_empty() {
            refuse(
                "$.conditions.userRiskLevels",
                "no user risk in a policy with `passwordChange`",
                "the levels of risk that a new password ends",
            );
        }
        if !self.is_about_everything() {
            refuse(
                "$.conditions.applications",
                "some applications in a policy with `passwordChange`",
                "`All`, without exclusions and without a filter",
            );
        }
        let others = self.other_conditions();
        if let Some(name) = others.into_iter().find(|name| *name != "userRiskLevels") {
            refuse(
                &format!("$.conditions.{name}"),
                "one more condition in a policy with `passwordChange`",
                "users, applications and user risk only",
            );
        }
    }

    /// What remedies the risk of a user has no meaning without it (specification 3.3).
    fn check_risk_remediation(&self, findings: &mut Findings) {
        if self.grant.contains(&GrantControl::RiskRemediation)
            && self.conditions.user_risk_levels.is_empty()
        {
            findings.add(
                "$.conditions.userRiskLevels",
                Reason::Rule("CA-V21"),
                "no user risk in a policy with `riskRemediation`",
                "the levels of risk that are remedied",
            );
        }
    }

    fn is_about_all_applications(&self) -> bool {
        match &self.conditions.target {
            Target::Applications(applications) => {
                applications.include.contains(&ApplicationCondition::All)
            }
            Target::UserActions(_) | Target::AuthenticationContexts(_) => false,
        }
    }

    /// All applications without exception.
    fn is_about_everything(&self) -> bool {
        match &self.conditions.target {
            Target::Applications(applications) => {
                applications.include.contains(&ApplicationCondition::All)
                    && applications.exclude.is_empty()
                    && applications.filter.is_none()
            }
            Target::UserActions(_) | Target::AuthenticationContexts(_) => false,
        }
    }

    /// The conditions that are configured beside users, workload identities and target.
    fn other_conditions(&self) -> Vec<&'static str> {
        let conditions = self.conditions;
        let risk = [
            ("signInRiskLevels", conditions.sign_in_risk_levels),
            ("userRiskLevels", conditions.user_risk_levels),
            (
                "servicePrincipalRiskLevels",
                conditions.service_principal_risk_levels,
            ),
        ];
        let risk = risk.map(|(name, levels)| (name, !levels.is_empty()));
        let others = [
            ("clientAppTypes", conditions.client_app_types.is_some()),
            ("platforms", conditions.platforms.is_some()),
            ("locations", conditions.locations.is_some()),
            ("devices", conditions.devices.is_some()),
            (
                "insiderRiskLevels",
                !conditions.insider_risk_levels.is_empty(),
            ),
            (
                "authenticationFlows",
                !conditions.transfer_methods.is_empty(),
            ),
        ];
        let all = risk.into_iter().chain(others);
        all.filter(|(_, is_configured)| *is_configured)
            .map(|(name, _)| name)
            .collect()
    }
}
