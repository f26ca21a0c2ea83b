//! The whole language at the browser's door: countries, authentication contexts, what people register, and controls that no
//! page can show yet.

use std::net::IpAddr;

use portcullis_model::authentication_context::AuthenticationContextClassReference;
use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::named_location::NamedLocation;
use portcullis_model::sign_in_log::AuthenticationContextDetail;
use portcullis_model::store::TenantWorld;
use portcullis_testkit::browser::{Browser, Place};
use portcullis_testkit::house::{TestHouse, tenant_of};
use serde_json::{Map, Value, json};

use crate::world::*;

const HERE: &str = "d0d0d0d0-0006-4000-8000-000000000001";

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(object) = value else {
        panic!("an object");
    };
    object
}

/// A policy for everybody, with these conditions and controls.
fn policy(name: &str, conditions: Value, control: &str) -> ConditionalAccessPolicy {
    let mut all = json!({ "users": { "includeUsers": ["All"] }, "clientAppTypes": ["all"] });
    for (member, value) in object(conditions) {
        all[member] = value;
    }
    let document = json!({
        "displayName": name, "state": "enabled", "conditions": all,
        "grantControls": { "operator": "OR", "builtInControls": [control] },
    });
    ConditionalAccessPolicy::from_document(object(document)).unwrap()
}

/// Contoso with these policies only, a country location, and the contexts c1 (published) and c2 (not yet).
async fn contoso_with(policies: Vec<ConditionalAccessPolicy>) -> TestHouse {
    edited(|world| {
        let contoso: &mut TenantWorld = tenant_of(world, tenant(CONTOSO));
        contoso.conditional_access_policies = Some(policies);
        let country = json!({
            "@odata.type": "#microsoft.graph.countryNamedLocation", "id": HERE, "displayName": "Here",
            "countriesAndRegions": ["NL"], "includeUnknownCountriesAndRegions": false,
        });
        let country = NamedLocation::from_document(object(country)).unwrap();
        contoso.named_locations.get_or_insert_default().push(country);
        let contexts = [("c1", true), ("c2", false)].map(|(id, is_available)| {
            let document = json!({ "id": id, "displayName": id, "isAvailable": is_available });
            AuthenticationContextClassReference::from_document(object(document)).unwrap()
        });
        contoso.authentication_contexts = Some(contexts.into());
    })
    .await
}

fn all_applications() -> Value {
    json!({ "includeApplications": ["All"] })
}

async fn dave_at(house: &TestHouse, address: &str, more: &str) -> (Vec<String>, Place) {
    let mut browser = Browser::new(house);
    browser.address = address.parse().unwrap();
    let mut dave = person(house, "dave@contoso.example");
    let first = browser.authorize(CONTOSO, &request(PAYROLL, more)).await;
    browser.walk(first, &mut dave).await
}

fn demanding(context: &str) -> String {
    let claims =
        format!(r#"{{"access_token":{{"acrs":{{"essential":true,"value":"{context}"}}}}}}"#);
    let claims: String = url::form_urlencoded::byte_serialize(claims.as_bytes()).collect();
    format!("&claims={claims}")
}

#[tokio::test]
async fn a_policy_about_countries_goes_by_the_database_and_what_is_unknown_is_elsewhere() {
    let locations = json!({ "includeLocations": ["All"], "excludeLocations": [HERE] });
    let conditions = json!({ "applications": all_applications(), "locations": locations });
    let house = contoso_with(vec![policy("Only from here", conditions, "block")]).await;
    let put = |address: &str, country: &str| {
        let address: IpAddr = address.parse().unwrap();
        house.countries.put(address, country);
    };
    put("192.0.2.1", "NL");
    put("192.0.2.2", "CL");
    for (address, end) in [
        ("192.0.2.1", "code"),
        ("192.0.2.2", "refused 53003"),
        ("192.0.2.3", "refused 53003"),
    ] {
        assert_eq!(
            dave_at(&house, address, "").await.1.name(),
            end,
            "{address}"
        );
    }
}

fn mfa_for_c1() -> ConditionalAccessPolicy {
    let applications = json!({ "includeAuthenticationContextClassReferences": ["c1"] });
    policy("Step up", json!({ "applications": applications }), "mfa")
}

#[tokio::test]
async fn an_authentication_context_is_asked_for_by_its_policies_and_stands_in_the_grant() {
    let house = contoso_with(vec![mfa_for_c1()]).await;
    let (way, end) = dave_at(&house, "192.0.2.1", "").await;
    assert!(!way.iter().any(|place| place == "registration"), "{way:?}");
    assert!(
        code(&house, &end)
            .await
            .grant
            .authentication_contexts
            .is_empty()
    );
    let (way, end) = dave_at(&house, "192.0.2.1", &demanding("c1")).await;
    assert!(way.iter().any(|place| place == "registration"), "{way:?}");
    let granted = code(&house, &end).await.grant.authentication_contexts;
    assert_eq!(granted, ["c1".to_owned()].into());
    let row = log(&house, CONTOSO).await.pop().unwrap();
    let references = row.authentication_context_class_references;
    let told: Vec<_> = references
        .iter()
        .map(|it| (it.id.number(), it.detail))
        .collect();
    assert_eq!(told, [(1, AuthenticationContextDetail::Required)]);
}

#[tokio::test]
async fn an_authentication_context_that_is_open_needs_a_person_and_one_that_is_not_published_is_refused()
 {
    let house = contoso_with(vec![mfa_for_c1()]).await;
    let mut browser = Browser::new(&house);
    let mut dave = person(&house, "dave@contoso.example");
    let first = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    browser.walk(first, &mut dave).await;
    let silent = format!("{}&prompt=none", demanding("c1"));
    let place = browser.authorize(CONTOSO, &request(PAYROLL, &silent)).await;
    assert_eq!(place.name(), "error interaction_required");
    let place = browser
        .authorize(CONTOSO, &request(PAYROLL, "&prompt=none"))
        .await;
    assert_eq!(place.name(), "code");
    for context in ["c2", "c3", "c100", "mfa"] {
        let silent = format!("{}&prompt=none", demanding(context));
        let place = browser.authorize(CONTOSO, &request(PAYROLL, &silent)).await;
        assert_eq!(
            place.name(),
            "error unmet_authentication_requirements",
            "{context}"
        );
    }
    assert_eq!(
        log(&house, CONTOSO).await.pop().unwrap().status.error_code,
        9_900_003
    );
}

#[tokio::test]
async fn registering_an_authenticator_asks_the_policies_about_it_before_the_page_is_shown() {
    let everything = json!({ "applications": all_applications() });
    let mfa = policy("MFA", everything, "mfa");
    let locations = json!({ "includeLocations": ["All"], "excludeLocations": [HERE] });
    let action = json!({ "includeUserActions": ["urn:user:registersecurityinfo"] });
    let conditions = json!({ "applications": action, "locations": locations });
    let register = policy("Register here only", conditions, "block");
    let house = contoso_with(vec![mfa, register]).await;
    house.countries.put("192.0.2.1".parse().unwrap(), "NL");
    let (way, _) = dave_at(&house, "192.0.2.9", "").await;
    assert_eq!(way, ["name", "password", "refused 53010"]);
    assert_eq!(authenticators(&house, CONTOSO, DAVE).await, 0);
    let (way, end) = dave_at(&house, "192.0.2.1", "").await;
    assert!(way.iter().any(|place| place == "registration"), "{way:?}");
    assert_eq!(end.name(), "code");
    // Who has an authenticator registers nothing, wherever they are.
    let mut browser = Browser::new(&house);
    browser.address = "192.0.2.9".parse().unwrap();
    let mut carol = person(&house, "carol@contoso.example");
    let first = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    assert_eq!(browser.walk(first, &mut carol).await.1.name(), "code");
}
