//! What tokens say (specification 7.9; requirements B18, B20, G01, G11, G17, J04, J06).

use jiff::SignedDuration;
use portcullis_protocol::jose::public_key::VerificationKey;
use portcullis_protocol::jose::verify::{Audience, Expected, Lifetime, verify};
use portcullis_protocol::oidc::access_token::AccessTokenClaims;
use portcullis_protocol::oidc::id_token::IdTokenClaims;
use portcullis_signin::realm::issuer;
use serde_json::{Value, json};

use crate::scene::{
    App, CONTOSO, FABRIKAM, Form, Person, Scene, WOODGROVE, access_claims, id, id_claims,
    refresh_text,
};

fn methods(claims: &serde_json::Map<String, Value>) -> Vec<&str> {
    let list = claims.get("amr").and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

#[tokio::test]
async fn b20_the_id_token_of_a_member() {
    let scene = Scene::new().await;
    let (arrival, response) = scene.tokens(Person::Carol, App::Payroll).await;
    let claims = id_claims(&response);
    let now = scene.kit.now().as_second();
    let sub = claims["sub"].as_str().unwrap();
    assert_eq!(sub.len(), 43);
    let hash = claims["at_hash"].as_str().unwrap();
    assert_eq!(hash.len(), 22);
    let expected = json!({
        "iss": format!("https://sts.example/{CONTOSO}/v2.0"),
        "sub": sub, "aud": App::Payroll.client().to_string(),
        "exp": now + 3600, "iat": now, "nbf": now, "ver": "2.0", "tid": CONTOSO,
        "oid": Person::Carol.user().to_string(), "acct": 0, "auth_time": now,
        "amr": ["pwd", "otp", "mfa"], "acr": "1", "sid": arrival.grant.session.to_string(),
        "at_hash": hash, "nonce": "n-0S6_WzA2Mj", "name": "Carol Shaw",
        "preferred_username": "carol@contoso.example", "email": "carol@contoso.example",
        "given_name": "Carol", "family_name": "Shaw", "uti": claims["uti"],
    });
    assert_eq!(Value::Object(claims), expected);
}

#[tokio::test]
async fn g01_the_access_token_names_its_resource_client_and_grant() {
    let scene = Scene::new().await;
    let (arrival, response) = scene.tokens(Person::Dave, App::Mobile).await;
    let claims = access_claims(&response);
    let payroll = App::Payroll.client().to_string();
    let mobile = App::Mobile.client().to_string();
    for (name, value) in [
        ("aud", json!(payroll)),
        ("azp", json!(mobile)),
        ("client_id", json!(mobile)),
        ("azpacr", json!("0")),
        ("scp", json!("access_as_user email openid profile")),
        ("scope", claims["scp"].clone()),
        ("idtyp", json!("user")),
        ("jti", claims["uti"].clone()),
        ("gid", json!(arrival.grant.id.to_string())),
        ("tid", json!(CONTOSO)),
        ("amr", json!(["pwd"])),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    // Pairwise: the resource knows another subject than the client.
    assert_ne!(claims["sub"], id_claims(&response)["sub"]);
    assert!(claims.get("idp").is_none() && claims.get("roles").is_none());
    let (_, confidential) = scene.tokens(Person::Dave, App::Payroll).await;
    assert_eq!(access_claims(&confidential)["azpacr"], "1");
}

#[tokio::test]
async fn a_guests_tokens_are_the_resource_tenants_and_home_shows_in_idp_alone() {
    let scene = Scene::new().await;
    let arrival = scene.arrive(Person::Ada, App::Payroll).await;
    let form = scene
        .code_form(App::Payroll, &arrival.code)
        .with("client_info", "1");
    let response = scene.send(&form).await.unwrap();
    let claims = id_claims(&response);
    for (name, value) in [
        ("iss", json!(format!("https://sts.example/{CONTOSO}/v2.0"))),
        ("tid", json!(CONTOSO)),
        ("oid", json!(Person::Ada.user().to_string())),
        ("idp", json!(format!("https://sts.example/{FABRIKAM}/v2.0"))),
        ("acct", json!(1)),
        ("preferred_username", json!("ada@fabrikam.example")),
        ("email", json!("ada@fabrikam.example")),
        ("name", json!("Ada Lovelace")),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    let info = response.client_info.unwrap();
    let info = crate::scene::claims(&format!(".{info}"));
    assert_eq!(
        Value::Object(info),
        json!({"uid": "fafafafa-0001-4000-8000-000000000001", "utid": FABRIKAM})
    );
    let rows = [scene.row(CONTOSO, 0).await, scene.row(FABRIKAM, 0).await];
    assert_eq!(rows[0].correlation_id, rows[1].correlation_id);
    let plain = scene.tokens(Person::Ada, App::Payroll).await.1;
    assert!(plain.client_info.is_none(), "told only when asked");
}

#[tokio::test]
async fn a_direct_connect_user_has_no_object_and_a_subject_all_the_same() {
    let scene = Scene::new().await;
    let (_, response) = scene.tokens(Person::Frank, App::SharedChannel).await;
    let claims = id_claims(&response);
    assert!(claims.get("oid").is_none());
    assert_eq!(
        claims["idp"],
        format!("https://sts.example/{FABRIKAM}/v2.0")
    );
    assert_eq!(claims["acct"], 1);
    assert_eq!(claims["name"], "Frank Gilbreth");
    assert_eq!(response.expires_in_seconds, 3600);
    let row = scene.row(CONTOSO, 0).await;
    assert_eq!(row.cross_tenant_access_type, "b2bDirectConnect");
}

#[tokio::test]
async fn j06_methods_proven_at_home_count_only_where_they_are_trusted_and_idp_says_whose_they_are()
{
    let scene = Scene::new().await;
    let (_, trusted) = scene.tokens(Person::Ada, App::Payroll).await;
    assert_eq!(methods(&id_claims(&trusted)), ["pwd", "otp", "mfa"]);
    let (_, here) = scene.tokens(Person::Wendy, App::Payroll).await;
    assert_eq!(methods(&access_claims(&here)), ["pwd", "otp", "mfa"]);
    assert_eq!(
        id_claims(&here)["idp"],
        format!("https://sts.example/{WOODGROVE}/v2.0")
    );
    // Timesheet asks guests for no MFA; what Wendy did at home does not show.
    let (_, untrusted) = scene.tokens(Person::WendyAtHomeOnly, App::Timesheet).await;
    assert_eq!(methods(&id_claims(&untrusted)), ["pwd"]);
    assert_eq!(methods(&access_claims(&untrusted)), ["pwd"]);
}

#[tokio::test]
async fn j04_nothing_a_client_sends_raises_what_was_proven() {
    let scene = Scene::new().await;
    let arrival = scene.arrive(Person::Dave, App::Payroll).await;
    let form = scene
        .code_form(App::Payroll, &arrival.code)
        .with("amr", "mfa")
        .with("acr", "3")
        .with("acr_values", "3")
        .with("auth_time", "1")
        .with(
            "claims",
            r#"{"id_token":{"amr":{"values":["mfa"]},"oid":{"value":"x"}}}"#,
        );
    let response = scene.send(&form).await.unwrap();
    assert_eq!(methods(&id_claims(&response)), ["pwd"]);
    assert_eq!(id_claims(&response)["acr"], "1");
    scene.kit.pass(600);
    let form = scene.refresh_form(App::Payroll, &refresh_text(&response));
    let later = scene.send(&form.with("amr", "mfa")).await.unwrap();
    assert_eq!(methods(&id_claims(&later)), ["pwd"]);
    assert_eq!(
        id_claims(&later)["auth_time"],
        id_claims(&response)["auth_time"]
    );
}

#[tokio::test]
async fn tokens_are_signed_as_the_registration_wants_and_verify_with_the_published_keys() {
    let scene = Scene::new().await;
    for (app, algorithm) in [(App::Payroll, "RS256"), (App::Timesheet, "ES256")] {
        let (_, response) = scene.tokens(Person::Dave, app).await;
        let header =
            |token: &str| crate::scene::claims(&format!(".{}", token.split('.').next().unwrap()));
        let id_token = response.id_token.as_ref().unwrap().expose();
        assert_eq!(header(id_token)["alg"], algorithm);
        assert_eq!(header(id_token)["typ"], "JWT");
        assert_eq!(header(response.access_token.expose())["typ"], "at+jwt");
        let now = scene.kit.now();
        let keys = scene
            .house()
            .keys
            .published_keys(id(CONTOSO), now)
            .await
            .unwrap();
        let keys: Vec<VerificationKey> = keys
            .iter()
            .map(|key| VerificationKey::from_public_jwk(key).unwrap())
            .collect();
        let client = app.client().to_string();
        let expected = Expected {
            issuer: &issuer(&scene.house().public_url, id(CONTOSO)),
            audience: Audience::OneOf(&[&client]),
            lifetime: Lifetime::Enforced,
            now,
        };
        assert!(verify::<IdTokenClaims>(id_token, &keys, &expected).is_ok());
        // Neither kind passes for the other (requirement G02), and both end.
        assert!(verify::<AccessTokenClaims>(id_token, &keys, &expected).is_err());
        let later = Expected {
            now: now + SignedDuration::from_secs(3661),
            ..expected
        };
        assert!(verify::<IdTokenClaims>(id_token, &keys, &later).is_err());
        // Another tenant's keys verify nothing of it (requirement G11).
        let others = scene
            .house()
            .keys
            .published_keys(id(FABRIKAM), now)
            .await
            .unwrap();
        let others: Vec<VerificationKey> = others
            .iter()
            .map(|key| VerificationKey::from_public_jwk(key).unwrap())
            .collect();
        assert!(verify::<IdTokenClaims>(id_token, &others, &expected).is_err());
    }
}

#[tokio::test]
async fn b18_an_applications_subject_is_never_a_persons() {
    let scene = Scene::new().await;
    let form = scene.authenticated(Form::new("client_credentials"), App::Report);
    let form = form.with("scope", "https://graph.microsoft.com/.default");
    let application = access_claims(&scene.send(&form).await.unwrap());
    assert_eq!(application["sub"], application["oid"]);
    assert_eq!(application["sub"].as_str().unwrap().len(), 36);
    for person in [Person::Dave, Person::Ada, Person::Frank] {
        let app = if person == Person::Frank {
            App::SharedChannel
        } else {
            App::Payroll
        };
        let (_, response) = scene.tokens(person, app).await;
        assert_eq!(access_claims(&response)["sub"].as_str().unwrap().len(), 43);
        assert_eq!(id_claims(&response)["sub"].as_str().unwrap().len(), 43);
    }
}

#[tokio::test]
async fn g17_a_token_stays_small_whatever_the_directory_says() {
    let long = "x".repeat(100_000);
    let scene = crate::scene::edited(CONTOSO, |world| {
        for user in world.users.iter_mut().flatten() {
            user.display_name = long.clone();
            user.given_name = Some(long.clone());
            user.surname = Some(long.clone());
        }
    })
    .await;
    let (_, response) = scene.tokens(Person::Dave, App::Payroll).await;
    assert!(response.id_token.unwrap().expose().len() < 8 * 1024);
    assert!(response.access_token.expose().len() < 8 * 1024);
}
