//! `portcullis replay`: decides past sign-ins again under other policies.
//!
//! Exit codes: 0 nothing would differ, 1 something would or nobody can say, 2 something could not be read.

mod compared;
mod input;
mod print;
mod workers;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use portcullis_analysis::replay::report::report;
use portcullis_analysis::replay::tally::Tally;
use portcullis_analysis::replay::{Category, OwnLog, Replayer};

use crate::command::{DataOptions, ReplayOptions};
use crate::installation::Installation;
use crate::output::{self, OutputFormat};
use compared::Compared;
use input::Ended;
use workers::Workers;

pub(crate) async fn run(options: ReplayOptions) -> ExitCode {
    replay(options).await.unwrap_or_else(|error| {
        output::failure(&error);
        ExitCode::from(2)
    })
}

async fn replay(options: ReplayOptions) -> anyhow::Result<ExitCode> {
    // Told before a world is read: the log is what this is about.
    let own = match &options.signins {
        Some(_) => None,
        None => Some(installation(&options).context(
            "name the log with `--signins FILE`, or `-` for standard input; only an installation has a log of its own",
        )?),
    };
    let compared = Compared::open(&options).await?;
    let own_log = if own.is_some() {
        OwnLog::Yes
    } else {
        OwnLog::EachRowTells
    };
    let replayer = Arc::new(Replayer::new(
        &compared.before,
        &compared.after,
        compared.identity,
        own_log,
    ));
    let workers = Workers::start(&replayer, options.examples);
    let (workers, ended) = match (&options.signins, own) {
        (Some(path), _) => input::read(path, workers)?,
        (None, Some(data)) => input::read_own(&data, compared.before.id(), workers).await?,
        (None, None) => anyhow::bail!("there is no log"),
    };
    let tally = workers.finish()?;
    anyhow::ensure!(
        tally.seen() > 0,
        "the log holds no sign-in: nothing was decided, and that nothing would differ is not shown"
    );
    if ended == Ended::WithMorePages {
        output::warning(
            "the log is one page of a longer list: follow its `@odata.nextLink` and give all pages, one after another",
        );
    }
    match options.output {
        OutputFormat::Json => output::json(&report(&replayer, &tally))?,
        OutputFormat::Text => print::print(&compared, &replayer, &tally),
    }
    Ok(ExitCode::from(exit_code(&tally)))
}

/// The installation whose log is replayed, where none is given.
fn installation(options: &ReplayOptions) -> Option<DataOptions> {
    let data = match &options.world {
        None => options.data.clone(),
        Some(path) => DataOptions {
            data: path.clone(),
            master_key_file: options.data.master_key_file.clone(),
        },
    };
    Installation::exists(&data).then_some(data)
}

/// What nobody can say is no "nothing".
fn exit_code(tally: &Tally) -> u8 {
    if tally.unreadable > 0 {
        return 2;
    }
    let same = tally.sign_ins_of(Category::Unchanged);
    u8::from(tally.decided.sign_ins != same)
}
