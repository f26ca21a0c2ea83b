//! Names in place of ids: what they stand for, by what lies beside a policy (exports made for reading have names).

mod known;
mod places;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use portcullis_model::microsoft_application::microsoft_applications_named;

pub(crate) use places::replace_names;

/// The kinds of objects that policies refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameKind {
    /// A user, by user principal name or display name.
    User,
    /// A group.
    Group,
    /// A role template.
    Role,
    /// An application, by the name of its registration or service principal.
    Application,
    /// A service principal.
    ServicePrincipal,
    /// A named location.
    NamedLocation,
    /// An authentication strength.
    AuthenticationStrength,
    /// An authentication context.
    AuthenticationContext,
    /// Terms of use.
    Agreement,
    /// A tenant.
    Tenant,
}

impl fmt::Display for NameKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
            Self::Application => "application",
            Self::ServicePrincipal => "service principal",
            Self::NamedLocation => "named location",
            Self::AuthenticationStrength => "authentication strength",
            Self::AuthenticationContext => "authentication context",
            Self::Agreement => "agreement",
            Self::Tenant => "tenant",
        })
    }
}

/// Everything that has a name, compared without regard to case and to space around it.
#[derive(Debug)]
pub(crate) struct Directory {
    ids: BTreeMap<(NameKind, String), BTreeSet<String>>,
}

/// What a name stands for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// This id.
    One(String),
    /// Nothing that is known.
    Nothing,
    /// Several things: nobody can tell which.
    Several(usize),
}

impl Directory {
    /// What every tenant has.
    pub(crate) fn new() -> Self {
        let mut directory = Self {
            ids: BTreeMap::new(),
        };
        directory.note_known();
        directory
    }

    pub(crate) fn note(&mut self, kind: NameKind, name: &str, id: &str) {
        let ids = self.ids.entry((kind, folded(name))).or_default();
        ids.insert(id.to_owned());
    }

    /// What the files have comes first; Microsoft's own applications have a name wherever no file lists them.
    pub(crate) fn find(&self, kind: NameKind, name: &str) -> Found {
        match self.ids.get(&(kind, folded(name))) {
            Some(ids) => only(ids),
            None if kind == NameKind::Application => {
                let ids = microsoft_applications_named(name).into_iter();
                only(&ids.map(|id| id.to_string()).collect())
            }
            None => Found::Nothing,
        }
    }
}

fn only(ids: &BTreeSet<String>) -> Found {
    match ids.first() {
        Some(id) if ids.len() == 1 => Found::One(id.clone()),
        Some(_) => Found::Several(ids.len()),
        None => Found::Nothing,
    }
}

fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_one_thing_of_its_kind() {
        let mut directory = Directory::new();
        directory.note(NameKind::Group, "Break glass", "1");
        directory.note(NameKind::Group, "Twice", "2");
        directory.note(NameKind::Group, "twice", "3");
        let find = |name| directory.find(NameKind::Group, name);
        assert_eq!(find(" BREAK glass "), Found::One("1".to_owned()));
        assert_eq!(find("Twice"), Found::Several(2));
        assert_eq!(find("Break"), Found::Nothing);
        let user = directory.find(NameKind::User, "Break glass");
        assert_eq!(user, Found::Nothing);
    }

    #[test]
    fn old_and_new_names_of_a_role_are_one_role() {
        let directory = Directory::new();
        let find = |name| directory.find(NameKind::Role, name);
        let one = |id: &str| Found::One(id.to_owned());
        let administrator = one("62e90394-69f5-4237-9190-012177145e10");
        assert_eq!(find("Global Administrator"), administrator);
        assert_eq!(find("Company Administrator"), administrator);
        let strength = directory.find(NameKind::AuthenticationStrength, "Passwordless MFA");
        assert_eq!(strength, one("00000000-0000-0000-0000-000000000003"));
    }

    #[test]
    fn microsofts_applications_have_names_where_no_file_has_them() {
        let mut directory = Directory::new();
        let exchange = "00000002-0000-0ff1-ce00-000000000000".to_owned();
        let find = |directory: &Directory, name| directory.find(NameKind::Application, name);
        for name in ["Exchange Online", "office 365 exchange online "] {
            assert_eq!(find(&directory, name), Found::One(exchange.clone()));
        }
        let twice = "Media Analysis and Transformation Service";
        assert_eq!(find(&directory, twice), Found::Several(2));
        let group = Found::One("MicrosoftAdminPortals".to_owned());
        assert_eq!(find(&directory, "Microsoft Admin Portals"), group);
        directory.note(NameKind::Application, "Exchange Online", "1");
        assert_eq!(
            find(&directory, "exchange online"),
            Found::One("1".to_owned())
        );
    }

    #[test]
    fn every_known_id_is_an_id() {
        for ((kind, name), ids) in &Directory::new().ids {
            let words = ["Office365", "MicrosoftAdminPortals"];
            for id in ids.iter().filter(|id| !words.contains(&id.as_str())) {
                let parsed = uuid::Uuid::try_parse(id);
                assert!(parsed.is_ok_and(|_| id.len() == 36), "{kind} {name}: {id}");
            }
        }
    }
}
