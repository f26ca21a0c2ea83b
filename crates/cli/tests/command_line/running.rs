//! One run of the binary in a folder of its own, and what a wrong command line is told.

use std::path::PathBuf;
use std::process::{Command, Output};

/// A folder to run in, gone with it.
pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("PORTCULLIS_DATA")
            .env_remove("RUST_LOG");
        command
    }

    /// Runs to the end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        let Output {
            status,
            stdout,
            stderr,
        } = self.command(arguments).output().unwrap();
        Said {
            code: status.code(),
            out: String::from_utf8(stdout).unwrap(),
            error: String::from_utf8(stderr).unwrap(),
        }
    }

    /// Runs to the end, which must be good.
    pub(crate) fn run_well(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments);
        assert_eq!(said.code, Some(0), "{arguments:?}: {}", said.error);
        said.out
    }
}

/// What a run said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) error: String,
}

impl Said {
    /// It failed with this exit code, said why on standard error, and nothing on standard output.
    pub(crate) fn assert_refused(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.out, "");
        for part in parts {
            assert!(self.error.contains(part), "`{part}` in: {}", self.error);
        }
        assert!(!self.error.contains('\u{1b}'), "colour without a terminal");
    }
}

#[test]
fn a_wrong_command_line_exits_2_and_names_the_cure() {
    let place = Place::new();
    for (arguments, part) in [
        (&["bogus"][..], "unrecognized subcommand 'bogus'"),
        (&["signins"], "--tenant <TENANT>"),
        (&["signins", "--tenant", "x", "--top", "0"], "1..=1000"),
        (&["serve", "--tls-key", "x"], "--tls-certificate <FILE>"),
        (&["serve", "--trusted-proxy", "x"], "such as 10.0.0.7"),
        (&["keys", "rotate"], "--tenant <TENANT>"),
        (&["import"], "<FOLDER>"),
    ] {
        place.run(arguments).assert_refused(2, &[part]);
    }
    assert_eq!(std::fs::read_dir(place.folder.path()).unwrap().count(), 0);
}

#[test]
fn help_tells_every_command_and_the_version_has_the_name_of_the_binary() {
    let place = Place::new();
    let help = place.run_well(&["--help"]);
    for command in [
        "demo",
        "serve",
        "import",
        "export",
        "signins",
        "test",
        "sessions",
        "keys",
        "templates",
    ] {
        assert!(help.contains(&format!("\n  {command} ")), "{help}");
        assert!(
            place
                .run_well(&[command, "--help"])
                .contains("Usage: portcullis")
        );
    }
    assert!(place.run_well(&["--version"]).starts_with("portcullis 0."));
}

#[test]
fn commands_that_only_read_leave_no_installation_behind() {
    let place = Place::new();
    for arguments in [
        &["signins", "--tenant", "contoso"][..],
        &["sessions", "list", "--tenant", "contoso", "--user", "dave"],
        &["export", "out"],
        &["keys", "rotate", "--tenant", "contoso"],
    ] {
        let parts = ["there is no installation in `portcullis-data`", "--data"];
        place.run(arguments).assert_refused(1, &parts);
    }
    assert_eq!(std::fs::read_dir(place.folder.path()).unwrap().count(), 0);
}
