//! From a file's text to policy tests: everything wrong with it is told at once, each with its line.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use portcullis_whatif::situation::{Absent, OneOrMany, Situation};
use serde::de::DeserializeOwned;

use crate::expectation::Expectation;
use crate::fault::Fault;
use crate::file::{KINDS, MEMBERS, PolicyTests, SIGN_IN_MEMBERS, SignInTest};
use crate::located::{Content, Located, Member};

/// A file of tests has at most so many bytes.
pub const FILE_SIZE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// At most so many faults of one value are told.
const FAULTS_MAX: usize = 100;
/// And at most so many sign-ins.
const SIGN_INS_MAX: usize = 100_000;

/// Reads the text of `file`, YAML or JSON.
pub fn read(file: &str, bytes: &[u8]) -> Result<PolicyTests, Vec<Fault>> {
    let fault = |message: String| Fault {
        file: file.to_owned(),
        position: crate::fault::Position::default(),
        message,
    };
    if bytes.len() > FILE_SIZE_BYTES_MAX {
        return Err(vec![fault("a file has at most 8 MiB".to_owned())]);
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|_| vec![fault("the file is no text in UTF-8".to_owned())])?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let source = Located::read(text).map_err(|error| {
        vec![Fault {
            position: error.position,
            ..fault(error.message)
        }]
    })?;
    let mut reading = Reading {
        file,
        source: &source,
        faults: Vec::new(),
    };
    let tests = reading.tests();
    let mut faults = reading.faults;
    faults.sort_by_key(|fault| fault.position);
    match tests {
        Some(tests) if faults.is_empty() => Ok(tests),
        _ => Err(faults),
    }
}

struct Reading<'r> {
    file: &'r str,
    source: &'r Located,
    faults: Vec<Fault>,
}

impl<'r> Reading<'r> {
    fn tests(&mut self) -> Option<PolicyTests> {
        let Content::Members(members) = &self.source.content else {
            let message = "this is no policy test: an object with `name` and `signIns` is expected";
            self.fault("$", message);
            return None;
        };
        self.refuse_unknown(members);
        let name = self.optional::<String>("name");
        let sign_ins = self.sign_ins();
        if name.as_deref().is_none_or(|name| name.trim().is_empty()) {
            self.fault(
                "$.name",
                "`name` is missing: say what these tests are about",
            );
        }
        let absent = match self.optional::<SignalsWord>("signals") {
            Some(SignalsWord::Complete) | None => Absent::Nothing,
            Some(SignalsWord::Partial) => Absent::Unknown,
        };
        Some(PolicyTests {
            file: self.file.to_owned(),
            name: name?,
            description: self.optional("description"),
            world: self.optional("world"),
            tenant: self.optional("tenant"),
            policies: self
                .optional::<OneOrMany<String>>("policies")
                .map(|policies| policies.0)
                .unwrap_or_default(),
            absent,
            sign_ins,
            kinds: members
                .iter()
                .filter(|member| KINDS.contains(&member.name.as_str()))
                .cloned()
                .collect(),
            source: self.source.clone(),
        })
    }

    fn refuse_unknown(&mut self, members: &[Member]) {
        for member in members {
            let name = member.name.as_str();
            if !MEMBERS.contains(&name) && !KINDS.contains(&name) {
                let known: Vec<_> = MEMBERS.iter().chain(&KINDS).copied().collect();
                let message = format!("unknown member `{name}`: there are {}", known.join(", "));
                self.faults.push(Fault {
                    file: self.file.to_owned(),
                    position: member.position,
                    message,
                });
            }
        }
    }

    fn sign_ins(&mut self) -> Vec<SignInTest> {
        let defaults = self.optional::<Situation>("defaults").unwrap_or_default();
        let source = self.source;
        let list = match source.member("signIns").map(|located| &located.content) {
            Some(Content::List(list)) => list.as_slice(),
            Some(Content::Scalar(_) | Content::Members(_)) => {
                self.fault("$.signIns", "`signIns` is a list of sign-ins");
                return Vec::new();
            }
            None => &[],
        };
        if list.is_empty() {
            let message = "there is no sign-in to test: `signIns` needs one at least";
            self.fault("$.signIns", message);
        }
        if list.len() > SIGN_INS_MAX {
            self.fault("$.signIns", "a file has at most 100,000 sign-ins");
            return Vec::new();
        }
        let mut names: BTreeMap<String, u64> = BTreeMap::new();
        let mut sign_ins = Vec::new();
        for located in list {
            let Some(test) = self.sign_in(located, &defaults) else {
                continue;
            };
            let line = test.position.line;
            if let Some(first) = names.insert(test.name.clone(), line) {
                self.faults.push(Fault {
                    file: self.file.to_owned(),
                    position: test.position,
                    message: format!("a second sign-in `{}`, also in line {first}", test.name),
                });
            }
            sign_ins.push(test);
        }
        sign_ins
    }

    fn sign_in(&mut self, located: &'r Located, defaults: &Situation) -> Option<SignInTest> {
        let position = located.position;
        let Content::Members(members) = &located.content else {
            self.fault_at(
                located,
                "$",
                "a sign-in is an object with `name` and `expect`",
            );
            return None;
        };
        let own = |name: &str| SIGN_IN_MEMBERS.contains(&name);
        let situation = Located {
            position,
            content: Content::Members(
                members
                    .iter()
                    .filter(|member| !own(&member.name))
                    .cloned()
                    .collect(),
            ),
        };
        let situation = self.typed::<Situation>(&situation, "", &SIGN_IN_MEMBERS);
        let name = self.member::<String>(located, "name");
        self.member::<String>(located, "description");
        if located.member("name").is_none() {
            self.fault_at(
                located,
                "$",
                "`name` is missing: say what this sign-in shows",
            );
        }
        if located.member("expect").is_none() {
            self.fault_at(located, "$", "`expect` is missing: say what it comes to");
        }
        let expect = self.member::<Expectation>(located, "expect");
        if expect.as_ref().is_some_and(Expectation::is_empty) {
            let message =
                "nothing is expected, so this test could not fail: say at least `outcome`";
            self.fault_at(located, "expect", message);
        }
        let only_policies = self.member::<OneOrMany<String>>(located, "onlyPolicies");
        if only_policies.as_ref().is_some_and(|only| only.0.is_empty()) {
            let message = "no policy is named, so this test would ask none: name one at least, or leave `onlyPolicies` out for all";
            self.fault_at(located, "onlyPolicies", message);
        }
        Some(SignInTest {
            name: name?,
            position,
            situation: situation?.over(defaults),
            only_policies: only_policies.map(|only| only.0),
            expect: expect?,
        })
    }

    /// A member of the file.
    fn optional<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        self.member(self.source, name)
    }

    fn member<T: DeserializeOwned>(&mut self, of: &Located, name: &str) -> Option<T> {
        let value = of.member(name)?;
        self.typed(value, name, &[])
    }

    /// Reads a value, the member of this name. Whatever is wrong in it is told: what was found to be is left out, and the rest read
    /// again. `beside` are members that are known and read apart.
    fn typed<T: DeserializeOwned>(
        &mut self,
        located: &Located,
        name: &str,
        beside: &[&str],
    ) -> Option<T> {
        let mut rest = located.clone();
        for faults in 0..FAULTS_MAX {
            let error = match serde_path_to_error::deserialize::<_, T>(rest.json()) {
                Ok(typed) => return (faults == 0).then_some(typed),
                Err(error) => error,
            };
            let path = error.path().to_string();
            let message = told(&path, name, beside, &error.into_inner().to_string());
            self.fault_at(&rest, &path, message);
            rest = rest.without(&path)?;
        }
        None
    }

    fn fault_at(&mut self, located: &Located, path: &str, message: impl Into<String>) {
        self.faults.push(Fault {
            file: self.file.to_owned(),
            position: located.find(path),
            message: message.into(),
        });
    }

    fn fault(&mut self, path: &str, message: &str) {
        self.fault_at(self.source, path, message);
    }
}

/// What serde says, with the member that it is about and every member that there could be.
fn told(path: &str, name: &str, beside: &[&str], error: &str) -> String {
    let member = path.rsplit('.').next().filter(|last| !last.is_empty());
    let member = member.unwrap_or(name);
    if error.starts_with("invalid ") || error.starts_with("missing ") {
        return match member {
            "" => error.to_owned(),
            member => format!("`{member}`: {error}"),
        };
    }
    let is_outermost = !path.contains(['.', '[']);
    match error.split_once(", expected one of ") {
        Some((unknown, known)) if is_outermost && unknown.starts_with("unknown field") => {
            let own = beside.iter().map(|name| format!("`{name}`, "));
            format!(
                "{unknown}, expected one of {}{known}",
                own.collect::<String>()
            )
        }
        Some(_) | None => error.to_owned(),
    }
}

/// Whether what is not said is not there, or not known.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
enum SignalsWord {
    Complete,
    Partial,
}
