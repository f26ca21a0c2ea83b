//! Counts what our engine takes from the allocator: `bench-policy-memory SEED SIGN-INS POLICIES…`, started by `bench-policy`.

use std::alloc::System;
use std::hint::black_box;
use std::sync::Arc;

use anyhow::{Context, Result};
use portcullis_bench_policy::memory::{Allocations, Memory};
use portcullis_bench_policy::ours;
use portcullis_bench_policy::world::World;
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::decide::decide;
use portcullis_policy::decision::Outcome;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let seed = arguments.next().context("no seed")?.parse()?;
    let sign_ins = arguments.next().context("no number of sign-ins")?.parse()?;
    let mut all = Vec::new();
    for policies in arguments {
        all.push(count(seed, policies.parse()?, sign_ins)?);
    }
    println!("{}", serde_json::to_string(&all)?);
    Ok(())
}

fn count(seed: u64, policies: usize, sign_ins: usize) -> Result<Memory> {
    let world = World::generate(seed, policies, sign_ins);
    let configuration = ours::configuration(&world)?;
    let region = Region::new(ALLOCATOR);
    let tenant = CompiledTenant::compile(&configuration);
    let change = region.change();
    let held = change.bytes_allocated.checked_sub(change.bytes_deallocated);
    let held = held.context("a compiled tenant that holds nothing")?;
    let facts: Vec<_> = world.sign_ins.iter().map(ours::sign_in).collect();
    let (mut granted, mut others) = (Vec::new(), Vec::new());
    for sign_in in &facts {
        let region = Region::new(ALLOCATOR);
        let decision = black_box(decide(&tenant, Arc::clone(sign_in)));
        let change = region.change();
        let counts = match decision.outcome {
            Outcome::Granted => &mut granted,
            Outcome::Open(_) | Outcome::Blocked(_) => &mut others,
        };
        counts.push((change.allocations + change.reallocations) as u64);
    }
    Ok(Memory {
        policies,
        held_bytes: held as u64,
        granted: sum_up(&granted),
        refused_or_open: sum_up(&others),
    })
}

fn sum_up(counts: &[u64]) -> Allocations {
    let mean = counts.iter().sum::<u64>() as f64 / counts.len().max(1) as f64;
    Allocations {
        decisions: counts.len() as u64,
        mean,
        most: counts.iter().copied().max().unwrap_or_default(),
    }
}
