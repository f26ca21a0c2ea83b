//! Reads and runs one generated file of 2,000 sign-ins against 100 policies, and says how long it took: `cargo run --release -p
//! portcullis-scenario --example two_thousand`.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "an example measures and prints; the crate does neither"
)]

use std::time::Instant;

use portcullis_model::Timestamp;
use portcullis_scenario::fault::Fault;
use portcullis_scenario::prepare::{NothingBeside, prepare};
use portcullis_scenario::read::read;
use portcullis_scenario::run::{Runner, Verdict};
const PLATFORMS: [&str; 4] = ["windows", "linux", "iOS", "unknown"];

fn text() -> String {
    let policies = (0..100).map(|number| {
        let platform = PLATFORMS.get(number % 3).copied().unwrap_or_default();
        format!(
            "  - displayName: policy {number}
    state: enabled
    conditions:
      users: {{ includeUsers: [All], excludeGroups: [00000000-0000-4000-8000-{number:012}] }}
      applications: {{ includeApplications: [00000000-0000-4000-9000-{app:012}] }}
      platforms: {{ includePlatforms: [{platform}] }}
    grantControls: {{ operator: OR, builtInControls: [mfa, compliantDevice] }}
",
            app = number % 10,
        )
    });
    let sign_ins = (0..2000).map(|number| {
        let platform = PLATFORMS.get(number % 4).copied().unwrap_or_default();
        format!(
            "  - name: sign-in {number}
    user: {{ type: member, groups: [00000000-0000-4000-8000-{group:012}] }}
    app: 00000000-0000-4000-9000-{app:012}
    platform: {platform}
    ip: 192.0.2.{host}
    expect: {{ policies: {{ policy 90: {expected} }} }}
",
            group = number % 100,
            app = number % 20,
            host = number % 256,
            expected = if number % 20 == 0 {
                "failure"
            } else {
                "notApplied"
            },
        )
    });
    let groups = (0..100).map(|number| {
        format!("  - {{ id: 00000000-0000-4000-8000-{number:012}, displayName: group {number}, members: [] }}\n")
    });
    let applications = (0..10).map(|number| {
        format!("  - {{ id: 00000000-0000-4000-a000-{number:012}, appId: 00000000-0000-4000-9000-{number:012}, displayName: app {number} }}\n")
    });
    let list = |name: &str, rows: String| format!("{name}:\n{rows}");
    [
        "name: two thousand\n".to_owned(),
        list("groups", groups.collect()),
        list("servicePrincipals", applications.clone().collect()),
        list("conditionalAccessPolicies", policies.collect()),
        list("signIns", sign_ins.collect()),
    ]
    .concat()
}

fn main() -> Result<(), String> {
    let told = |faults: Vec<Fault>| faults.first().map_or_else(String::new, ToString::to_string);
    let text = text();
    let began = Instant::now();
    let tests = read("generated", text.as_bytes()).map_err(told)?;
    let was_read = began.elapsed();
    let prepared = prepare(tests, &NothingBeside).map_err(told)?;
    let was_prepared = began.elapsed();
    let mut runner = Runner::new(&prepared, Timestamp::UNIX_EPOCH);
    let (mut passed, mut failed) = (0_u32, 0_u32);
    for test in &prepared.tests.sign_ins {
        match runner.run(test).verdict {
            Verdict::Passed => passed = passed.saturating_add(1),
            Verdict::Failed { .. } => failed = failed.saturating_add(1),
            Verdict::Faulty { faults } => return Err(told(faults)),
        }
    }
    println!(
        "{passed} passed, {failed} failed; read after {was_read:?}, prepared after {was_prepared:?}, run after {:?}",
        began.elapsed()
    );
    Ok(())
}
