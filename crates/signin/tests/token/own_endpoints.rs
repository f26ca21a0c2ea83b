//! Our own endpoints: userinfo, the sign-in report, discovery, my sign-ins (requirements G02, K01, K03, U06).

use std::net::IpAddr;

use portcullis_model::id::TenantId;
use portcullis_model::secret::SecretText;
use portcullis_model::store::Change;
use portcullis_protocol::oauth::token_response::TokenResponse;
use portcullis_protocol::oidc::userinfo::UserinfoResponse;
use portcullis_signin::access_token::{self, BearerRefusal, Wanted};
use portcullis_signin::discovery::{discovery_document, key_set};
use portcullis_signin::graph_caller::GraphCall;
use portcullis_signin::my_sign_ins::my_sign_ins;
use portcullis_signin::page::{Cookies, Page, Step};
use portcullis_signin::realm::RealmError;
use portcullis_signin::sign_in_report::{GraphError, list_sign_ins};
use portcullis_signin::user_info::{UserInfoCall, user_info};
use portcullis_signin::well_known;
use serde_json::{Value, json};

use crate::scene::{App, CONTOSO, FABRIKAM, Form, OFFICE, Person, Scene, id, id_claims};

async fn ask(
    scene: &Scene,
    authorization: Option<&str>,
    form: Option<&str>,
) -> Result<UserinfoResponse, BearerRefusal> {
    let mut entropy = scene.kit.entropy();
    let moment = scene.kit.moment(&mut entropy, id::<IpAddr>(OFFICE));
    let call = UserInfoCall {
        authorization,
        form: form.map(str::as_bytes),
    };
    user_info(scene.house(), &moment, call).await
}

fn bearer(response: &TokenResponse) -> String {
    format!("Bearer {}", response.access_token.expose())
}

#[tokio::test]
async fn k03_userinfo_answers_header_and_form_with_the_sub_of_the_id_token() {
    let scene = Scene::new().await;
    for (person, app) in [
        (Person::Dave, App::Payroll),
        (Person::Ada, App::Payroll),
        (Person::Frank, App::SharedChannel),
    ] {
        let (_, response) = scene.tokens(person, app).await;
        let in_header = ask(&scene, Some(&bearer(&response)), None).await.unwrap();
        let form = format!("access_token={}", response.access_token.expose());
        let in_form = ask(&scene, None, Some(&form)).await.unwrap();
        assert_eq!(in_header, in_form);
        assert_eq!(in_header.sub, id_claims(&response)["sub"]);
        assert_eq!(
            in_header.name.as_deref(),
            id_claims(&response)["name"].as_str()
        );
        assert!(matches!(
            ask(&scene, Some(&bearer(&response)), Some(&form)).await,
            Err(BearerRefusal::Malformed)
        ));
    }
    assert!(matches!(
        ask(&scene, None, None).await,
        Err(BearerRefusal::Absent)
    ));
    assert!(matches!(
        ask(&scene, Some("Basic eA=="), None).await,
        Err(BearerRefusal::Malformed)
    ));
}

#[tokio::test]
async fn userinfo_tells_what_the_scopes_reach() {
    let scene = Scene::new().await;
    let arrival = scene.arrive(Person::Dave, App::Payroll).await;
    let form = scene
        .code_form(App::Payroll, &arrival.code)
        .with("scope", "openid");
    let told = ask(
        &scene,
        Some(&bearer(&scene.send(&form).await.unwrap())),
        None,
    )
    .await
    .unwrap();
    assert_eq!(
        (told.name, told.given_name, told.family_name, told.email),
        (None, None, None, None)
    );
    let arrival = scene.arrive(Person::Dave, App::Payroll).await;
    let form = scene
        .code_form(App::Payroll, &arrival.code)
        .with("scope", "profile email");
    let answer = ask(
        &scene,
        Some(&bearer(&scene.send(&form).await.unwrap())),
        None,
    )
    .await;
    assert!(matches!(answer, Err(BearerRefusal::Insufficient("openid"))));
}

#[tokio::test]
async fn g02_no_other_kind_of_token_opens_our_endpoints() {
    let scene = Scene::new().await;
    let (_, response) = scene.tokens(Person::Dave, App::Payroll).await;
    let (_, for_payroll) = scene.tokens(Person::Dave, App::Mobile).await;
    let good = response.access_token.expose().to_owned();
    let mut bent = good.clone();
    bent.pop();
    let parts: Vec<&str> = good.split('.').collect();
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{}.", parts[1]);
    for wrong in [
        response.id_token.as_ref().unwrap().expose(),
        response.refresh_token.as_ref().unwrap().expose(),
        for_payroll.access_token.expose(),
        &bent,
        &unsigned,
        "x",
        "a.b.c",
    ] {
        let answer = ask(&scene, Some(&format!("Bearer {wrong}")), None).await;
        assert!(
            matches!(answer, Err(BearerRefusal::Invalid(_))),
            "{wrong} {answer:?}"
        );
    }
    assert!(
        ask(&scene, Some(&format!("Bearer {good}")), None)
            .await
            .is_ok(),
        "positive control"
    );
    scene.kit.pass(3600 + 60);
    assert!(matches!(
        ask(&scene, Some(&format!("Bearer {good}")), None).await,
        Err(BearerRefusal::Invalid(_))
    ));
}

#[tokio::test]
async fn u06_claim_key_and_path_must_agree_on_the_tenant() {
    let scene = Scene::new().await;
    let (_, response) = scene.tokens(Person::Dave, App::Payroll).await;
    let genuine = response.access_token.expose();
    // The same claims signed by the other tenant's key, and the other tenant's claims signed by this one's.
    let forge = |claims: serde_json::Map<String, Value>, signer: &'static str| {
        let house = scene.house().clone();
        let now = scene.kit.now();
        async move {
            let claims: portcullis_protocol::oidc::access_token::AccessTokenClaims =
                serde_json::from_value(Value::Object(claims)).unwrap();
            let algorithm = portcullis_model::application::SigningAlgorithm::RS256;
            let key = house
                .keys
                .signing_key(id(signer), algorithm, now)
                .await
                .unwrap();
            key.sign(&claims).unwrap().expose().to_owned()
        }
    };
    let own = crate::scene::claims(genuine);
    let mut foreign_tid = own.clone();
    foreign_tid.insert("tid".to_owned(), Value::String(FABRIKAM.to_owned()));
    let mut foreign_issuer = own.clone();
    foreign_issuer.insert(
        "iss".to_owned(),
        Value::String(format!("https://sts.example/{FABRIKAM}/v2.0")),
    );
    let cases = [
        (forge(own.clone(), CONTOSO).await, None, true),
        (forge(own.clone(), CONTOSO).await, Some(CONTOSO), true),
        (forge(own.clone(), CONTOSO).await, Some(FABRIKAM), false),
        (forge(own, FABRIKAM).await, None, false),
        (forge(foreign_tid.clone(), CONTOSO).await, None, false),
        (forge(foreign_tid, FABRIKAM).await, None, false),
        (forge(foreign_issuer.clone(), CONTOSO).await, None, false),
        (forge(foreign_issuer, FABRIKAM).await, None, false),
    ];
    for (number, (token, path, opens)) in cases.into_iter().enumerate() {
        let wanted = Wanted {
            audiences: &[well_known::DIRECTORY],
            path_tenant: path.map(id::<TenantId>),
        };
        let answer = access_token::open(scene.house(), scene.kit.now(), &token, wanted).await;
        assert_eq!(answer.is_ok(), opens, "case {number}");
    }
}

#[tokio::test]
async fn a_token_is_no_longer_believed_once_its_user_is_off_or_its_sessions_are_revoked() {
    for what in ["off", "revoked", "ended"] {
        let scene = Scene::changeable().await;
        let (arrival, response) = scene.tokens(Person::Dave, App::Payroll).await;
        let token = bearer(&response);
        assert!(ask(&scene, Some(&token), None).await.is_ok());
        scene.kit.pass(2);
        let now = scene.kit.now();
        if what == "ended" {
            scene
                .commit(id(CONTOSO), vec![Change::EndSession(arrival.grant.session)])
                .await;
        } else {
            scene
                .change(CONTOSO, |world| {
                    for user in world.users.iter_mut().flatten() {
                        user.account_enabled = what != "off";
                        user.sign_in_sessions_valid_from_date_time =
                            (what == "revoked").then_some(now);
                    }
                })
                .await;
        }
        let answer = ask(&scene, Some(&token), None).await;
        assert!(matches!(answer, Err(BearerRefusal::Invalid(_))), "{what}");
    }
}

async fn report(scene: &Scene, token: &str, query: &str) -> Result<Value, GraphError> {
    let mut entropy = scene.kit.entropy();
    let moment = scene.kit.moment(&mut entropy, id::<IpAddr>(OFFICE));
    let call = GraphCall {
        authorization: Some(token),
        query: query.as_bytes(),
    };
    list_sign_ins(scene.house(), &moment, call).await
}

#[tokio::test]
async fn the_sign_in_report_is_for_whoever_holds_the_permission_and_for_the_own_tenant() {
    let scene = Scene::new().await;
    let (_, daves) = scene.tokens(Person::Dave, App::Payroll).await;
    let (adas, _) = scene.tokens(Person::Ada, App::Payroll).await;
    let credentials = |app| {
        let form =
            Form::new("client_credentials").with("scope", "https://graph.microsoft.com/.default");
        scene.authenticated(form, app)
    };
    let reader = bearer(&scene.send(&credentials(App::Report)).await.unwrap());
    let envelope = report(&scene, &reader, "$top=2").await.unwrap();
    assert_eq!(envelope["value"].as_array().unwrap().len(), 2);
    let next = envelope["@odata.nextLink"].as_str().unwrap();
    let (_, query) = next.split_once('?').unwrap();
    let rest = report(&scene, &reader, query).await.unwrap();
    assert_eq!(rest["value"].as_array().unwrap().len(), 1);
    assert!(rest.get("@odata.nextLink").is_none());

    let filter = format!(
        "$filter=correlationId eq {} and status/errorCode eq 0",
        adas.grant.correlation_id
    );
    let found = report(&scene, &reader, &filter.replace(' ', "%20"))
        .await
        .unwrap();
    let rows = found["value"].as_array().unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["userPrincipalName"], "ada@fabrikam.example");
    assert_eq!(rows[0]["crossTenantAccessType"], "b2bCollaboration");

    let all = report(&scene, &reader, "").await.unwrap();
    let mut kinds: Vec<(&Value, &Value)> = all["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (&row["isInteractive"], &row["signInEventTypes"][0]))
        .collect();
    kinds.sort_by_key(|(_, kind)| kind.as_str().map(str::to_owned));
    let silent = (&json!(false), &json!("nonInteractiveUser"));
    assert_eq!(
        kinds,
        [silent, silent, (&json!(false), &json!("servicePrincipal"))]
    );
    let asked = report(&scene, &reader, "$filter=isInteractive%20eq%20true").await;
    assert_eq!(asked.unwrap()["value"], json!([]));

    let other = bearer(&scene.send(&credentials(App::Payroll)).await.unwrap());
    assert_eq!(report(&scene, &other, "").await.unwrap_err().status, 403);
    assert_eq!(
        report(&scene, &bearer(&daves), "")
            .await
            .unwrap_err()
            .status,
        401,
        "another audience"
    );
    let wrong = report(&scene, &reader, "$filter=location/city%20eq%20'Rome'")
        .await
        .unwrap_err();
    assert_eq!((wrong.status, wrong.code), (400, "BadRequest"));
    assert!(
        wrong.body()["error"]["message"]
            .as_str()
            .unwrap()
            .contains("createdDateTime")
    );
}

#[tokio::test]
async fn k01_every_address_of_a_discovery_document_is_of_the_one_tenant_and_never_of_the_host() {
    let scene = Scene::new().await;
    for segment in [CONTOSO, "contoso.example", "CONTOSO.example"] {
        let found = discovery_document(scene.house(), segment).await;
        let document = found.unwrap().document;
        let prefix = format!("https://sts.example/{CONTOSO}/");
        assert_eq!(document.issuer, format!("{prefix}v2.0"));
        for address in [
            &document.authorization_endpoint,
            &document.token_endpoint,
            &document.jwks_uri,
            &document.end_session_endpoint,
        ] {
            assert!(address.starts_with(&prefix), "{address}");
        }
    }
    let shared = discovery_document(scene.house(), "organizations")
        .await
        .unwrap()
        .document;
    assert_eq!(shared.issuer, "https://sts.example/{tenantid}/v2.0");
    for unknown in [
        "",
        "nowhere.example",
        "fafafafa-0000-4000-8000-0000000000ff",
        &"x".repeat(500),
    ] {
        let answer = discovery_document(scene.house(), unknown).await;
        assert!(matches!(answer, Err(RealmError::Unknown)), "{unknown}");
    }
}

#[tokio::test]
async fn g11_each_key_names_the_one_issuer_it_signs_for() {
    let scene = Scene::new().await;
    scene.tokens(Person::Dave, App::Payroll).await;
    let now = scene.kit.now();
    let own = key_set(scene.house(), now, CONTOSO).await.unwrap().document;
    let issuer = format!("https://sts.example/{CONTOSO}/v2.0");
    assert!(!own.keys.is_empty() && own.keys.iter().all(|key| key.issuer == issuer));
    let text = serde_json::to_string(&own).unwrap();
    for private in ["\"d\"", "\"p\"", "\"q\"", "\"dp\"", "\"k\""] {
        assert!(!text.contains(private), "{private}");
    }
    let all = key_set(scene.house(), now, "organizations")
        .await
        .unwrap()
        .document;
    assert!(own.keys.iter().all(|key| all.keys.contains(key)));
    let other = key_set(scene.house(), now, FABRIKAM)
        .await
        .unwrap()
        .document;
    assert!(
        other
            .keys
            .iter()
            .all(|key| !own.keys.iter().any(|known| known.jwk.kid == key.jwk.kid))
    );
}

/// A browser with session cookies of one tenant.
pub(crate) struct Jar(pub(crate) TenantId, pub(crate) Vec<SecretText>);

impl Cookies for Jar {
    fn flow(&self) -> Option<SecretText> {
        None
    }
    fn sessions(&self, tenant: TenantId) -> Vec<SecretText> {
        if tenant == self.0 {
            self.1.clone()
        } else {
            Vec::new()
        }
    }
}

#[tokio::test]
async fn my_sign_ins_shows_a_person_their_own_sign_ins_at_one_tenant_and_not_what_followed() {
    let scene = Scene::new().await;
    let (arrival, _) = scene.tokens(Person::Ada, App::Payroll).await;
    scene.tokens(Person::Dave, App::Payroll).await;
    // The scene begins after the pages: what the authorization endpoint wrote down at the same second.
    let redeemed = scene.kit.log(id(CONTOSO)).await;
    let seen = redeemed.iter().map(|row| {
        let mut seen = row.clone();
        seen.id = portcullis_model::id::SignInId::random(&mut scene.kit.entropy());
        seen.is_interactive = true;
        seen.sign_in_event_types = vec!["interactiveUser".to_owned()];
        Change::LogSignIn(Box::new(seen))
    });
    let seen: Vec<Change> = seen.collect();
    scene.commit(id(CONTOSO), seen).await;
    let mut entropy = scene.kit.entropy();
    let moment = scene.kit.moment(&mut entropy, id::<IpAddr>(OFFICE));
    let jar = Jar(id(CONTOSO), vec![arrival.cookie]);
    let answer = my_sign_ins(scene.house(), &moment, "contoso.example", &jar).await;
    let Step::Show(page) = answer.step else {
        panic!("{answer:?}")
    };
    let Page::MySignIns { rows, frame } = *page else {
        panic!("{page:?}")
    };
    assert_eq!(rows.len(), 1, "one sign-in, one row");
    assert!(rows[0].is_interactive);
    assert_eq!(rows[0].user_id, Some(Person::Ada.user().to_string()));
    assert_eq!(frame.account_name.as_deref(), Some("ada@fabrikam.example"));
    for (segment, code) in [
        (FABRIKAM, 50058),
        ("organizations", 50059),
        ("nowhere", 90002),
    ] {
        let answer = my_sign_ins(scene.house(), &moment, segment, &jar).await;
        let Step::Refuse(refusal) = answer.step else {
            panic!("{answer:?}")
        };
        assert_eq!(
            refusal.error_code, code,
            "{segment}: a cookie of one tenant is nothing at another"
        );
    }
}
