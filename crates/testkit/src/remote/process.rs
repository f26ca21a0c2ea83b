//! The server as a process of its own: a world imported into a folder, served on a free port, killed when dropped.

use std::path::Path;
use std::process::Stdio;

use anyhow::Context as _;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use url::Url;

/// A running server; killed when dropped.
pub struct RemoteServer {
    /// Where it is.
    pub url: Url,
    child: Child,
}

impl RemoteServer {
    /// Imports a world into a data folder.
    pub async fn import(binary: &Path, world: &Path, data: &Path) -> anyhow::Result<()> {
        let import = Command::new(binary)
            .arg("import")
            .arg(world)
            .arg("--data")
            .arg(data)
            .stdout(Stdio::null())
            .status()
            .await
            .with_context(|| format!("cannot run `{}`: build it first", binary.display()))?;
        anyhow::ensure!(import.success(), "the world was refused");
        Ok(())
    }

    /// Serves a data folder on a free port; `public_url`, if given, stays what issuers begin with.
    pub async fn serve(
        binary: &Path,
        data: &Path,
        public_url: Option<&Url>,
    ) -> anyhow::Result<Self> {
        let port = public_url.and_then(Url::port).unwrap_or(0).to_string();
        let mut child = Command::new(binary)
            .args(["serve", "--output", "json", "--log", "json", "--port"])
            .arg(port)
            .arg("--data")
            .arg(data)
            // Whoever measures or kills it is a flood on one tenant.
            .args(["--tenant-requests-per-second", "1000000"])
            .env("RUST_LOG", "warn,sqlx=error")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().context("the server has no output")?;
        let line = BufReader::new(stdout).lines().next_line().await?;
        let line = line.context("the server ended before it said where it is")?;
        let said: serde_json::Value = serde_json::from_str(&line)?;
        let url = said.get("publicUrl").and_then(serde_json::Value::as_str);
        let url = Url::parse(url.context("the server did not say its URL")?)?;
        Ok(Self { url, child })
    }

    /// Its process id.
    pub fn pid(&self) -> anyhow::Result<u32> {
        self.child.id().context("the server has ended")
    }

    /// Ends it as a crash does (SIGKILL): nothing is finished, nothing is told.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await?;
        Ok(())
    }
}
