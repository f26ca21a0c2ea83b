//! The stories of the demo, asked instead of lived: both tenants' settings, trust, places, numbers.

use std::path::Path;

use serde_json::json;

use super::*;

fn world() -> Directory {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/two-organisations");
    Directory::of_world(portcullis_world::read_world(&folder).unwrap().tenants)
}

fn ask(world: &Directory, situation: serde_json::Value) -> Result<Answer, Unresolved> {
    let situation: Situation = serde_json::from_value(situation).unwrap();
    let tenant = world.tenant_of(&situation)?;
    let at = "2026-06-01T12:00:00Z".parse().unwrap();
    evaluate(world, tenant, (&situation, Absent::Nothing), at)
}

/// One line: what happens, where, by which number.
fn told(answer: &Answer) -> String {
    match &answer.outcome {
        AnswerOutcome::Granted => "granted".to_owned(),
        AnswerOutcome::Blocked(blocked) => format!("blocked {}", blocked.error),
        AnswerOutcome::Asked(asked) => {
            let asked = asked.iter().map(|one| {
                format!(
                    "{} at {}",
                    crate::prose::challenge_name(&one.challenge),
                    one.tenant_name
                )
            });
            asked.collect::<Vec<_>>().join(", then ")
        }
    }
}

#[test]
fn the_five_stories_end_as_they_are_told() {
    let world = world();
    for (user, app, expected) in [
        ("ada@fabrikam.example", "Payroll", "mfa at Fabrikam"),
        ("grace@fabrikam.example", "Payroll", "mfa at Fabrikam"),
        ("wendy@woodgrove.example", "Payroll", "mfa at Contoso"),
        (
            "frank@fabrikam.example",
            "Shared Channel",
            "mfa at Fabrikam",
        ),
        (
            "walter@woodgrove.example",
            "Shared Channel",
            "blocked 90071",
        ),
        ("wendy@woodgrove.example", "Vault", "blocked 530004"),
        ("ada@fabrikam.example", "Vault", "blocked 53000"),
        ("dave@contoso.example", "Vault", "blocked 53000"),
        ("carol@contoso.example", "Vault", "mfa at Contoso"),
        ("dave@contoso.example", "Payroll", "granted"),
        // Without an object at Contoso, and Fabrikam lets its people out by direct connect to Shared Channel alone.
        ("frank@fabrikam.example", "Payroll", "blocked 500212"),
    ] {
        let answer = ask(&world, json!({ "user": user, "app": app })).unwrap();
        assert_eq!(told(&answer), expected, "{user} at {app}: {answer:#?}");
    }
}

#[test]
fn what_is_proven_and_trusted_changes_the_answer() {
    let world = world();
    let ada = |more: serde_json::Value| {
        let mut situation = json!({ "user": "ada@fabrikam.example", "app": "Payroll" });
        let members = more.as_object().unwrap().clone();
        situation.as_object_mut().unwrap().extend(members);
        told(&ask(&world, situation).unwrap())
    };
    assert_eq!(
        ada(json!({ "proven": ["password", "softwareOath"] })),
        "granted"
    );
    assert_eq!(
        ada(json!({ "proven": [] })),
        "primaryAuthentication at Fabrikam, then mfa at Fabrikam"
    );
    // What Contoso saw does not count while it trusts Fabrikam.
    let at_contoso = json!(["password", { "method": "softwareOath", "at": "resource" }]);
    assert_eq!(ada(json!({ "proven": at_contoso })), "mfa at Fabrikam");
    assert_eq!(
        ada(json!({ "proven": at_contoso, "trust": { "mfa": false } })),
        "granted"
    );
    assert_eq!(ada(json!({ "trust": { "mfa": false } })), "mfa at Contoso");
    // Older than the twelve hours of "Guest sessions are short".
    let stale = json!([{ "method": "password", "ago": "13h" }, "softwareOath"]);
    assert_eq!(
        ada(json!({ "proven": stale })),
        "primaryAuthentication at Fabrikam"
    );
    let vault = |device: serde_json::Value| ada(json!({ "app": "Vault", "device": device }));
    assert_eq!(vault(json!({ "isCompliant": true })), "granted");
    assert_eq!(
        vault(json!({ "isCompliant": true, "vouchedBy": "resource" })),
        "blocked 53000"
    );
    assert_eq!(vault(json!("unregistered")), "blocked 53000");
}

#[test]
fn somebody_described_is_judged_like_somebody_who_exists() {
    let world = world();
    let described = |user: serde_json::Value, app: &str| {
        let situation: Situation =
            serde_json::from_value(json!({ "user": user, "app": app })).unwrap();
        let contoso = world.find_tenant("contoso").unwrap();
        let at = "2026-06-01T12:00:00Z".parse().unwrap();
        evaluate(&world, contoso, (&situation, Absent::Nothing), at).map(|answer| told(&answer))
    };
    let fabrikam = json!({ "type": "b2bCollaborationGuest", "homeTenant": "fabrikam" });
    assert_eq!(described(fabrikam, "Payroll").unwrap(), "mfa at Fabrikam");
    let admin = json!({ "roles": "Global Administrator", "groups": [] });
    assert_eq!(described(admin, "Vault").unwrap(), "mfa at Contoso");
    assert_eq!(
        described(json!({ "type": "internalGuest" }), "Payroll").unwrap(),
        "mfa at Contoso"
    );
    assert_eq!(described(json!({}), "Payroll").unwrap(), "granted");
    for (user, cure) in [
        (json!({ "homeTenant": "fabrikam" }), "give another type"),
        (
            json!({ "type": "b2bCollaborationGuest", "homeTenant": "acme" }),
            "known are: Contoso",
        ),
        (json!({ "groups": "Stuff" }), "known are: Finance"),
        (json!("eve"), "or describe the user"),
    ] {
        let error = described(user, "Payroll").unwrap_err().to_string();
        assert!(error.contains(cure), "{error}");
    }
}

#[test]
fn a_situation_that_says_too_little_or_too_much_is_refused() {
    let world = world();
    for (situation, cure) in [
        (json!({ "app": "Payroll" }), "nobody signs in"),
        (
            json!({ "user": "dave@contoso.example" }),
            "nothing is reached",
        ),
        (
            json!({ "user": "dave@contoso.example", "servicePrincipal": "Payroll", "app": "Payroll" }),
            "either a user",
        ),
        (
            json!({ "user": "dave@contoso.example", "app": "Pay" }),
            "known are: Lunch menu, Payroll",
        ),
        (
            json!({ "user": " ", "app": "Payroll" }),
            "the name of the user is empty",
        ),
        (
            json!({ "user": { "id": "" }, "app": "Payroll" }),
            "the name of the user is empty",
        ),
        (
            json!({ "user": "dave@contoso.example", "app": "office 365" }),
            "name one that is reached",
        ),
    ] {
        let error = ask(&world, situation).unwrap_err().to_string();
        assert!(error.contains(cure), "{error}");
    }
    // An empty list reaches nothing, which opens no door.
    let nothing = json!({ "user": "dave@contoso.example", "app": [] });
    assert_eq!(told(&ask(&world, nothing).unwrap()), "blocked 53003");
}

#[test]
fn each_policy_says_why_it_is_in_or_out() {
    let world = world();
    let answer = ask(
        &world,
        json!({ "user": "ada@fabrikam.example", "app": "Payroll" }),
    )
    .unwrap();
    let told: Vec<_> = answer
        .policies
        .iter()
        .map(|policy| (policy.display_name.as_str(), policy.applicability.clone()))
        .collect();
    let out = |condition| Applicability::DoesNotApply { condition };
    for expected in [
        ("MFA for guests", Applicability::Applies),
        ("Guest sessions are short", Applicability::Applies),
        (
            "Emergency stop (switched off)",
            out(Reason::PolicyNotEnabled),
        ),
        ("Vault: MFA for administrators", out(Reason::Users)),
        ("Vault needs a compliant device", out(Reason::Application)),
        (
            "Rehearsal: block outside trusted locations",
            Applicability::Applies,
        ),
    ] {
        assert!(told.contains(&expected), "{expected:?} is not in {told:#?}");
    }
    let said: Vec<_> = answer
        .gates
        .iter()
        .map(|gate| (gate.tenant_name.as_str(), gate.refusal()))
        .collect();
    assert_eq!(said, [("Fabrikam", None), ("Contoso", None)]);
}

/// Three-valued: what was not said is neither there nor absent, and nothing is skipped silently.
#[test]
fn what_was_not_said_makes_a_policy_depend_on_it() {
    let world = world();
    let contoso = world.find_tenant("contoso").unwrap();
    let at = "2026-06-01T12:00:00Z".parse().unwrap();
    let rehearsal = |situation: serde_json::Value| {
        let situation: Situation = serde_json::from_value(situation).unwrap();
        let answer = evaluate(&world, contoso, (&situation, Absent::Unknown), at).unwrap();
        let named = |policy: &&PolicyAnswer| policy.display_name.starts_with("Rehearsal");
        let told = answer
            .policies
            .iter()
            .find(named)
            .unwrap()
            .applicability
            .clone();
        (told, answer)
    };
    let dave = json!({ "user": "dave@contoso.example", "app": "Payroll" });
    let (told, answer) = rehearsal(dave.clone());
    let depends = Applicability::DependsOn(BTreeSet::from([Signal::Ip]));
    assert_eq!(told, depends);
    assert_eq!(answer.depends_on, BTreeSet::from([Signal::Ip]));
    assert!(
        answer.not_given.contains(&Signal::Device) && !answer.depends_on.contains(&Signal::Device)
    );
    // Report-only: whether it applies changes nothing for Dave.
    assert_eq!(answer.if_everything_applies, None);
    let at_address = |ip: &str| {
        let mut situation = dave.clone();
        situation
            .as_object_mut()
            .unwrap()
            .insert("ip".to_owned(), json!(ip));
        rehearsal(situation).0
    };
    assert_eq!(at_address("198.51.100.1"), Applicability::Applies);
    assert_eq!(
        at_address("203.0.113.7"),
        Applicability::DoesNotApply {
            condition: Reason::Location
        }
    );
}

/// The outcome says when it hangs on what was not said.
#[test]
fn an_outcome_that_hangs_on_a_signal_is_told_both_ways() {
    let world = world();
    let contoso = world.find_tenant("contoso").unwrap();
    let draft = json!({
        "id": "00000000-0000-4000-8000-000000000001",
        "displayName": "Block risky sign-ins", "state": "enabled",
        "conditions": {
            "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] },
            "signInRiskLevels": ["high"], "clientAppTypes": ["all"]
        },
        "grantControls": { "operator": "OR", "builtInControls": ["block"] }
    });
    let policy = portcullis_model::conditional_access::ConditionalAccessPolicy::from_document(
        draft.as_object().unwrap().clone(),
    );
    let drafts = crate::directory::Drafts {
        policies: vec![policy.unwrap()],
        ..Default::default()
    };
    let contoso = contoso.clone().with_drafts(drafts);
    let at = "2026-06-01T12:00:00Z".parse().unwrap();
    let ask = |more: serde_json::Value, absent| {
        let mut situation = json!({ "user": "dave@contoso.example", "app": "Payroll" });
        situation
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let situation: Situation = serde_json::from_value(situation).unwrap();
        evaluate(&world, &contoso, (&situation, absent), at).unwrap()
    };
    let unsaid = ask(json!({}), Absent::Unknown);
    assert_eq!(told(&unsaid), "granted");
    assert!(
        matches!(&unsaid.if_everything_applies, Some(AnswerOutcome::Blocked(blocked)) if blocked.error == 53003)
    );
    assert!(unsaid.depends_on.contains(&Signal::SignInRisk));
    let high = ask(json!({ "signInRisk": "high" }), Absent::Unknown);
    assert_eq!(
        (told(&high).as_str(), high.if_everything_applies),
        ("blocked 53003", None)
    );
    let low = ask(json!({ "signInRisk": "low" }), Absent::Unknown);
    assert_eq!(
        (told(&low).as_str(), low.if_everything_applies),
        ("granted", None)
    );
    let none = ask(json!({}), Absent::Nothing);
    assert_eq!(
        (told(&none).as_str(), none.if_everything_applies),
        ("granted", None)
    );
}

/// Specification 8.4 and 8.6: guests whose identity is no tenant's do MFA here; service providers need an entry.
#[test]
fn guests_without_a_home_tenant_and_service_providers_are_supposed_too() {
    let world = world();
    let ask = |user: serde_json::Value| {
        let situation: Situation =
            serde_json::from_value(json!({ "user": user, "app": "Payroll" })).unwrap();
        let contoso = world.find_tenant("contoso").unwrap();
        let at = "2026-06-01T12:00:00Z".parse().unwrap();
        told(&evaluate(&world, contoso, (&situation, Absent::Nothing), at).unwrap())
    };
    assert_eq!(
        ask(json!({ "type": "b2bCollaborationGuest" })),
        "mfa at Contoso"
    );
    assert_eq!(
        ask(json!({ "type": "serviceProvider", "homeTenant": "fabrikam" })),
        "blocked 500213"
    );
}

/// Whoever is in the directory is who the directory says.
#[test]
fn a_description_that_contradicts_the_directory_is_refused() {
    let world = world();
    let contoso = world.find_tenant("contoso").unwrap();
    let at = "2026-06-01T12:00:00Z".parse().unwrap();
    let ask = |user: serde_json::Value| {
        let situation = json!({ "user": user, "app": "Payroll" });
        let situation: Situation = serde_json::from_value(situation).unwrap();
        evaluate(&world, contoso, (&situation, Absent::Nothing), at)
    };
    let ada = "ada@fabrikam.example";
    let plain = told(&ask(json!(ada)).unwrap());
    for (described, cure) in [
        (
            json!({ "id": ada, "type": "member" }),
            "as `b2bCollaborationGuest`: leave",
        ),
        (
            json!({ "id": ada, "type": "b2bCollaborationGuest", "homeTenant": "woodgrove" }),
            "with another home tenant",
        ),
        (json!({ "id": ada, "groups": "Finance" }), "in other groups"),
        (
            json!({ "id": ada, "roles": "Global Administrator" }),
            "with other roles",
        ),
    ] {
        let error = ask(described.clone()).unwrap_err().to_string();
        assert!(
            error.contains(cure) && error.contains(ada),
            "{described}: {error}"
        );
    }
    // What is so may be said.
    for described in [
        json!({ "id": ada, "type": "b2bCollaborationGuest" }),
        json!({ "id": ada, "type": "b2bCollaborationGuest", "homeTenant": "fabrikam" }),
        json!({ "id": ada, "groups": [], "roles": [] }),
    ] {
        assert_eq!(told(&ask(described).unwrap()), plain);
    }
    let dave = ask(json!({ "id": "dave@contoso.example", "groups": "Finance" })).unwrap();
    assert_eq!(dave.who.name, "Dave Parnas");
}

#[test]
fn a_name_that_no_tenant_knows_is_told_and_not_the_tenants() {
    let situation = json!({ "user": "ada@fabrikam.example", "app": "nosuchapp" });
    let situation: Situation = serde_json::from_value(situation).unwrap();
    let error = world().tenant_of(&situation).unwrap_err().to_string();
    assert!(
        error.starts_with("application `nosuchapp` is not known in this world; give an appId")
            && error.contains("Payroll"),
        "{error}"
    );
}

/// Nobody said which groups: a policy about a group depends on it, and says so.
#[test]
fn unknown_groups_and_roles_are_three_valued_too() {
    let world = world();
    let contoso = world.find_tenant("contoso").unwrap();
    let at = "2026-06-01T12:00:00Z".parse().unwrap();
    let vault = |user: serde_json::Value, absent| {
        let situation: Situation =
            serde_json::from_value(json!({ "user": user, "app": "Vault" })).unwrap();
        let answer = evaluate(&world, contoso, (&situation, absent), at).unwrap();
        let named = |policy: &&PolicyAnswer| policy.display_name == "Vault: MFA for administrators";
        answer
            .policies
            .iter()
            .find(named)
            .unwrap()
            .applicability
            .clone()
    };
    let out = Applicability::DoesNotApply {
        condition: Reason::Users,
    };
    let depends = Applicability::DependsOn(BTreeSet::from([Signal::Roles]));
    assert_eq!(vault(json!({}), Absent::Unknown), depends);
    assert_eq!(vault(json!({ "roles": [] }), Absent::Unknown), out);
    // Without a device they are blocked; administrators are excluded from that, and asked for MFA instead.
    let situation: Situation =
        serde_json::from_value(json!({ "user": {}, "app": "Vault" })).unwrap();
    let answer = evaluate(&world, contoso, (&situation, Absent::Unknown), at).unwrap();
    assert_eq!(told(&answer), "blocked 53000");
    assert!(
        matches!(answer.if_everything_applies, Some(AnswerOutcome::Asked(_))),
        "{answer:#?}"
    );
    assert_eq!(vault(json!({ "groups": [] }), Absent::Unknown), depends);
    assert_eq!(vault(json!({}), Absent::Nothing), out);
    // Somebody of the directory has the roles the directory says.
    assert_eq!(vault(json!("dave@contoso.example"), Absent::Unknown), out);
}
