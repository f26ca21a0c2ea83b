//! What may be written into a situation, and what is said of the rest.

use serde_json::json;

use super::*;

fn read(value: serde_json::Value) -> Result<Situation, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

#[test]
fn every_member_is_read_and_written_alike() {
    let written = json!({
        "user": { "type": "b2bCollaborationGuest", "homeTenant": "fabrikam.example", "groups": "Partners", "roles": ["Global Reader", "Security Reader"] },
        "servicePrincipal": "daemon",
        "app": ["Payroll", "Vault"],
        "userAction": "registerOrJoinDevices",
        "authenticationContext": "c1",
        "client": "Payroll mobile",
        "clientApp": "other",
        "platform": "iOS",
        "ip": "203.0.113.7",
        "country": "NL",
        "gpsCountry": "unknown",
        "compliantNetwork": true,
        "device": { "vouchedBy": "home", "isCompliant": true, "trustType": "ServerAD", "extensionAttributes": { "1": "kiosk" } },
        "signInRisk": "high", "userRisk": "none", "servicePrincipalRisk": "low", "insiderRisk": "moderate",
        "flow": "deviceCodeFlow",
        "proven": ["password", { "method": "fido2", "at": "resource", "ago": "5m", "aaguid": "00000000-0000-0000-0000-000000000001" }],
        "methods": { "home": { "registered": ["softwareOath"] }, "resource": { "registrable": ["sms"] } },
        "accepted": "Guest terms", "customFactors": "duo",
        "passwordChanged": "now", "riskRemediated": "2h",
        "approvedApp": true, "protectedApp": false, "interactive": true, "requestsMfa": false,
        "trust": { "mfa": true },
    });
    let situation = read(written.clone()).unwrap();
    assert_eq!(serde_json::to_value(&situation).unwrap(), written);
    // The list above must not fall behind the members.
    let named = serde_json::to_string(&situation).unwrap();
    assert_eq!(written.as_object().unwrap().len(), 29, "{named}");
    assert_eq!(
        read(json!({ "device": "unregistered" })).unwrap().device,
        Some(DeviceSituation::UNREGISTERED)
    );
}

#[test]
fn what_cannot_be_understood_is_refused_with_what_could_have_been() {
    for (value, cure) in [
        (json!({ "usr": "ada" }), "unknown field `usr`"),
        (
            json!({ "platform": "beos" }),
            "is none of: android, iOS, windows",
        ),
        (json!({ "platform": 7 }), "expected a"),
        (
            json!({ "user": 7 }),
            "the name or id of a user, or an object",
        ),
        (
            json!({ "user": { "type": "stranger" } }),
            "is none of: member, internalGuest",
        ),
        (
            json!({ "user": { "kind": "member" } }),
            "unknown field `kind`",
        ),
        (json!({ "device": "mine" }), "is none of: unregistered"),
        (
            json!({ "device": { "colour": "red" } }),
            "unknown field `colour`",
        ),
        (
            json!({ "proven": ["pasword"] }),
            "`pasword` is no method; methods are: password",
        ),
        (json!({ "proven": "password" }), "expected a sequence"),
        (
            json!({ "country": "Holland" }),
            "two letters such as `NL` nor `unknown`",
        ),
        (json!({ "authenticationContext": "c100" }), "`c1` to `c99`"),
        (json!({ "ip": "300.1.1.1" }), "invalid IP address"),
        (json!({ "passwordChanged": "yesterday" }), "such as `5m`"),
        (json!({ "app": {} }), "a text or a list of texts"),
        (json!([]), "expected struct Situation"),
    ] {
        match read(value.clone()) {
            Ok(situation) => assert_eq!(value, json!([]), "{situation:?}"),
            Err(error) => assert!(error.contains(cure), "{value}: {error}"),
        }
    }
}

#[test]
fn defaults_fill_holes_and_never_add_a_second_subject_or_target() {
    let defaults = read(json!({ "user": "ada", "app": "Payroll", "platform": "windows", "device": { "isCompliant": true } })).unwrap();
    let over = |value| serde_json::to_value(read(value).unwrap().over(&defaults)).unwrap();
    assert_eq!(
        over(json!({ "platform": "linux" })),
        json!({ "user": "ada", "app": "Payroll", "platform": "linux", "device": { "isCompliant": true } })
    );
    assert_eq!(
        over(
            json!({ "servicePrincipal": "daemon", "userAction": "registerOrJoinDevices", "device": "unregistered" })
        ),
        json!({ "servicePrincipal": "daemon", "userAction": "registerOrJoinDevices", "platform": "windows", "device": "unregistered" })
    );
}

#[test]
fn an_application_and_a_context_are_reached_together() {
    let with = |defaults, value| {
        let defaults = read(defaults).unwrap();
        serde_json::to_value(read(value).unwrap().over(&defaults)).unwrap()
    };
    let both = json!({ "app": "Payroll", "authenticationContext": "c1" });
    let (app, context) = (
        json!({ "app": "Payroll" }),
        json!({ "authenticationContext": "c1" }),
    );
    assert_eq!(with(app.clone(), context.clone()), both);
    assert_eq!(with(context.clone(), app.clone()), both);
    let action = json!({ "userAction": "registerOrJoinDevices" });
    assert_eq!(with(both.clone(), action.clone()), action);
    assert_eq!(with(action.clone(), app.clone()), app);
    assert_eq!(with(action, context.clone()), context);
}
