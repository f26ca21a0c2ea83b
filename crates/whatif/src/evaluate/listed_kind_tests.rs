//! Somebody who is listed without a `userType` is neither surely a member nor surely a guest.

use std::collections::BTreeSet;

use portcullis_model::user::User;
use serde_json::{Value, json};

use super::unsaid_tests::{APP, about, ask_tenant, export, hangs_on, headline};
use super::*;
use crate::directory::Unsaid;

/// A tenant that blocks these types, with one user; of an export without a type is open, of a world it is not.
fn tenant(types: &str, user: &Value, is_export: bool) -> DirectoryTenant {
    let mut world = export(&[about(json!({ "includeGuestsOrExternalUsers": {
        "guestOrExternalUserTypes": types, "externalTenants": null } }))]);
    let user: User = serde_json::from_value(user.clone()).unwrap();
    let untyped = user.user_type.is_none().then_some(user.id);
    world.users = Some(vec![user]);
    world.groups = Some(Vec::new());
    world.role_assignments = Some(Vec::new());
    let tenant = DirectoryTenant::of_world(world);
    if !is_export {
        return tenant;
    }
    tenant.with_unsaid(Unsaid {
        of_people: BTreeSet::from([Signal::HomeTenant]),
        user_types: untyped.into_iter().collect(),
        ..Unsaid::default()
    })
}

fn user(name: &str, members: Value) -> Value {
    let mut user = json!({ "id": "cccccccc-0000-4000-8000-000000000004", "displayName": "Ed", "userPrincipalName": name });
    let members: serde_json::Map<String, Value> = serde_json::from_value(members).unwrap();
    user.as_object_mut().unwrap().extend(members);
    user
}

const GUEST: &str = "ed_y.example#EXT#@x.example";
const OWN: &str = "ed@x.example";

#[test]
fn whether_somebody_listed_is_a_guest_is_open_where_no_user_type_is_there() {
    for (name, types, other) in [
        (
            OWN,
            "internalGuest",
            "the user is a guest with credentials of the tenant itself",
        ),
        (
            GUEST,
            "b2bCollaborationMember",
            "the user is a member from elsewhere",
        ),
        (
            GUEST,
            "otherExternalUser",
            "the user is external in another way",
        ),
    ] {
        for members in [json!({}), json!({ "userType": null })] {
            let tenant = tenant(types, &user(name, members), true);
            let answer = ask_tenant(tenant, json!({ "user": "Ed", "app": APP }), Absent::Unknown);
            assert!(
                hangs_on(&answer, &[Signal::UserType]),
                "{types}: {answer:#?}"
            );
            assert_eq!(
                headline(&answer),
                format!("Depends: granted unless {other}")
            );
            assert!(
                answer.suppositions.join("; ").contains("no userType"),
                "{answer:#?}"
            );
        }
    }
    // The name says that it is no guest's, or that it is no member's.
    for (name, types) in [(OWN, "b2bCollaborationGuest"), (GUEST, "internalGuest")] {
        let tenant = tenant(types, &user(name, json!({})), true);
        let answer = ask_tenant(tenant, json!({ "user": "Ed", "app": APP }), Absent::Unknown);
        assert_eq!(answer.verdict(), Verdict::Granted, "{answer:#?}");
    }
    // A guest from elsewhere is what most of those are whose name says `#EXT#`.
    let guests = tenant("b2bCollaborationGuest", &user(GUEST, json!({})), true);
    let answer = ask_tenant(guests, json!({ "user": "Ed", "app": APP }), Absent::Unknown);
    assert!(hangs_on(&answer, &[Signal::UserType]), "{answer:#?}");
    assert_eq!(answer.who.user_types, ["b2bCollaborationGuest"]);
    // Somebody of another tenant, the directory says, and not which.
    let federated =
        json!({ "identities": [{ "signInType": "federated", "issuer": "ExternalAzureAD" }] });
    let members = tenant("b2bCollaborationMember", &user(OWN, federated), true);
    let answer = ask_tenant(
        members,
        json!({ "user": "Ed", "app": APP }),
        Absent::Unknown,
    );
    assert!(hangs_on(&answer, &[Signal::UserType]), "{answer:#?}");
}

#[test]
fn whoever_says_the_type_is_taken_at_their_word_and_so_is_the_file() {
    let described = |kind: &str| json!({ "user": { "id": "Ed", "type": kind }, "app": APP });
    for (kind, verdict) in [
        ("b2bCollaborationGuest", Verdict::Granted),
        ("b2bCollaborationMember", Verdict::Blocked),
    ] {
        let tenant = tenant("b2bCollaborationMember", &user(GUEST, json!({})), true);
        let answer = ask_tenant(tenant, described(kind), Absent::Unknown);
        assert_eq!(answer.verdict(), verdict, "{answer:#?}");
    }
    let typed = user(OWN, json!({ "userType": "Member" }));
    let answer = ask_tenant(
        tenant("internalGuest", &typed, true),
        json!({ "user": "Ed", "app": APP }),
        Absent::Unknown,
    );
    assert_eq!(answer.verdict(), Verdict::Granted, "{answer:#?}");
    // A world folder is Portcullis' own format, and says a member where it says nothing.
    let answer = ask_tenant(
        tenant("internalGuest", &user(OWN, json!({})), false),
        json!({ "user": "Ed", "app": APP }),
        Absent::Unknown,
    );
    assert_eq!(answer.verdict(), Verdict::Granted, "{answer:#?}");
    // Who says that everything is said, too.
    let answer = ask_tenant(
        tenant("internalGuest", &user(OWN, json!({})), true),
        json!({ "user": "Ed", "app": APP }),
        Absent::Nothing,
    );
    assert_eq!(answer.verdict(), Verdict::Granted, "{answer:#?}");
}
