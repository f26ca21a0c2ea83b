//! Runs one program of a stage: keeps what it prints, shows that it lives, and ends it when it takes too long.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::root;

/// A sign of life is printed this often, with the last line the program wrote.
const SIGN_OF_LIFE: Duration = Duration::from_secs(30);
/// No stage is this slow; what takes longer hangs.
const LIMIT: Duration = Duration::from_mins(30);
/// How long to wait for the last lines of a program that has ended but whose children still hold its output.
const LAST_LINES: Duration = Duration::from_secs(5);
/// So many of its last lines are shown when it failed; the whole is in the log.
const SHOWN: usize = 80;

/// How a program ended and what it printed, both streams in the order they came.
pub(super) struct Ran {
    pub(super) success: bool,
    pub(super) output: String,
    pub(super) log: PathBuf,
}

impl Ran {
    /// What to show of a program that failed: its last lines, and where the others are.
    pub(super) fn last_lines(&self) -> String {
        let lines: Vec<&str> = self.output.lines().collect();
        let first = lines.len().saturating_sub(SHOWN);
        let shown = lines.get(first..).unwrap_or_default().join("\n");
        format!(
            "{shown}\n        the whole output is in {}",
            self.log.display()
        )
    }
}

/// Runs `command` to its end. `name` names its log in the target folder.
pub(super) fn run(name: &str, command: &mut Command) -> Result<Ran> {
    let shown = format!("`{}`", command.get_program().to_string_lossy());
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{shown} could not be started"))?;
    let (sender, receiver) = channel();
    if let Some(stdout) = child.stdout.take() {
        forward(stdout, sender.clone());
    }
    if let Some(stderr) = child.stderr.take() {
        forward(stderr, sender);
    }
    let mut output = listen(&receiver, || {
        child.try_wait().map_or(true, |status| status.is_some())
    });
    let ended = child.try_wait().with_context(|| shown.clone())?;
    let success = if let Some(status) = ended {
        status.success()
    } else {
        child.kill().with_context(|| shown.clone())?;
        child.wait().with_context(|| shown.clone())?;
        output.push_str("ended: it ran for 30 minutes and no stage is that slow\n");
        false
    };
    let log = root::target().join("xtask").join(format!("{name}.log"));
    if let Some(folder) = log.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&log, &output).with_context(|| log.display().to_string())?;
    Ok(Ran {
        success,
        output,
        log,
    })
}

/// Sends each line of a stream as it comes. The thread ends with the stream, or when nobody listens any more.
fn forward(stream: impl Read + Send + 'static, sender: Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            if sender.send(line).is_err() {
                return;
            }
        }
    });
}

/// Gathers lines until both streams have ended, the program has, or the time is up.
fn listen(receiver: &Receiver<String>, mut has_ended: impl FnMut() -> bool) -> String {
    let started = Instant::now();
    let (mut output, mut last) = (String::new(), String::new());
    let (mut next_sign, mut ended_at) = (SIGN_OF_LIFE, None);
    loop {
        match receiver.recv_timeout(Duration::from_millis(200)) {
            Ok(line) => {
                output.push_str(&line);
                output.push('\n');
                if !line.trim().is_empty() {
                    last = line;
                }
            }
            Err(RecvTimeoutError::Disconnected) if has_ended() => return output,
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(Duration::from_millis(20)),
            Err(RecvTimeoutError::Timeout) if has_ended() => {
                let ended_at = ended_at.get_or_insert_with(Instant::now);
                if ended_at.elapsed() > LAST_LINES {
                    return output;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        if started.elapsed() > LIMIT {
            return output;
        }
        if started.elapsed() > next_sign {
            let shown: String = last.trim().chars().take(100).collect();
            println!("        {}s: {shown}", started.elapsed().as_secs());
            next_sign += SIGN_OF_LIFE;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_prints_and_how_it_ends_is_kept() {
        let mut command = root::command("sh");
        command.args(["-c", "echo one; echo two >&2; exit 3"]);
        let ran = run("test-of-child", &mut command).unwrap();
        assert!(!ran.success);
        assert!(ran.output.contains("one\n") && ran.output.contains("two\n"));
        assert!(std::fs::read_to_string(&ran.log).unwrap().contains("one"));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = run("test-of-child-2", &mut root::command("no-such-program"))
            .err()
            .unwrap();
        assert!(error.to_string().contains("no-such-program"));
    }
}
