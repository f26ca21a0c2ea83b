//! What our engine takes from the allocator: counted by a program of its own, since counting costs time.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

/// The program that counts, beside this one.
pub const PROGRAM: &str = "bench-policy-memory";

/// Of one compiled tenant.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Memory {
    pub policies: usize,
    /// What the compiled tenant holds.
    pub held_bytes: u64,
    pub granted: Allocations,
    pub refused_or_open: Allocations,
}

/// Of all decisions with the same kind of outcome.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Allocations {
    pub decisions: u64,
    pub mean: f64,
    pub most: u64,
}

/// Asks the program that counts.
pub fn count(seed: u64, policies: &[usize], sign_ins: usize) -> Result<Vec<Memory>> {
    let here = std::env::current_exe().context("cannot tell where this program lies")?;
    let program: PathBuf = here.with_file_name(PROGRAM);
    let output = Command::new(&program)
        .arg(seed.to_string())
        .arg(sign_ins.to_string())
        .args(policies.iter().map(ToString::to_string))
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run `{}`; build all programs", program.display()))?;
    ensure!(output.status.success(), "`{PROGRAM}` failed");
    serde_json::from_slice(&output.stdout).context("`bench-policy-memory` said something odd")
}
