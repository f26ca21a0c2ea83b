//! Rows on their way to a worker: many at once, in one piece of memory.

use super::Replayer;
use super::row::NoRow;
use super::split::{RowPlace, RowSink};
use super::tally::Tally;

/// A batch is worth handing on from this size.
pub const BATCH_BYTES: usize = 256 * 1024;

/// Some rows of a log, with their places.
#[derive(Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    /// Each row's place and where it ends.
    ends: Vec<(RowPlace, usize)>,
    no_rows: Vec<(RowPlace, NoRow)>,
}

impl Batch {
    /// An empty one with room.
    pub fn with_room() -> Self {
        Self {
            bytes: Vec::with_capacity(BATCH_BYTES + BATCH_BYTES / 4),
            ..Self::default()
        }
    }

    /// Whether it is worth handing on.
    pub fn is_full(&self) -> bool {
        self.bytes.len() >= BATCH_BYTES || self.no_rows.len() >= BATCH_BYTES / 1024
    }

    /// How many rows are in it, or should have been rows.
    pub fn len(&self) -> usize {
        self.ends.len() + self.no_rows.len()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Decides every row and counts what becomes of it.
    pub fn decide(self, replayer: &Replayer, tally: &mut Tally) {
        let mut begin = 0;
        for (at, end) in self.ends {
            let row = self.bytes.get(begin..end).unwrap_or_default();
            tally.take(replayer, at, row);
            begin = end;
        }
        for (at, why) in self.no_rows {
            tally.take_no_row(at, why);
        }
    }
}

impl RowSink for Batch {
    fn row(&mut self, at: RowPlace, json: &[u8]) {
        self.bytes.extend_from_slice(json);
        self.ends.push((at, self.bytes.len()));
    }

    fn no_row(&mut self, at: RowPlace, why: NoRow) {
        self.no_rows.push((at, why));
    }
}
