//! Shows which strengths are read, and which are refused.

use serde_json::{Value, json};

use super::*;
use crate::document::Reason;

fn strength(
    change: impl Fn(&mut Value),
) -> Result<AuthenticationStrengthPolicy, Vec<(String, Reason)>> {
    let mut document = json!({
        "id": "11111111-1111-4111-8111-111111111111",
        "displayName": "Keys and certificates",
        "policyType": "custom",
        "requirementsSatisfied": "mfa",
        "allowedCombinations": ["fido2", "Password, softwareOath", "x509CertificateMultiFactor"],
        "combinationConfigurations": [
            {
                "@odata.type": "#microsoft.graph.fido2CombinationConfiguration",
                "id": "22222222-2222-4222-8222-222222222222",
                "allowedAAGUIDs": ["486c3b50-889c-480a-abc5-c04ef7c873e0"],
                "appliesToCombinations": ["fido2"]
            },
            {
                "@odata.type": "#microsoft.graph.x509CertificateCombinationConfiguration",
                "allowedIssuerSkis": ["9A4248C6AC8C2931AB2A86537818E92E7B6C97B6"],
                "allowedPolicyOIDs": ["1.2.3"],
                "appliesToCombinations": ["x509CertificateMultiFactor"]
            }
        ]
    });
    change(&mut document);
    AuthenticationStrengthPolicy::from_document(document.as_object().unwrap().clone()).map_err(
        |refusal| {
            let findings = refusal.findings.into_iter();
            findings.map(|one| (one.path, one.reason)).collect()
        },
    )
}

#[test]
fn combinations_and_their_restrictions_are_read() {
    let strength = strength(|_| ()).unwrap();
    let shown: Vec<_> = strength
        .allowed_combinations
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        shown,
        [
            "fido2",
            "password,softwareOath",
            "x509CertificateMultiFactor"
        ]
    );
    let [fido2, x509] = strength.combination_configurations.as_slice() else {
        panic!("two configurations");
    };
    assert!(
        matches!(&fido2.restriction, CombinationRestriction::Fido2 { allowed_aaguids } if allowed_aaguids.len() == 1)
    );
    assert_eq!(
        x509.restriction,
        CombinationRestriction::X509Certificate {
            allowed_issuer_skis: vec!["9a4248c6ac8c2931ab2a86537818e92e7b6c97b6".into()],
            allowed_policy_oids: vec!["1.2.3".into()],
        }
    );
}

#[test]
fn each_built_in_combination_is_legal_and_an_arbitrary_one_is_not() {
    for built_in in BuiltInStrength::ALL {
        for one in built_in.allowed_combinations {
            let text = one.to_string();
            assert!(
                strength(|it| {
                    it["allowedCombinations"] = json!([text]);
                    it["combinationConfigurations"] = json!([]);
                })
                .is_ok(),
                "{text}"
            );
        }
    }
    for text in [
        "email",
        "password,fido2",
        "sms,voice",
        "password,password",
        "",
        "moon",
        "hardwareOath",
    ] {
        let path = "$.allowedCombinations[0]".to_owned();
        // Twice the same method is that method.
        let expected = (text != "password,password").then(|| vec![(path, Reason::Value)]);
        let found = strength(|it| {
            it["allowedCombinations"] = json!([text]);
            it["combinationConfigurations"] = json!([]);
        });
        assert_eq!(found.err(), expected, "{text}");
    }
}

#[test]
fn a_strength_that_would_be_weaker_than_it_looks_is_refused() {
    let cases: [(&str, Value, &str); 7] = [
        ("/allowedCombinations", json!([]), "$.allowedCombinations"),
        (
            "/combinationConfigurations/0/allowedAAGUIDs",
            json!([]),
            "$.combinationConfigurations[0].allowedAAGUIDs",
        ),
        (
            "/combinationConfigurations/0/allowedAAGUIDs",
            json!(["x"]),
            "$.combinationConfigurations[0].allowedAAGUIDs[0]",
        ),
        (
            "/combinationConfigurations/0/appliesToCombinations",
            json!([]),
            "$.combinationConfigurations[0].appliesToCombinations",
        ),
        (
            "/combinationConfigurations/0/appliesToCombinations",
            json!(["password,sms"]),
            "$.combinationConfigurations[0].appliesToCombinations",
        ),
        (
            "/combinationConfigurations/0/@odata.type",
            json!("#microsoft.graph.moon"),
            "$.combinationConfigurations[0].@odata.type",
        ),
        (
            "/combinationConfigurations/1/allowedPolicyOIDs",
            json!(["1.x"]),
            "$.combinationConfigurations[1].allowedPolicyOIDs[0]",
        ),
    ];
    for (pointer, value, path) in cases {
        let findings =
            strength(|it| *it.pointer_mut(pointer).unwrap() = value.clone()).unwrap_err();
        assert_eq!(findings[0].0, path, "{findings:?}");
    }
    let link = strength(|it| {
        let members = it.as_object_mut().unwrap();
        members.remove("combinationConfigurations");
        members.insert(
            "combinationConfigurations@odata.navigationLink".into(),
            json!("https://…"),
        );
    });
    assert_eq!(
        link.unwrap_err(),
        [("$.combinationConfigurations".into(), Reason::Missing)]
    );
}

#[test]
fn built_in_strengths_cannot_be_changed() {
    for built_in in BuiltInStrength::ALL {
        let findings = strength(|it| it["id"] = json!(built_in.id)).unwrap_err();
        assert_eq!(findings, [("$.id".into(), Reason::Value)]);
    }
    let is_built_in =
        |value: Value| AuthenticationStrengthPolicy::is_built_in(value.as_object().unwrap());
    let id = BuiltInStrength::ALL[0].id;
    assert!(is_built_in(json!({"id": id, "policyType": "builtIn"})));
    assert!(!is_built_in(json!({"id": id, "policyType": "custom"})));
    assert!(!is_built_in(json!({"id": "x", "policyType": "builtIn"})));
    let findings = strength(|it| it["policyType"] = json!("builtIn")).unwrap_err();
    assert_eq!(findings, [("$.policyType".into(), Reason::Value)]);
}
