//! From a file's bytes to tests that can be run, or to everything that is wrong with the file: nobody mends it twice.

#[cfg(test)]
mod tests;

use portcullis_model::Timestamp;

use crate::fault::Fault;
use crate::file::PolicyTests;
use crate::look_up::unknown_names;
use crate::prepare::{Found, Prepared, Surroundings, find};
use crate::read::read_as_far_as_it_goes;
use crate::run::{Runner, Verdict};

/// Reads `file`, finds what it is about, and, where something is wrong with either, looks up what its sign-ins name as well.
pub fn load(
    file: &str,
    bytes: &[u8],
    surroundings: &dyn Surroundings,
) -> Result<Prepared, Vec<Fault>> {
    let (tests, mut faults) = read_as_far_as_it_goes(file, bytes)?;
    let is_whole = faults.is_empty();
    let Found {
        place,
        faults: of_world,
    } = find(&tests, surroundings);
    let is_found = of_world.is_empty();
    faults.extend(of_world);
    let Some((directory, tenant)) = place else {
        return Err(in_order(faults));
    };
    let prepared = Prepared {
        tests,
        directory,
        tenant,
    };
    if is_whole && is_found {
        return Ok(prepared);
    }
    if is_found {
        faults.extend(of_sign_ins(&prepared));
    } else {
        faults.extend(of_names(&prepared));
    }
    Err(in_order(faults))
}

/// Whatever keeps a sign-in from being run.
fn of_sign_ins(prepared: &Prepared) -> Vec<Fault> {
    let mut runner = Runner::new(prepared, Timestamp::UNIX_EPOCH);
    let mut faults = names_of_broken(prepared);
    for test in &prepared.tests.sign_ins {
        match runner.run(test).verdict {
            Verdict::Faulty { faults: more } => faults.extend(more),
            Verdict::Passed | Verdict::Failed { .. } => {}
        }
    }
    faults
}

/// The names that stand for nothing: where the policies cannot be read, this is all that can be said.
fn of_names(prepared: &Prepared) -> Vec<Fault> {
    let mut faults = names_of_broken(prepared);
    for test in &prepared.tests.sign_ins {
        let sign_in = (test.index, &test.situation);
        faults.extend(unknown_names(&prepared.tests, prepared.place(), sign_in));
    }
    faults
}

fn names_of_broken(prepared: &Prepared) -> Vec<Fault> {
    let PolicyTests { broken, .. } = &prepared.tests;
    let names = broken.iter().flat_map(|one| {
        let sign_in = (one.index, &one.situation);
        unknown_names(&prepared.tests, prepared.place(), sign_in)
    });
    names.collect()
}

/// As somebody meets them who reads the file; what is wrong with the defaults is wrong once.
fn in_order(mut faults: Vec<Fault>) -> Vec<Fault> {
    faults.sort_by(|one, other| {
        let key = |fault: &Fault| (fault.position, fault.message.clone());
        key(one).cmp(&key(other))
    });
    faults.dedup();
    faults
}
