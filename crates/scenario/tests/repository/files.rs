//! Runs every policy test of the repository: they are the tables of the specification, and what people read first.

#![expect(
    clippy::disallowed_methods,
    reason = "the tests read the files of the repository; the crate reads none"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portcullis_model::Timestamp;
use portcullis_scenario::prepare::{Base, Surroundings, prepare};
use portcullis_scenario::read::read;
use portcullis_scenario::run::{Runner, Verdict};
use portcullis_whatif::directory::DirectoryTenant;
use portcullis_world::files::Files;

struct Folder(PathBuf);

impl Surroundings for Folder {
    fn world(&self, _: &str, path: &str) -> Result<Base, String> {
        let files = Files::read(&self.0.join(path)).map_err(|error| error.to_string())?;
        Ok(Base::World(Arc::new(files)))
    }

    fn with_policies(
        &self,
        _: &DirectoryTenant,
        _: &str,
        _: &str,
    ) -> Result<DirectoryTenant, String> {
        Err("the files of the repository hold their policies".to_owned())
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/policy-tests")
}

#[test]
fn every_policy_test_of_the_repository_passes() {
    let folder = Folder(folder());
    let mut files: Vec<PathBuf> = fs::read_dir(&folder.0)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".test.yaml"))
        .collect();
    files.sort();
    let (mut sign_ins, mut wrong) = (0, Vec::new());
    for path in &files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let tests = read(&name, &fs::read(path).unwrap());
        let prepared = match tests.and_then(|tests| prepare(tests, &folder)) {
            Ok(prepared) => prepared,
            Err(faults) => {
                wrong.extend(faults.iter().map(ToString::to_string));
                continue;
            }
        };
        let mut runner = Runner::new(&prepared, Timestamp::from_second(1_800_000_000).unwrap());
        for test in &prepared.tests.sign_ins {
            sign_ins += 1;
            let result = runner.run(test);
            let line = result.position.line;
            match result.verdict {
                Verdict::Passed => {}
                Verdict::Failed { differences, trace } => {
                    wrong.push(format!("{name}:{line}: {}", result.name));
                    wrong.extend(differences.iter().map(|one| format!("    {one:?}")));
                    wrong.extend(trace.iter().map(|line| format!("        {line}")));
                }
                Verdict::Faulty { faults } => wrong.extend(faults.iter().map(ToString::to_string)),
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "of {sign_ins} sign-ins:\n{}",
        wrong.join("\n")
    );
    let files = files.len();
    assert!(
        files >= 20 && sign_ins >= 200,
        "{files} files, {sign_ins} sign-ins: some went missing"
    );
}
