//! What goes to the terminal: results on standard output, everything else on standard error, colour only on terminals.

use std::io::{IsTerminal as _, Write as _};

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
            log.with_ansi(std::io::stderr().is_terminal()).init();
        }
        LogFormat::Json => log.json().init(),
    }
}

/// Narrower than this nothing can be laid out.
const WIDTH_MIN: usize = 30;

/// How wide the reader's terminal is; nothing where no terminal reads and `COLUMNS` is not set.
pub(crate) fn width() -> Option<usize> {
    let terminal = std::io::stdout()
        .is_terminal()
        .then(terminal_size::terminal_size)
        .flatten()
        .map(|(width, _)| usize::from(width.0));
    let said = || std::env::var("COLUMNS").ok()?.parse().ok();
    let width: Option<usize> = terminal.or_else(said);
    width.map(|width| width.max(WIDTH_MIN))
}

/// Whether a character turns the order of those around it, so that a name could be read as another.
const fn turns_text(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// The text with such characters spelled out. Other control characters are in no name that was read.
fn visible(text: &str, spell: impl Fn(char) -> String) -> String {
    let mut visible = String::with_capacity(text.len());
    for character in text.chars() {
        if turns_text(character) {
            visible.push_str(&spell(character));
        } else {
            visible.push(character);
        }
    }
    visible
}

fn for_people(text: impl std::fmt::Display) -> String {
    visible(&text.to_string(), |character| {
        character.escape_unicode().to_string()
    })
}

/// Prints a line to standard output; a reader that has gone away is not an error of ours.
pub(crate) fn line(text: impl std::fmt::Display) {
    drop(writeln!(anstream::stdout(), "{}", for_people(text)));
}

/// Prints a result as JSON.
pub(crate) fn json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    line(json_text(value)?);
    Ok(())
}

/// The same document, whichever way its characters are spelled: they occur in texts alone.
fn json_text(value: &impl serde::Serialize) -> anyhow::Result<String> {
    let text = serde_json::to_string_pretty(value)?;
    Ok(visible(&text, |character| {
        format!("\\u{:04x}", u32::from(character))
    }))
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
        "{} {}",
        "note:".yellow().bold(),
        for_people(text)
    ));
}

/// A line below a warning.
pub(crate) fn note(text: impl std::fmt::Display) {
    drop(writeln!(anstream::stderr(), "  {}", for_people(text)));
}

/// Says what failed, with every cause on a line of its own.
pub(crate) fn failure(error: &anyhow::Error) {
    let mut out = anstream::stderr();
    drop(writeln!(
        out,
        "{} {}",
        "error:".red().bold(),
        for_people(error)
    ));
    for cause in error.chain().skip(1) {
        drop(writeln!(
            out,
            "  {} {}",
            "because:".dimmed(),
            for_people(cause)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_turn_the_text_around_it() {
        let name = "Block \u{202e}nimda\u{2069} \u{200f}x \u{61c}";
        assert_eq!(
            for_people(name),
            "Block \\u{202e}nimda\\u{2069} \\u{200f}x \\u{61c}"
        );
        let json = json_text(&serde_json::json!({ "displayName": name })).unwrap();
        assert!(!json.chars().any(turns_text), "{json}");
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["displayName"], name);
        // Names in scripts that run from right to left stay as they are, and colours do.
        for text in ["\u{5e9}\u{5dc}\u{5d5}\u{5dd}", "\u{1b}[1mbold\u{1b}[0m", ""] {
            assert_eq!(for_people(text), text);
        }
    }
}
