//! Authentication contexts at the token endpoint: tokens name those that are met, and a client can ask for one with a
//! refresh token.

use portcullis_model::authentication_context::AuthenticationContextClassReference;
use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::store::TenantWorld;
use portcullis_protocol::oauth::error::OauthError;
use portcullis_testkit::house::{TestHouse, tenant_of};
use serde_json::{Map, Value, json};

use crate::scene::{
    ABROAD, App, CONTOSO, Form, OFFICE, Person, Scene, access_claims, id, id_claims, refresh_text,
    refused,
};

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(object) = value else {
        panic!("an object");
    };
    object
}

fn policy(conditions: &Value, control: &str) -> ConditionalAccessPolicy {
    let document = json!({
        "displayName": "Step up", "state": "enabled", "conditions": conditions,
        "grantControls": { "operator": "OR", "builtInControls": [control] },
    });
    ConditionalAccessPolicy::from_document(object(document)).unwrap()
}

/// Contoso publishes c1 and c3; c1 takes MFA, if anything.
fn with_contexts(world: &mut TenantWorld, control: &str) {
    let policies = world.conditional_access_policies.get_or_insert_default();
    policies.clear();
    policies.push(policy(
        &json!({
            "users": { "includeUsers": ["All"] }, "clientAppTypes": ["all"],
            "applications": { "includeAuthenticationContextClassReferences": ["c1"] },
        }),
        control,
    ));
    let contexts = ["c1", "c3"].map(|id| {
        let document = json!({ "id": id, "displayName": id, "isAvailable": true });
        AuthenticationContextClassReference::from_document(object(document)).unwrap()
    });
    world.authentication_contexts = Some(contexts.into());
}

async fn scene() -> Scene {
    let kit = TestHouse::edited(|world| {
        with_contexts(tenant_of(world, id(CONTOSO)), "mfa");
    });
    Scene::of(kit.await.without_cache())
}

fn demanding(form: Form, context: &str) -> Form {
    let claims = json!({ "access_token": { "acrs": { "essential": true, "value": context } } });
    form.with("claims", &claims.to_string())
}

#[tokio::test]
async fn tokens_name_the_contexts_that_are_met_and_no_other() {
    let scene = scene().await;
    let (_, plain) = Box::pin(scene.tokens(Person::Carol, App::Payroll)).await;
    assert!(access_claims(&plain).get("acrs").is_none());
    let arrival = scene
        .arrive_as(Person::Carol, App::Payroll, |code| {
            code.grant.authentication_contexts = ["c1".to_owned()].into();
        })
        .await;
    let redeem = scene.code_form(App::Payroll, &arrival.code);
    let response = scene.send(&redeem).await.unwrap();
    assert_eq!(access_claims(&response)["acrs"], json!(["c1"]));
    assert_eq!(id_claims(&response)["acrs"], json!(["c1"]));
    let refresh = scene.refresh_form(App::Payroll, &refresh_text(&response));
    let response = scene.send(&refresh).await.unwrap();
    assert_eq!(access_claims(&response)["acrs"], json!(["c1"]));
    // The policy of the context refuses by now: the sign-in goes on, and its tokens do not name it any more.
    scene
        .change(CONTOSO, |world| with_contexts(world, "block"))
        .await;
    let refresh = scene.refresh_form(App::Payroll, &refresh_text(&response));
    let response = scene.send(&refresh).await.unwrap();
    assert!(access_claims(&response).get("acrs").is_none());
    // Who demands it is refused.
    let refresh = scene.refresh_form(App::Payroll, &refresh_text(&response));
    let answer = scene.send(&demanding(refresh, "c1")).await;
    refused(&scene, answer, OauthError::InvalidGrant, 53003).await;
}

#[tokio::test]
async fn a_code_is_nothing_without_the_context_it_was_asked_for_with() {
    let scene = scene().await;
    let arrival = scene
        .arrive_as(Person::Dave, App::Payroll, |code| {
            code.grant.authentication_contexts = ["c1".to_owned()].into();
        })
        .await;
    let answer = scene
        .send(&scene.code_form(App::Payroll, &arrival.code))
        .await;
    refused(&scene, answer, OauthError::InteractionRequired, 50076).await;
}

#[tokio::test]
async fn a_context_that_is_open_is_a_claims_challenge_the_client_can_send_back() {
    let scene = scene().await;
    let (_, response) = Box::pin(scene.tokens(Person::Dave, App::Payroll)).await;
    let refresh = scene.refresh_form(App::Payroll, &refresh_text(&response));
    let answer = scene.send(&demanding(refresh.clone(), "c1")).await;
    let error = refused(&scene, answer, OauthError::InteractionRequired, 50076).await;
    let claims: Value = serde_json::from_str(error.claims.as_deref().unwrap()).unwrap();
    let wanted = &claims["access_token"];
    assert_eq!(
        wanted["acrs"],
        json!({ "essential": true, "values": ["c1"] })
    );
    assert_eq!(wanted["capolids"]["values"].as_array().unwrap().len(), 1);
    // One that no policy speaks of is met; one that is not published is not.
    let met = scene.send(&demanding(refresh, "c3")).await.unwrap();
    assert_eq!(access_claims(&met)["acrs"], json!(["c3"]));
    let refresh = scene.refresh_form(App::Payroll, &refresh_text(&met));
    let answer = scene.send(&demanding(refresh, "c9")).await;
    let error = OauthError::UnmetAuthenticationRequirements;
    refused(&scene, answer, error, 9_900_003).await;
}

#[tokio::test]
async fn an_application_on_its_own_behalf_is_held_to_policies_about_workload_identities() {
    const ABROAD_ONLY: &str = "d0d0d0d0-0006-4000-8000-000000000002";
    let kit = TestHouse::edited(|world| {
        let contoso = tenant_of(world, id(CONTOSO));
        let country = json!({
            "@odata.type": "#microsoft.graph.countryNamedLocation", "id": ABROAD_ONLY, "displayName": "Abroad",
            "countriesAndRegions": ["CL"], "includeUnknownCountriesAndRegions": false,
        });
        let country =
            portcullis_model::named_location::NamedLocation::from_document(object(country));
        contoso
            .named_locations
            .get_or_insert_default()
            .push(country.unwrap());
        let conditions = json!({
            "users": { "includeUsers": ["None"] }, "clientAppTypes": ["all"],
            "applications": { "includeApplications": ["All"] },
            "clientApplications": { "includeServicePrincipals": ["ServicePrincipalsInMyTenant"] },
            "locations": { "includeLocations": [ABROAD_ONLY] },
        });
        contoso.conditional_access_policies = Some(vec![policy(&conditions, "block")]);
    });
    let scene = Scene::of(kit.await);
    scene.kit.countries.put(id(ABROAD), "CL");
    let form =
        Form::new("client_credentials").with("scope", "https://graph.microsoft.com/.default");
    let form = scene.authenticated(form, App::Report);
    assert!(scene.send_to(CONTOSO, &form, OFFICE).await.is_ok());
    let answer = scene.send_to(CONTOSO, &form, ABROAD).await;
    refused(&scene, answer, OauthError::InvalidGrant, 53003).await;
    // People are not held to it.
    Box::pin(scene.tokens(Person::Dave, App::Payroll)).await;
}
