//! Countries at the token endpoint: every door knows from where it is used, and the log tells it.

use portcullis_model::sign_in_log::SignIn;

use crate::scene::{ABROAD, App, CONTOSO, Form, OFFICE, Person, Scene, id, refresh_text};

/// An office in the Netherlands, and somewhere in Chile.
async fn scene() -> Scene {
    let scene = Scene::new().await;
    scene.kit.countries.put(id(OFFICE), "NL");
    scene.kit.countries.put(id(ABROAD), "CL");
    scene
}

fn country(row: &SignIn) -> Option<String> {
    (row.location.country_or_region).map(|country| country.to_string())
}

#[tokio::test]
async fn a_code_and_a_refresh_token_are_used_where_the_browser_was() {
    let scene = scene().await;
    let arrival = scene.arrive(Person::Dave, App::Payroll).await;
    let redeem = scene.code_form(App::Payroll, &arrival.code);
    // The server of the application is abroad; the person is not.
    let response = scene.send_to(CONTOSO, &redeem, ABROAD).await.unwrap();
    assert_eq!(country(&scene.row(CONTOSO, 0).await).as_deref(), Some("NL"));
    let refresh = scene.refresh_form(App::Payroll, &refresh_text(&response));
    scene.send_to(CONTOSO, &refresh, ABROAD).await.unwrap();
    let row = scene.row(CONTOSO, 0).await;
    assert_eq!(country(&row).as_deref(), Some("NL"));
    assert_eq!(row.ip_address.as_deref(), Some(OFFICE));
}

#[tokio::test]
async fn a_public_client_refreshes_from_where_it_is() {
    let scene = scene().await;
    let (_, response) = scene.tokens(Person::Dave, App::Mobile).await;
    let refresh = scene.refresh_form(App::Mobile, &refresh_text(&response));
    scene.send_to(CONTOSO, &refresh, ABROAD).await.unwrap();
    assert_eq!(country(&scene.row(CONTOSO, 0).await).as_deref(), Some("CL"));
}

#[tokio::test]
async fn an_application_and_a_refused_request_have_a_country_and_an_unknown_address_has_none() {
    let scene = scene().await;
    let form =
        Form::new("client_credentials").with("scope", "https://graph.microsoft.com/.default");
    let form = scene.authenticated(form, App::Report);
    scene.send_to(CONTOSO, &form, ABROAD).await.unwrap();
    assert_eq!(country(&scene.row(CONTOSO, 0).await).as_deref(), Some("CL"));
    scene.send_to(CONTOSO, &form, "192.0.2.99").await.unwrap();
    assert_eq!(country(&scene.row(CONTOSO, 0).await), None);
    let wrong = form.with("client_secret", "guessed");
    assert!(scene.send_to(CONTOSO, &wrong, ABROAD).await.is_err());
    let row = scene.row(CONTOSO, 7_000_215).await;
    assert_eq!(country(&row).as_deref(), Some("CL"));
}
