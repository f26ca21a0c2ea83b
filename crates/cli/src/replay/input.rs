//! The log: a file or standard input as a stream, whatever its encoding; or an installation's own, page by page.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::Context as _;
use encoding_rs::{Decoder, UTF_8, UTF_16BE, UTF_16LE};
use indicatif::{ProgressBar, ProgressStyle};
use portcullis_analysis::replay::batch::Batch;
use portcullis_analysis::replay::split::{RowPlace, RowSink as _, RowSplitter};
use portcullis_model::id::TenantId;
use portcullis_model::store::{SignInQuery, Store as _};

use super::workers::Workers;
use crate::command::DataOptions;
use crate::installation::Installation;

/// How much is read at once.
const BLOCK_BYTES: usize = 128 * 1024;
/// Rows of our own log that are read at once.
const PAGE_ROWS: usize = 1000;

/// How a log ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// With its last row.
    Whole,
    /// It names a next page.
    WithMorePages,
}

/// Reads the file, or standard input where the path is `-`.
pub(super) fn read(path: &Path, workers: Workers) -> anyhow::Result<(Workers, Ended)> {
    let cannot = || format!("cannot read `{}`", path.display());
    let (input, length): (Box<dyn Read>, _) = if path == Path::new("-") {
        (Box::new(std::io::stdin().lock()), None)
    } else {
        let file = File::open(path).with_context(cannot)?;
        let about = file.metadata().with_context(cannot)?;
        anyhow::ensure!(
            !about.is_dir(),
            "`{}` is a folder: name a file, or join several and give `-`",
            path.display()
        );
        (Box::new(file), about.is_file().then_some(about.len()))
    };
    let progress = progress(length);
    let mut input = progress.wrap_read(input);
    let ended = stream(&mut input, &workers).with_context(cannot);
    progress.finish_and_clear();
    Ok((workers, ended?))
}

fn stream(input: &mut impl Read, workers: &Workers) -> anyhow::Result<Ended> {
    let mut block = vec![0; BLOCK_BYTES];
    let mut text = String::with_capacity(BLOCK_BYTES * 2);
    let mut encoding = Encoding::Unknown;
    let mut splitter = RowSplitter::default();
    let mut batch = Batch::with_room();
    loop {
        let length = fill(input, &mut block)?;
        let bytes = block.get(..length).unwrap_or_default();
        if let Encoding::Unknown = encoding {
            encoding = Encoding::of(bytes);
        }
        match &mut encoding {
            Encoding::Unknown | Encoding::Utf8 => splitter.feed(bytes, &mut batch),
            Encoding::Utf16(decoder) => {
                decode(decoder, bytes, length == 0, &mut text);
                splitter.feed(text.as_bytes(), &mut batch);
            }
        }
        if batch.is_full() {
            workers.send(std::mem::replace(&mut batch, Batch::with_room()))?;
        }
        if length == 0 {
            break;
        }
    }
    let ended = splitter.finish(&mut batch);
    workers.send(batch)?;
    Ok(if ended.has_more_pages {
        Ended::WithMorePages
    } else {
        Ended::Whole
    })
}

/// As much as there is, so that a pipe's small pieces make no small blocks; nothing at the end.
fn fill(input: &mut impl Read, block: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = block.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// How the text is encoded, known from its beginning.
enum Encoding {
    Unknown,
    Utf8,
    Utf16(Decoder),
}

impl Encoding {
    /// By the mark, or by where the first character has its zero.
    fn of(beginning: &[u8]) -> Self {
        match beginning {
            [0xff, 0xfe, ..] | [b'{' | b'[' | b' ' | b'\r' | b'\n', 0, ..] => {
                Self::Utf16(UTF_16LE.new_decoder_with_bom_removal())
            }
            [0xfe, 0xff, ..] | [0, b'{' | b'[' | b' ' | b'\r' | b'\n', ..] => {
                Self::Utf16(UTF_16BE.new_decoder_with_bom_removal())
            }
            _ => Self::Utf8,
        }
    }
}

fn decode(decoder: &mut Decoder, bytes: &[u8], is_last: bool, text: &mut String) {
    text.clear();
    let wanted = decoder.max_utf8_buffer_length(bytes.len());
    text.reserve(wanted.unwrap_or(bytes.len() * 3));
    let (_result, _read, _is_replaced) = decoder.decode_to_string(bytes, text, is_last);
    debug_assert_ne!(decoder.encoding(), UTF_8);
}

/// A bar where the length is known, else how much was read; on terminals only.
fn progress(length: Option<u64>) -> ProgressBar {
    let (bar, template) = match length {
        Some(length) => (
            ProgressBar::new(length),
            "Replaying {wide_bar} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left",
        ),
        None => (
            ProgressBar::new_spinner(),
            "Replaying {spinner} {bytes}, {bytes_per_sec}",
        ),
    };
    let style = ProgressStyle::with_template(template);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Reads the installation's own log, newest first.
pub(super) async fn read_own(
    data: &DataOptions,
    tenant: TenantId,
    workers: Workers,
) -> anyhow::Result<(Workers, Ended)> {
    let installation = Installation::open(data).await?;
    let store = installation.store.tenant(tenant);
    let progress = ProgressBar::new_spinner();
    let (mut skip, mut line) = (0, 0);
    // Whoever signs in meanwhile moves every page by a row.
    let mut last_page = HashSet::new();
    loop {
        let query = SignInQuery {
            top: PAGE_ROWS,
            skip,
            ..SignInQuery::default()
        };
        let rows = store
            .list_sign_ins(&query)
            .await
            .context("cannot read the sign-in log")?;
        let count = rows.len();
        let mut batch = Batch::with_room();
        let mut page = HashSet::with_capacity(count);
        for row in rows {
            if !last_page.contains(&row.id) {
                line += 1;
                batch.row(RowPlace::line(line), &serde_json::to_vec(&row)?);
            }
            page.insert(row.id);
        }
        progress.set_message(format!("Replaying {line} sign-ins"));
        progress.tick();
        workers.send(batch)?;
        if count < PAGE_ROWS {
            break;
        }
        skip += count;
        last_page = page;
    }
    progress.finish_and_clear();
    Ok((workers, Ended::Whole))
}
