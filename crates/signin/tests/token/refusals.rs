//! Whatever the token endpoint refuses leaves a row, also what it cannot read; and no flood of it fills the log.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portcullis_model::sign_in_log::SignIn;
use portcullis_testkit::house::TestHouse;

use crate::scene::{App, CONTOSO, FABRIKAM, Form, OFFICE, Person, Scene, WOODGROVE, id, refusal};

/// A client credentials request of the report that is right in every way.
fn right(scene: &Scene) -> Form {
    let form = Form::new("client_credentials").with("scope", "api://payroll/.default");
    scene.authenticated(form, App::Report)
}

async fn log(scene: &Scene) -> Vec<SignIn> {
    scene.kit.log(id(CONTOSO)).await
}

/// Sends it and answers the number it was refused with, and the one row that says so.
async fn row_of(scene: &Scene, segment: &str, form: &Form) -> (u32, SignIn) {
    let before = log(scene).await;
    let number = refusal(scene.send_to(segment, form, OFFICE).await).error_codes[0];
    let mut rows = log(scene).await;
    rows.retain(|row| before.iter().all(|known| known.id != row.id));
    assert_eq!(rows.len(), 1, "{number}: {rows:?}");
    (number, rows.remove(0))
}

#[tokio::test]
async fn what_is_refused_while_it_is_read_leaves_a_row_of_its_client() {
    let scene = Scene::new().await;
    let right = right(&scene);
    let assertion = right.clone().with("client_assertion", "a.b.c").with(
        "client_assertion_type",
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    );
    let mut crossed = right.clone();
    crossed.authorization = Some(format!("Basic {}", STANDARD.encode("somebody:else")));
    let public = Form::new("client_credentials").with("scope", "api://payroll/.default");
    let wrong = [
        (right.clone().with("grant_type", "password"), 70003),
        (right.clone().without("grant_type"), 900_144),
        (right.clone().without("scope"), 900_144),
        (right.clone().with("scope", "api://payroll/Read"), 1_002_012),
        (right.clone().with("grant_type", "refresh_token"), 900_144),
        (right.clone().with("client_secret", "wrong"), 7_000_215),
        (assertion, 9_900_007),
        (crossed, 9_900_007),
        (right.clone().with("scope", &"x".repeat(9000)), 90013),
        (right.without("client_secret"), 70001),
        (scene.authenticated(public, App::Mobile), 70001),
    ];
    for (form, expected) in wrong {
        let (number, row) = row_of(&scene, CONTOSO, &form).await;
        assert_eq!((number, row.status.error_code), (expected, expected));
        assert_eq!((row.user_id, row.user_principal_name), (None, None));
        assert_eq!(row.ip_address.as_deref(), Some(OFFICE));
        assert!(row.user_agent.unwrap().contains("Firefox"));
        assert!(!row.is_interactive && row.unique_token_identifier.is_none());
        // A form that cannot be read at all names nobody.
        let named = (expected != 90013).then(|| App::Report.client());
        assert!(
            row.app_id == named || row.app_id == Some(App::Mobile.client()),
            "{expected} {:?}",
            row.app_id
        );
        assert_eq!(row.service_principal_id.is_some(), row.app_id.is_some());
    }
}

#[tokio::test]
async fn the_row_has_the_correlation_id_of_the_answer() {
    let scene = Scene::new().await;
    let form = right(&scene).with("grant_type", "password");
    let error = refusal(scene.send(&form).await);
    let row = scene.row(CONTOSO, 70003).await;
    assert_eq!(row.correlation_id.to_string(), error.correlation_id);
}

#[tokio::test]
async fn a_request_that_names_no_client_leaves_a_row_of_nobody() {
    let scene = Scene::new().await;
    let form = Form::new("refresh_token").with("refresh_token", "x");
    let (number, row) = row_of(&scene, "contoso.example", &form).await;
    assert_eq!((number, row.status.error_code), (900_144, 900_144));
    assert_eq!((row.app_id, row.service_principal_id), (None, None));
}

#[tokio::test]
async fn the_tenant_of_a_code_is_known_also_where_the_path_names_none() {
    let scene = Scene::new().await;
    let arrival = scene.arrive(Person::Dave, App::Payroll).await;
    let form = scene.code_form(App::Payroll, &arrival.code);
    let (number, row) = row_of(&scene, "organizations", &form).await;
    assert_eq!((number, row.status.error_code), (50194, 50194));
    assert_eq!(row.app_id, Some(App::Payroll.client()));
}

#[tokio::test]
async fn strangers_and_unknown_tenants_leave_nothing() {
    let scene = Scene::new().await;
    let bad = right(&scene).with("grant_type", "password");
    let count = || async {
        let mut rows = 0;
        for tenant in [CONTOSO, FABRIKAM, WOODGROVE] {
            rows += scene.kit.log(id(tenant)).await.len();
        }
        rows
    };
    let before = count().await;
    for segment in ["nowhere.example", "organizations", "common"] {
        refusal(scene.send_to(segment, &bad, OFFICE).await);
    }
    for stranger in ["c0c0c0c0-0004-4000-8000-0000000000ff", "report"] {
        refusal(scene.send(&bad.clone().with("client_id", stranger)).await);
    }
    assert_eq!(count().await, before);
    refusal(scene.send(&bad).await);
    assert_eq!(count().await, before + 1, "control");
}

#[tokio::test]
async fn no_flood_of_bad_requests_fills_the_log() {
    let kit = TestHouse::demo().await.with(|house| {
        house.budgets.client_attempts_max = 5;
        house.budgets.address_attempts_max = 3;
    });
    let scene = Scene::of(kit);
    let named = right(&scene).with("grant_type", "password");
    let nameless = Form::new("password");
    for (form, rows_max) in [(named, 5), (nameless, 3)] {
        let before = log(&scene).await.len();
        for _ in 0..9 {
            // What is wrong is told however often.
            assert_eq!(refusal(scene.send(&form).await).error_codes, [70003]);
        }
        assert_eq!(log(&scene).await.len() - before, rows_max);
    }
    assert!(scene.send(&right(&scene)).await.is_ok());
}
