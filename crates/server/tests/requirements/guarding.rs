//! Policies changed on a running server: who may, what is refused, what the guard says, and who wins a race.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use http::{Method, Request, StatusCode};
use portcullis_model::application::GrantedAppRole;
use portcullis_model::declared_invariants::DeclaredInvariants;
use portcullis_testkit::house::{TestHouse, tenant_of};
use serde_json::{Value, json};

use super::evaluating::{token, with_a_reader_of_policies};
use super::site::{Answer, CONTOSO, FABRIKAM, REPORT, Site};

const POLICIES: &str = "/v1.0/identity/conditionalAccess/policies";
const MFA_FOR_GUESTS: &str = "c0c0c0c0-0006-4000-8000-000000000001";
const CAROL: &str = "c0c0c0c0-0001-4000-8000-000000000001";

/// The demo world, in which the report may write policies, guests need MFA for Payroll, and the guard is set like this.
async fn site(guard: &str) -> Site {
    let invariants = json!({"name": "House rules", "invariants": [{
        "name": "guests need MFA for Payroll", "require": "mfa",
        "signIns": {"user": {"type": "b2bCollaborationGuest"}, "app": "Payroll"},
    }]});
    site_with(guard, invariants).await
}

async fn site_with(guard: &str, invariants: Value) -> Site {
    let house = TestHouse::edited(|world| {
        let contoso = tenant_of(world, CONTOSO.parse().unwrap());
        for principal in contoso.service_principals.iter_mut().flatten() {
            if principal.app_id.to_string() == REPORT.client {
                let first = principal.granted_app_roles[0].clone();
                principal.granted_app_roles.push(GrantedAppRole {
                    value: "Policy.ReadWrite.ConditionalAccess".to_owned(),
                    ..first
                });
            }
        }
        let document = invariants.as_object().unwrap().clone();
        contoso.invariants = Some(DeclaredInvariants::from_document(document).unwrap());
        let other = &mut contoso.organization.other;
        other.insert("policyChangeGuard".to_owned(), guard.into());
    });
    Site::of(house.await)
}

/// A policy that blocks everybody but these.
fn block_all(excluded: &[&str]) -> Value {
    json!({
        "@odata.context": "noise", "displayName": "Block everything", "state": "enabled",
        "conditions": {
            "users": {"includeUsers": ["All"], "excludeUsers": excluded},
            "applications": {"includeApplications": ["All"]},
            "clientAppTypes": ["all"]
        },
        "grantControls": {"operator": "OR", "builtInControls": ["block"]}
    })
}

/// A policy that asks nobody for anything yet.
fn report_only(name: &str) -> Value {
    let mut policy = block_all(&[]);
    policy["state"] = "enabledForReportingButNotEnforced".into();
    policy["displayName"] = name.into();
    policy
}

async fn send(
    site: &Site,
    method: Method,
    path: &str,
    token: Option<&str>,
    body: &Value,
) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    site.send(request.body(Body::from(body)).unwrap()).await
}

async fn policies(site: &Site, token: &str) -> Vec<Value> {
    let answer = send(site, Method::GET, POLICIES, Some(token), &Value::Null).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()["value"].as_array().unwrap().clone()
}

fn at(id: &str) -> String {
    format!("{POLICIES}/{id}")
}

#[tokio::test]
async fn a_policy_is_made_read_changed_and_removed() {
    let site = site("refuse").await;
    let token = token(&site).await;
    let before = policies(&site, &token).await;
    let all = async || policies(&site, &token).await;
    let token = Some(token.as_str());
    let made = send(&site, Method::POST, POLICIES, token, &block_all(&[CAROL])).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert!(!made.headers.contains_key("x-portcullis-guard"));
    let made = made.json();
    let id = made["id"].as_str().unwrap();
    assert!(made["createdDateTime"].is_string() && made["modifiedDateTime"].is_null());
    assert!(
        made["@odata.context"]
            .as_str()
            .unwrap()
            .ends_with("/policies/$entity")
    );

    let found = send(&site, Method::GET, &at(id), token, &Value::Null).await;
    assert_eq!(found.json(), made);
    let change = json!({"state": "disabled", "conditions": {"users": {"excludeUsers": []}}});
    let changed = send(&site, Method::PATCH, &at(id), token, &change).await;
    assert_eq!(
        (changed.status, changed.body.as_str()),
        (StatusCode::NO_CONTENT, "")
    );
    let now = send(&site, Method::GET, &at(id), token, &Value::Null)
        .await
        .json();
    assert_eq!(now["state"], "disabled");
    assert_eq!(
        now["conditions"]["users"],
        json!({"includeUsers": ["All"], "excludeUsers": []})
    );
    assert_eq!(now["createdDateTime"], made["createdDateTime"]);
    assert!(now["modifiedDateTime"].is_string());

    let removed = send(&site, Method::DELETE, &at(id), token, &Value::Null).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    for method in [Method::GET, Method::DELETE] {
        let gone = send(&site, method, &at(id), token, &Value::Null).await;
        assert_eq!(gone.status, StatusCode::NOT_FOUND);
        assert_eq!(gone.json()["error"]["code"], "ResourceNotFound");
    }
    assert_eq!(all().await, before);
}

#[tokio::test]
async fn w05_only_who_may_write_policies_changes_one_and_only_of_their_own_tenant() {
    let site = with_a_reader_of_policies().await;
    let reader = token(&site).await;
    let before = policies(&site, &reader).await;
    let policy = report_only("Not mine to make");
    for (token, status) in [
        (None, StatusCode::UNAUTHORIZED),
        (Some("nonsense"), StatusCode::UNAUTHORIZED),
        (Some(reader.as_str()), StatusCode::FORBIDDEN),
    ] {
        for (method, path) in [
            (Method::POST, POLICIES.to_owned()),
            (Method::PATCH, at(MFA_FOR_GUESTS)),
            (Method::DELETE, at(MFA_FOR_GUESTS)),
        ] {
            let answer = send(&site, method.clone(), &path, token, &policy).await;
            assert_eq!(answer.status, status, "{method} {path}");
            assert!(answer.json()["error"]["code"].is_string());
        }
    }
    assert_eq!(policies(&site, &reader).await, before);

    // Fabrikam's policies are not there for a token of Contoso's.
    let site = self::site("off").await;
    let writer = token(&site).await;
    let store = site.house.house.store.tenant(FABRIKAM.parse().unwrap());
    let theirs = store.configuration().await.unwrap().unwrap();
    let id = theirs.conditional_access_policies[0].id.to_string();
    for method in [Method::GET, Method::PATCH, Method::DELETE] {
        let answer = send(
            &site,
            method,
            &at(&id),
            Some(&writer),
            &json!({"state": "disabled"}),
        )
        .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.body);
    }
    assert_eq!(store.configuration().await.unwrap().unwrap(), theirs);
}

/// The permission that a person lets an application have opens no more than the person's own roles do.
#[tokio::test]
async fn w05_a_person_writes_policies_with_the_permission_and_a_role_that_may_and_not_with_one_of_them()
 {
    const GLOBAL_READER: &str = "f2ef992c-3afb-46b9-b7cf-a126ee74c451";
    const DAVE: &str = "dave@contoso.example";
    let house = TestHouse::edited(|world| {
        let contoso = tenant_of(world, CONTOSO.parse().unwrap());
        let mut users = contoso.users.iter().flatten();
        let dave = users.find(|user| user.user_principal_name.as_str() == DAVE);
        let assignment = json!({
            "principalId": dave.unwrap().id, "roleDefinitionId": GLOBAL_READER,
        });
        let assignment = serde_json::from_value(assignment).unwrap();
        contoso
            .role_assignments
            .get_or_insert_default()
            .push(assignment);
    });
    let site = Site::of(house.await);
    let (read, write) = ("Policy.Read.All", "Policy.ReadWrite.ConditionalAccess");
    let carol = "carol@contoso.example";
    for (person, scope, reads, writes) in [
        (carol, write, 200, 201),
        (carol, read, 200, 403),
        (DAVE, write, 200, 403),
        ("ada@fabrikam.example", write, 403, 403),
    ] {
        let scope = format!("https://graph.microsoft.com/{scope}");
        let token = site.delegated(person, &scope).await;
        let list = send(&site, Method::GET, POLICIES, Some(&token), &Value::Null).await;
        assert_eq!(
            list.status.as_u16(),
            reads,
            "{person} {scope}: {}",
            list.body
        );
        let policy = report_only("By a person");
        let made = send(&site, Method::POST, POLICIES, Some(&token), &policy).await;
        assert_eq!(
            made.status.as_u16(),
            writes,
            "{person} {scope}: {}",
            made.body
        );
    }
}

#[tokio::test]
async fn what_is_no_policy_is_refused_with_the_place_that_is_wrong() {
    let site = site("refuse").await;
    let token = token(&site).await;
    let before = policies(&site, &token).await;
    let edited = |edit: &dyn Fn(&mut Value)| {
        let mut policy = report_only("Wrong");
        edit(&mut policy);
        policy
    };
    let nowhere = "00000000-0000-4000-8000-00000000dead";
    for (wrong, part) in [
        (json!([]), "`$`"),
        (edited(&|policy| policy["state"] = "on".into()), "`$.state`"),
        (
            edited(&|policy| policy["conditions"]["agentIdRiskLevels"] = "high".into()),
            "$.conditions.agentIdRiskLevels",
        ),
        (
            edited(&|policy| {
                policy["conditions"]["locations"] = json!({"includeLocations": [nowhere]});
            }),
            "`$.conditions.locations.includeLocations[0]`",
        ),
        (
            edited(&|policy| {
                policy["conditions"]["applications"]["includeApplications"] = json!([nowhere]);
            }),
            "CA-V05",
        ),
    ] {
        let answer = send(&site, Method::POST, POLICIES, Some(&token), &wrong).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
        assert!(answer.body.contains(part), "{part}: {}", answer.body);
    }
    let other = json!({"id": nowhere});
    let moved = send(
        &site,
        Method::PATCH,
        &at(MFA_FOR_GUESTS),
        Some(&token),
        &other,
    )
    .await;
    assert_eq!(moved.status, StatusCode::BAD_REQUEST);
    let mut long = report_only("Long");
    long["description"] = "x".repeat(70_000).into();
    let long = send(&site, Method::POST, POLICIES, Some(&token), &long).await;
    assert_eq!(long.status, StatusCode::PAYLOAD_TOO_LARGE);
    let query = format!("{POLICIES}?$filter=x");
    let query = send(&site, Method::GET, &query, Some(&token), &Value::Null).await;
    assert_eq!(query.status, StatusCode::BAD_REQUEST);
    assert_eq!(policies(&site, &token).await, before);
}

#[tokio::test]
async fn a_change_that_locks_every_administrator_out_is_refused_with_one_who_tries() {
    let site = site("refuse").await;
    let token = token(&site).await;
    let before = policies(&site, &token).await;
    let answer = send(&site, Method::POST, POLICIES, Some(&token), &block_all(&[])).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    let error = &answer.json()["error"];
    assert_eq!(error["code"], "BadRequest");
    let message = error["message"].as_str().unwrap();
    for part in [
        "CA-GUARD: no administrator gets in",
        "for instance Carol Shaw",
        "held back by Block everything",
    ] {
        assert!(message.contains(part), "{message}");
    }
    let finding = &error["portcullis"]["findings"][0];
    assert_eq!(finding["kind"], "lockout");
    let witness = &finding["witnesses"][0];
    assert!(witness["signIn"].is_object(), "{witness}");
    assert_eq!(witness["heldBackBy"][0]["displayName"], "Block everything");
    assert_eq!(policies(&site, &token).await, before);
}

/// What was logged, by this test or by those that run beside it.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_change_that_the_guard_refuses_leaves_a_line_of_who_wanted_what() {
    let site = site("refuse").await;
    let token = token(&site).await;
    let lines = Lines::default();
    let writer = lines.clone();
    // Of all threads: what one thread alone listens to can be taken for something that nobody does.
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    let answer = send(&site, Method::POST, POLICIES, Some(&token), &block_all(&[])).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    let correlation_id = answer.headers["x-correlation-id"].to_str().unwrap();
    let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let told = "a change of a policy was refused";
    let mut refused = logged.lines().filter(|line| line.contains(told));
    let line = refused.find(|line| line.contains(correlation_id));
    let line = line.unwrap_or_else(|| panic!("{logged}"));
    for part in [
        CONTOSO,
        REPORT.client,
        "by=\"the application itself\"",
        "no administrator gets in",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
}

#[tokio::test]
async fn a_change_that_breaks_an_invariant_is_refused_warned_of_or_let_through() {
    let disable = json!({"state": "disabled"});
    let broken = "the invariant `guests need MFA for Payroll` does not hold";
    let refusing = site("refuse").await;
    let token = token(&refusing).await;
    let before = policies(&refusing, &token).await;
    for (method, body) in [(Method::PATCH, &disable), (Method::DELETE, &Value::Null)] {
        let answer = send(&refusing, method, &at(MFA_FOR_GUESTS), Some(&token), body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
        let error = &answer.json()["error"];
        assert!(error["message"].as_str().unwrap().contains(broken));
        let finding = &error["portcullis"]["findings"][0];
        assert_eq!(finding["invariant"], "guests need MFA for Payroll");
        assert!(finding["witnesses"][0]["signIn"].is_object());
    }
    assert_eq!(policies(&refusing, &token).await, before);

    for (guard, header) in [("warn", Some(broken)), ("off", None)] {
        let site = site(guard).await;
        let token = super::evaluating::token(&site).await;
        let answer = send(
            &site,
            Method::PATCH,
            &at(MFA_FOR_GUESTS),
            Some(&token),
            &disable,
        )
        .await;
        assert_eq!(
            answer.status,
            StatusCode::NO_CONTENT,
            "{guard}: {}",
            answer.body
        );
        let told = answer.headers.get("x-portcullis-guard");
        assert_eq!(told.map(|told| told.to_str().unwrap()), header, "{guard}");
        // What was broken before refuses nothing, and is told.
        let more = send(
            &site,
            Method::POST,
            POLICIES,
            Some(&token),
            &report_only("More"),
        )
        .await;
        assert_eq!(more.status, StatusCode::CREATED, "{guard}: {}", more.body);
        let findings = &more.json()["portcullis"]["findings"];
        assert_eq!(
            findings[0]["brokenBefore"] == true,
            guard == "warn",
            "{findings}"
        );
    }
}

#[tokio::test]
async fn an_invariant_that_cannot_be_asked_refuses_every_change() {
    let invariants = json!({"invariants": [{
        "name": "nobody of Fabrikam reaches nothing", "never": "granted",
        "signIns": {"user": {"homeTenant": "Fabrikam"}, "app": "No such application"},
    }]});
    let site = site_with("refuse", invariants).await;
    let token = token(&site).await;
    let answer = send(
        &site,
        Method::POST,
        POLICIES,
        Some(&token),
        &report_only("One"),
    )
    .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    let message = answer.json()["error"]["message"].to_string();
    assert!(
        message.contains("CA-GUARD") && message.contains("No such application"),
        "{message}"
    );
}

#[tokio::test]
async fn a_changed_policy_counts_for_the_next_sign_in() {
    let site = site("refuse").await;
    let token = token(&site).await;
    let question = json!({
        "signInIdentity": { "@odata.type": "#microsoft.graph.userSignIn", "userId": "c0c0c0c0-0001-4000-8000-000000000002" },
        "signInContext": { "@odata.type": "#microsoft.graph.applicationContext", "includeApplications": [super::site::PAYROLL.client] },
        "signInConditions": {},
    });
    let evaluate = "/v1.0/identity/conditionalAccess/evaluate";
    let outcome = async || {
        let answer = send(&site, Method::POST, evaluate, Some(&token), &question).await;
        answer.json()["portcullis"]["outcome"].clone()
    };
    assert_ne!(outcome().await, "blocked");
    let made = send(
        &site,
        Method::POST,
        POLICIES,
        Some(&token),
        &block_all(&[CAROL]),
    )
    .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert_eq!(outcome().await, "blocked");
}

#[tokio::test]
async fn w06_of_two_who_write_at_once_none_is_lost_without_being_told() {
    let site = site("refuse").await;
    let token = token(&site).await;
    let mut expected = policies(&site, &token).await.len();
    let mut conflicts = 0;
    for round in 0..6 {
        let one = report_only(&format!("One {round}"));
        let other = report_only(&format!("Other {round}"));
        let (one, other) = tokio::join!(
            send(&site, Method::POST, POLICIES, Some(&token), &one),
            send(&site, Method::POST, POLICIES, Some(&token), &other),
        );
        let mut won = 0;
        for answer in [one, other] {
            if answer.status == StatusCode::CONFLICT {
                assert_eq!(answer.json()["error"]["code"], "Conflict");
                conflicts += 1;
            } else {
                assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
                won += 1;
            }
        }
        assert!(won > 0);
        expected += won;
        assert_eq!(policies(&site, &token).await.len(), expected);
    }
    assert!(conflicts > 0, "nobody met anybody");
}
