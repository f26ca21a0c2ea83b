//! Installs what the tests need beside Rust: a browser, a Python environment, Node packages. Says how where it cannot.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::child;
use crate::root;

/// Something a stage needs that is not part of Rust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tool {
    /// A Chromium that Playwright can drive.
    Chromium,
    /// The packages of e2e/package-lock.json.
    Node,
    /// The packages of e2e/requirements.txt, in an environment of their own.
    Python,
}

/// What is known of the tools so far: each is looked for, and if need be installed, once in a run.
#[derive(Debug, Default)]
pub(super) struct Tools {
    known: BTreeMap<Tool, Result<(), String>>,
}

impl Tools {
    /// Makes sure that the tool is there; the error says what is missing and how to get it.
    pub(super) fn ensure(&mut self, tool: Tool) -> Result<(), String> {
        let install = match tool {
            Tool::Chromium => chromium,
            Tool::Node => node,
            Tool::Python => python,
        };
        self.known.entry(tool).or_insert_with(install).clone()
    }
}

/// The names under which distributions install Chromium or its kin.
const BROWSERS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// The browser the tests drive: `CHROMIUM` if set, else the first that is on the PATH.
pub(super) fn browser() -> Option<PathBuf> {
    let chosen = std::env::var_os("CHROMIUM").map(PathBuf::from);
    chosen.or_else(|| BROWSERS.iter().find_map(|name| root::on_path(name)))
}

fn chromium() -> Result<(), String> {
    if browser().is_some() {
        return Ok(());
    }
    apt(&["chromium", "chromium-driver"]).map_err(|why| {
        format!("Chromium ({why}); install it and put it on the PATH, or name it in the variable CHROMIUM")
    })
}

fn node() -> Result<(), String> {
    if root::on_path("node").is_none() || root::on_path("npm").is_none() {
        apt(&["nodejs", "npm"])
            .map_err(|why| format!("Node.js 20 with npm ({why}); see https://nodejs.org/"))?;
    }
    let folder = root::workspace().join("e2e");
    unless_stamped(
        &folder.join("package-lock.json"),
        &folder.join("node_modules/.installed"),
        || {
            let mut command = root::command("npm");
            command
                .current_dir(&folder)
                .args(["ci", "--no-audit", "--no-fund"]);
            succeed("install-node", &mut command)
        },
    )
    .map_err(|why| format!("the Node packages of e2e/package-lock.json: {why}"))
}

fn python() -> Result<(), String> {
    let folder = root::workspace().join("e2e");
    let environment = folder.join(".venv");
    unless_stamped(
        &folder.join("requirements.txt"),
        &environment.join("installed"),
        || {
            let create = || {
                let mut command = root::command("python3");
                succeed(
                    "install-python",
                    command.args(["-m", "venv", "--clear"]).arg(&environment),
                )
            };
            // Debian's python3 comes without the module that makes environments.
            create().or_else(|_| apt(&["python3", "python3-venv"]).and_then(|()| create()))?;
            let mut command = root::command(&environment.join("bin/python").to_string_lossy());
            command.args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--requirement",
            ]);
            succeed(
                "install-python",
                command.arg(folder.join("requirements.txt")),
            )
        },
    )
    .map_err(|why| format!("the Python packages of e2e/requirements.txt: {why}"))
}

/// Installs, unless the stamp holds the same list as was installed last time.
fn unless_stamped(
    list: &Path,
    stamp: &Path,
    install: impl FnOnce() -> Result<(), String>,
) -> Result<(), String> {
    let wanted =
        std::fs::read_to_string(list).map_err(|error| format!("{}: {error}", list.display()))?;
    if std::fs::read_to_string(stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    install()?;
    std::fs::write(stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))
}

/// Installs Debian packages when this is Debian and we may; says which command to run otherwise.
fn apt(packages: &[&str]) -> Result<(), String> {
    let by_hand = format!("apt-get install {}", packages.join(" "));
    if root::on_path("apt-get").is_none() {
        return Err("not found, and there is no apt-get here to install it with".to_owned());
    }
    let as_root = |arguments: &[&str]| {
        let mut command = if is_root() {
            root::command("apt-get")
        } else {
            root::command("sudo")
        };
        if !is_root() {
            command.args(["-n", "apt-get"]);
        }
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(arguments);
        succeed("install-apt", &mut command)
    };
    println!("        installing {} with apt-get", packages.join(", "));
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(packages);
    // A machine that knows its packages already needs no update; one that does not, does.
    as_root(&install)
        .or_else(|_| as_root(&["update"]).and_then(|()| as_root(&install)))
        .map_err(|why| format!("`{by_hand}` as root failed: {why}"))
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// Runs an installer; the error is the last thing it said.
fn succeed(name: &str, command: &mut Command) -> Result<(), String> {
    let ran = child::run(name, command).map_err(|error| format!("{error:#}"))?;
    if ran.success {
        return Ok(());
    }
    let last = ran
        .output
        .lines()
        .rfind(|line| !line.trim().is_empty())
        .unwrap_or("it said nothing");
    Err(format!("{last} (see {})", ran.log.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_installed_once_and_again_when_it_changes() {
        let folder = root::target().join("xtask/stamp");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let (list, stamp) = (folder.join("list"), folder.join("stamp"));
        let installs = std::cell::Cell::new(0);
        let ensure = || {
            unless_stamped(&list, &stamp, || {
                installs.set(installs.get() + 1);
                Ok(())
            })
        };
        assert!(ensure().unwrap_err().contains("list"));
        std::fs::write(&list, "a").unwrap();
        ensure().unwrap();
        ensure().unwrap();
        assert_eq!(installs.get(), 1);
        std::fs::write(&list, "b").unwrap();
        ensure().unwrap();
        assert_eq!(installs.get(), 2);
    }

    #[test]
    fn a_failed_install_leaves_no_stamp() {
        let folder = root::target().join("xtask/stamp-failed");
        std::fs::create_dir_all(&folder).unwrap();
        let (list, stamp) = (folder.join("list"), folder.join("stamp"));
        std::fs::write(&list, "a").unwrap();
        assert!(unless_stamped(&list, &stamp, || Err("no network".to_owned())).is_err());
        assert!(!stamp.exists());
    }
}
