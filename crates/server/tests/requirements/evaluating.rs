//! Graph's `evaluate` on the server: who may ask, what is answered, and that another tenant's data stays there.

use axum::body::Body;
use http::{Request, StatusCode};
use portcullis_model::application::GrantedAppRole;
use portcullis_testkit::house::TestHouse;
use serde_json::{Value, json};

use super::site::{Answer, PAYROLL, REPORT, Site};

const ADA_AT_CONTOSO: &str = "c0c0c0c0-0001-4000-8000-000000000011";
const ADA_AT_FABRIKAM: &str = "fafafafa-0001-4000-8000-000000000001";

pub(super) async fn with_a_reader_of_policies() -> Site {
    let house = TestHouse::edited(|world| {
        for tenant in &mut world.tenants {
            for principal in tenant.service_principals.iter_mut().flatten() {
                if principal.app_id.to_string() == REPORT.client {
                    let first = principal.granted_app_roles[0].clone();
                    principal.granted_app_roles.push(GrantedAppRole {
                        value: "Policy.Read.ConditionalAccess".to_owned(),
                        ..first
                    });
                }
            }
        }
    });
    Site::of(house.await)
}

pub(super) async fn token(site: &Site) -> String {
    let secret = site.secret(REPORT);
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", REPORT.client),
        ("client_secret", &secret),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let answer = site.post(&REPORT.token_path(), &fields).await;
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

fn body(user: &str) -> Value {
    json!({
        "signInIdentity": { "@odata.type": "#microsoft.graph.userSignIn", "userId": user },
        "signInContext": { "@odata.type": "#microsoft.graph.applicationContext", "includeApplications": [PAYROLL.client] },
        "signInConditions": {},
    })
}

async fn ask(site: &Site, token: Option<&str>, body: &str) -> Answer {
    let mut request = Request::post("/v1.0/identity/conditionalAccess/evaluate")
        .header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    site.send(request.body(Body::from(body.to_owned())).unwrap())
        .await
}

#[tokio::test]
async fn an_application_that_may_read_policies_asks_what_would_happen() {
    let site = with_a_reader_of_policies().await;
    let token = token(&site).await;
    let answer = ask(&site, Some(&token), &body(ADA_AT_CONTOSO).to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let told = answer.json();
    let applied: Vec<_> = told["value"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["policyApplies"] == true)
        .map(|one| one["displayName"].as_str().unwrap())
        .collect();
    assert!(applied.contains(&"MFA for guests"), "{applied:?}");
    // A legacy client could be asked for nothing, and nobody said what client it is.
    let ours = &told["portcullis"];
    assert_eq!(ours["outcome"], "dependsOn");
    assert_eq!(ours["otherwise"][0]["dependsOn"], json!(["clientApp"]));
    let asked = &ours["ifNoOtherPolicyApplies"];
    assert_eq!(asked["outcome"], "asked");
    assert_eq!(asked["asks"][0]["at"], "home");
    // Asked of Contoso, nothing is looked up at Fabrikam, not even its name.
    assert!(!answer.body.contains("Fabrikam\""), "{}", answer.body);
    let elsewhere = ask(&site, Some(&token), &body(ADA_AT_FABRIKAM).to_string()).await;
    assert_eq!(
        elsewhere.status,
        StatusCode::BAD_REQUEST,
        "{}",
        elsewhere.body
    );
}

#[tokio::test]
async fn nobody_else_asks_and_a_wrong_body_is_told_where() {
    let site = Site::demo().await;
    let right = body(ADA_AT_CONTOSO).to_string();
    let without = ask(&site, None, &right).await;
    assert_eq!(without.status, StatusCode::UNAUTHORIZED);
    let insufficient = ask(&site, Some(&token(&site).await), &right).await;
    assert_eq!(
        insufficient.status,
        StatusCode::FORBIDDEN,
        "{}",
        insufficient.body
    );
    assert_eq!(
        insufficient.json()["error"]["code"],
        "Authorization_RequestDenied"
    );

    let site = with_a_reader_of_policies().await;
    let token = token(&site).await;
    for (wrong, part) in [
        ("", "1007: $: no JSON"),
        ("[]", "1007: $: expected an object"),
        (
            "{\"conditionalAccessContext\":{}}",
            "it is `signInContext` now",
        ),
    ] {
        let answer = ask(&site, Some(&token), wrong).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
        assert!(answer.body.contains(part), "{}", answer.body);
    }
}
