//! What the log is told of each policy: conditions, rules, controls, and one sentence for people.

use portcullis_model::conditional_access::GrantControl::{CompliantDevice, Mfa};
use portcullis_model::conditional_access::{
    ApplicationCondition, ClientAppType, ConditionalAccessPolicy, DevicePlatform, ExternalUserType,
    ExternalUserTypes, GrantOperator, IncludeExclude, LocationCondition, PlatformCondition,
    PolicyState, UserCondition,
};
use portcullis_model::sign_in_log::AppliedConditionalAccessPolicy;
use portcullis_policy::cross_tenant::Trust;
use portcullis_policy::facts::SignIn;

use crate::world::*;

fn told(
    trust: Trust,
    policy: &ConditionalAccessPolicy,
    sign_in: &SignIn,
) -> AppliedConditionalAccessPolicy {
    let decision = decided(&contoso_with(trust, std::slice::from_ref(policy)), sign_in);
    let [told] = <[_; 1]>::try_from(decision.policies()).unwrap();
    told
}

#[test]
fn a_policy_in_scope_tells_conditions_rules_and_controls() {
    let mut policy = policy(1, GrantOperator::Or, &[Mfa, CompliantDevice]);
    policy.conditions.users.include = vec![
        UserCondition::ExternalUsers {
            types: ExternalUserTypes::NONE.with(ExternalUserType::B2bCollaborationGuest),
            tenants: Some(vec![fabrikam()]),
        },
        UserCondition::User(id(0x22)),
    ];
    applications(&mut policy).include = vec![ApplicationCondition::Application(payroll())];
    policy.conditions.platforms = Some(including(PlatformCondition::All));
    policy.conditions.locations = Some(including(LocationCondition::All));
    let told = told(NO_TRUST, &policy, &guest());
    assert_eq!(
        told.conditions_satisfied,
        [
            "users",
            "application",
            "clientType",
            "devicePlatform",
            "location"
        ]
    );
    assert!(told.conditions_not_satisfied.is_empty());
    let rules: Vec<(&str, &str)> = told
        .include_rules_satisfied
        .iter()
        .map(|rule| {
            (
                rule.conditional_access_condition.as_str(),
                rule.rule_satisfied.as_str(),
            )
        })
        .collect();
    assert_eq!(
        rules,
        [
            ("users", "b2bCollaborationGuest"),
            ("users", "userId"),
            ("application", "appId"),
            ("devicePlatform", "allDevicePlatforms"),
            ("location", "allLocations"),
        ]
    );
    assert!(told.exclude_rules_satisfied.is_empty());
    assert_eq!(
        told.enforced_grant_controls,
        ["Mfa", "RequireCompliantDevice"]
    );
}

#[test]
fn a_policy_out_of_scope_tells_what_kept_it_out() {
    let mut policy = require(&[Mfa]);
    policy.conditions.users.exclude = vec![UserCondition::Group(id(5))];
    policy.conditions.client_app_types = Some(vec![ClientAppType::Other]);
    let mut sign_in = member();
    edit_user(&mut sign_in, |user| {
        user.groups = [id(5)].into();
    });
    let told = told(NO_TRUST, &policy, &sign_in);
    assert_eq!(
        told.conditions_satisfied,
        ["application", "devicePlatform", "location"]
    );
    assert_eq!(told.conditions_not_satisfied, ["users", "clientType"]);
    assert_eq!(told.exclude_rules_satisfied.len(), 1);
    assert_eq!(told.exclude_rules_satisfied[0].rule_satisfied, "groupId");
    assert!(told.enforced_grant_controls.is_empty());
    assert_eq!(
        told.reason,
        "not applied: the user is excluded by group `00000000-0000-0000-0000-000000000005`"
    );
}

fn check_reason(
    trust: Trust,
    sign_in: &SignIn,
    edit: impl FnOnce(&mut ConditionalAccessPolicy),
    expect: &str,
) {
    let mut policy = require(&[Mfa]);
    edit(&mut policy);
    assert_eq!(told(trust, &policy, sign_in).reason, expect);
}

#[test]
fn a_policy_in_scope_says_in_one_sentence_what_its_controls_found() {
    for (sign_in, trust, expect) in [
        (
            with_mfa(guest(), fabrikam()),
            MFA_TRUST,
            "mfa met by the home tenant's claim, which is trusted",
        ),
        (
            guest(),
            MFA_TRUST,
            "mfa open: the home tenant asks for it, its claim is trusted",
        ),
        (
            guest(),
            NO_TRUST,
            "mfa open: this tenant asks for it, the home tenant's claim is not trusted",
        ),
        (
            with_mfa(guest(), contoso()),
            NO_TRUST,
            "mfa met in this tenant",
        ),
        (member(), NO_TRUST, "mfa open: this tenant asks for it"),
        (
            direct_connect_user(),
            NO_TRUST,
            "mfa cannot be met: MFA of direct connect users counts only from the home tenant, whose claim is not trusted",
        ),
    ] {
        check_reason(trust, &sign_in, |_| {}, expect);
    }
    check_reason(
        NO_TRUST,
        &member(),
        |policy| policy.state = PolicyState::ReportOnly,
        "report-only, nothing is enforced: mfa open: this tenant asks for it",
    );
    check_reason(
        NO_TRUST,
        &member(),
        |policy| policy.grant_controls = None,
        "no control is demanded",
    );
    let nowhere = IncludeExclude {
        include: vec![LocationCondition::NamedLocation(id(9))],
        exclude: vec![],
    };
    check_reason(
        NO_TRUST,
        &member(),
        |policy| policy.conditions.locations = Some(nowhere),
        "blocks: cannot be evaluated, it names location `00000000-0000-0000-0000-000000000009`, which does not exist",
    );
}

#[test]
fn a_policy_out_of_scope_says_in_one_sentence_what_kept_it_out() {
    check_reason(
        NO_TRUST,
        &member(),
        |policy| policy.state = PolicyState::Disabled,
        "not evaluated: the policy is disabled",
    );
    check_reason(
        NO_TRUST,
        &member(),
        |policy| applications(policy).include.clear(),
        "not applied: no rule of the policy includes what is reached",
    );
    let windows = PlatformCondition::Platform(DevicePlatform::Windows);
    check_reason(
        NO_TRUST,
        &member(),
        |policy| policy.conditions.platforms = Some(including(windows)),
        "not applied: no rule of the policy includes the platform",
    );
}

/// Decision 18: what blocks for a fault of its own can be counted before anybody is hit.
#[test]
fn policies_that_cannot_be_evaluated_are_listed() {
    let mut configuration = contoso_with(NO_TRUST, &[require(&[Mfa]), require(&[]), require(&[])]);
    configuration.conditional_access_policies[1].id = id(2);
    configuration.conditional_access_policies[2].state = PolicyState::Disabled;
    let compiled = portcullis_policy::compile::CompiledTenant::compile(&configuration);
    let listed: Vec<_> = compiled.not_evaluable().collect();
    assert_eq!(listed, [(id(2), "its list of grant controls is empty")]);
}

/// The rules of every condition, in Graph's words (specification 5.8).
#[test]
fn every_configured_condition_tells_the_rule_that_decided() {
    use portcullis_model::conditional_access::signal::{
        InsiderRiskLevel, InsiderRiskLevels, RiskLevel, RiskLevels, TransferMethod, TransferMethods,
    };
    use portcullis_model::conditional_access::{DeviceCondition, DeviceState};
    let mut policy = require(&[Mfa]);
    let conditions = &mut policy.conditions;
    conditions.sign_in_risk_levels = RiskLevels::default().with(RiskLevel::None);
    conditions.user_risk_levels = RiskLevels::default().with(RiskLevel::High);
    conditions.insider_risk_levels = InsiderRiskLevels::default().with(InsiderRiskLevel::Minor);
    conditions.transfer_methods = TransferMethods::default().with(TransferMethod::DeviceCodeFlow);
    conditions.devices = Some(DeviceCondition::AllExceptStates(vec![
        DeviceState::Compliant,
    ]));
    let mut sign_in = member();
    sign_in.transfer_method = Some(TransferMethod::DeviceCodeFlow);
    sign_in.risk.insider = Some(InsiderRiskLevel::Minor);
    let told = told(NO_TRUST, &policy, &sign_in);
    assert_eq!(
        told.conditions_satisfied,
        [
            "users",
            "application",
            "clientType",
            "devicePlatform",
            "location",
            "signInRisk",
            "insiderRisk",
            "deviceState",
            "authenticationFlows"
        ]
    );
    assert_eq!(told.conditions_not_satisfied, ["userRisk"]);
    assert_eq!(
        told.reason,
        "not applied: no rule of the policy includes the risk of the user"
    );
    let rules = told.include_rules_satisfied.iter();
    let rules: Vec<&str> = rules.map(|rule| rule.rule_satisfied.as_str()).collect();
    assert_eq!(
        rules,
        [
            "allUsers",
            "allApps",
            "insiderRisk",
            "allDeviceStates",
            "deviceCodeFlow"
        ]
    );
}
