//! The one binary `portcullis`: reads the command line, plugs the house together, and says what went wrong.
//!
//! Exit codes: 0 done, 1 it failed (the reason is on standard error), 2 the command line was wrong; `test`, `gaps`, `check`, `diff`,
//! `lint`, `map` and `replay` have their own.

mod analyse;
mod command;
mod completions;
mod countries;
mod demo;
mod dev_authority;
mod explain;
mod export;
mod import;
mod installation;
mod keys;
mod output;
mod policy_tests;
mod replay;
mod serve;
mod sessions;
mod sign_ins;
mod templates;
mod tenant;
mod whatif;

use std::process::ExitCode;

use clap::Parser as _;

use crate::command::{Command, CommandLine};

fn main() -> ExitCode {
    let command_line = CommandLine::parse();
    // Two TLS stacks in one process cannot choose between themselves; this one is ours, before anybody asks.
    if rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .is_err()
    {
        output::failure(&anyhow::anyhow!("another TLS provider was installed first"));
        return ExitCode::FAILURE;
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::failure(&anyhow::Error::new(error).context("cannot start worker threads"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(command_line)) {
        Ok(code) => code,
        Err(error) => {
            output::failure(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(command_line: CommandLine) -> anyhow::Result<ExitCode> {
    let log = command_line.log;
    match command_line.command {
        Command::Demo(options) => {
            output::start_log(log.unwrap_or(output::LogFormat::Text), "warn");
            demo::run(options).await
        }
        Command::Serve(options) => {
            output::start_log(log.unwrap_or(output::LogFormat::Json), "info");
            serve::run(options).await
        }
        Command::Import(options) => return import::run(options).await,
        Command::Export(options) => export::run(options).await,
        Command::Signins(options) => sign_ins::run(options).await,
        Command::Sessions(options) => sessions::run(options).await,
        Command::Keys(options) => keys::run(options).await,
        Command::Whatif(options) => whatif::run(*options).await,
        Command::Explain(options) => explain::run(*options).await,
        Command::Templates(options) => templates::run(options),
        Command::Completions(options) => {
            completions::run(&options);
            Ok(())
        }
        Command::Gaps(options) => return Ok(analyse::gaps(&options).await),
        Command::Check(options) => return Ok(analyse::check(&options).await),
        Command::Diff(options) => return Ok(analyse::diff(&options).await),
        Command::Lint(options) => return Ok(analyse::lint(&options).await),
        Command::Map(options) => return Ok(analyse::map(&options).await),
        Command::Test(options) => return Ok(policy_tests::run(&options)),
        Command::Replay(options) => return Ok(replay::run(*options).await),
    }?;
    Ok(ExitCode::SUCCESS)
}
