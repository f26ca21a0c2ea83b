//! What was measured, for people as tables and for programs as JSON.

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use crate::memory::Memory;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub seed: u64,
    pub sign_ins: usize,
    pub worlds: Vec<Measured>,
    pub memory: Vec<Memory>,
}

/// One world.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    pub policies: usize,
    /// How many policies apply to a sign-in, on average.
    pub policies_that_apply: f64,
    pub granted: usize,
    pub open: usize,
    pub blocked: usize,
    pub engines: Vec<Engine>,
}

/// One engine in one world.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Engine {
    pub name: &'static str,
    /// Sign-ins whose answer was compared with the naive one, all of them equal.
    pub checked: usize,
    /// Median nanoseconds of a decision.
    pub nanoseconds: f64,
    /// Milliseconds to read or compile the policies.
    pub set_up_milliseconds: f64,
}

impl Measured {
    fn of(&self, name: &str) -> Option<f64> {
        let engine = self.engines.iter().find(|engine| engine.name == name);
        engine.map(|engine| engine.nanoseconds)
    }
}

impl Report {
    /// The tables.
    pub fn text(&self, naive: &str, bitmaps: &str) -> String {
        let mut text = String::new();
        for world in &self.worlds {
            text += &format!(
                "\n{} policies, {} sign-ins: {:.1} policies apply on average; {} granted, {} open, {} blocked\n",
                world.policies,
                self.sign_ins,
                world.policies_that_apply,
                world.granted,
                world.open,
                world.blocked
            );
            let mut table = table(&[
                "engine",
                "one decision",
                "of the naive loop",
                "of bare bitmaps",
                "set-up",
                "answers checked",
            ]);
            for engine in &world.engines {
                let ratio = |name: &str| {
                    world.of(name).map_or_else(String::new, |other| {
                        let ratio = engine.nanoseconds / other;
                        if ratio < 10.0 {
                            format!("{ratio:.2}")
                        } else {
                            format!("{ratio:.0}")
                        }
                    })
                };
                table.add_row([
                    engine.name.to_owned(),
                    time(engine.nanoseconds),
                    ratio(naive),
                    ratio(bitmaps),
                    format!("{:.1} ms", engine.set_up_milliseconds),
                    engine.checked.to_string(),
                ]);
            }
            text += &format!("{table}\n");
        }
        let mut table = table(&[
            "policies",
            "a compiled tenant holds",
            "allocations of a granted decision",
            "of any other",
        ]);
        for memory in &self.memory {
            let one = |counts: &crate::memory::Allocations| {
                format!("{:.2} (at most {})", counts.mean, counts.most)
            };
            table.add_row([
                memory.policies.to_string(),
                format!("{:.0} KiB", memory.held_bytes as f64 / 1024.0),
                one(&memory.granted),
                one(&memory.refused_or_open),
            ]);
        }
        text + &format!("\nPortcullis, memory\n{table}\n")
    }
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(header.iter().copied());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn time(nanoseconds: f64) -> String {
    let microseconds = nanoseconds / 1e3;
    match microseconds {
        _ if microseconds < 10.0 => format!("{microseconds:.2} µs"),
        _ if microseconds < 100.0 => format!("{microseconds:.1} µs"),
        _ => format!("{microseconds:.0} µs"),
    }
}
