//! Clients: how they show who they are, and tokens of their own (requirements B16, B17, F01, F02, F05, F06).

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portcullis_model::application::KeyCredential;
use portcullis_protocol::jose::signing_key::{SigningAlgorithm, SigningKey};
use portcullis_protocol::jose::token::{TokenClaims, TokenType};
use portcullis_protocol::oauth::error::OauthError;
use serde::Serialize;
use serde_json::{Value, json};

use crate::scene::{
    ABROAD, App, CONTOSO, Form, OFFICE, Person, Scene, access_claims, refresh_text, refusal,
    refused,
};

const GRAPH: &str = "https://graph.microsoft.com/.default";

fn credentials_form(scene: &Scene) -> Form {
    let form = Form::new("client_credentials").with("scope", GRAPH);
    scene.authenticated(form, App::Report)
}

#[tokio::test]
async fn an_application_gets_a_token_with_its_permissions_and_a_row_in_the_log() {
    let scene = Scene::new().await;
    let response = scene.send(&credentials_form(&scene)).await.unwrap();
    assert!(response.id_token.is_none() && response.refresh_token.is_none());
    let claims = access_claims(&response);
    for (name, value) in [
        ("aud", json!("00000003-0000-0000-c000-000000000000")),
        ("sub", json!("c0c0c0c0-0005-4000-8000-000000000004")),
        ("oid", json!("c0c0c0c0-0005-4000-8000-000000000004")),
        ("idtyp", json!("app")),
        ("azp", json!(App::Report.client().to_string())),
        ("azpacr", json!("1")),
        ("roles", json!(["AuditLog.Read.All"])),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    for absent in ["scp", "scope", "sid", "gid", "auth_time", "amr", "name"] {
        assert!(claims.get(absent).is_none(), "{absent}");
    }
    let row = scene.row(CONTOSO, 0).await;
    assert_eq!(row.sign_in_event_types, ["servicePrincipal"]);
    assert_eq!(
        row.service_principal_name.as_deref(),
        Some("Sign-in report")
    );
    assert_eq!(
        row.unique_token_identifier.as_deref(),
        claims["uti"].as_str()
    );
}

#[tokio::test]
async fn an_application_reaches_one_resource_it_can_name_and_only_with_a_named_tenant() {
    let scene = Scene::new().await;
    let form = credentials_form(&scene);
    for (scope, error, number) in [
        ("api://nobody/.default", OauthError::InvalidScope, 500_011),
        (
            "https://graph.microsoft.com/User.Read",
            OauthError::InvalidScope,
            1_002_012,
        ),
        (
            "api://payroll/.default api://vault/.default",
            OauthError::InvalidScope,
            1_002_012,
        ),
        ("openid", OauthError::InvalidScope, 1_002_012),
        ("", OauthError::InvalidRequest, 900_144),
    ] {
        let refusal = refusal(scene.send(&form.clone().with("scope", scope)).await);
        assert_eq!(
            (refusal.error, refusal.error_codes[0]),
            (error, number),
            "{scope}"
        );
    }
    for segment in ["common", "organizations"] {
        let refusal = refusal(scene.send_to(segment, &form, OFFICE).await);
        assert_eq!(refusal.error_codes, [9_001_023], "{segment}");
    }
    assert!(
        scene
            .send_to("contoso.example", &form, OFFICE)
            .await
            .is_ok()
    );
    let other = form.with("scope", "api://payroll/.default");
    let claims = access_claims(&scene.send(&other).await.unwrap());
    assert_eq!(claims["aud"], App::Payroll.client().to_string());
    assert!(
        claims.get("roles").is_none(),
        "permissions of another resource do not show"
    );
}

#[tokio::test]
async fn b17_a_public_client_has_no_token_of_its_own() {
    let scene = Scene::new().await;
    let form = scene.authenticated(
        Form::new("client_credentials").with("scope", GRAPH),
        App::Mobile,
    );
    let error = refusal(scene.send(&form).await);
    assert_eq!(
        (error.error, error.error_codes[0]),
        (OauthError::UnauthorizedClient, 70001)
    );
    let nameless = credentials_form(&scene).without("client_secret");
    assert_eq!(
        refusal(scene.send(&nameless).await).error,
        OauthError::UnauthorizedClient
    );
}

#[tokio::test]
async fn f05_f06_only_the_right_secret_of_the_right_client_in_one_way_is_taken() {
    let scene = Scene::new().await;
    let right = credentials_form(&scene);
    let secret = scene.secret(App::Report);
    let client = App::Report.client().to_string();
    let basic = |user: &str, password: &str| {
        let mut form = right.clone().without("client_secret").without("client_id");
        form.authorization = Some(format!(
            "Basic {}",
            STANDARD.encode(format!("{user}:{password}"))
        ));
        form
    };
    assert!(scene.send(&right).await.is_ok());
    assert!(scene.send(&basic(&client, &secret)).await.is_ok());
    assert!(
        scene
            .send(&basic(&client, &secret.replace('~', "%7E")))
            .await
            .is_ok(),
        "form-encoded"
    );
    let wrong = [
        right.clone().with("client_secret", "wrong"),
        right
            .clone()
            .with("client_secret", &scene.secret(App::Payroll)),
        right.clone().with("client_secret", &format!("{secret} ")),
        right
            .clone()
            .with("client_secret", &secret[..secret.len() - 1]),
        right.clone().with("client_secret", &secret.to_uppercase()),
        basic(&client, "wrong"),
        basic(&App::Payroll.client().to_string(), &secret),
    ];
    for form in wrong {
        let answer = scene.send(&form).await;
        refused(&scene, answer, OauthError::InvalidClient, 7_000_215).await;
    }
    let mut both = right.clone();
    both.authorization = basic(&client, &secret).authorization;
    assert_eq!(
        refusal(scene.send(&both).await).error,
        OauthError::InvalidRequest
    );
    let unknown = right.with("client_id", "c0c0c0c0-0004-4000-8000-0000000000ff");
    assert_eq!(refusal(scene.send(&unknown).await).error_codes, [700_016]);
}

#[tokio::test]
async fn two_secrets_serve_during_rotation_and_an_expired_one_is_called_so() {
    let scene = Scene::changeable().await;
    let now = scene.kit.now();
    let hash = |text: &str| portcullis_signin::token::text::hash(text);
    scene
        .change(CONTOSO, |world| {
            let secret = |text: &str, expires_at| portcullis_model::credential::ClientSecret {
                client: App::Report.client(),
                hash: hash(text),
                hint: text.chars().take(3).collect(),
                expires_at,
            };
            world.credentials.client_secrets = vec![
                secret("the old secret of the report", Some(now)),
                secret("the current secret of the report", None),
                secret(
                    "the next secret of the report",
                    Some(now + jiff::SignedDuration::from_secs(60)),
                ),
            ];
        })
        .await;
    let form = credentials_form(&scene);
    let with = |text: &str| form.clone().with("client_secret", text);
    assert!(
        scene
            .send(&with("the current secret of the report"))
            .await
            .is_ok()
    );
    assert!(
        scene
            .send(&with("the next secret of the report"))
            .await
            .is_ok()
    );
    let old = scene.send(&with("the old secret of the report")).await;
    refused(&scene, old, OauthError::InvalidClient, 7_000_222).await;
}

#[tokio::test]
async fn wrong_secrets_are_counted_and_hold_nobody_else_up() {
    let scene = Scene::new().await;
    let wrong = credentials_form(&scene).with("client_secret", "wrong");
    let budget = scene.house().budgets.client_attempts_max;
    for _ in 0..budget {
        assert_eq!(refusal(scene.send(&wrong).await).error_codes, [7_000_215]);
    }
    let error = refusal(scene.send(&wrong).await);
    assert_eq!(error.error, OauthError::TemporarilyUnavailable);
    assert!(
        scene.send(&credentials_form(&scene)).await.is_ok(),
        "nobody can lock a client out"
    );
}

#[tokio::test]
async fn a_service_principal_that_is_switched_off_gets_nothing_and_gives_nothing() {
    let scene = Scene::changeable().await;
    let (_, response) = scene.tokens(Person::Dave, App::Mobile).await;
    scene
        .change(CONTOSO, |world| {
            for principal in world.service_principals.iter_mut().flatten() {
                let off = [App::Report.client(), App::Mobile.client()];
                principal.account_enabled = !off.contains(&principal.app_id);
            }
        })
        .await;
    let error = refusal(scene.send(&credentials_form(&scene)).await);
    assert_eq!(error.error_codes, [7_000_112]);
    let refresh = scene.refresh_form(App::Mobile, &refresh_text(&response));
    assert_eq!(refusal(scene.send(&refresh).await).error_codes, [7_000_112]);
}

#[derive(Serialize)]
#[serde(transparent)]
struct Assertion(Value);

impl TokenClaims for Assertion {
    const TOKEN_TYPE: TokenType = TokenType::IdToken;
}

fn key() -> SigningKey {
    let document = EcdsaKeyPair::generate_pkcs8(
        &ECDSA_P256_SHA256_FIXED_SIGNING,
        &aws_lc_rs::rand::SystemRandom::new(),
    );
    SigningKey::from_pkcs8(SigningAlgorithm::ES256, document.unwrap().as_ref()).unwrap()
}

async fn with_key(key: &SigningKey) -> Scene {
    let jwk = serde_json::to_value(key.public_jwk()).unwrap();
    let credential = KeyCredential {
        key_id: key.key_id().to_owned(),
        jwk: jwk.as_object().unwrap().clone(),
    };
    crate::scene::edited(CONTOSO, |world| {
        for application in world.applications.iter_mut().flatten() {
            if application.app_id == App::Report.client() {
                application.key_credentials = vec![credential.clone()];
            }
        }
    })
    .await
}

fn assertion(scene: &Scene, jti: &str) -> Value {
    let now = scene.kit.now().as_second();
    let client = App::Report.client().to_string();
    json!({
        "iss": client, "sub": client,
        "aud": format!("https://sts.example/{CONTOSO}/oauth2/v2.0/token"),
        "jti": jti, "iat": now, "nbf": now, "exp": now + 300,
    })
}

fn assertion_form(scene: &Scene, key: &SigningKey, claims: Value) -> Form {
    let signed = key.sign(&Assertion(claims)).unwrap();
    credentials_form(scene)
        .without("client_secret")
        .with(
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        )
        .with("client_assertion", signed.expose())
}

#[tokio::test]
async fn f01_each_change_of_an_assertion_makes_it_invalid() {
    let key = key();
    let scene = with_key(&key).await;
    let claims = access_claims(
        &scene
            .send(&assertion_form(&scene, &key, assertion(&scene, "j-0")))
            .await
            .unwrap(),
    );
    assert_eq!(claims["azpacr"], "2");
    let now = scene.kit.now().as_second();
    let mutations: [(&str, Value, u32); 9] = [
        ("iss", json!(App::Payroll.client().to_string()), 700_027),
        ("sub", json!(App::Payroll.client().to_string()), 700_027),
        ("aud", json!("https://elsewhere.example/token"), 700_023),
        (
            "aud",
            json!(format!(
                "https://sts.example/{}/oauth2/v2.0/token",
                crate::scene::FABRIKAM
            )),
            700_023,
        ),
        ("exp", json!(now - 61), 700_024),
        ("exp", json!(now + 6 * 3600), 700_024),
        ("nbf", json!(now + 120), 700_024),
        ("exp", Value::Null, 700_024),
        ("jti", Value::Null, 700_027),
    ];
    for (number, (name, value, code)) in mutations.into_iter().enumerate() {
        let mut mutated = assertion(&scene, &format!("j-{}", number + 1));
        mutated[name] = value.clone();
        if value.is_null() {
            mutated.as_object_mut().unwrap().remove(name);
        }
        let answer = scene.send(&assertion_form(&scene, &key, mutated)).await;
        let error = refusal(answer);
        assert_eq!(error.error, OauthError::InvalidClient, "{name} {value}");
        // A changed `iss` names another client, which has no key at all.
        assert!(
            error.error_codes == [code] || name == "iss",
            "{name} {value} {error:?}"
        );
    }
    let stranger = assertion_form(&scene, &self::key(), assertion(&scene, "j-99"));
    refused(
        &scene,
        scene.send(&stranger).await,
        OauthError::InvalidClient,
        700_027,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn f02_an_assertion_is_used_once_even_at_once() {
    let key = key();
    let scene = std::sync::Arc::new(with_key(&key).await);
    let form = assertion_form(&scene, &key, assertion(&scene, "only once"));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (scene, form) = (std::sync::Arc::clone(&scene), form.clone());
        tasks.spawn(async move { scene.send(&form).await });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for answer in answers.into_iter().filter(Result::is_err) {
        assert_eq!(refusal(answer).error_codes, [9_900_006]);
    }
}

#[tokio::test]
async fn policies_about_people_do_not_meet_applications() {
    let scene = crate::scene::edited(CONTOSO, crate::scene::enforce_rehearsals).await;
    // Positive control: people abroad are blocked.
    let arrival = scene
        .arrive_as(Person::Dave, App::Payroll, |code| {
            code.grant.ip_address = Some(crate::scene::id(ABROAD));
        })
        .await;
    let form = scene.code_form(App::Payroll, &arrival.code);
    refused(
        &scene,
        scene.send(&form).await,
        OauthError::InvalidGrant,
        53003,
    )
    .await;
    assert!(
        scene
            .send_to(CONTOSO, &credentials_form(&scene), ABROAD)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn f02_a_refusal_spends_the_assertion_as_well() {
    let key = key();
    let scene = with_key(&key).await;
    let with_assertion = |form: Form, jti: &str| {
        let signed = key.sign(&Assertion(assertion(&scene, jti))).unwrap();
        form.with("client_id", &App::Report.client().to_string())
            .with(
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            )
            .with("client_assertion", signed.expose())
    };
    let (_, response) = scene.tokens(Person::Dave, App::Payroll).await;
    let stolen = Form::new("refresh_token").with("refresh_token", &refresh_text(&response));
    let stolen = with_assertion(stolen, "refused");
    refused(
        &scene,
        scene.send(&stolen).await,
        OauthError::InvalidGrant,
        700_003,
    )
    .await;
    let unknown = Form::new("authorization_code").with("code", "c1.AAAAAAAAAAAAAAAAAAAAAA.x");
    let unknown = scene.send(&with_assertion(unknown, "malformed")).await;
    refused(&scene, unknown, OauthError::InvalidGrant, 70000).await;
    for jti in ["refused", "malformed"] {
        let again = Form::new("client_credentials").with("scope", GRAPH);
        let again = scene.send(&with_assertion(again, jti)).await;
        assert_eq!(refusal(again).error_codes, [9_900_006], "{jti}");
    }
}

#[tokio::test]
async fn an_application_of_one_organisation_is_nobody_elsewhere_even_if_a_principal_names_it() {
    let scene = crate::scene::edited(crate::scene::FABRIKAM, |world| {
        let principal = json!({
            "id": "fafafafa-0005-4000-8000-0000000000ee",
            "appId": App::Payroll.client(),
            "displayName": "Payroll of somebody else",
            "appOwnerOrganizationId": CONTOSO,
        });
        let principals = world.service_principals.as_mut().unwrap();
        principals.push(serde_json::from_value(principal).unwrap());
    })
    .await;
    let form = |app| {
        let scope = "api://lunch-menu/.default";
        scene.authenticated(Form::new("client_credentials").with("scope", scope), app)
    };
    let shared = scene
        .send_to(crate::scene::FABRIKAM, &form(App::LunchMenu), OFFICE)
        .await;
    assert_eq!(
        access_claims(&shared.unwrap())["tid"],
        crate::scene::FABRIKAM
    );
    let alone = scene
        .send_to(crate::scene::FABRIKAM, &form(App::Payroll), OFFICE)
        .await;
    assert_eq!(refusal(alone).error_codes, [700_016]);
}
