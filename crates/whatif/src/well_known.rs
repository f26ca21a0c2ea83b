//! Names that people know and exports do not carry: built-in roles and Microsoft's own applications, by the ids they have everywhere.

mod roles;

use portcullis_model::id::ClientId;
use portcullis_model::microsoft_application::microsoft_applications_named;
use roles::ROLES;

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
        let synchronization = role_name("d29b2b05-8046-44ba-8758-1e26182fcf32");
        assert_eq!(synchronization, Some("Directory Synchronization Accounts"));
    }
}
