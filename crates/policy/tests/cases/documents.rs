//! Generated policies, written as Graph writes them and read again, mean the same: export and import lose nothing.

use portcullis_model::conditional_access::filter::{Filter, FilterMode, FilterProperty};
use portcullis_model::conditional_access::signal::{
    InsiderRiskLevel, RiskLevel, RiskLevels, TransferMethod,
};
use portcullis_model::conditional_access::{
    ApplicationCondition, ClientAppType, CloudAppSecurity, ConditionalAccessPolicy,
    ContinuousAccessEvaluation, DeviceCondition, ExternalUserType, FrequencyAuthenticationType,
    GrantControl, GrantOperator, LocationCondition, PersistentBrowser, PlatformCondition,
    ServicePrincipalCondition, SessionControls, SignInInterval, Target, UserAction, UserCondition,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::generated::{configuration, sign_in};
use crate::reference::evaluate;

/// The texts that `word` finds in a list.
fn words<T>(list: &[T], word: impl Fn(&T) -> Option<String>) -> Vec<String> {
    list.iter().filter_map(word).collect()
}

fn flags(names: impl Iterator<Item = &'static str>) -> Value {
    let names: Vec<_> = names.collect();
    if names.is_empty() {
        Value::Null
    } else {
        json!(names.join(","))
    }
}

fn users(side: &str, list: &[UserCondition], into: &mut Value) {
    let all = words(list, |one| match one {
        UserCondition::All => Some("All".into()),
        UserCondition::User(id) => Some(id.to_string()),
        UserCondition::GuestsOrExternalUsers => Some("GuestsOrExternalUsers".into()),
        _ => None,
    });
    let nobody = side == "include" && list.is_empty();
    into[format!("{side}Users")] = json!(if nobody { vec!["None".into()] } else { all });
    into[format!("{side}Groups")] = json!(words(list, |one| match one {
        UserCondition::Group(id) => Some(id.to_string()),
        _ => None,
    }));
    into[format!("{side}Roles")] = json!(words(list, |one| match one {
        UserCondition::Role(id) => Some(id.to_string()),
        _ => None,
    }));
    for one in list {
        if let UserCondition::ExternalUsers { types, tenants } = one {
            into[format!("{side}GuestsOrExternalUsers")] = json!({
                "guestOrExternalUserTypes": flags(types.iter().map(ExternalUserType::name)),
                "externalTenants": match tenants {
                    None => json!({
                        "@odata.type": "#microsoft.graph.conditionalAccessAllExternalTenants",
                        "membershipKind": "all",
                    }),
                    Some(tenants) => json!({
                        "@odata.type": "#microsoft.graph.conditionalAccessEnumeratedExternalTenants",
                        "membershipKind": "enumerated",
                        "members": tenants,
                    }),
                },
            });
        }
    }
}

fn filter<P: FilterProperty>(filter: &Filter<P>) -> Value {
    let mode = match filter.mode {
        FilterMode::Include => "include",
        FilterMode::Exclude => "exclude",
    };
    json!({ "mode": mode, "rule": filter.rule.expression.to_string() })
}

fn target(target: &Target) -> Value {
    let names = |list: &[ApplicationCondition]| {
        words(list, |one| {
            Some(match one {
                ApplicationCondition::All => "All".into(),
                ApplicationCondition::Office365 => "Office365".into(),
                ApplicationCondition::MicrosoftAdminPortals => "MicrosoftAdminPortals".into(),
                ApplicationCondition::Application(id) => id.to_string(),
            })
        })
    };
    match target {
        Target::Applications(applications) => json!({
            "includeApplications": names(&applications.include),
            "excludeApplications": names(&applications.exclude),
            "applicationFilter": applications.filter.as_ref().map(filter),
        }),
        Target::UserActions(actions) => json!({
            "includeUserActions": words(actions, |one| Some(match one {
                UserAction::RegisterSecurityInformation => "urn:user:registersecurityinfo".into(),
                UserAction::RegisterOrJoinDevices => "urn:user:registerdevice".into(),
            })),
        }),
        Target::AuthenticationContexts(contexts) => json!({
            "includeAuthenticationContextClassReferences":
                words(contexts, |one| Some(one.to_string())),
        }),
    }
}

fn grant(policy: &ConditionalAccessPolicy) -> Value {
    let Some(grant) = &policy.grant_controls else {
        return Value::Null;
    };
    let of = |pick: fn(&GrantControl) -> Option<String>| words(&grant.controls, pick);
    let strength = of(|one| match one {
        GrantControl::AuthenticationStrength(id) => Some(id.to_string()),
        _ => None,
    });
    json!({
        "operator": if grant.operator == GrantOperator::And { "AND" } else { "OR" },
        "builtInControls": of(|one| match one {
            GrantControl::AuthenticationStrength(_)
            | GrantControl::TermsOfUse(_)
            | GrantControl::CustomAuthenticationFactor(_) => None,
            other => Some(other.name().into()),
        }),
        "termsOfUse": of(|one| match one {
            GrantControl::TermsOfUse(id) => Some(id.to_string()),
            _ => None,
        }),
        "customAuthenticationFactors": of(|one| match one {
            GrantControl::CustomAuthenticationFactor(id) => Some(id.clone()),
            _ => None,
        }),
        "authenticationStrength": strength.first().map(|id| json!({ "id": id })),
    })
}

fn session(controls: &SessionControls) -> Value {
    let enabled = |is_enabled: bool| is_enabled.then(|| json!({ "isEnabled": true }));
    json!({
        "signInFrequency": controls.sign_in_frequency.map(|one| json!({
            "isEnabled": true,
            "value": match one.interval {
                SignInInterval::EveryTime => Value::Null,
                SignInInterval::Hours(hours) => json!(hours),
            },
            "type": match one.interval {
                SignInInterval::EveryTime => Value::Null,
                SignInInterval::Hours(_) => json!("hours"),
            },
            "frequencyInterval": match one.interval {
                SignInInterval::EveryTime => "everyTime",
                SignInInterval::Hours(_) => "timeBased",
            },
            "authenticationType": match one.authentication_type {
                FrequencyAuthenticationType::PrimaryAndSecondaryAuthentication =>
                    "primaryAndSecondaryAuthentication",
                FrequencyAuthenticationType::SecondaryAuthentication => "secondaryAuthentication",
            },
        })),
        "persistentBrowser": controls.persistent_browser.map(|one| json!({
            "isEnabled": true,
            "mode": if one == PersistentBrowser::Always { "always" } else { "never" },
        })),
        "cloudAppSecurity": controls.cloud_app_security.map(|one| json!({
            "isEnabled": true,
            "cloudAppSecurityType": match one {
                CloudAppSecurity::MonitorOnly => "monitorOnly",
                CloudAppSecurity::Configured => "mcasConfigured",
                CloudAppSecurity::BlockDownloads => "blockDownloads",
            },
        })),
        "applicationEnforcedRestrictions": enabled(controls.application_enforced_restrictions),
        "secureSignInSession": enabled(controls.secure_sign_in_session),
        "disableResilienceDefaults": controls.disable_resilience_defaults,
        "continuousAccessEvaluation": controls.continuous_access_evaluation.map(|one| json!({
            "mode": match one {
                ContinuousAccessEvaluation::Disabled => "disabled",
                ContinuousAccessEvaluation::StrictEnforcement => "strictEnforcement",
                ContinuousAccessEvaluation::StrictLocation => "strictLocation",
            },
        })),
        "globalSecureAccessFilteringProfile": controls
            .global_secure_access_filtering_profile
            .as_ref()
            .map(|profile| json!({ "isEnabled": true, "profileId": profile })),
    })
}

fn document(policy: &ConditionalAccessPolicy) -> Value {
    let conditions = &policy.conditions;
    let mut people = json!({});
    users("include", &conditions.users.include, &mut people);
    users("exclude", &conditions.users.exclude, &mut people);
    let workloads = |list: &[ServicePrincipalCondition]| {
        words(list, |one| {
            Some(match one {
                ServicePrincipalCondition::All => "ServicePrincipalsInMyTenant".into(),
                ServicePrincipalCondition::ServicePrincipal(id) => id.to_string(),
            })
        })
    };
    let platforms = |list: &[PlatformCondition]| -> Vec<Value> {
        let word = |one: &PlatformCondition| match one {
            PlatformCondition::All => json!("all"),
            PlatformCondition::Platform(platform) => json!(platform),
        };
        list.iter().map(word).collect()
    };
    let locations = |list: &[LocationCondition]| {
        words(list, |one| {
            Some(match one {
                LocationCondition::All => "All".into(),
                LocationCondition::AllTrusted => "AllTrusted".into(),
                LocationCondition::NamedLocation(id) => id.to_string(),
            })
        })
    };
    let risks = |levels: RiskLevels| levels.iter().map(RiskLevel::name).collect::<Vec<_>>();
    let types: Option<&Vec<ClientAppType>> = conditions.client_app_types.as_ref();
    let transfer = flags(conditions.transfer_methods.iter().map(TransferMethod::name));
    json!({
        "id": policy.id,
        "displayName": "Generated",
        "state": policy.state,
        "conditions": {
            "users": people,
            "clientApplications": conditions.client_applications.as_ref().map(|one| json!({
                "includeServicePrincipals": workloads(&one.include),
                "excludeServicePrincipals": workloads(&one.exclude),
                "servicePrincipalFilter": one.filter.as_ref().map(filter),
            })),
            "applications": target(&conditions.target),
            "clientAppTypes": types.map_or(json!(["all"]), |types| json!(types)),
            "platforms": conditions.platforms.as_ref().map(|one| json!({
                "includePlatforms": platforms(&one.include),
                "excludePlatforms": platforms(&one.exclude),
            })),
            "locations": conditions.locations.as_ref().map(|one| json!({
                "includeLocations": locations(&one.include),
                "excludeLocations": locations(&one.exclude),
            })),
            "signInRiskLevels": risks(conditions.sign_in_risk_levels),
            "userRiskLevels": risks(conditions.user_risk_levels),
            "servicePrincipalRiskLevels": risks(conditions.service_principal_risk_levels),
            "insiderRiskLevels": flags(conditions.insider_risk_levels.iter().map(InsiderRiskLevel::name)),
            "devices": match &conditions.devices {
                Some(DeviceCondition::Filter(one)) => json!({ "deviceFilter": filter(one) }),
                Some(DeviceCondition::AllExceptStates(_)) | None => Value::Null,
            },
            "authenticationFlows": match transfer {
                Value::Null => Value::Null,
                methods => json!({ "transferMethods": methods }),
            },
        },
        "grantControls": grant(policy),
        "sessionControls": session(&policy.session_controls),
    })
}

/// What Graph's shape can hold: a control and a place at least, one strength, one list of external users a side, no deprecated device states.
fn can_be_written(policy: &ConditionalAccessPolicy) -> bool {
    let external = |list: &[UserCondition]| {
        let all = list.iter();
        all.filter(|one| matches!(one, UserCondition::ExternalUsers { .. }))
            .count()
    };
    let conditions = &policy.conditions;
    let strengths = policy
        .grant_controls
        .iter()
        .flat_map(|grant| &grant.controls);
    let strengths = strengths.filter(|one| matches!(one, GrantControl::AuthenticationStrength(_)));
    let is_empty = policy
        .grant_controls
        .as_ref()
        .is_some_and(|grant| grant.controls.is_empty());
    let is_unset = conditions
        .platforms
        .as_ref()
        .is_some_and(|list| list.include.is_empty())
        || conditions
            .locations
            .as_ref()
            .is_some_and(|list| list.include.is_empty());
    !is_empty
        && !is_unset
        && external(&conditions.users.include) < 2
        && external(&conditions.users.exclude) < 2
        && !matches!(
            conditions.devices,
            Some(DeviceCondition::AllExceptStates(_))
        )
        && strengths.count() < 2
}

/// Requirement V14: whatever the reader accepts it reads as it was meant, and keeps the document as it was.
#[test]
fn v14_policies_that_are_written_and_read_again_mean_the_same() {
    let mut runner = TestRunner::deterministic();
    let strategy = (configuration(), sign_in());
    let (mut read, mut written) = (0, 0);
    for _ in 0..600 {
        let (configuration, sign_in) = strategy.new_tree(&mut runner).unwrap().current();
        let mut again = configuration.clone();
        for policy in &mut again.conditional_access_policies {
            let Value::Object(document) = document(policy) else {
                panic!("a policy is an object");
            };
            written += 1;
            if let (true, Ok(found)) = (
                can_be_written(policy),
                ConditionalAccessPolicy::from_document(document.clone()),
            ) {
                assert_eq!(found.document, document);
                *policy = found;
                read += 1;
            }
        }
        let expect = evaluate(&configuration, &sign_in);
        assert_eq!(evaluate(&again, &sign_in), expect);
    }
    // Most of the others break a rule of Graph's that the engine does not mind.
    assert!(read * 10 > written, "{read} of {written}");
}
