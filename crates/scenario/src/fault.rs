//! What is wrong with a file of policy tests, and on which line.

use std::fmt;

use serde::Serialize;

/// A place in a file, both numbers from 1 on; 0 is "somewhere".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// The line.
    pub line: u64,
    /// The character in the line.
    pub column: u64,
}

/// Something that keeps a test from being run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
pub struct Fault {
    /// The file.
    pub file: String,
    /// Where in it.
    #[serde(flatten)]
    pub position: Position,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { line, column } = self.position;
        match line {
            0 => write!(formatter, "{}: {}", self.file, self.message),
            _ => write!(formatter, "{}:{line}:{column}: {}", self.file, self.message),
        }
    }
}
