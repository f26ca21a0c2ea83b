//! Names that people know and exports do not carry: built-in roles and Microsoft's own applications, by the ids they have everywhere.

mod roles;

use roles::ROLES;

/// Microsoft's own applications by name (appIds).
const APPLICATIONS: &[(&str, &str)] = &[
    ("Exchange Online", "00000002-0000-0ff1-ce00-000000000000"),
    ("SharePoint Online", "00000003-0000-0ff1-ce00-000000000000"),
    ("Microsoft Teams", "cc15fd57-2c6c-4117-a88c-83b1d56b4bbe"),
    ("Microsoft Graph", "00000003-0000-0000-c000-000000000000"),
    (
        "Windows Azure Active Directory",
        "00000002-0000-0000-c000-000000000000",
    ),
    (
        "Windows Azure Service Management API",
        "797f4846-ba00-4fd7-ba43-dac1f8f63013",
    ),
    (
        "Microsoft Office 365 Portal",
        "00000006-0000-0ff1-ce00-000000000000",
    ),
    (
        "Exchange Admin Center",
        "497effe9-df71-4043-a8bb-14cf78c4b63b",
    ),
    (
        "Microsoft 365 Security and Compliance Center",
        "80ccca67-54bd-44ab-8625-4b79c4dc7775",
    ),
    ("Azure portal", "c44b4083-3bb0-49c1-b47d-974e53cbdf3c"),
    (
        "Skype for Business Online",
        "00000004-0000-0ff1-ce00-000000000000",
    ),
    ("Viva Engage", "00000005-0000-0ff1-ce00-000000000000"),
    ("OneNote", "2d4d3d8e-2be3-4bef-9f87-7875a61c29de"),
    ("OfficeHome", "4765445b-32c6-49b0-83e6-1d93765276ca"),
    ("Microsoft Forms", "c9a559d2-7aab-4f13-a6ed-e7e9c52aec87"),
    (
        "Microsoft Intune Enrollment",
        "d4ebce55-015a-49b5-a083-c84d1797ae8c",
    ),
    ("Microsoft Intune", "0000000a-0000-0000-c000-000000000000"),
    ("Azure DevOps", "499b84ac-1321-427f-aa17-267ca6975798"),
    ("Dataverse", "00000007-0000-0000-c000-000000000000"),
    (
        "Microsoft Rights Management Services",
        "00000012-0000-0000-c000-000000000000",
    ),
    (
        "Microsoft Cloud App Security",
        "05a65629-4c1b-48c1-a78b-804c4abdd4af",
    ),
    (
        "Microsoft Graph Command Line Tools",
        "14d82eec-204b-4c2f-b7e8-296a70dab67e",
    ),
    (
        "Azure Windows VM Sign-In",
        "372140e0-b3b7-4226-8ef9-d57986796201",
    ),
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

/// The appId of the application with this name.
pub(crate) fn application(name: &str) -> Option<&'static str> {
    find(APPLICATIONS, name)
}

/// The name of the application with this appId.
pub(crate) fn application_name(id: &str) -> Option<&'static str> {
    let found = APPLICATIONS.iter().find(|(_, known)| *known == id);
    found.map(|(name, _)| *name)
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
        let all = || ROLES.iter().chain(APPLICATIONS);
        assert!(all().all(|(_, id)| uuid::Uuid::parse_str(id).is_ok()));
        let ids: BTreeSet<_> = all().map(|(_, id)| id).collect();
        let names: BTreeSet<_> = all().map(|(name, _)| name).collect();
        assert_eq!((ids.len(), names.len()), (all().count(), all().count()));
        assert!(role(" global administrator").is_some_and(|id| id.starts_with("62e90394")));
        let synchronization = role_name("d29b2b05-8046-44ba-8758-1e26182fcf32");
        assert_eq!(synchronization, Some("Directory Synchronization Accounts"));
    }
}
