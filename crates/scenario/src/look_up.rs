//! Looks up every name that a sign-in has, and tells each that stands for nothing where it is written.

use portcullis_model::id::TenantId;
use portcullis_whatif::directory::{Directory, DirectoryTenant, known_names};
use portcullis_whatif::situation::Situation;
use portcullis_whatif::unresolved::{UnresolvedMember, unresolved, unresolved_everywhere};

use crate::fault::Fault;
use crate::file::{PolicyTests, SignInTest};
use crate::names::names_policy;

/// Where names are looked up: every tenant there is, and the one whose policies decide, where the file says which.
pub(crate) type Place<'p> = (&'p Directory, Option<TenantId>);

/// The names of one sign-in that stand for nothing.
pub(crate) fn unknown_names(
    tests: &PolicyTests,
    place: Place<'_>,
    (index, situation): (usize, &Situation),
) -> Vec<Fault> {
    let (directory, _) = place;
    let unknown = match tenant_of(place, situation) {
        Some(tenant) => unresolved(directory, tenant, situation),
        None => unresolved_everywhere(directory, situation),
    };
    let fault = |UnresolvedMember { member, error }| {
        tests.sign_in_fault(index, &member, &error.to_string())
    };
    unknown.into_iter().map(fault).collect()
}

/// The policies that a sign-in names, to look at no others or in what is expected of it, and that are not there. A name that nothing
/// has could never be met, or would be told as a difference where a letter is wrong.
pub(crate) fn unknown_policies(
    tests: &PolicyTests,
    place: Place<'_>,
    test: &SignInTest,
) -> Vec<Fault> {
    let Some(tenant) = tenant_of(place, &test.situation) else {
        return Vec::new();
    };
    let policies = &tenant.configuration().conditional_access_policies;
    let is_there = |name: &str| {
        let mut policies = policies.iter();
        policies.any(|policy| names_policy(name, policy.id, &policy.display_name))
    };
    let fault = |(member, name): (String, &String)| {
        let known = policies.iter().map(|one| one.display_name.as_str());
        let message = format!("there is no policy `{name}`; {}", known_names(name, known));
        tests.sign_in_fault(test.index, &member, &message)
    };
    let named = policies_named(test);
    let unknown = named.into_iter().filter(|(_, name)| !is_there(name));
    unknown.map(fault).collect()
}

/// Each policy that a sign-in names, and the member that does.
fn policies_named(test: &SignInTest) -> Vec<(String, &String)> {
    let only = test.only_policies.iter().flatten().enumerate();
    let only = only.map(|(position, name)| (format!("onlyPolicies[{position}]"), name));
    let applied = test.expect.applied.iter().flat_map(|many| &many.0);
    let applied = applied.enumerate();
    let applied = applied.map(|(position, name)| (format!("expect.applied[{position}]"), name));
    let results = test.expect.policies.keys();
    let results = results.map(|name| (format!("expect.policies.{name}"), name));
    only.chain(applied).chain(results).collect()
}

fn tenant_of<'p>(
    (directory, tenant): Place<'p>,
    situation: &Situation,
) -> Option<&'p DirectoryTenant> {
    match tenant {
        Some(tenant) => directory.tenant(tenant),
        None => directory.tenant_of(situation).ok(),
    }
}
