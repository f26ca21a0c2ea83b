//! The server under load: on a fresh database, its CPU time and memory read from the kernel.

use std::path::Path;

use anyhow::Context as _;
use portcullis_testkit::remote::process::RemoteServer;
use portcullis_testkit::remote::world;
use tempfile::TempDir;
use url::Url;

/// Ticks of `utime` and `stime` in /proc: 100 a second on every Linux that matters (`getconf CLK_TCK`).
const TICKS_PER_SECOND: f64 = 100.0;

/// A running server; killed when dropped.
pub(crate) struct Server {
    pub(crate) url: Url,
    process: RemoteServer,
    _folder: TempDir,
}

impl Server {
    /// Imports the benchmark's world into a fresh data folder and serves it on a free port.
    pub(crate) async fn start(binary: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let (world, data) = (folder.path().join("world"), folder.path().join("data"));
        world::write(&world)?;
        RemoteServer::import(binary, &world, &data).await?;
        let process = RemoteServer::serve(binary, &data, None).await?;
        Ok(Self {
            url: process.url.clone(),
            process,
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
        Ok(self.process.pid()?.to_string())
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
