//! The server as a process of its own: started on a fresh database, its CPU time and memory read from the kernel.

use std::path::Path;
use std::process::Stdio;

use anyhow::Context as _;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use url::Url;

use crate::world;

/// Ticks of `utime` and `stime` in /proc: 100 a second on every Linux that matters (`getconf CLK_TCK`).
const TICKS_PER_SECOND: f64 = 100.0;

/// A running server; killed when dropped.
pub(crate) struct Server {
    pub(crate) url: Url,
    child: Child,
    _folder: TempDir,
}

impl Server {
    /// Imports the benchmark's world into a fresh data folder and serves it on a free port.
    pub(crate) async fn start(binary: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let (world, data) = (folder.path().join("world"), folder.path().join("data"));
        world::write(&world)?;
        let import = Command::new(binary)
            .arg("import")
            .arg(&world)
            .arg("--data")
            .arg(&data)
            .stdout(Stdio::null())
            .status()
            .await
            .with_context(|| {
                format!(
                    "cannot run `{}`: build it with cargo build --release",
                    binary.display()
                )
            })?;
        anyhow::ensure!(import.success(), "the benchmark's world was refused");
        let mut child = Command::new(binary)
            .args(["serve", "--port", "0", "--output", "json", "--log", "json"])
            .arg("--data")
            .arg(&data)
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().context("the server has no output")?;
        let line = BufReader::new(stdout).lines().next_line().await?;
        let line = line.context("the server ended before it said where it is")?;
        let said: serde_json::Value = serde_json::from_str(&line)?;
        let url = said.get("publicUrl").and_then(serde_json::Value::as_str);
        let url = Url::parse(url.context("the server did not say its URL")?)?;
        Ok(Self {
            url,
            child,
            _folder: folder,
        })
    }

    /// CPU time the server has used so far, user and system.
    pub(crate) fn cpu_seconds(&self) -> anyhow::Result<f64> {
        cpu_seconds_of(&self.pid()?)
    }

    /// Resident memory now.
    pub(crate) fn memory_mib(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line
            .and_then(|line| line.split_whitespace().next())
            .context("no VmRSS")?;
        Ok(kib.parse::<f64>()? / 1024.0)
    }

    fn pid(&self) -> anyhow::Result<String> {
        Ok(self.child.id().context("the server has ended")?.to_string())
    }
}

/// CPU time of a process: `self` or a number.
pub(crate) fn cpu_seconds_of(pid: &str) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // proc(5): the name may hold spaces and stands in brackets; utime and stime are the 12th and 13th after it.
    let (_, rest) = stat
        .rsplit_once(')')
        .context("an unexpected /proc/…/stat")?;
    let mut fields = rest.split_whitespace().skip(11);
    let mut ticks = 0.0;
    for _ in 0..2 {
        ticks += fields
            .next()
            .context("a short /proc/…/stat")?
            .parse::<f64>()?;
    }
    Ok(ticks / TICKS_PER_SECOND)
}
