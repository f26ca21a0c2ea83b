//! `portcullis completions`: what a shell needs to complete our commands, options and their words.

use clap::CommandFactory as _;

use crate::command::{CommandLine, CompletionsOptions};
use crate::output;

pub(crate) fn run(options: &CompletionsOptions) {
    let mut script = Vec::new();
    let mut command = CommandLine::command();
    clap_complete::generate(options.shell, &mut command, "portcullis", &mut script);
    output::line(String::from_utf8_lossy(&script));
}
