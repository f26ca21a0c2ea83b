//! Lays an answer out for the terminal it is read on: as wide as that is, coloured only there.

use comfy_table::{ContentArrangement, Table, presets};
use owo_colors::OwoColorize as _;
use portcullis_whatif::prose::{Section, Told, Tone};

use crate::output;

pub(crate) fn print(told: &Told) {
    let width = output::width();
    for line in wrapped(&told.title, width, "") {
        output::line(line.bold());
    }
    output::line("");
    let verdict = match told.tone {
        Tone::Good => told.verdict.green().bold().to_string(),
        Tone::Open => told.verdict.yellow().bold().to_string(),
        Tone::Bad => told.verdict.red().bold().to_string(),
    };
    output::line(verdict);
    for sentence in &told.sentences {
        for line in wrapped(sentence, width, "  ") {
            output::line(line);
        }
    }
    for section in &told.sections {
        print_section(section, width);
    }
}

fn print_section(section: &Section, width: Option<usize>) {
    output::line("");
    output::line(section.heading.bold());
    if section.rows.iter().all(|row| row.len() == 1) {
        for line in section.rows.iter().flatten() {
            for line in wrapped(line, width, "  ") {
                output::line(line);
            }
        }
        return;
    }
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic);
    if let Some(width) = width.and_then(|width| u16::try_from(width).ok()) {
        table.set_width(width);
    }
    for row in &section.rows {
        table.add_row(row);
    }
    for line in table.to_string().lines() {
        output::line(format_args!(" {}", line.trim_end()));
    }
}

/// A sentence in lines that fit, each after `indent`.
fn wrapped(sentence: &str, width: Option<usize>, indent: &str) -> Vec<String> {
    let width = width.unwrap_or(usize::MAX);
    let mut lines = Vec::new();
    let mut line = indent.to_owned();
    for word in sentence.split_whitespace() {
        let is_empty = line.len() == indent.len();
        if !is_empty && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::replace(&mut line, indent.to_owned()));
        }
        if line.len() > indent.len() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_no_word_is_lost() {
        let sentence = "Multifactor authentication at Fabrikam, the user's own tenant.";
        let lines = wrapped(sentence, Some(30), "  ");
        assert!(
            lines
                .iter()
                .all(|line| line.len() <= 30 && line.starts_with("  ")),
            "{lines:?}"
        );
        let words: Vec<_> = lines
            .iter()
            .flat_map(|line| line.split_whitespace())
            .collect();
        assert_eq!(words.join(" "), sentence);
        assert_eq!(wrapped(sentence, None, ""), [sentence]);
        assert_eq!(wrapped("", Some(30), ""), [""]);
        // A word that is too long stands alone.
        assert_eq!(
            wrapped("a supercalifragilistic b", Some(10), ""),
            ["a", "supercalifragilistic", "b"]
        );
    }
}
