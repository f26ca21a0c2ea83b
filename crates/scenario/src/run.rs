//! Runs tests one by one: asks what would happen, and says what is not as expected.

#[cfg(test)]
mod tests;

use portcullis_model::Timestamp;
use portcullis_model::id::TenantId;
use portcullis_whatif::directory::{Directory, DirectoryTenant, Unresolved};
use portcullis_whatif::evaluate::{Answer, evaluate};
use portcullis_whatif::unresolved::says_too_little;
use serde::Serialize;

use crate::compare::{Difference, compare};
use crate::expectation::word;
use crate::fault::{Fault, Position};
use crate::file::SignInTest;
use crate::look_up::{unknown_names, unknown_policies};
use crate::prepare::Prepared;

/// What became of one test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TestResult {
    /// The test.
    pub name: String,
    /// Where it is in its file.
    #[serde(flatten)]
    pub position: Position,
    /// How it went.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// How a test went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "result")]
pub enum Verdict {
    /// As expected.
    Passed,
    /// Something is not as expected.
    Failed {
        /// What; never empty.
        differences: Vec<Difference>,
        /// How it came about, one sentence a line.
        trace: Vec<String>,
    },
    /// It could not be run.
    Faulty {
        /// Why; never empty.
        faults: Vec<Fault>,
    },
}

/// Runs tests of one file, keeping what several of them share.
#[derive(Debug)]
pub struct Runner<'p> {
    prepared: &'p Prepared,
    at: Timestamp,
    /// The last choice of policies and what was made of it: tests that share one stand together.
    chosen: Option<(TenantId, Vec<String>, Directory)>,
}

impl<'p> Runner<'p> {
    /// For these tests, as of this moment; only spans of time are ever compared with it.
    pub fn new(prepared: &'p Prepared, at: Timestamp) -> Self {
        Self {
            prepared,
            at,
            chosen: None,
        }
    }

    /// Runs one of the tests.
    pub fn run(&mut self, test: &SignInTest) -> TestResult {
        let verdict = match self.answer(test) {
            Ok((answer, differences)) if differences.is_empty() => {
                drop(answer);
                Verdict::Passed
            }
            Ok((answer, differences)) => Verdict::Failed {
                differences,
                trace: trace(&answer),
            },
            Err(error) => Verdict::Faulty {
                faults: self.faults(test, &error),
            },
        };
        TestResult {
            name: test.name.clone(),
            position: test.position,
            verdict,
        }
    }

    fn answer(&mut self, test: &SignInTest) -> Result<(Answer, Vec<Difference>), CannotRun> {
        let tenant = self.tenant_of(test)?;
        let at = self.at;
        let prepared = self.prepared;
        if !unknown_policies(&prepared.tests, prepared.place(), test).is_empty() {
            return Err(CannotRun::NoSuchPolicy);
        }
        let directory = match &test.only_policies {
            None => &prepared.directory,
            Some(only) => self.choose(tenant, only),
        };
        let tenant: &DirectoryTenant = directory.tenant(tenant).ok_or(CannotRun::NoSuchTenant)?;
        let asked = (&test.situation, prepared.tests.absent);
        let answer = evaluate(directory, tenant, asked, at)?;
        let differences = compare(&test.expect, &answer, tenant.configuration());
        Ok((answer, differences))
    }

    /// Everything that keeps a sign-in from being run, of which `error` is what was met first.
    fn faults(&self, test: &SignInTest, error: &CannotRun) -> Vec<Fault> {
        let (tests, place) = (&self.prepared.tests, self.prepared.place());
        let fault = |message: &str| tests.sign_in_fault(test.index, "", message);
        let mut faults = unknown_names(tests, place, (test.index, &test.situation));
        faults.extend(unknown_policies(tests, place, test));
        let open = says_too_little(&test.situation);
        faults.extend(open.iter().map(|error| fault(&error.to_string())));
        if faults.is_empty() {
            faults.push(fault(&error.to_string()));
        }
        faults
    }

    fn tenant_of(&self, test: &SignInTest) -> Result<TenantId, Unresolved> {
        if let Some(tenant) = self.prepared.tenant {
            return Ok(tenant);
        }
        let tenant = self.prepared.directory.tenant_of(&test.situation)?;
        Ok(tenant.id())
    }

    fn choose(&mut self, tenant: TenantId, only: &[String]) -> &Directory {
        let is_chosen = self
            .chosen
            .as_ref()
            .is_some_and(|(whose, names, _)| *whose == tenant && names == only);
        if !is_chosen {
            let directory = self.prepared.only(tenant, only);
            self.chosen = Some((tenant, only.to_vec(), directory));
        }
        match &self.chosen {
            Some((.., directory)) => directory,
            None => &self.prepared.directory,
        }
    }
}

/// Why a sign-in gets no answer.
#[derive(Debug, thiserror::Error)]
enum CannotRun {
    #[error(transparent)]
    Unresolved(#[from] Unresolved),
    #[error("a policy that is named is not there")]
    NoSuchPolicy,
    #[error("the tenant is not there")]
    NoSuchTenant,
}

/// How an answer came about: what was said before the policies, then each policy, those that apply first.
fn trace(answer: &Answer) -> Vec<String> {
    let gates = answer
        .gates
        .iter()
        .map(|gate| format!("{}: {}", gate.tenant_name, gate.said));
    let mut policies: Vec<_> = answer.policies.iter().collect();
    policies.sort_by_key(|policy| crate::compare::is_out_of_scope(policy));
    let policies = policies.into_iter().map(|policy| {
        format!(
            "{}, {}: {}",
            policy.display_name,
            word(policy.result),
            policy.reason
        )
    });
    let supposed = answer
        .suppositions
        .iter()
        .map(|what| format!("supposed: {what}"));
    gates.chain(policies).chain(supposed).collect()
}
