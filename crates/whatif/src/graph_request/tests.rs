//! Bodies as people send them, the documented complaints among them, and bodies that nobody should send.

use serde_json::json;

use super::*;

fn body(identity: &Value, context: &Value, conditions: &Value) -> Value {
    json!({ "signInIdentity": identity, "signInContext": context, "signInConditions": conditions })
}

fn parse(body: &Value) -> Result<GraphRequest, String> {
    GraphRequest::parse(body.to_string().as_bytes()).map_err(|error| error.to_string())
}

fn user() -> Value {
    json!({ "@odata.type": "#microsoft.graph.userSignIn", "userId": "15dc174b-f34c-4588-ac45-61d6e05dce93" })
}

fn app() -> Value {
    json!({ "@odata.type": "#microsoft.graph.applicationContext", "includeApplications": ["00000003-0000-0ff1-ce00-000000000000"] })
}

#[test]
fn the_documented_body_is_read() {
    let conditions = json!({
        "devicePlatform": "android", "clientAppType": "browser",
        "signInRiskLevel": "high", "userRiskLevel": "high", "servicePrincipalRiskLevel": "none",
        "insiderRiskLevel": "elevated",
        "country": "US", "ipAddress": "40.77.182.32",
        "authenticationFlow": { "transferMethod": "deviceCodeFlow" },
        "deviceInfo": {
            "isCompliant": true, "trustType": "EntraID", "profileType": "Standard", "ownership": "Company",
            "extensionAttribute15": "kiosk", "physicalIds": ["[ZTDId]:1"], "deviceId": null
        }
    });
    let request = parse(&body(&user(), &app(), &conditions)).unwrap();
    assert_eq!(request.notes, Vec::<String>::new());
    assert!(!request.applied_policies_only);
    assert_eq!(
        serde_json::to_value(request.situation).unwrap(),
        json!({
            "user": "15dc174b-f34c-4588-ac45-61d6e05dce93", "app": "00000003-0000-0ff1-ce00-000000000000",
            "platform": "android", "clientApp": "browser",
            "signInRisk": "high", "userRisk": "high", "servicePrincipalRisk": "none", "insiderRisk": "elevated",
            "country": "US", "ip": "40.77.182.32", "flow": "deviceCodeFlow",
            "device": {
                "isCompliant": true, "trustType": "AzureAD", "deviceOwnership": "Company", "profileType": "Standard",
                "physicalIds": ["[ZTDId]:1"], "extensionAttributes": { "15": "kiosk" }
            }
        })
    );
}

#[test]
fn every_identity_and_context_is_read() {
    let principal = json!({ "@odata.type": "microsoft.graph.servicePrincipalSignIn", "servicePrincipalId": "daemon" });
    let guest = json!({
        "@odata.type": "#microsoft.graph.userSignIn", "userId": null, "externalUserType": "b2bCollaborationGuest",
        "externalTenantId": "fafafafa-0000-4000-8000-000000000001"
    });
    let action = json!({ "@odata.type": "#microsoft.graph.userActionContext", "userAction": "registerOrJoinDevices" });
    let context = json!({ "@odata.type": "#microsoft.graph.authContext", "authenticationContextValue": "c25" });
    for (identity, context, expected) in [
        (
            &principal,
            &action,
            json!({ "servicePrincipal": "daemon", "userAction": "registerOrJoinDevices" }),
        ),
        (
            &guest,
            &context,
            json!({
                "user": { "type": "b2bCollaborationGuest", "homeTenant": "fafafafa-0000-4000-8000-000000000001" },
                "authenticationContext": "c25"
            }),
        ),
    ] {
        let situation = parse(&body(identity, context, &json!({})))
            .unwrap()
            .situation;
        assert_eq!(serde_json::to_value(situation).unwrap(), expected);
    }
}

/// Specification 9.3: what the defaults are, and that "all" is not one kind of client or platform.
#[test]
fn absent_conditions_have_graphs_defaults() {
    let said = json!({ "devicePlatform": "all", "clientAppType": "all", "signInRiskLevel": "hidden", "deviceInfo": {} });
    let request = parse(&body(&user(), &app(), &said)).unwrap();
    assert_eq!(
        (request.situation.platform, request.situation.client_app),
        (None, None)
    );
    let filled = request.situation.with_graph_defaults();
    let filled = serde_json::to_value(filled).unwrap();
    for (member, value) in [
        ("signInRisk", "none"),
        ("userRisk", "none"),
        ("servicePrincipalRisk", "none"),
        ("insiderRisk", "none"),
        ("flow", "none"),
        ("device", "unregistered"),
    ] {
        assert_eq!(filled.get(member), Some(&json!(value)), "{member}");
    }
    for member in ["platform", "clientApp", "ip", "country"] {
        assert_eq!(filled.get(member), None, "{member}");
    }
}

#[test]
fn what_counts_for_less_than_it_seems_is_noted() {
    let group = json!({ "@odata.type": "#microsoft.graph.applicationContext", "includeApplications": ["Office365"] });
    let device = json!({ "deviceInfo": { "trustType": "Marriage" }, "agentIdRiskLevel": "high" });
    let request = parse(&body(&user(), &group, &device)).unwrap();
    assert_eq!(request.situation.app, Some(Vec::new().into()));
    let notes = request.notes.join("\n");
    for part in [
        "`Office365` is no appId",
        "trust type `Marriage`",
        "agentIdRiskLevel",
    ] {
        assert!(notes.contains(part), "{notes}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn what_is_wrong_is_refused_with_its_path_and_a_cure() {
    let with = |conditions: Value| body(&user(), &app(), &conditions);
    for (body, told) in [
        (json!([]), "$: expected an object with `signInIdentity`"),
        (json!({}), "$.signInIdentity: missing: who signs in"),
        // The breaking rename of March 2025.
        (
            json!({ "conditionalAccessWhatIfSubject": user(), "conditionalAccessContext": app(), "conditionalAccessWhatIfConditions": {} }),
            "it is `sign",
        ),
        (
            json!({ "signInIdentity": user(), "signInContext": app() }),
            "$.signInConditions: missing: `{}` will do",
        ),
        (
            body(&json!({ "userId": "x" }), &app(), &json!({})),
            "$.signInIdentity.@odata.type: expected `#microsoft.graph.userSignIn`",
        ),
        (
            body(
                &json!({ "@odata.type": "#microsoft.graph.userSignIn" }),
                &app(),
                &json!({}),
            ),
            "$.signInIdentity.userId: missing",
        ),
        (
            body(
                &json!({ "@odata.type": "#microsoft.graph.userSignIn", "userId": "x", "externalUserType": "internalGuest,serviceProvider" }),
                &app(),
                &json!({}),
            ),
            "$.signInIdentity.externalUserType: expected `none` or one of: internalGuest",
        ),
        (
            body(
                &json!({ "@odata.type": "#microsoft.graph.userSignIn", "userId": "x", "externalUserType": "member" }),
                &app(),
                &json!({}),
            ),
            "expected `none` or one of",
        ),
        (
            body(
                &json!({ "@odata.type": "#microsoft.graph.agentSignIn" }),
                &app(),
                &json!({}),
            ),
            "agent identities",
        ),
        (
            body(
                &user(),
                &json!({ "@odata.type": "#microsoft.graph.authContext", "authenticationContextValue": "c0" }),
                &json!({}),
            ),
            "`c1` to `c99`",
        ),
        (
            body(
                &user(),
                &json!({ "@odata.type": "#microsoft.graph.userActionContext", "userAction": "dance" }),
                &json!({}),
            ),
            "is none of: registerSecurityInformation",
        ),
        (
            with(json!({ "devicePlatfrom": "windows" })),
            "$.signInConditions.devicePlatfrom: no such member",
        ),
        (
            with(json!({ "devicePlatform": "beos" })),
            "$.signInConditions.devicePlatform: `beos` is none of",
        ),
        (
            with(json!({ "signInRiskLevel": 8 })),
            "$.signInConditions.signInRiskLevel: expected a text",
        ),
        (
            with(json!({ "ipAddress": "1.2.3" })),
            "`1.2.3` is no IP address",
        ),
        (with(json!({ "country": "USA" })), "two letters"),
        (
            with(json!({ "deviceInfo": { "deviceOwnership": "Company" } })),
            "$.signInConditions.deviceInfo.deviceOwnership: no such member",
        ),
        (
            with(json!({ "deviceInfo": { "deviceId": "mine" } })),
            "is no GUID",
        ),
        (
            with(json!({ "authenticationFlow": { "transferMethod": "pigeon" } })),
            "is none of: none, deviceCodeFlow",
        ),
    ] {
        let error = parse(&body).unwrap_err();
        assert!(error.contains(told), "{body}: {error}");
    }
}

#[test]
fn hostile_bodies_are_refused_and_not_echoed() {
    let long = "x".repeat(100_000);
    let deep = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
    let bodies: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"\xff\xfe{".to_vec(),
        b"{\"signInIdentity\":".to_vec(),
        deep.into_bytes(),
        vec![b' '; GraphRequest::SIZE_BYTES_MAX + 1],
        body(&user(), &app(), &json!({ "country": long }))
            .to_string()
            .into_bytes(),
        body(&user(), &app(), &json!({ long: "x" }))
            .to_string()
            .into_bytes(),
        body(
            &user(),
            &app(),
            &json!({ "devicePlatform": "y".repeat(1000) }),
        )
        .to_string()
        .into_bytes(),
        body(
            &user(),
            &json!({ "@odata.type": "applicationContext", "includeApplications": vec!["x"; 501] }),
            &json!({}),
        )
        .to_string()
        .into_bytes(),
    ];
    for body in bodies {
        let error = GraphRequest::parse(&body).unwrap_err().to_string();
        assert!(error.len() < 500, "{}", error.len());
    }
}
