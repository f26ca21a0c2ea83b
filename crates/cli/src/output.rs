//! What goes to the terminal: results on standard output, everything else on standard error, colour only on terminals.

use std::io::Write as _;

use anyhow::Context as _;
use clap::ValueEnum;
use owo_colors::OwoColorize as _;
use tracing_subscriber::EnvFilter;

/// For people or for machines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON document on standard output.
    Json,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts the log on standard error; `RUST_LOG` overrides `level`.
pub(crate) fn start_log(format: LogFormat, level: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => {
            log.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
                .init();
        }
        LogFormat::Json => log.json().init(),
    }
}

/// Prints a line to standard output; a reader that has gone away is not an error of ours.
pub(crate) fn line(text: impl std::fmt::Display) {
    drop(writeln!(anstream::stdout(), "{text}"));
}

/// Prints a result as JSON.
pub(crate) fn json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    line(serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Writes a report for a build server, and the folder that it goes to.
pub(crate) fn report(path: &std::path::Path, text: &str) -> anyhow::Result<()> {
    let cannot = || format!("cannot write the report `{}`", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(cannot)?;
    }
    std::fs::write(path, text).with_context(cannot)
}

/// Says on standard error what the reader of a result should know.
pub(crate) fn warning(text: impl std::fmt::Display) {
    drop(writeln!(
        anstream::stderr(),
        "{} {text}",
        "note:".yellow().bold()
    ));
}

/// A line below a warning.
pub(crate) fn note(text: impl std::fmt::Display) {
    drop(writeln!(anstream::stderr(), "  {text}"));
}

/// Says what failed, with every cause on a line of its own.
pub(crate) fn failure(error: &anyhow::Error) {
    let mut out = anstream::stderr();
    drop(writeln!(out, "{} {error}", "error:".red().bold()));
    for cause in error.chain().skip(1) {
        drop(writeln!(out, "  {} {cause}", "because:".dimmed()));
    }
}
