//! Every condition of the language, told by a policy that blocks: who is blocked was in scope (specification 4, 6 and 7).

use std::collections::BTreeSet;

use portcullis_model::conditional_access::GrantControl::Block;
use portcullis_model::conditional_access::filter::{
    Comparison, Expression, Filter, FilterMode, FilterOperator, FilterRule, Operand,
    SecurityAttribute,
};
use portcullis_model::conditional_access::signal::{
    InsiderRiskLevel, InsiderRiskLevels, RiskLevel, RiskLevels, TransferMethod, TransferMethods,
};
use portcullis_model::conditional_access::{
    ApplicationCondition, ApplicationConditions, ClientApplicationConditions,
    ConditionalAccessPolicy, IncludeExclude, LocationCondition, ServicePrincipalCondition, Target,
    UserAction, UserCondition,
};
use portcullis_model::id::ClientId;
use portcullis_model::named_location::{CountryLookup, NamedLocation, NamedLocationKind};
use portcullis_model::store::TenantConfiguration;
use portcullis_policy::decision::{BlockReason, Outcome};
use portcullis_policy::facts::{SignIn, Subject};
use serde_json::{Map, Value, json};

use crate::world::*;

/// Whether a blocking policy with these conditions hits the sign-in in contoso, once that is arranged.
fn hits_in(
    arrange: impl FnOnce(&mut TenantConfiguration),
    sign_in: &SignIn,
    edit: impl FnOnce(&mut ConditionalAccessPolicy),
) -> bool {
    let mut policy = require(&[Block]);
    edit(&mut policy);
    let mut configuration = contoso_with(NO_TRUST, &[policy]);
    arrange(&mut configuration);
    match decided(&configuration, sign_in).outcome {
        Outcome::Granted => false,
        Outcome::Blocked(block) if block.reason == BlockReason::BlockedByPolicy => true,
        other => panic!("{other:?}"),
    }
}

fn hits(sign_in: &SignIn, edit: impl FnOnce(&mut ConditionalAccessPolicy)) -> bool {
    hits_in(|_| {}, sign_in, edit)
}

fn reaching_only(application: &str) -> SignIn {
    let mut sign_in = member();
    sign_in.audiences = BTreeSet::from([application.parse::<ClientId>().unwrap()]);
    sign_in
}

// 4.3: what is reached.

#[test]
fn groups_of_applications_are_the_applications_in_them() {
    use ApplicationCondition::{All, Application, MicrosoftAdminPortals, Office365};
    let share_point = reaching_only("00000003-0000-0ff1-ce00-000000000000");
    let azure_portal = reaching_only("c44b4083-3bb0-49c1-b47d-974e53cbdf3c");
    let own = member();
    for (include, exclude, expect) in [
        // For SharePoint, for the Azure portal, for an application of one's own.
        (vec![Office365], vec![], [true, false, false]),
        (vec![MicrosoftAdminPortals], vec![], [false, true, false]),
        (
            vec![Office365, Application(payroll())],
            vec![],
            [true, false, true],
        ),
        (vec![All], vec![Office365], [false, true, true]),
        (vec![All], vec![MicrosoftAdminPortals], [true, false, true]),
        (vec![Office365], vec![Office365], [false, false, false]),
    ] {
        let found = [&share_point, &azure_portal, &own].map(|sign_in| {
            hits(sign_in, |policy| {
                policy.conditions.target = reaching(&include, &exclude);
            })
        });
        assert_eq!(found, expect, "{include:?} {exclude:?}");
    }
}

#[test]
fn one_audience_that_is_not_excluded_is_enough() {
    let mut sign_in = member();
    sign_in.audiences.insert(id(0xa2));
    let excluding = |policy: &mut ConditionalAccessPolicy| {
        let payroll = ApplicationCondition::Application(payroll());
        policy.conditions.target = reaching(&[ApplicationCondition::All], &[payroll]);
    };
    assert!(hits(&sign_in, excluding));
    assert!(!hits(&member(), excluding));
}

/// What users do to their own accounts: policies that name it, and policies for all resources, whatever they exclude.
#[test]
fn user_actions_are_matched_by_their_name_and_by_all_resources() {
    use UserAction::{RegisterOrJoinDevices, RegisterSecurityInformation};
    let all = ApplicationCondition::All;
    let one = ApplicationCondition::Application(payroll());
    for (target, expect) in [
        (
            Target::UserActions(vec![RegisterSecurityInformation]),
            [true, false, false],
        ),
        (
            Target::UserActions(vec![RegisterOrJoinDevices]),
            [false, true, false],
        ),
        (
            Target::UserActions(vec![RegisterOrJoinDevices, RegisterSecurityInformation]),
            [true, true, false],
        ),
        (
            reaching(std::slice::from_ref(&all), &[]),
            [true, true, true],
        ),
        (
            reaching(&[all], std::slice::from_ref(&one)),
            [true, true, false],
        ),
        (reaching(&[one], &[]), [false, false, true]),
        (
            Target::AuthenticationContexts(vec!["c1".parse().unwrap()]),
            [false; 3],
        ),
    ] {
        let doing = |action| {
            let mut sign_in = member();
            sign_in.audiences.clear();
            sign_in.user_action = Some(action);
            sign_in
        };
        let sign_ins = [
            doing(RegisterSecurityInformation),
            doing(RegisterOrJoinDevices),
            member(),
        ];
        let found = sign_ins
            .map(|sign_in| hits(&sign_in, |policy| policy.conditions.target = target.clone()));
        assert_eq!(found, expect, "{target:?}");
    }
}

/// Without a requested context such policies never apply, and a context alone is not a resource.
#[test]
fn authentication_contexts_are_matched_by_what_is_requested() {
    let asking = |list: &[&str], audiences: &[ClientId]| {
        let mut sign_in = member();
        sign_in.authentication_contexts = list.iter().map(|text| text.parse().unwrap()).collect();
        sign_in.audiences = audiences.iter().copied().collect();
        sign_in
    };
    let contexts = |list: &[&str]| {
        list.iter()
            .map(|text| text.parse().unwrap())
            .collect::<Vec<_>>()
    };
    for (sign_in, target, expect) in [
        (
            asking(&["c1"], &[payroll()]),
            Target::AuthenticationContexts(contexts(&["c1"])),
            true,
        ),
        (
            asking(&["c1", "c9"], &[payroll()]),
            Target::AuthenticationContexts(contexts(&["c9"])),
            true,
        ),
        (
            asking(&["c1"], &[payroll()]),
            Target::AuthenticationContexts(contexts(&["c2", "c11"])),
            false,
        ),
        (
            asking(&[], &[payroll()]),
            Target::AuthenticationContexts(contexts(&["c1"])),
            false,
        ),
        (
            asking(&["c1"], &[]),
            Target::AuthenticationContexts(contexts(&["c1"])),
            true,
        ),
        (
            asking(&["c1"], &[]),
            reaching(&[ApplicationCondition::All], &[]),
            false,
        ),
        (
            asking(&["c1"], &[payroll()]),
            reaching(&[ApplicationCondition::All], &[]),
            true,
        ),
    ] {
        let found = hits(&sign_in, |policy| policy.conditions.target = target.clone());
        assert_eq!(
            found, expect,
            "{:?} {target:?}",
            sign_in.authentication_contexts
        );
    }
}

fn attribute_filter(
    mode: FilterMode,
    operator: FilterOperator,
    text: &str,
) -> Filter<SecurityAttribute> {
    Filter {
        mode,
        rule: FilterRule {
            text: String::new(),
            expression: Expression::Compare(Comparison {
                property: SecurityAttribute::new("Security", "Tier"),
                operator,
                operand: Operand::Text(text.to_owned()),
            }),
        },
    }
}

fn principal(
    number: u128,
    application: ClientId,
    more: &Value,
) -> portcullis_model::application::ServicePrincipal {
    let mut document = json!({
        "id": id::<()>(number).to_string(),
        "appId": application.to_string(),
        "displayName": "Application",
    });
    document
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    serde_json::from_value(document).unwrap()
}

/// Specification 7: run over custom security attributes; an application without any has null ones.
#[test]
fn filters_for_applications_look_at_custom_security_attributes() {
    use FilterMode::{Exclude, Include};
    use FilterOperator::{Contains, Equal, NotContains};
    let arrange = |configuration: &mut TenantConfiguration| {
        let tiers =
            |values: &Value| json!({"customSecurityAttributes": {"Security": {"Tier": values}}});
        configuration.service_principals = vec![
            principal(0x51, payroll(), &tiers(&json!(["high", "PCI"]))),
            principal(0x52, id(0xa2), &tiers(&json!("low"))),
            principal(0x53, id(0xa3), &json!({})),
        ];
    };
    let to = |application: u128| {
        let mut sign_in = member();
        sign_in.audiences = BTreeSet::from([id(application)]);
        sign_in
    };
    let (none, all) = (vec![], vec![ApplicationCondition::All]);
    for (include, mode, operator, text, expect) in [
        // For payroll (high, PCI), for one that is low, for one without attributes, for one that nobody knows.
        (&none, Include, Contains, "pci", [true, false, false, false]),
        (&none, Include, Contains, "PC", [false; 4]),
        (&none, Include, Equal, "LOW", [false, true, false, false]),
        (
            &none,
            Include,
            NotContains,
            "PCI",
            [false, true, true, true],
        ),
        (&all, Exclude, Contains, "PCI", [false, true, true, true]),
        (
            &all,
            Exclude,
            NotContains,
            "PCI",
            [true, false, false, false],
        ),
        // A filter adds to the list beside it.
        (
            &vec![ApplicationCondition::Application(id(0xa3))],
            Include,
            Equal,
            "low",
            [false, true, true, false],
        ),
    ] {
        let found = [0xa1, 0xa2, 0xa3, 0xa9].map(|application| {
            hits_in(arrange, &to(application), |policy| {
                policy.conditions.target = Target::Applications(ApplicationConditions {
                    include: include.clone(),
                    exclude: vec![],
                    filter: Some(attribute_filter(mode, operator, text)),
                });
            })
        });
        assert_eq!(found, expect, "{include:?} {mode:?} {operator:?} {text}");
    }
}

// 4.10: workload identities.

/// One service principal of this tenant, a multi-tenant one, one of another tenant, and one with an attribute.
fn with_principals(configuration: &mut TenantConfiguration) {
    configuration.applications[1].sign_in_audience =
        portcullis_model::application::SignInAudience::AzureADMultipleOrgs;
    let tier = json!({"customSecurityAttributes": {"Security": {"Tier": "high"}}});
    configuration.service_principals = vec![
        principal(0x51, payroll(), &json!({})),
        principal(0x52, id(0xa2), &json!({})),
        principal(
            0x53,
            id(0xb1),
            &json!({"appOwnerOrganizationId": fabrikam().to_string()}),
        ),
        principal(0x54, id(0xa3), &tier),
    ];
}

#[test]
fn workload_identities_are_single_tenant_service_principals_of_this_tenant() {
    use ServicePrincipalCondition::{All, ServicePrincipal};
    let policy_about =
        |include: &[ServicePrincipalCondition], exclude: &[ServicePrincipalCondition], filter| {
            let workloads = ClientApplicationConditions {
                include: include.to_vec(),
                exclude: exclude.to_vec(),
                filter,
            };
            move |policy: &mut ConditionalAccessPolicy| {
                policy.conditions.users.include.clear();
                policy.conditions.client_applications = Some(workloads.clone());
            }
        };
    let high = |mode| Some(attribute_filter(mode, FilterOperator::Equal, "high"));
    for (include, exclude, filter, expect) in [
        // For one of this tenant, a multi-tenant one, one of another tenant, one with an attribute, and an unknown one.
        (vec![All], vec![], None, [true, false, false, true, false]),
        (
            vec![ServicePrincipal(id(0x51))],
            vec![],
            None,
            [true, false, false, false, false],
        ),
        (vec![ServicePrincipal(id(0x53))], vec![], None, [false; 5]),
        (
            vec![All],
            vec![ServicePrincipal(id(0x51))],
            None,
            [false, false, false, true, false],
        ),
        (
            vec![],
            vec![],
            high(FilterMode::Include),
            [false, false, false, true, false],
        ),
        (
            vec![All],
            vec![],
            high(FilterMode::Exclude),
            [true, false, false, false, false],
        ),
    ] {
        let found = [0x51, 0x52, 0x53, 0x54, 0x55].map(|number: u128| {
            let mut sign_in = member();
            sign_in.subject = Subject::ServicePrincipal(id(number));
            sign_in.proofs.clear();
            hits_in(
                with_principals,
                &sign_in,
                policy_about(&include, &exclude, filter.clone()),
            )
        });
        assert_eq!(found, expect, "{include:?} {exclude:?} {filter:?}");
        // User policies never match service principals, nor the other way round.
        assert!(!hits_in(
            with_principals,
            &member(),
            policy_about(&include, &exclude, filter)
        ));
    }
    let mut service = member();
    service.subject = Subject::ServicePrincipal(id(0x51));
    service.proofs.clear();
    assert!(!hits_in(with_principals, &service, |_| {}));
}

#[test]
fn a_policy_about_people_and_workloads_at_once_blocks_both() {
    let about_both = |policy: &mut ConditionalAccessPolicy| {
        policy.conditions.client_applications = Some(ClientApplicationConditions {
            include: vec![ServicePrincipalCondition::All],
            exclude: vec![],
            filter: None,
        });
    };
    let mut policy = require(&[Block]);
    policy.grant_controls = None;
    about_both(&mut policy);
    let outcome = decided(&contoso_with(NO_TRUST, &[policy]), &member()).outcome;
    let Outcome::Blocked(block) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(block.reason, BlockReason::PolicyNotEvaluable);
}

// 4.5: places beyond addresses.

fn place(number: u128, kind: NamedLocationKind) -> NamedLocation {
    NamedLocation {
        id: id(number),
        display_name: format!("Location {number}"),
        kind,
        document: Map::new(),
    }
}

fn countries(lookup: CountryLookup, includes_unknown: bool) -> NamedLocationKind {
    NamedLocationKind::Countries {
        countries: vec!["NL".parse().unwrap(), "BE".parse().unwrap()],
        lookup,
        includes_unknown,
    }
}

fn with_places(configuration: &mut TenantConfiguration) {
    use CountryLookup::{AuthenticatorAppGps, ClientIpAddress};
    configuration.named_locations = vec![
        place(1, countries(ClientIpAddress, false)),
        place(2, countries(ClientIpAddress, true)),
        place(3, countries(AuthenticatorAppGps, false)),
        place(4, NamedLocationKind::CompliantNetwork { is_trusted: true }),
    ];
}

fn named(number: u128) -> LocationCondition {
    LocationCondition::NamedLocation(id(number))
}

#[test]
fn v10_countries_by_address_and_by_coordinates_and_the_unknown_ones() {
    let (all, trusted) = (LocationCondition::All, LocationCondition::AllTrusted);
    let from = |country: Option<&str>, gps: Option<&str>| {
        let mut sign_in = member();
        sign_in.country = country.map(|text| text.parse().unwrap());
        sign_in.place.gps_country = gps.map(|text| text.parse().unwrap());
        sign_in
    };
    let sign_ins = [
        from(Some("NL"), None),
        from(Some("US"), None),
        from(None, None),
        from(None, Some("BE")),
        from(None, Some("US")),
    ];
    for (include, exclude, expect) in [
        // From NL, from US, from nowhere known; by coordinates from BE, from US.
        (named(1), None, [true, false, false, false, false]),
        (named(2), None, [true, false, true, true, true]),
        (all, Some(named(1)), [false, true, true, true, true]),
        (all, Some(named(2)), [false, true, false, false, false]),
        // Withheld coordinates bring in, and never take out.
        (named(3), None, [true, true, true, true, false]),
        (all, Some(named(3)), [true, true, true, false, true]),
        (trusted, None, [false; 5]),
    ] {
        let found = sign_ins.each_ref().map(|sign_in| {
            hits_in(with_places, sign_in, |policy| {
                policy.conditions.locations = Some(IncludeExclude {
                    include: vec![include],
                    exclude: exclude.into_iter().collect(),
                });
            })
        });
        assert_eq!(found, expect, "{include:?} without {exclude:?}");
    }
}

#[test]
fn only_this_tenants_own_compliant_network_counts() {
    for (network, expect) in [
        (None, false),
        (Some(contoso()), true),
        (Some(fabrikam()), false),
    ] {
        for location in [named(4), LocationCondition::AllTrusted] {
            let mut sign_in = member();
            sign_in.place.compliant_network = network;
            let found = hits_in(with_places, &sign_in, |policy| {
                policy.conditions.locations = Some(including(location));
            });
            assert_eq!(found, expect, "{network:?} {location:?}");
        }
    }
}

// 4.7 and 4.8: risk and flows.

type Set = fn(&mut ConditionalAccessPolicy, RiskLevels);
type At = fn(&mut SignIn, RiskLevel);

/// Levels are a list, not a threshold.
#[test]
fn risk_levels_match_only_what_they_name() {
    let all = RiskLevel::ALL;
    let levels = |list: &[RiskLevel]| {
        list.iter()
            .fold(RiskLevels::default(), |set, one| set.with(*one))
    };
    let kinds: [(Set, At); 3] = [
        (
            |policy, set| policy.conditions.sign_in_risk_levels = set,
            |sign_in, level| sign_in.risk.sign_in = level,
        ),
        (
            |policy, set| policy.conditions.user_risk_levels = set,
            |sign_in, level| sign_in.risk.user = level,
        ),
        (
            |policy, set| policy.conditions.service_principal_risk_levels = set,
            |sign_in, level| sign_in.risk.service_principal = level,
        ),
    ];
    for (set, at) in kinds {
        for (listed, expect) in [
            (vec![], [true; 4]),
            (vec![RiskLevel::High], [false, false, false, true]),
            (
                vec![RiskLevel::Low, RiskLevel::Medium],
                [false, true, true, false],
            ),
            (vec![RiskLevel::None], [true, false, false, false]),
        ] {
            let found = all.map(|level| {
                let mut sign_in = member();
                at(&mut sign_in, level);
                hits(&sign_in, |policy| set(policy, levels(&listed)))
            });
            assert_eq!(found, expect, "{listed:?}");
        }
    }
}

#[test]
fn insider_risk_without_a_level_never_matches() {
    let elevated = InsiderRiskLevels::default().with(InsiderRiskLevel::Elevated);
    let every = InsiderRiskLevel::ALL
        .into_iter()
        .fold(InsiderRiskLevels::default(), InsiderRiskLevels::with);
    for (listed, expect) in [
        (elevated, [false, false, true]),
        (every, [false, true, true]),
    ] {
        let levels = [
            None,
            Some(InsiderRiskLevel::Minor),
            Some(InsiderRiskLevel::Elevated),
        ];
        let found = levels.map(|level| {
            let mut sign_in = member();
            sign_in.risk.insider = level;
            hits(&sign_in, |policy| {
                policy.conditions.insider_risk_levels = listed;
            })
        });
        assert_eq!(found, expect, "{listed:?}");
    }
}

#[test]
fn transfer_methods_match_sessions_that_came_that_way() {
    use TransferMethod::{AuthenticationTransfer, DeviceCodeFlow};
    let only = |method| TransferMethods::default().with(method);
    for (listed, expect) in [
        (TransferMethods::default(), [true, true, true]),
        (only(DeviceCodeFlow), [false, true, false]),
        (only(AuthenticationTransfer), [false, false, true]),
        (
            only(DeviceCodeFlow).with(AuthenticationTransfer),
            [false, true, true],
        ),
    ] {
        let found = [None, Some(DeviceCodeFlow), Some(AuthenticationTransfer)].map(|method| {
            let mut sign_in = member();
            sign_in.transfer_method = method;
            hits(&sign_in, |policy| {
                policy.conditions.transfer_methods = listed;
            })
        });
        assert_eq!(found, expect, "{listed:?}");
    }
}

/// Everybody whom one condition alone keeps out is out.
#[test]
fn every_configured_condition_must_match() {
    let narrow = |policy: &mut ConditionalAccessPolicy| {
        policy.conditions.users.include = vec![UserCondition::User(id(0x11))];
        policy.conditions.sign_in_risk_levels = RiskLevels::default().with(RiskLevel::High);
        policy.conditions.transfer_methods =
            TransferMethods::default().with(TransferMethod::DeviceCodeFlow);
    };
    let mut sign_in = member();
    sign_in.risk.sign_in = RiskLevel::High;
    sign_in.transfer_method = Some(TransferMethod::DeviceCodeFlow);
    assert!(hits(&sign_in, narrow));
    let spoilt: [fn(&mut SignIn); 3] = [
        |sign_in| sign_in.risk.sign_in = RiskLevel::Medium,
        |sign_in| sign_in.transfer_method = None,
        |sign_in| edit_user(sign_in, |user| user.user = Some(id(0x12))),
    ];
    for spoil in spoilt {
        let mut other = sign_in.clone();
        spoil(&mut other);
        assert!(!hits(&other, narrow), "{other:?}");
    }
}
