//! Why a world is refused: every finding with its file, JSON path, what was found and what was expected.

use std::fmt;
use std::path::PathBuf;

use portcullis_model::document::{Finding, Reason, Refusal};

/// A finding and the file it is in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {finding}")]
pub struct FileFinding {
    /// The file, seen from the world's folder.
    pub file: String,
    /// What is wrong.
    pub finding: Finding,
}

/// Everything that is wrong with a world, one line each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorldFindings(pub Vec<FileFinding>);

impl fmt::Display for WorldFindings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(formatter, "{separator}{finding}")?;
        }
        Ok(())
    }
}

impl WorldFindings {
    /// Notes one finding.
    pub(crate) fn add(&mut self, place: &Place, reason: Reason, found: String, expected: &str) {
        self.0.push(FileFinding {
            file: place.file.clone(),
            finding: Finding {
                path: place.path.clone(),
                reason,
                found,
                expected: expected.to_owned(),
            },
        });
    }

    /// Takes over what is wrong with the document at `place`.
    pub(crate) fn take_over(&mut self, place: &Place, refusal: Refusal) {
        for finding in refusal.findings {
            let path = portcullis_model::document::rebase(&place.path, &finding.path);
            self.0.push(FileFinding {
                file: place.file.clone(),
                finding: Finding { path, ..finding },
            });
        }
    }
}

/// Where an object lies: its file, seen from the world's folder, and its JSON path in there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) path: String,
}

impl Place {
    pub(crate) fn root(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            path: "$".to_owned(),
        }
    }

    /// A member or element below this place, for instance `.members[2]`.
    pub(crate) fn below(&self, rest: &str) -> Self {
        Self {
            file: self.file.clone(),
            path: format!("{}{rest}", self.path),
        }
    }
}

/// A world could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// A file or folder could not be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// A file or folder could not be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The folder to write to has files already; mixing two worlds would make a third.
    #[error("`{}` is not empty: name a new or an empty folder", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// A typed object could not be written as JSON.
    #[error("cannot write `{}` as JSON", path.display())]
    Serialize {
        /// Which file it was for.
        path: PathBuf,
        /// Why.
        #[source]
        cause: serde_json::Error,
    },
    /// Something is wrong with the files; nothing of the world is used.
    #[error("the world is refused:\n{0}")]
    Refused(WorldFindings),
}
