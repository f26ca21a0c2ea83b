//! Shows that no damage to a policy makes the reader panic, that what is read is read again as the same, and that size costs no more
//! than size.

use proptest::prelude::*;

use super::*;
use crate::named_location::{NamedLocation, NamedLocationKind};

/// A policy with nearly every member there is.
fn rich() -> Value {
    json!({
        "displayName": "Everything", "state": "enabled",
        "conditions": {
            "users": {
                "includeUsers": ["All"], "excludeGroups": [ADA], "excludeRoles": [ADA],
                "excludeGuestsOrExternalUsers": {"guestOrExternalUserTypes": "serviceProvider",
                    "externalTenants": {"membershipKind": "enumerated", "members": [ADA]}}
            },
            "applications": {"includeApplications": ["All"], "excludeApplications": ["Office365", ADA],
                "applicationFilter": {"mode": "exclude", "rule": "CustomSecurityAttribute.A_B -eq 'x'"}},
            "clientAppTypes": ["browser"],
            "platforms": {"includePlatforms": ["all"], "excludePlatforms": ["iOS"]},
            "locations": {"includeLocations": ["All"], "excludeLocations": ["AllTrusted", ADA]},
            "signInRiskLevels": ["high"], "userRiskLevels": ["medium"], "insiderRiskLevels": "minor",
            "devices": {"deviceFilter": {"mode": "include", "rule": "device.isCompliant -ne True"}},
            "authenticationFlows": {"transferMethods": "deviceCodeFlow"}
        },
        "grantControls": {"operator": "AND", "builtInControls": ["compliantDevice"], "termsOfUse": [ADA],
            "authenticationStrength": {"id": ADA, "displayName": "Keys", "allowedCombinations": ["fido2"],
                "combinationConfigurations": [{"allowedAAGUIDs": [ADA], "appliesToCombinations": ["fido2"]}]}},
        "sessionControls": {"signInFrequency": {"isEnabled": true, "value": 1, "type": "hours"},
            "cloudAppSecurity": {"isEnabled": true, "cloudAppSecurityType": "monitorOnly"},
            "continuousAccessEvaluation": {"mode": "strictLocation"}}
    })
}

/// The pointers of all values of the document.
fn pointers(value: &Value, at: &str, list: &mut Vec<String>) {
    list.push(at.to_owned());
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                pointers(value, &format!("{at}/{name}"), list);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                pointers(value, &format!("{at}/{index}"), list);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        proptest::sample::select(vec![
            "All",
            "None",
            "none",
            "block",
            "mfa",
            "passwordChange",
            "riskRemediation",
            "AND",
            "OR",
            "exclude",
            "everyTime",
            "hidden",
            "c1",
            "urn:user:registerdevice",
            "GuestsOrExternalUsers",
            "AllTrusted",
            ADA,
        ])
        .prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!(["All", ADA])),
        Just(json!([[]])),
        Just(json!([{"id": ADA}])),
    ]
}

#[test]
fn the_undamaged_policy_is_read() {
    let policy = loaded(rich());
    assert!(policy.expanded_strength.is_some());
}

proptest! {
    #[test]
    fn damage_is_refused_or_read_the_same_again(
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any_value()), 1..4),
    ) {
        let mut document = rich();
        for (index, value) in damage {
            let mut places = Vec::new();
            pointers(&document, "", &mut places);
            let place = index.get(&places);
            if !place.is_empty() && let Some(there) = document.pointer_mut(place) {
                *there = value;
            }
        }
        match ConditionalAccessPolicy::from_document(object(document)) {
            Ok(policy) => {
                let again = ConditionalAccessPolicy::from_document(policy.document.clone());
                prop_assert_eq!(again.as_ref(), Ok(&policy));
            }
            Err(refusal) => prop_assert!(!refusal.findings.is_empty()),
        }
    }

    #[test]
    fn no_address_makes_the_reader_panic(text in "[0-9a-fA-F:./]{0,50}|\\PC{0,20}") {
        let document = json!({"displayName": "Somewhere", "ipRanges": [{"cidrAddress": text}]});
        if let Ok(location) = NamedLocation::from_document(object(document)) {
            let NamedLocationKind::IpRanges { ranges, .. } = location.kind else {
                panic!("ranges became something else");
            };
            for range in ranges {
                prop_assert!(range.prefix_len() >= NamedLocation::PREFIX_BITS_MIN);
            }
        }
    }
}

#[test]
fn a_location_has_at_most_2000_ranges() {
    let of = |count: usize| {
        let ranges = vec![json!({"cidrAddress": "192.0.2.0/24"}); count];
        NamedLocation::from_document(object(json!({"displayName": "Many", "ipRanges": ranges})))
    };
    assert!(of(NamedLocation::RANGES_MAX).is_ok());
    let refusal = of(NamedLocation::RANGES_MAX + 1).unwrap_err();
    assert_eq!(refusal.findings[0].path, "$.ipRanges");
}

#[test]
fn a_long_list_costs_no_more_than_its_length() {
    // Quadratic, this would be minutes.
    let ids: Vec<_> = (0..100_000_u128)
        .map(|number| uuid::Uuid::from_u128(number).to_string())
        .collect();
    let policy = loaded(with("/conditions/users/excludeUsers", json!(ids)));
    assert_eq!(policy.conditions.users.exclude.len(), ids.len());
    let many =
        json!({"operator": "OR", "builtInControls": vec!["mfa"; 100_000], "termsOfUse": ids});
    assert_eq!(
        loaded(with("/grantControls", many))
            .grant_controls
            .unwrap()
            .controls
            .len(),
        100_001
    );
    let types = vec!["hidden"; 10_000].join(",");
    let document = with("/conditions/insiderRiskLevels", json!(types));
    assert_eq!(refused(document).len(), 10_000);
}

#[test]
fn a_policy_of_many_members_costs_no_more_than_their_number() {
    // Quadratic, each of these would be minutes.
    let members = || (0..100_000).map(|number| (format!("m{number}"), json!(0)));
    let mut wide = object(with("/displayName", json!("Wide")));
    wide.extend(members());
    assert!(ConditionalAccessPolicy::from_document(wide).is_ok());
    let conditions: Document = members().collect();
    assert!(refused(with("/conditions", Value::Object(conditions))).len() > 100_000);
    let location = |text: String| {
        let ranges: Vec<_> = (0..2_000).map(|_| json!({"cidrAddress": text})).collect();
        NamedLocation::from_document(object(json!({"displayName": "L", "ipRanges": ranges})))
    };
    // A range is told of shortened, whatever its length.
    let refusal = location("1".repeat(4_000)).unwrap_err();
    assert_eq!(refusal.findings.len(), 2_000);
    assert!(refusal.to_string().len() < 1_000_000);
}
