//! `portcullis map`: who is asked for what, where, as one page that can be handed to somebody, or as data.

mod data;
mod picture;
mod view;

use std::path::Path;

use anyhow::Context as _;
use askama::Template as _;
use indicatif::{ProgressBar, ProgressStyle};
use portcullis_analysis::analysis::Analysis;
use portcullis_analysis::lint::{Administrators, Severity};
use portcullis_analysis::map::{Level, Map};
use portcullis_analysis::told::Names;
use portcullis_model::Timestamp;

use super::options::MapOptions;
use super::{Opened, Told, print};
use crate::output::{self, OutputFormat};

pub(super) async fn run(options: &MapOptions) -> anyhow::Result<Told> {
    anyhow::ensure!(
        options.html.is_some() || options.of.output == OutputFormat::Json,
        "say with --html where the page is written, or ask for data with --output json"
    );
    let opened = Opened::open(&options.of).await?;
    let tenant = opened.tenant()?;
    let administrators = Administrators::default();
    // A tenant without policies has a map too: it says that nothing is demanded of anybody.
    let mut analysis = Analysis::new(
        &opened.directory,
        tenant,
        options.of.counted(),
        &administrators.interest(),
    );
    let bar = bar();
    let map = analysis.map(&administrators, &mut |done, total| {
        bar.set_length(u64::try_from(total).unwrap_or(u64::MAX));
        bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
    });
    bar.finish_and_clear();
    let map = map?;
    let names = Names::new(tenant).with(&opened.directory);
    if let Some(path) = &options.html {
        let made = view::Made {
            at: Timestamp::now(),
            counted: options.of.counted(),
        };
        let page = view::report(&map, &analysis, &names, &made);
        write(path, &page.render().context("cannot make the page")?)?;
    }
    match options.of.output {
        OutputFormat::Json => output::json(&data::json(&map, &analysis, &names))?,
        OutputFormat::Text => {
            print::unknown(analysis.unknown());
            tell(&map, options.html.as_deref());
        }
    }
    Ok(Told::Nothing)
}

/// How far the cells are, on terminals only.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} cells") {
        bar.set_style(style);
    }
    bar
}

fn write(path: &Path, page: &str) -> anyhow::Result<()> {
    std::fs::write(path, page).with_context(|| format!("cannot write `{}`", path.display()))
}

fn tell(map: &Map, path: Option<&Path>) {
    let cells: usize = map.totals().iter().map(|(_, count)| count).sum();
    let open = map.totals().into_iter().filter(|(level, _)| {
        matches!(
            level,
            Level::SometimesNothing | Level::Nothing | Level::Unknown
        )
    });
    let open: usize = open.map(|(_, count)| count).sum();
    let errors = map.findings.iter();
    let errors = errors.filter(|one| one.rule.severity() == Severity::Error);
    output::line(format_args!(
        "{cells} cells, {open} of them with a sign-in of which nothing is demanded; {} findings, {} of them errors",
        map.findings.len(),
        errors.count()
    ));
    if let Some(path) = path {
        output::line(format_args!("written: {}", path.display()));
    }
}
