//! Threads that decide rows: batches go in, one tally comes out.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use portcullis_analysis::replay::Replayer;
use portcullis_analysis::replay::batch::Batch;
use portcullis_analysis::replay::tally::Tally;

/// Batches that may wait for a worker, for each: enough that none idles, few enough that memory stays flat.
const WAITING_BATCHES: usize = 2;

/// The workers of one replay.
pub(super) struct Workers {
    batches: SyncSender<Batch>,
    handles: Vec<JoinHandle<Tally>>,
    examples_max: usize,
}

impl Workers {
    /// One for each processor.
    pub(super) fn start(replayer: &Arc<Replayer>, examples_max: usize) -> Self {
        let count = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let (batches, receiver) = sync_channel(count * WAITING_BATCHES);
        let receiver = Arc::new(Mutex::new(receiver));
        let handles = (0..count).map(|_| {
            let (replayer, receiver) = (Arc::clone(replayer), Arc::clone(&receiver));
            std::thread::spawn(move || work(&replayer, &receiver, examples_max))
        });
        Self {
            batches,
            handles: handles.collect(),
            examples_max,
        }
    }

    /// Hands rows to whoever is free; waits while nobody is.
    pub(super) fn send(&self, batch: Batch) -> anyhow::Result<()> {
        let sent = self.batches.send(batch);
        sent.map_err(|_| anyhow::anyhow!("the workers stopped"))
    }

    /// What all of them found.
    pub(super) fn finish(self) -> anyhow::Result<Tally> {
        drop(self.batches);
        let mut whole = Tally::new(self.examples_max);
        for handle in self.handles {
            let tally = handle.join();
            whole.merge(tally.map_err(|_| anyhow::anyhow!("a worker failed"))?);
        }
        Ok(whole)
    }
}

fn work(replayer: &Replayer, batches: &Mutex<Receiver<Batch>>, examples_max: usize) -> Tally {
    let mut tally = Tally::new(examples_max);
    let next = || batches.lock().ok().and_then(|batches| batches.recv().ok());
    while let Some(batch) = next() {
        batch.decide(replayer, &mut tally);
    }
    tally
}
