//! How names become objects, on the tenants of the demo.

use std::path::Path;

use super::*;
use crate::situation::{Situation, Who};

fn world() -> Directory {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/two-organisations");
    Directory::of_world(portcullis_world::read_world(&folder).unwrap().tenants)
}

#[test]
fn people_are_found_by_any_of_their_names_and_with_nested_groups() {
    let world = world();
    let contoso = world.find_tenant("contoso").unwrap();
    for name in [
        "dave@contoso.example",
        " DAVE@contoso.example",
        "Dave Parnas",
        "c0c0c0c0-0001-4000-8000-000000000002",
    ] {
        let dave = contoso.find_user(name).unwrap().unwrap();
        assert_eq!(dave.display_name, "Dave Parnas", "{name}");
        // Finance is in Staff.
        assert_eq!(contoso.memberships(dave).groups.len(), 2);
    }
    assert!(
        contoso.find_user("ada@fabrikam.example").unwrap().is_some(),
        "a guest, by mail"
    );
    assert!(
        contoso
            .find_user("frank@fabrikam.example")
            .unwrap()
            .is_none()
    );
    let (home, frank) = world
        .find_elsewhere(contoso.id(), "frank@fabrikam.example")
        .unwrap()
        .unwrap();
    assert_eq!(
        (home.name(), frank.display_name.as_str()),
        ("Fabrikam", "Frank Gilbreth")
    );
    let carol = contoso.find_user("Carol Shaw").unwrap().unwrap();
    assert_eq!(contoso.memberships(carol).roles.len(), 1);
}

#[test]
fn what_is_not_there_is_refused_with_what_is() {
    let world = world();
    let contoso = world.find_tenant("contoso").unwrap();
    for (error, part) in [
        (
            world.find_tenant("acme").unwrap_err(),
            "known are: Contoso, Fabrikam, Woodgrove",
        ),
        (contoso.unknown_user("eve"), "carol@contoso.example"),
        (contoso.find_application("Pay").unwrap_err(), "known are: "),
        (
            contoso.find_service_principal("Pay").unwrap_err(),
            "known are: ",
        ),
        (
            contoso.find_group("Stuff").unwrap_err(),
            "known are: Finance, Partners, Staff",
        ),
        (
            contoso.find_role("King").unwrap_err(),
            "such as `Global Administrator`",
        ),
        (
            contoso.find_agreement("Terms").unwrap_err(),
            "none is known",
        ),
        (
            contoso.find_application(&"x".repeat(9999)).unwrap_err(),
            "xxx` is not known",
        ),
    ] {
        let text = error.to_string();
        assert!(text.contains(part) && text.len() < 600, "{text}");
    }
}

#[test]
fn the_tenant_is_the_one_that_knows_user_and_application() {
    let world = world();
    let of = |user: &str, app: &str| {
        let situation = Situation {
            user: Some(Who::Named(user.to_owned())),
            app: Some(vec![app.to_owned()].into()),
            ..Situation::default()
        };
        world
            .tenant_of(&situation)
            .map(|tenant| tenant.name().to_owned())
    };
    assert_eq!(of("ada@fabrikam.example", "Payroll").unwrap(), "Contoso");
    assert_eq!(of("ada@fabrikam.example", "Intranet").unwrap(), "Fabrikam");
    // No object at Contoso, but Contoso owns the application.
    assert_eq!(
        of("frank@fabrikam.example", "Shared Channel").unwrap(),
        "Contoso"
    );
    assert_eq!(of("dave@contoso.example", "Lunch menu").unwrap(), "Contoso");
    // Ada is at Contoso and at Fabrikam, and so is the application.
    assert!(
        of("ada@fabrikam.example", "Lunch menu")
            .unwrap_err()
            .to_string()
            .contains("--tenant")
    );
}
