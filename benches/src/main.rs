//! `cargo xtask bench signin`: flows per second and server CPU per flow, beside a bare signature and a bare durable commit.
//!
//! The server is the release binary, a process of its own on loopback with a fresh database; its CPU time is read from
//! the kernel before and after each flow. What a flow cannot do without (one signature, one durable commit) is measured
//! in the same run on the same machine, so that the ratios mean something where the figures do not.

mod alone;
mod client;
mod process;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Parser;
use comfy_table::{CellAlignment, Table, presets};
use portcullis_testkit::remote::world::Algorithm;
use serde::Serialize;
use tokio::sync::Barrier;

use crate::client::{Flow, Visitor};
use crate::process::Server;

#[derive(Parser)]
struct Options {
    /// The release binary.
    #[arg(long, default_value = "target/release/portcullis")]
    binary: PathBuf,
    /// Seconds per flow and algorithm.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Browsers or daemons at a time.
    #[arg(long, default_value_t = 16)]
    concurrency: usize,
    /// One JSON document instead of a table.
    #[arg(long)]
    json: bool,
}

/// What was measured of one flow.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Measured {
    flow: String,
    algorithm: String,
    flows: u64,
    errors: u64,
    flows_per_second: f64,
    server_cpu_ms_per_flow: f64,
    /// Server CPU of the flow over the CPU of one signature plus one durable commit.
    ratio_to_signature_plus_commit: f64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    alone: Vec<alone::Alone>,
    flows: Vec<Measured>,
    idle_memory_mib: f64,
    memory_after_mib: f64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let alone = alone::measure(Duration::from_secs(options.seconds), options.concurrency).await?;
    let server = Server::start(&options.binary).await?;
    let idle_memory_mib = server.memory_mib()?;
    let mut flows = Vec::new();
    for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
        let cost = alone::cpu_ms(&alone, algorithm);
        for flow in Flow::ALL {
            eprintln!("{} with {} …", flow.title(), algorithm.name());
            flows.push(measure(&server, flow, algorithm, &options, cost).await?);
        }
    }
    let memory_after_mib = server.memory_mib()?;
    let report = Report {
        alone,
        flows,
        idle_memory_mib,
        memory_after_mib,
    };
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print(&report);
    }
    Ok(())
}

async fn measure(
    server: &Server,
    flow: Flow,
    algorithm: Algorithm,
    options: &Options,
    cost: f64,
) -> anyhow::Result<Measured> {
    let start = Arc::new(Barrier::new(options.concurrency + 1));
    let mut visitors = tokio::task::JoinSet::new();
    for number in 0..options.concurrency {
        let mut visitor = Visitor::new(&server.url, algorithm, number)?;
        let (start, seconds) = (Arc::clone(&start), options.seconds);
        visitors.spawn(async move {
            let prepared = visitor.prepare(flow).await;
            start.wait().await;
            prepared?;
            let (mut done, mut errors) = (0_u64, 0_u64);
            let until = Instant::now() + Duration::from_secs(seconds);
            while Instant::now() < until {
                match visitor.run(flow).await {
                    Ok(()) => done += 1,
                    Err(error) if errors == 0 => {
                        eprintln!("  a flow failed: {error:#}");
                        errors += 1;
                    }
                    Err(_) => errors += 1,
                }
            }
            anyhow::Ok((done, errors))
        });
    }
    start.wait().await;
    let (began, cpu_before) = (Instant::now(), server.cpu_seconds()?);
    let (mut flows, mut errors) = (0, 0);
    while let Some(visitor) = visitors.join_next().await {
        let (done, failed) =
            visitor?.with_context(|| format!("`{}` could not begin", flow.title()))?;
        flows += done;
        errors += failed;
    }
    let (took, cpu) = (
        began.elapsed().as_secs_f64(),
        server.cpu_seconds()? - cpu_before,
    );
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let count = flows.max(1) as f64;
    let cpu_ms = cpu * 1000.0 / count;
    Ok(Measured {
        flow: flow.title().to_owned(),
        algorithm: algorithm.name().to_owned(),
        flows,
        errors,
        flows_per_second: count / took,
        server_cpu_ms_per_flow: cpu_ms,
        ratio_to_signature_plus_commit: cpu_ms / cost,
    })
}

fn print(report: &Report) {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["alone", "per second", "CPU ms each"]);
    for alone in &report.alone {
        table.add_row([
            alone.what.clone(),
            format!("{:.0}", alone.per_second),
            format!("{:.3}", alone.cpu_ms),
        ]);
    }
    let mut flows = Table::new();
    flows.load_style(presets::NOTHING);
    flows.set_header([
        "flow",
        "signs",
        "per second",
        "server CPU ms each",
        "over signature + commit",
        "errors",
    ]);
    for flow in &report.flows {
        flows.add_row([
            flow.flow.clone(),
            flow.algorithm.clone(),
            format!("{:.0}", flow.flows_per_second),
            format!("{:.3}", flow.server_cpu_ms_per_flow),
            format!("{:.1}x", flow.ratio_to_signature_plus_commit),
            flow.errors.to_string(),
        ]);
    }
    for table in [&mut table, &mut flows] {
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    println!("{table}\n\n{flows}\n");
    println!(
        "server memory: {:.1} MiB idle, {:.1} MiB after the load",
        report.idle_memory_mib, report.memory_after_mib
    );
}
