//! The kinds of which a tenant has a list, and the files and folders that are named after them.

use std::ffi::OsStr;
use std::path::Path;

/// A kind of which a tenant has a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ListKind {
    Users,
    Groups,
    RoleAssignments,
    Applications,
    ServicePrincipals,
    Policies,
    NamedLocations,
    Strengths,
    Contexts,
    Agreements,
}

/// Each kind by the name of its file or folder.
pub(crate) const LIST_KINDS: [(&str, ListKind); 10] = [
    ("users", ListKind::Users),
    ("groups", ListKind::Groups),
    ("roleAssignments", ListKind::RoleAssignments),
    ("applications", ListKind::Applications),
    ("servicePrincipals", ListKind::ServicePrincipals),
    ("conditionalAccessPolicies", ListKind::Policies),
    ("namedLocations", ListKind::NamedLocations),
    ("authenticationStrengths", ListKind::Strengths),
    ("authenticationContextClassReferences", ListKind::Contexts),
    ("agreements", ListKind::Agreements),
];

impl ListKind {
    pub(crate) fn named(name: &str) -> Option<Self> {
        let mut kinds = LIST_KINDS.into_iter();
        let found = kinds.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, kind)| kind)
    }

    /// By the name of a file or of the folder it is in.
    pub(crate) fn of_file(file: &Path) -> Option<Self> {
        let named = |name: Option<&OsStr>| Self::named(name?.to_str()?);
        named(file.file_stem()).or_else(|| named(file.parent()?.file_name()))
    }
}
