//! Names that people know and exports do not carry: built-in roles and Microsoft's own applications, by the ids they have everywhere.

use portcullis_model::id::ClientId;
use portcullis_model::microsoft_application::microsoft_applications_named;

/// Built-in roles by name (role template ids).
const ROLES: &[(&str, &str)] = &[
    (
        "Global Administrator",
        "62e90394-69f5-4237-9190-012177145e10",
    ),
    (
        "Application Administrator",
        "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
    ),
    (
        "Authentication Administrator",
        "c4e39bd9-1100-46d3-8c65-fb160da0071f",
    ),
    (
        "Authentication Policy Administrator",
        "0526716b-113d-4c15-b2c8-68e3c22b9f80",
    ),
    (
        "Billing Administrator",
        "b0f54661-2d74-4c50-afa3-1ec803f12efe",
    ),
    (
        "Cloud Application Administrator",
        "158c047a-c907-4556-b7ef-446551a6b5f7",
    ),
    (
        "Conditional Access Administrator",
        "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9",
    ),
    (
        "Exchange Administrator",
        "29232cdf-9323-42fd-ade2-1d097af3e4de",
    ),
    ("Global Reader", "f2ef992c-3afb-46b9-b7cf-a126ee74c451"),
    (
        "Helpdesk Administrator",
        "729827e3-9c14-49f7-bb1b-9608f156bbb8",
    ),
    (
        "Hybrid Identity Administrator",
        "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2",
    ),
    (
        "Intune Administrator",
        "3a2c62db-5318-420d-8d74-23affee5d9d5",
    ),
    (
        "Password Administrator",
        "966707d0-3269-4727-9be2-8c3a10f19b9d",
    ),
    (
        "Privileged Authentication Administrator",
        "7be44c8a-adaf-4e2a-84d6-ab2649e08a13",
    ),
    (
        "Privileged Role Administrator",
        "e8611ab8-c189-46e8-94e1-60213ab1f814",
    ),
    (
        "Security Administrator",
        "194ae4cb-b126-40b2-bd5b-6091b380977d",
    ),
    ("Security Reader", "5d6b6bb7-de71-4623-b4af-96380a352509"),
    (
        "SharePoint Administrator",
        "f28a1f50-f6e7-4571-818b-6a12f2af6b6c",
    ),
    (
        "Teams Administrator",
        "69091246-20e8-4a56-aa4d-066075b2a7a8",
    ),
    ("User Administrator", "fe930be7-5e62-47db-91af-98c3a49a38b1"),
];

/// The template id of the role with this name.
pub(crate) fn role(name: &str) -> Option<&'static str> {
    find(ROLES, name)
}

/// The name of the role with this template id.
pub(crate) fn role_name(id: &str) -> Option<&'static str> {
    let found = ROLES.iter().find(|(_, known)| *known == id);
    found.map(|(name, _)| *name)
}

/// The only one of Microsoft's own applications that is called so.
pub(crate) fn application(name: &str) -> Option<ClientId> {
    match microsoft_applications_named(name).as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}

fn find(names: &[(&'static str, &'static str)], name: &str) -> Option<&'static str> {
    let found = names
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name.trim()));
    found.map(|(_, id)| *id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_and_ids_are_ids_and_each_stands_once() {
        let all = || ROLES.iter();
        assert!(all().all(|(_, id)| uuid::Uuid::parse_str(id).is_ok()));
        let ids: BTreeSet<_> = all().map(|(_, id)| id).collect();
        let names: BTreeSet<_> = all().map(|(name, _)| name).collect();
        assert_eq!((ids.len(), names.len()), (all().count(), all().count()));
        assert!(role(" global administrator").is_some_and(|id| id.starts_with("62e90394")));
    }
}
