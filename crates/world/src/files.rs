//! Brings the files of a folder into memory: ordinary files only, each and all together of limited size.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use portcullis_model::document::{FILE_SIZE_BYTES_MAX, Reason, read_json};
use serde_json::Value;

use crate::error::{Place, WorldError, WorldFindings};
use crate::export::kind::LIST_KINDS;
use crate::tenant::SINGLE_KINDS;

/// The files of a world: path seen from the world's folder, with `/` between its parts, and content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files(pub BTreeMap<String, Vec<u8>>);

/// How many files a folder may have, and how many bytes they may have together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) files: usize,
    pub(crate) size_bytes: usize,
}

/// The limits of worlds and exports.
pub(crate) const LIMITS: Limits = Limits {
    files: 10_000,
    size_bytes: 256 * 1024 * 1024,
};
/// As deep as an export, in the folder of a tenant.
const DEPTH_MAX: usize = 18;

impl Files {
    /// Reads every file below `folder`, hidden ones aside. Links and devices are refused: a world is what lies in its folder.
    pub fn read(folder: &Path) -> Result<Self, WorldError> {
        Self::read_within(folder, LIMITS)
    }

    fn read_within(folder: &Path, limits: Limits) -> Result<Self, WorldError> {
        let mut reading = Reading {
            limits,
            files: Self::default(),
            findings: WorldFindings::default(),
            size_bytes: 0,
        };
        reading.read_folder(folder, "", 0)?;
        if reading.findings.0.is_empty() {
            Ok(reading.files)
        } else {
            Err(WorldError::Refused(reading.findings))
        }
    }
}

/// Whether a file cannot be meant to be read here. A name or a content that could be ours with a letter wrong is not foreign: what it
/// would have demanded, nobody would demand.
pub(crate) fn is_foreign(name: &str, bytes: &[u8]) -> bool {
    let name = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    let (stem, extensions) = name.split_once('.').unwrap_or((&name, ""));
    let is_of_data =
        |one: &str| one.starts_with("js") && one != "js" || one.starts_with('y') || one == "json";
    let is_named_so = extensions.split('.').any(is_of_data) || names_a_kind(stem);
    !is_named_so && !looks_like_json(bytes)
}

fn names_a_kind(stem: &str) -> bool {
    let lists = LIST_KINDS.iter().map(|(name, _)| *name);
    let mut known = lists.chain(SINGLE_KINDS).chain(["invariants"]);
    known.any(|one| one.eq_ignore_ascii_case(stem))
}

/// An object or a list of objects, or one with a comma too many.
fn looks_like_json(bytes: &[u8]) -> bool {
    let is_read = matches!(read_json(bytes), Ok(Value::Object(_) | Value::Array(_)));
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut letters = bytes.iter().filter(|one| !one.is_ascii_whitespace());
    let begins_like_it = match letters.next() {
        Some(b'{') => true,
        Some(b'[') => matches!(letters.next(), Some(b'{' | b']')),
        Some(_) | None => false,
    };
    is_read || begins_like_it
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

struct Reading {
    limits: Limits,
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
        if self.files.0.len() >= self.limits.files {
            return Err(too_much("more files than a world may have", &place));
        }
        let bytes = read_file(path)?;
        self.size_bytes = self.size_bytes.saturating_add(bytes.len());
        if self.size_bytes > self.limits.size_bytes {
            return Err(too_much("more bytes than a world may have", &place));
        }
        self.files.0.insert(name, bytes);
        Ok(())
    }
}

/// Refuses at once: what lies behind the limit is not looked at.
pub(crate) fn too_much(found: &str, place: &Place) -> WorldError {
    let mut findings = WorldFindings::default();
    let expected = "at most 10,000 files of 256 MiB together";
    findings.add(place, Reason::Value, found.to_owned(), expected);
    WorldError::Refused(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, usize)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, size) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, vec![b' '; *size]).unwrap();
        }
        folder
    }

    #[test]
    fn a_world_has_so_many_files_and_bytes_and_no_more() {
        let folder = folder(&[
            ("a/users.json", 10),
            ("a/policies/b.json", 20),
            ("c.json", 0),
        ]);
        let read =
            |files, size_bytes| Files::read_within(folder.path(), Limits { files, size_bytes });
        assert_eq!(read(3, 30).unwrap().0.len(), 3);
        let told = read(2, 30).unwrap_err().to_string();
        assert!(told.contains("more files than a world may have"), "{told}");
        let told = read(3, 29).unwrap_err().to_string();
        assert!(told.contains("more bytes than a world may have"), "{told}");
        assert!(Files::read(folder.path()).is_ok());
        assert_eq!((LIMITS.files, LIMITS.size_bytes), (10_000, 256 << 20));
    }

    #[test]
    fn no_file_is_read_further_than_it_may_be_long() {
        let folder = folder(&[]);
        let path = folder.path().join("long.json");
        let file = fs::File::create(&path).unwrap();
        file.set_len(64 << 20).unwrap(); // a hole: nothing of it is written
        assert_eq!(read_file(&path).unwrap().len(), FILE_SIZE_BYTES_MAX + 1);
    }

    #[test]
    fn a_tenants_folder_is_as_deep_as_an_export() {
        let nested =
            |depth: usize| folder(&[(&format!("contoso/{}a.json", "d/".repeat(depth)), 1)]);
        assert_eq!(Files::read(nested(16).path()).unwrap().0.len(), 1);
        let told = Files::read(nested(17).path()).unwrap_err().to_string();
        assert!(
            told.contains("contoso/d/") && told.contains("a folder"),
            "{told}"
        );
    }
}
