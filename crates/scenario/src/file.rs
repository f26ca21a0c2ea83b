//! A file of policy tests: a world or the name of one, and sign-ins with what they should come to.

use portcullis_whatif::situation::{Absent, Situation};

use crate::expectation::Expectation;
use crate::fault::{Fault, Position};
use crate::located::{Located, Member};

/// The members of a file that say what the tests are about; the others are [`KINDS`].
pub const MEMBERS: [&str; 9] = [
    "$schema",
    "name",
    "description",
    "world",
    "tenant",
    "policies",
    "signals",
    "defaults",
    "signIns",
];

/// The members of a file that are objects of the tenant, by the names of the files of a world.
pub const KINDS: [&str; 12] = [
    "organization",
    "users",
    "groups",
    "roleAssignments",
    "applications",
    "servicePrincipals",
    "conditionalAccessPolicies",
    "namedLocations",
    "authenticationStrengths",
    "authenticationContextClassReferences",
    "agreements",
    "crossTenantAccessPolicy",
];

/// The members of one sign-in that say what is tested; the others are those of a [`Situation`].
pub const SIGN_IN_MEMBERS: [&str; 4] = ["name", "description", "onlyPolicies", "expect"];

/// One file, read.
#[derive(Debug, Clone)]
pub struct PolicyTests {
    /// The file.
    pub file: String,
    /// What it is about.
    pub name: String,
    /// More of it.
    pub description: Option<String>,
    /// The world, seen from the file's folder; none: only what the file holds.
    pub world: Option<String>,
    /// The tenant whose policies decide.
    pub tenant: Option<String>,
    /// Files or folders of policies that are added, seen from the file's folder.
    pub policies: Vec<String>,
    /// What it means that a sign-in does not speak of something.
    pub absent: Absent,
    /// The tests.
    pub sign_ins: Vec<SignInTest>,
    /// Sign-ins that something is wrong with; none in a file that was read whole.
    pub(crate) broken: Vec<BrokenSignIn>,
    pub(crate) kinds: Vec<Member>,
    pub(crate) source: Located,
}

/// A sign-in that something is wrong with, as far as it could be read, with the file's defaults.
#[derive(Debug, Clone)]
pub(crate) struct BrokenSignIn {
    pub(crate) index: usize,
    pub(crate) situation: Situation,
}

/// One sign-in and what it should come to.
#[derive(Debug, Clone)]
pub struct SignInTest {
    /// Which one of the file, from 0 on.
    pub(crate) index: usize,
    /// What it shows; unique in its file.
    pub name: String,
    /// Where it begins.
    pub position: Position,
    /// The sign-in, with the file's defaults.
    pub situation: Situation,
    /// The only policies that are looked at, by id or name; none: all.
    pub only_policies: Option<Vec<String>>,
    /// What it should come to.
    pub expect: Expectation,
}

impl PolicyTests {
    /// Something that is wrong at a JSON path of this file.
    pub(crate) fn fault(&self, path: &str, message: impl Into<String>) -> Fault {
        Fault {
            file: self.file.clone(),
            position: self.source.find(path),
            message: message.into(),
        }
    }

    /// Something that is wrong with a member of a sign-in: told where the member is, which may be among the defaults.
    pub(crate) fn sign_in_fault(&self, index: usize, member: &str, message: &str) -> Fault {
        let list = self.source.member("signIns");
        let sign_in = list.and_then(|list| list.element(index));
        let first = member.split(['.', '[']).next().unwrap_or_default();
        let is_own = sign_in.is_some_and(|one| first.is_empty() || one.member(first).is_some());
        if is_own {
            let name = sign_in
                .and_then(|one| one.member("name"))
                .map(Located::json);
            let name = name.as_ref().and_then(serde_json::Value::as_str);
            let name = name.map_or_else(String::new, |name| format!("`{name}`: "));
            self.fault(
                &format!("signIns[{index}].{member}"),
                format!("{name}{message}"),
            )
        } else {
            self.fault(
                &format!("defaults.{member}"),
                format!("`defaults`: {message}"),
            )
        }
    }
}
