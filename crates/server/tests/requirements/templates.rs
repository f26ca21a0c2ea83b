//! The templates of policies on the server: who may read them, and what is asked for and answered in Graph's shape.

use axum::body::Body;
use http::{Request, StatusCode};
use portcullis_model::conditional_access::template::ConditionalAccessTemplate;
use serde_json::json;

use super::evaluating::{token, with_a_reader_of_policies};
use super::site::{Answer, Site};

const TEMPLATES: &str = "/v1.0/identity/conditionalAccess/templates";
const BLOCK_LEGACY_AUTHENTICATION: &str = "0b2282f9-2862-4178-88b5-d79340b36cb8";

async fn ask(site: &Site, token: Option<&str>, rest: &str) -> Answer {
    let mut request = Request::get(format!("{TEMPLATES}{rest}"));
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    site.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn whoever_may_read_policies_reads_the_templates() {
    let site = with_a_reader_of_policies().await;
    let token = token(&site).await;
    let ours = json!(ConditionalAccessTemplate::catalogue().unwrap());

    let all = ask(&site, Some(&token), "").await;
    assert_eq!(all.status, StatusCode::OK, "{}", all.body);
    assert_eq!(all.json()["value"], ours);
    let context = all.json()["@odata.context"].as_str().unwrap().to_owned();
    assert!(context.ends_with("/v1.0/$metadata#identity/conditionalAccess/templates"));

    let some = ask(
        &site,
        Some(&token),
        "?$filter=scenarios%20has%20'emergingThreats'",
    )
    .await;
    let some = some.json();
    let names: Vec<_> = some["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(
        names,
        ["Require phishing-resistant multifactor authentication for administrators"]
    );

    let one = ask(
        &site,
        Some(&token),
        &format!("/{BLOCK_LEGACY_AUTHENTICATION}"),
    )
    .await;
    assert_eq!(one.status, StatusCode::OK, "{}", one.body);
    let mut one = one.json();
    let context = one
        .as_object_mut()
        .unwrap()
        .shift_remove("@odata.context")
        .unwrap();
    assert!(
        context
            .as_str()
            .unwrap()
            .ends_with("conditionalAccess/templates/$entity")
    );
    assert!(ours.as_array().unwrap().contains(&one), "{one}");
}

#[tokio::test]
async fn nobody_else_reads_them_and_what_is_not_understood_is_refused() {
    let site = Site::demo().await;
    let insufficient = token(&site).await;
    for rest in [
        "",
        &format!("/{BLOCK_LEGACY_AUTHENTICATION}"),
        "/nothing",
        "?$filter=x",
    ] {
        assert_eq!(
            ask(&site, None, rest).await.status,
            StatusCode::UNAUTHORIZED,
            "{rest}"
        );
        let refused = ask(&site, Some(&insufficient), rest).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{rest}");
        assert_eq!(
            refused.json()["error"]["code"],
            "Authorization_RequestDenied"
        );
    }

    let site = with_a_reader_of_policies().await;
    let token = token(&site).await;
    for (rest, status, code, part) in [
        (
            "?$filter=name%20eq%20'x'",
            400,
            "BadRequest",
            "scenarios has 'secureFoundation'",
        ),
        (
            "?$filter=scenarios%20has%20'x'",
            400,
            "BadRequest",
            "`x` is no scenario",
        ),
        (
            "?$select=id",
            400,
            "BadRequest",
            "`$select` is not supported here",
        ),
        ("/nothing", 404, "ResourceNotFound", "no template `nothing`"),
        (
            "/00000000-0000-0000-0000-000000000000",
            404,
            "ResourceNotFound",
            "no template",
        ),
    ] {
        let refused = ask(&site, Some(&token), rest).await;
        assert_eq!(refused.status.as_u16(), status, "{rest}: {}", refused.body);
        assert_eq!(refused.json()["error"]["code"], code);
        let message = refused.json()["error"]["message"].to_string();
        assert!(message.contains(part), "{message}");
    }
}
