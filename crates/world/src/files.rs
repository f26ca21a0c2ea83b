//! Brings the files of a folder into memory: ordinary files only, each and all together of limited size.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use portcullis_model::document::{FILE_SIZE_BYTES_MAX, Reason};

use crate::error::{Place, WorldError, WorldFindings};

/// The files of a world: path seen from the world's folder, with `/` between its parts, and content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files(pub BTreeMap<String, Vec<u8>>);

/// How many files and how many bytes a folder may have.
pub(crate) const FILES_MAX: usize = 10_000;
pub(crate) const TOTAL_SIZE_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Folder of the tenant, folder of the kind: nothing lies deeper.
const DEPTH_MAX: usize = 3;

impl Files {
    /// Reads every file below `folder`, hidden ones aside. Links and devices are refused: a world is what lies in its folder.
    pub fn read(folder: &Path) -> Result<Self, WorldError> {
        let mut reading = Reading::default();
        reading.read_folder(folder, "", 0)?;
        if reading.findings.0.is_empty() {
            Ok(reading.files)
        } else {
            Err(WorldError::Refused(reading.findings))
        }
    }
}

/// The bytes of one file, one more than allowed at most, so that the reader of the bytes refuses a larger one.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, WorldError> {
    let read = || {
        let limit = u64::try_from(FILE_SIZE_BYTES_MAX).unwrap_or(u64::MAX);
        let mut bytes = Vec::new();
        let file = fs::File::open(path)?;
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|cause| cannot_read(path, cause))
}

pub(crate) fn cannot_read(path: &Path, cause: std::io::Error) -> WorldError {
    WorldError::Read {
        path: path.to_owned(),
        cause,
    }
}

#[derive(Default)]
struct Reading {
    files: Files,
    findings: WorldFindings,
    size_bytes: usize,
}

impl Reading {
    fn read_folder(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<(), WorldError> {
        let entries = fs::read_dir(folder).map_err(|cause| cannot_read(folder, cause))?;
        for entry in entries {
            let entry = entry.map_err(|cause| cannot_read(folder, cause))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            let kind = entry
                .file_type()
                .map_err(|cause| cannot_read(&entry.path(), cause))?;
            let name = format!("{prefix}{name}");
            if kind.is_dir() && depth + 1 < DEPTH_MAX {
                self.read_folder(&entry.path(), &format!("{name}/"), depth + 1)?;
            } else if kind.is_file() {
                self.take(name, &entry.path())?;
            } else {
                let found = if kind.is_dir() {
                    "a folder"
                } else {
                    "a link or a device"
                };
                let place = Place::root(&name);
                self.findings
                    .add(&place, Reason::Unknown, found.into(), "a file");
            }
        }
        Ok(())
    }

    fn take(&mut self, name: String, path: &Path) -> Result<(), WorldError> {
        let place = Place::root(&name);
        if self.files.0.len() >= FILES_MAX || self.size_bytes > TOTAL_SIZE_BYTES_MAX {
            if self.findings.0.is_empty() {
                let found = "more files than a world may have".into();
                let expected = "at most 10,000 files of 256 MiB together";
                self.findings.add(&place, Reason::Value, found, expected);
            }
            return Ok(());
        }
        let bytes = read_file(path)?;
        self.size_bytes = self.size_bytes.saturating_add(bytes.len());
        self.files.0.insert(name, bytes);
        Ok(())
    }
}
