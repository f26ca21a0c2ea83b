//! From a file's text to policy tests: everything wrong with it is told at once, each with its line.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use portcullis_whatif::situation::{Absent, OneOrMany, Situation};
use serde::de::DeserializeOwned;

use crate::expectation::Expectation;
use crate::fault::Fault;
use crate::file::{BrokenSignIn, KINDS, MEMBERS, PolicyTests, SIGN_IN_MEMBERS, SignInTest};
use crate::located::{Content, Located, Member};

/// A file of tests has at most so many bytes.
pub const FILE_SIZE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// At most so many faults of one value are told.
const FAULTS_MAX: usize = 100;
/// And at most so many sign-ins.
const SIGN_INS_MAX: usize = 100_000;

/// Reads the text of `file`, YAML or JSON.
pub fn read(file: &str, bytes: &[u8]) -> Result<PolicyTests, Vec<Fault>> {
    match read_as_far_as_it_goes(file, bytes)? {
        (tests, faults) if faults.is_empty() => Ok(tests),
        (_, faults) => Err(faults),
    }
}

/// The same of a file in which something is wrong: what of it can be read all the same, so that the names in that can be looked up.
/// `Err`: nothing can, or not what it is about.
pub(crate) fn read_as_far_as_it_goes(
    file: &str,
    bytes: &[u8],
) -> Result<(PolicyTests, Vec<Fault>), Vec<Fault>> {
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
        Some(tests) => Ok((tests, faults)),
        None => Err(faults),
    }
}

/// One sign-in as far as it could be read.
struct ReadSignIn {
    name: Option<String>,
    situation: Situation,
    only_policies: Option<OneOrMany<String>>,
    expect: Option<Expectation>,
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
        let (sign_ins, broken) = self.sign_ins();
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
        let description = self.optional("description");
        let before = self.faults.len();
        let world = self.optional("world");
        let tenant = self.optional("tenant");
        let policies = self.optional::<OneOrMany<String>>("policies");
        // Names are not looked up in another world than the one that is meant.
        let is_clear = self.faults.len() == before;
        is_clear.then(|| PolicyTests {
            file: self.file.to_owned(),
            name: name.unwrap_or_default(),
            description,
            world,
            tenant,
            policies: policies.map(|policies| policies.0).unwrap_or_default(),
            absent,
            sign_ins,
            broken,
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

    fn sign_ins(&mut self) -> (Vec<SignInTest>, Vec<BrokenSignIn>) {
        let before = self.faults.len();
        let defaults = self.optional::<Situation>("defaults").unwrap_or_default();
        let are_defaults_whole = self.faults.len() == before;
        let mut names: BTreeMap<String, u64> = BTreeMap::new();
        let (mut sign_ins, mut broken) = (Vec::new(), Vec::new());
        for (index, located) in self.list_of_sign_ins().iter().enumerate() {
            let before = self.faults.len();
            let Some(read) = self.sign_in(located) else {
                continue;
            };
            let situation = read.situation.over(&defaults);
            let is_whole = are_defaults_whole && self.faults.len() == before;
            let (Some(name), Some(expect), true) = (read.name, read.expect, is_whole) else {
                broken.push(BrokenSignIn { index, situation });
                continue;
            };
            let line = located.position.line;
            if let Some(first) = names.insert(name.clone(), line) {
                let message = format!("a second sign-in `{name}`, also in line {first}");
                self.fault_at(located, "$", message);
            }
            sign_ins.push(SignInTest {
                index,
                name,
                position: located.position,
                situation,
                only_policies: read.only_policies.map(|only| only.0),
                expect,
            });
        }
        (sign_ins, broken)
    }

    fn list_of_sign_ins(&mut self) -> &'r [Located] {
        let source = self.source;
        let list = match source.member("signIns").map(|located| &located.content) {
            Some(Content::List(list)) => list.as_slice(),
            Some(Content::Scalar(_) | Content::Members(_)) => {
                self.fault("$.signIns", "`signIns` is a list of sign-ins");
                return &[];
            }
            None => &[],
        };
        if list.is_empty() {
            let message = "there is no sign-in to test: `signIns` needs one at least";
            self.fault("$.signIns", message);
        }
        if list.len() > SIGN_INS_MAX {
            self.fault("$.signIns", "a file has at most 100,000 sign-ins");
            return &[];
        }
        list
    }

    fn sign_in(&mut self, located: &Located) -> Option<ReadSignIn> {
        let Content::Members(members) = &located.content else {
            let message = "a sign-in is an object with `name` and `expect`";
            self.fault_at(located, "$", message);
            return None;
        };
        let of_situation = members
            .iter()
            .filter(|member| !SIGN_IN_MEMBERS.contains(&member.name.as_str()));
        let situation = Located {
            position: located.position,
            content: Content::Members(of_situation.cloned().collect()),
        };
        let situation = self.typed::<Situation>(&situation, "", &SIGN_IN_MEMBERS);
        let name = self.member::<String>(located, "name");
        self.member::<String>(located, "description");
        let is_blank = name.as_deref().is_some_and(|name| name.trim().is_empty());
        if is_blank || located.member("name").is_none() {
            let message = "`name` is missing: say what this sign-in shows";
            self.fault_at(located, "$", message);
        }
        if located.member("expect").is_none() {
            self.fault_at(located, "$", "`expect` is missing: say what it comes to");
        }
        let before = self.faults.len();
        let expect = self.member::<Expectation>(located, "expect");
        let is_whole = self.faults.len() == before;
        if is_whole && expect.as_ref().is_some_and(Expectation::is_empty) {
            let message =
                "nothing is expected, so this test could not fail: say at least `outcome`";
            self.fault_at(located, "expect", message);
        }
        let before = self.faults.len();
        let only_policies = self.member::<OneOrMany<String>>(located, "onlyPolicies");
        let is_whole = self.faults.len() == before;
        if is_whole && only_policies.as_ref().is_some_and(|only| only.0.is_empty()) {
            let message = "no policy is named, so this test would ask none: name one at least, or leave `onlyPolicies` out for all";
            self.fault_at(located, "onlyPolicies", message);
        }
        Some(ReadSignIn {
            name,
            situation: situation.unwrap_or_default(),
            only_policies,
            expect,
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
    /// again and answered. `beside` are members that are known and read apart.
    fn typed<T: DeserializeOwned>(
        &mut self,
        located: &Located,
        name: &str,
        beside: &[&str],
    ) -> Option<T> {
        let mut rest = located.clone();
        for _ in 0..FAULTS_MAX {
            let error = match serde_path_to_error::deserialize::<_, T>(rest.json()) {
                Ok(typed) => return Some(typed),
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
