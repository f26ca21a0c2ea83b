//! What nobody said decides nothing silently: it is told, or what hangs on it is.

#![expect(
    clippy::needless_pass_by_value,
    reason = "`json!` values, and tenants that are made for one question"
)]

use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::named_location::NamedLocation;
use portcullis_model::organization::Organization;
use portcullis_model::store::TenantWorld;
use portcullis_model::user::User;
use serde_json::{Value, json};

use super::*;
use crate::directory::Unsaid;

pub(super) const APP: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const PRINCIPAL: &str = "aaaaaaaa-0000-4000-8000-000000000002";

/// A bare export: nothing is known but these policies.
pub(super) fn export(policies: &[Value]) -> TenantWorld {
    let policy = |(number, members): (usize, &Value)| {
        let mut document = json!({
            "id": format!("00000000-0000-4000-8000-{number:012}"), "state": "enabled",
            "conditions": { "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] } },
            "grantControls": { "operator": "OR", "builtInControls": ["block"] },
        });
        document
            .as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        ConditionalAccessPolicy::from_document(document.as_object().unwrap().clone()).unwrap()
    };
    TenantWorld {
        conditional_access_policies: Some(policies.iter().enumerate().map(policy).collect()),
        ..TenantWorld::of_organization(Organization {
            id: "aaaaaaaa-0000-4000-8000-00000000000f".parse().unwrap(),
            display_name: "export".to_owned(),
            verified_domains: Vec::new(),
            branding: None,
            technical_notification_mails: Vec::new(),
            other: serde_json::Map::new(),
        })
    }
}

pub(super) fn ask_world(world: TenantWorld, situation: Value, absent: Absent) -> Answer {
    ask_tenant(DirectoryTenant::of_world(world), situation, absent)
}

pub(super) fn ask_tenant(tenant: DirectoryTenant, situation: Value, absent: Absent) -> Answer {
    let directory = Directory::new([tenant.clone()]);
    let situation: Situation = serde_json::from_value(situation).unwrap();
    let at = "2026-06-01T12:00:00Z".parse().unwrap();
    evaluate(&directory, &tenant, (&situation, absent), at).unwrap()
}

pub(super) fn ask(policies: &[Value], situation: Value) -> Answer {
    ask_world(export(policies), situation, Absent::Unknown)
}

pub(super) fn hangs_on(answer: &Answer, signals: &[Signal]) -> bool {
    let on = Applicability::DependsOn(signals.iter().copied().collect());
    answer.policies[0].applicability == on
}

pub(super) fn headline(answer: &Answer) -> String {
    crate::prose::tell(answer).verdict
}

pub(super) fn about(users: Value) -> Value {
    json!({ "displayName": "P", "conditions": { "users": users, "applications": { "includeApplications": ["All"] } } })
}

#[test]
fn a_service_principal_that_no_file_lists_is_supposed_one_that_policies_are_about() {
    let workload = |include: Value| {
        json!({ "displayName": "Daemons", "conditions": {
            "users": { "includeUsers": ["None"] }, "applications": { "includeApplications": ["All"] },
            "clientApplications": { "includeServicePrincipals": include } } })
    };
    for include in [json!(["ServicePrincipalsInMyTenant"]), json!([PRINCIPAL])] {
        let answer = ask(
            &[workload(include)],
            json!({ "servicePrincipal": PRINCIPAL, "app": APP }),
        );
        assert_eq!(answer.verdict(), Verdict::Blocked, "{answer:#?}");
        let told = answer.suppositions.join("; ");
        assert!(
            told.contains("for this tenant alone") && told.contains(PRINCIPAL),
            "{told}"
        );
    }
    // Where they are listed, whoever is not is not there.
    let mut world = export(&[workload(json!([PRINCIPAL]))]);
    world.service_principals = Some(Vec::new());
    let tenant = DirectoryTenant::of_world(world);
    let told = ask_tenant(
        tenant,
        json!({ "servicePrincipal": PRINCIPAL, "app": APP }),
        Absent::Unknown,
    );
    assert!(told.suppositions.is_empty(), "{told:#?}");
}

#[test]
fn whoever_is_only_named_may_be_a_guest() {
    let guests = about(json!({ "includeUsers": ["GuestsOrExternalUsers"] }));
    let answer = ask(
        std::slice::from_ref(&guests),
        json!({ "user": "eve@example.com", "app": APP }),
    );
    assert!(hangs_on(&answer, &[Signal::UserType]), "{answer:#?}");
    assert_eq!(answer.verdict(), Verdict::DependsOn);
    assert_eq!(
        headline(&answer),
        "Depends: granted unless the user is a guest from elsewhere"
    );
    assert!(
        answer
            .suppositions
            .join("; ")
            .contains("a member of the tenant and no guest")
    );
    // The same of somebody who is described by groups alone.
    let answer = ask(
        std::slice::from_ref(&guests),
        json!({ "user": { "groups": [], "roles": [] }, "app": APP }),
    );
    assert!(hangs_on(&answer, &[Signal::UserType]), "{answer:#?}");
    // A name that says so is a guest's.
    let name = "eve_example.com#EXT#@contoso.example";
    let answer = ask(
        std::slice::from_ref(&guests),
        json!({ "user": name, "app": APP }),
    );
    assert_eq!(answer.verdict(), Verdict::Blocked, "{answer:#?}");
    // Who says what kind of user it is, and who says that everything is said, is taken at their word.
    let answer = ask(
        std::slice::from_ref(&guests),
        json!({ "user": { "type": "member" }, "app": APP }),
    );
    assert_eq!(answer.verdict(), Verdict::Granted, "{answer:#?}");
    let complete = ask_world(
        export(&[guests]),
        json!({ "user": "eve@example.com", "app": APP }),
        Absent::Nothing,
    );
    assert_eq!(complete.verdict(), Verdict::Granted);
}

#[test]
fn attributes_of_an_application_that_no_file_has_may_be_any() {
    let filtered = |mode: &str, rule: &str| {
        json!({ "displayName": "P", "conditions": { "users": { "includeUsers": ["All"] }, "applications": {
            "includeApplications": if mode == "include" { json!([]) } else { json!(["All"]) },
            "applicationFilter": { "mode": mode, "rule": rule } } } })
    };
    let rules = [
        "CustomSecurityAttribute.Team_Name -eq \"Finance\"",
        "CustomSecurityAttribute.Team_Name -ne \"Finance\"",
        "not (CustomSecurityAttribute.Team_Name -contains \"Finance\") -or CustomSecurityAttribute.Team_Name -eq \"x\"",
    ];
    let member = json!({ "user": { "type": "member" }, "app": APP });
    for mode in ["include", "exclude"] {
        for rule in rules {
            let policy = filtered(mode, rule);
            let answer = ask(std::slice::from_ref(&policy), member.clone());
            assert!(
                hangs_on(&answer, &[Signal::CustomSecurityAttributes]),
                "{mode} {rule}: {answer:#?}"
            );
            assert_eq!(
                headline(&answer),
                "Depends: granted unless “P” applies",
                "{mode} {rule}"
            );
            let complete = ask_world(export(&[policy]), member.clone(), Absent::Nothing);
            assert_ne!(complete.verdict(), Verdict::DependsOn);
        }
    }
    // A file that has the attributes has said them; one that leaves them out has not.
    let principal = |members: Value| {
        let mut document = json!({ "id": PRINCIPAL, "appId": APP, "displayName": "Payroll" });
        document
            .as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        serde_json::from_value(document).unwrap()
    };
    let mut world = export(&[filtered("include", rules[0])]);
    let attributes = json!({ "customSecurityAttributes": { "Team": { "Name": "Finance" } } });
    world.service_principals = Some(vec![principal(attributes)]);
    assert_eq!(
        ask_world(world.clone(), member.clone(), Absent::Unknown).verdict(),
        Verdict::Blocked
    );
    world.service_principals = Some(vec![principal(json!({}))]);
    assert_eq!(
        ask_world(world.clone(), member.clone(), Absent::Unknown).verdict(),
        Verdict::Granted
    );
    let unsaid = Unsaid {
        attributes: BTreeSet::from([APP.parse().unwrap()]),
        ..Unsaid::default()
    };
    let tenant = DirectoryTenant::of_world(world).with_unsaid(unsaid);
    assert_eq!(
        ask_tenant(tenant, member, Absent::Unknown).verdict(),
        Verdict::DependsOn
    );
}

#[test]
fn properties_that_a_description_of_a_device_leaves_out_may_be_any() {
    let filtered = |mode: &str, rule: &str| {
        json!({ "displayName": "P", "conditions": { "users": { "includeUsers": ["All"] },
            "applications": { "includeApplications": ["All"] },
            "devices": { "deviceFilter": { "mode": mode, "rule": rule } } } })
    };
    let on = |policy: Value, device: Value| {
        ask(
            &[policy],
            json!({ "user": { "type": "member" }, "app": APP, "device": device }),
        )
    };
    let kiosk = "device.operatingSystem -eq \"Windows\" -and device.isCompliant -ne True";
    for mode in ["include", "exclude"] {
        let answer = on(filtered(mode, kiosk), json!({ "isCompliant": false }));
        assert!(hangs_on(&answer, &[Signal::Device]), "{mode}: {answer:#?}");
        assert_eq!(answer.verdict(), Verdict::DependsOn);
    }
    // What is said settles the rule, whatever the rest is.
    let said = on(filtered("include", kiosk), json!({ "isCompliant": true }));
    assert_eq!(said.verdict(), Verdict::Granted, "{said:#?}");
    let whole = json!({ "isCompliant": false, "operatingSystem": "Windows" });
    assert_eq!(
        on(filtered("include", kiosk), whole).verdict(),
        Verdict::Blocked
    );
    // Every property has a place among what may be said.
    for (property, said) in [
        ("manufacturer -eq \"x\"", json!({ "manufacturer": "y" })),
        ("model -eq \"x\"", json!({ "model": "y" })),
        (
            "trustType -eq \"ServerAD\"",
            json!({ "trustType": "Workplace" }),
        ),
        (
            "extensionAttribute3 -eq \"x\"",
            json!({ "extensionAttributes": { "3": "y" } }),
        ),
        (
            "physicalIds -contains \"x\"",
            json!({ "physicalIds": ["y"] }),
        ),
        (
            "displayName -startsWith \"x\"",
            json!({ "displayName": "y" }),
        ),
    ] {
        let rule = format!("device.{property}");
        let open = on(filtered("include", &rule), json!({ "profileType": "z" }));
        assert_eq!(open.verdict(), Verdict::DependsOn, "{rule}");
        assert_eq!(
            on(filtered("include", &rule), said).verdict(),
            Verdict::Granted,
            "{rule}"
        );
    }
}

#[test]
fn a_guest_of_an_unknown_tenant_may_be_one_of_a_tenant() {
    let strength = json!({ "displayName": "Strong", "conditions": { "users": { "includeUsers": ["All"] },
        "applications": { "includeApplications": ["All"] } }, "grantControls": { "operator": "OR", "builtInControls": [],
        "authenticationStrength": { "id": "00000000-0000-0000-0000-000000000002" } } });
    let guest = json!({ "user": { "type": "b2bCollaborationGuest", "groups": [], "roles": [] }, "app": APP });
    // Nobody's strength counts of a social identity; a guest of another tenant is asked for it here.
    let answer = ask(&[strength], guest.clone());
    assert_eq!(answer.verdict(), Verdict::DependsOn, "{answer:#?}");
    assert!(answer.depends_on.contains(&Signal::HomeTenant));
    assert!(
        answer
            .suppositions
            .join("; ")
            .contains("no home tenant was said")
    );
    // A policy about guests of one tenant hangs on it too.
    let home = "bbbbbbbb-0000-4000-8000-000000000001";
    let partner = about(json!({ "includeGuestsOrExternalUsers": {
        "guestOrExternalUserTypes": "b2bCollaborationGuest", "externalTenants": {
            "@odata.type": "#microsoft.graph.conditionalAccessEnumeratedExternalTenants",
            "membershipKind": "enumerated", "members": [home] } } }));
    let answer = ask(std::slice::from_ref(&partner), guest);
    assert!(hangs_on(&answer, &[Signal::HomeTenant]), "{answer:#?}");
    assert_eq!(
        headline(&answer),
        format!("Depends: granted unless the account belongs to tenant {home}")
    );
    let said = json!({ "user": { "type": "b2bCollaborationGuest", "homeTenant": home, "groups": [], "roles": [] }, "app": APP });
    assert_eq!(ask(&[partner], said).verdict(), Verdict::Blocked);
}

/// A policy that demands these.
fn demand(operator: &str, controls: Value) -> Value {
    json!({ "displayName": "P", "grantControls": { "operator": operator, "builtInControls": controls } })
}

/// A member of whom everything else is said that a condition may look at.
fn member(more: Value) -> Value {
    let mut situation = json!({ "user": { "type": "member", "groups": [], "roles": [] }, "app": APP, "clientApp": "browser",
        "platform": "windows", "signInRisk": "none" });
    let more = more.as_object().unwrap().clone();
    situation.as_object_mut().unwrap().extend(more);
    situation
}

#[test]
fn what_a_control_would_find_is_told_where_nobody_said_it() {
    let or = demand("OR", json!(["mfa", "compliantDevice"]));
    let answer = ask(std::slice::from_ref(&or), member(json!({})));
    assert_eq!(
        headline(&answer),
        "Depends: asked for more unless the device is compliant"
    );
    // A compliant device cannot be shown by device code.
    let sentence = crate::prose::tell(&answer).sentences.join(" ");
    assert!(
        sentence.contains(
            "If the device is compliant: granted, but asked for more by device code flow."
        ),
        "{sentence}"
    );
    let device_and_flow = BTreeSet::from([Signal::Device, Signal::Flow]);
    assert_eq!(answer.depends_on, device_and_flow);
    // Nothing hangs on a device that is described, or that nobody has.
    for device in [json!("unregistered"), json!({ "isCompliant": false })] {
        let answer = ask(
            std::slice::from_ref(&or),
            member(json!({ "device": device })),
        );
        assert_eq!(answer.verdict(), Verdict::Asked, "{device} {answer:#?}");
    }
    let compliant = ask(
        &[demand("AND", json!(["compliantDevice"]))],
        member(json!({})),
    );
    assert_eq!(
        headline(&compliant),
        "Depends: blocked unless the device is compliant"
    );
    let hybrid = ask(
        &[demand("AND", json!(["domainJoinedDevice"]))],
        member(json!({ "device": { "isCompliant": true } })),
    );
    assert_eq!(
        headline(&hybrid),
        "Depends: blocked unless the device is hybrid joined"
    );
    // Only both together.
    let both = ask(
        &[demand(
            "AND",
            json!(["compliantDevice", "compliantApplication"]),
        )],
        member(json!({})),
    );
    assert_eq!(
        headline(&both),
        "Depends: blocked unless the device is compliant and the client application is under a protection policy"
    );
}

#[test]
fn terms_and_methods_that_nobody_spoke_of_are_told_too() {
    let terms = json!({ "displayName": "P", "grantControls": { "operator": "OR", "builtInControls": [], "termsOfUse": [PRINCIPAL] } });
    let mut world = export(&[terms]);
    let agreement =
        json!({ "id": PRINCIPAL, "displayName": "Terms", "isPerDeviceAcceptanceRequired": false });
    let agreement = agreement.as_object().unwrap().clone();
    world.agreements = Some(vec![
        portcullis_model::terms_of_use::Agreement::from_document(agreement).unwrap(),
    ]);
    let answer = ask_world(world, member(json!({})), Absent::Unknown);
    assert_eq!(
        headline(&answer),
        "Depends: asked for more unless the terms of use are accepted already"
    );
    // Who is at risk may register nothing now; who has registered before is only asked.
    let mut risky = demand("OR", json!(["mfa"]));
    risky["conditions"] = json!({ "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] },
        "signInRiskLevels": ["high"] });
    let answer = ask(&[risky], member(json!({ "signInRisk": "high" })));
    assert_eq!(
        headline(&answer),
        "Depends: blocked unless the methods that are demanded are registered already"
    );
}

/// A rehearsal decides nothing, and still what it would come to is not known.
#[test]
fn a_report_only_policy_says_what_its_controls_would_have_to_know() {
    let rehearsal = json!({ "displayName": "P", "state": "enabledForReportingButNotEnforced",
        "grantControls": { "operator": "OR", "builtInControls": ["compliantDevice"] } });
    let user = json!({ "type": "member", "groups": [], "roles": [] });
    let answer = ask(&[rehearsal], json!({ "user": user, "app": APP }));
    assert_eq!(answer.verdict(), Verdict::Granted);
    let device = BTreeSet::from([Signal::Device]);
    assert_eq!(answer.policies[0].result_depends_on, device);
    assert_eq!(answer.depends_on, device);
    let told = crate::prose::tell(&answer);
    let rows = &told.sections[0].rows;
    assert!(
        rows[0][2].ends_with("; that hangs on device, which was not said"),
        "{rows:?}"
    );
}

/// The headline of an outcome that hangs on a policy names the policy, and JSON says the same.
#[test]
fn nobody_reads_granted_where_a_block_may_apply() {
    let mut legacy = about(json!({ "includeUsers": ["All"] }));
    legacy["displayName"] = json!("Block legacy");
    legacy["conditions"]["clientAppTypes"] = json!(["exchangeActiveSync", "other"]);
    let answer = ask(
        &[legacy],
        json!({ "user": { "type": "member" }, "app": APP }),
    );
    assert_eq!(
        headline(&answer),
        "Depends: granted unless “Block legacy” applies"
    );
    let told = crate::graph_answer::answer_json(&answer);
    assert_eq!(told["outcome"], "dependsOn");
    assert_eq!(told["ifNoOtherPolicyApplies"]["outcome"], "granted");
    assert_eq!(told["ifEveryPolicyThatCouldApplies"]["outcome"], "blocked");
    assert_eq!(told["dependsOn"], json!(["clientApp"]));
}

/// Graph's own part keeps Graph's rule: what is not there is not met (specification 9.5).
#[test]
fn graphs_part_takes_what_is_not_there_for_none() {
    let filtered = json!({ "displayName": "P", "conditions": { "users": { "includeUsers": ["All"] }, "applications": {
        "includeApplications": ["All"], "applicationFilter": { "mode": "exclude", "rule": "CustomSecurityAttribute.Team_Name -eq \"Finance\"" } } } });
    let tenant = DirectoryTenant::of_world(export(&[filtered]));
    let directory = Directory::new([tenant.clone()]);
    let body = json!({
        "signInIdentity": { "@odata.type": "#microsoft.graph.userSignIn", "userId": PRINCIPAL },
        "signInContext": { "@odata.type": "#microsoft.graph.applicationContext", "includeApplications": [APP] },
        "signInConditions": {} });
    let request = crate::graph_request::GraphRequest::parse(body.to_string().as_bytes()).unwrap();
    let at = "2026-06-01T12:00:00Z".parse().unwrap();
    let told =
        crate::graph_answer::graph_answer(&directory, &tenant, request.question(), at).unwrap();
    assert_eq!(told["value"][0]["analysisReasons"], "notSet");
    assert_eq!(told["portcullis"]["policies"][0]["applies"], "dependsOn");
    assert_eq!(told["portcullis"]["outcome"], "dependsOn");
}

/// What a policy would demand is told, too, where it hangs on a group.
#[test]
fn a_policy_that_hangs_on_a_group_says_what_it_would_demand() {
    let answer = ask(
        &[about(json!({ "includeGroups": [PRINCIPAL] }))],
        json!({ "user": { "type": "member", "roles": [] }, "app": APP }),
    );
    assert!(hangs_on(&answer, &[Signal::Groups]), "{answer:#?}");
    assert_eq!(
        answer.policies[0].applied.enforced_grant_controls,
        ["Block"]
    );
    assert_eq!(headline(&answer), "Depends: granted unless “P” applies");
}

#[test]
fn groups_nest_for_somebody_described_and_roles_come_through_them() {
    let role = "62e90394-69f5-4237-9190-012177145e10";
    let (staff, all) = (PRINCIPAL, APP);
    let group = |id: &str, name: &str, members: Value| {
        serde_json::from_value(json!({ "id": id, "displayName": name, "members": members }))
            .unwrap()
    };
    for users in [
        json!({ "includeGroups": [all] }),
        json!({ "includeRoles": [role] }),
    ] {
        let mut world = export(&[about(users)]);
        world.groups = Some(vec![
            group(staff, "Staff", json!([])),
            group(all, "Everybody", json!([staff])),
        ]);
        world.role_assignments = Some(vec![
            serde_json::from_value(json!({ "principalId": all, "roleDefinitionId": role }))
                .unwrap(),
        ]);
        let answer = ask_world(
            world,
            json!({ "user": { "type": "member", "groups": "staff" }, "app": APP }),
            Absent::Nothing,
        );
        assert_eq!(answer.verdict(), Verdict::Blocked, "{answer:#?}");
    }
}

/// Entra says of a guest's account that another tenant has it, and not which.
#[test]
fn a_listed_guest_of_some_other_tenant_is_asked_about_as_of_each() {
    let guest = json!({
        "id": "bbbbbbbb-0000-4000-8000-000000000001", "displayName": "Gus", "userType": "Guest",
        "userPrincipalName": "gus_fabrikam.example#EXT#@contoso.example",
        "identities": [{ "signInType": "federated", "issuer": "ExternalAzureAD" }],
    });
    let guest = User::from_document(guest.as_object().unwrap().clone()).unwrap();
    let fabrikam = "ffffffff-0000-4000-8000-00000000000f";
    let of_fabrikam = json!({ "includeGuestsOrExternalUsers": {
        "guestOrExternalUserTypes": "b2bCollaborationGuest",
        "externalTenants": { "membershipKind": "enumerated", "members": [fabrikam],
            "@odata.type": "#microsoft.graph.conditionalAccessEnumeratedExternalTenants" },
    } });
    let world = TenantWorld {
        users: Some(vec![guest]),
        groups: Some(Vec::new()),
        role_assignments: Some(Vec::new()),
        ..export(&[about(of_fabrikam)])
    };
    let name = "gus_fabrikam.example#EXT#@contoso.example";
    let situation = |user: Value| json!({ "user": user, "app": APP });
    let answer = ask_world(world.clone(), situation(json!(name)), Absent::Unknown);
    assert!(hangs_on(&answer, &[Signal::HomeTenant]), "{answer:#?}");
    assert_eq!(answer.verdict(), Verdict::DependsOn);
    let said = situation(json!({ "id": name, "homeTenant": fabrikam }));
    let answer = ask_world(world, said, Absent::Unknown);
    assert_eq!(answer.verdict(), Verdict::Blocked);
}

#[test]
fn an_outcome_does_not_hang_on_what_only_a_report_only_policy_looks_at() {
    let place = json!({ "displayName": "Place", "conditions": {
        "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] },
        "locations": { "includeLocations": ["All"], "excludeLocations": ["AllTrusted"] } } });
    let report = json!({ "displayName": "Report", "state": "enabledForReportingButNotEnforced", "conditions": {
        "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] },
        "platforms": { "includePlatforms": ["linux"] } } });
    let home = NamedLocation::from_document(
        json!({ "displayName": "Home", "isTrusted": true, "ipRanges": [{ "cidrAddress": "192.0.2.0/24" }] })
            .as_object()
            .unwrap()
            .clone(),
    );
    let world = TenantWorld {
        named_locations: Some(vec![home.unwrap()]),
        ..export(&[place, report])
    };
    let member = json!({ "user": { "type": "member", "groups": [], "roles": [] }, "app": APP });
    let answer = ask_world(world, member, Absent::Unknown);
    assert_eq!(
        answer.hanging_policies(),
        [Signal::Ip].into_iter().collect()
    );
    let told = crate::prose::tell(&answer).sentences.join(" ");
    assert!(
        told.contains("That hangs on ip, which was not said."),
        "{told}"
    );
    // The policy hangs on it all the same.
    assert!(answer.depends_on.contains(&Signal::Platform));
}
