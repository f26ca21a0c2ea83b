//! The files of the house as text: what tidy's rules look at, read from disk or planted by a test.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::root;

/// One text file, named by its path from the workspace's root with `/` between the parts.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    /// The part of the name after the last dot, or the empty text.
    pub(crate) fn extension(&self) -> &str {
        Path::new(&self.path)
            .extension()
            .and_then(|e| e.to_str())
            .unwrap_or("")
    }

    /// The last part of the path.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The name without its extension.
    pub(crate) fn stem(&self) -> &str {
        let name = self.name();
        name.split_once('.').map_or(name, |(stem, _)| stem)
    }

    /// Whether the whole file is test code: a `tests` folder, or a module split off into `tests.rs`.
    pub(crate) fn is_test(&self) -> bool {
        self.path
            .split('/')
            .any(|part| part == "tests" || part == "e2e")
            || self.name() == "tests.rs"
            || self.name().ends_with("_tests.rs")
    }

    /// The lines before the test module at the file's end.
    pub(crate) fn lines_without_tests(&self) -> usize {
        let lines: Vec<&str> = self.text.lines().collect();
        let test_module = lines.windows(2).position(|pair| {
            matches!(pair, [attribute, module]
                if attribute.starts_with("#[cfg(test)]") && module.starts_with("mod "))
        });
        test_module.unwrap_or(lines.len())
    }
}

/// All text files of the house that git would keep.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tree {
    pub(crate) files: Vec<File>,
}

impl Tree {
    /// Reads every file that git knows or would add. Files that are no text are left out.
    pub(crate) fn from_disk() -> Result<Self> {
        let output = root::command("git")
            .args([
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ])
            .output()
            .context("`git` could not be started; tidy asks it which files belong to the house")?;
        if !output.status.success() {
            bail!(
                "`git ls-files` failed: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        let mut files = Vec::new();
        for path in String::from_utf8_lossy(&output.stdout).split('\0') {
            let Ok(text) = std::fs::read_to_string(root::workspace().join(path)) else {
                continue;
            };
            files.push(File {
                path: path.to_owned(),
                text,
            });
        }
        if files.is_empty() {
            bail!("git lists no file; is this a checkout?");
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        Ok(Self { files })
    }

    /// The file at `path`.
    pub(crate) fn get(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The files whose name ends in `.extension`.
    pub(crate) fn with_extension<'a>(
        &'a self,
        extension: &'a str,
    ) -> impl Iterator<Item = &'a File> {
        self.files
            .iter()
            .filter(move |file| file.extension() == extension)
    }

    /// A tree of planted files, for tests.
    #[cfg(test)]
    pub(crate) fn planted<const N: usize>(files: [(&str, &str); N]) -> Self {
        let file = |(path, text): (&str, &str)| File {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        Self {
            files: files.into_iter().map(file).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_test_module_do_not_count() {
        let text = "//! x\nfn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n";
        let tree = Tree::planted([("crates/a/src/b.rs", text)]);
        assert_eq!(tree.files[0].lines_without_tests(), 2);
        let tree = Tree::planted([("crates/a/src/b.rs", "//! x\n#[cfg(test)]\nfn only() {}\n")]);
        assert_eq!(tree.files[0].lines_without_tests(), 3);
    }

    #[test]
    fn test_code_is_known_by_its_place() {
        let tree = Tree::planted([
            ("crates/store/tests/contract.rs", ""),
            ("crates/model/src/id/tests.rs", ""),
            ("crates/model/src/testsuite.rs", ""),
        ]);
        let answers: Vec<bool> = tree.files.iter().map(File::is_test).collect();
        assert_eq!(answers, [true, true, false]);
    }
}
