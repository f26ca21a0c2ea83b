//! Reads a file or folder of exported policies with whatever lies beside them, and says of each file what became of it.
//!
//! Unlike a world, an export is read as far as it goes: what is wrong is told, and the rest is there. A name for which
//! nothing lies beside is given a stand-in id, the same each time, and is reported as missing.

mod directory;
mod missing;
mod piece;
mod reading;

use std::fs;
use std::path::{Path, PathBuf};

use portcullis_model::authentication_context::AuthenticationContextClassReference;
use portcullis_model::authentication_strength::AuthenticationStrengthPolicy;
use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::cross_tenant_access::CrossTenantAccessPolicy;
use portcullis_model::document::{Reason, Refusal};
use portcullis_model::id::PolicyId;
use portcullis_model::named_location::NamedLocation;
use portcullis_model::terms_of_use::Agreement;

use crate::error::{Place, WorldError, WorldFindings};
use crate::files::{FILES_MAX, TOTAL_SIZE_BYTES_MAX, cannot_read, read_file};
use crate::names::NameKind;

pub use directory::ExportedDirectory;

/// What an export holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Export {
    /// Every policy that could be read, each once.
    pub policies: Vec<ConditionalAccessPolicy>,
    /// The named locations beside them.
    pub named_locations: Vec<NamedLocation>,
    /// The authentication strengths beside them, the built-in ones aside.
    pub authentication_strengths: Vec<AuthenticationStrengthPolicy>,
    /// The authentication contexts beside them.
    pub authentication_contexts: Vec<AuthenticationContextClassReference>,
    /// The terms of use beside them.
    pub agreements: Vec<Agreement>,
    /// The cross-tenant access settings beside them, if there are any.
    pub cross_tenant_access_policy: Option<CrossTenantAccessPolicy>,
    /// Who is there.
    pub directory: ExportedDirectory,
    /// What became of each file, ordered by path.
    pub files: Vec<ExportFile>,
    /// What policies refer to and is not there, each once.
    pub missing: Vec<MissingReference>,
}

/// One file of an export.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportFile {
    /// The file.
    pub path: PathBuf,
    /// How many policies were read from it, the ones that another file has as well included.
    pub policies: usize,
    /// How many other objects were read from it.
    pub others: usize,
    /// What is wrong with it; the objects that nothing is wrong with are read all the same.
    pub refusal: Option<Refusal>,
    /// What it holds, when it holds nothing that has to do with policies.
    pub something_else: Option<String>,
}

/// Something that policies refer to and that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingReference {
    /// Of what kind.
    pub kind: NameKind,
    /// The name or id as the policies have it.
    pub name: String,
    /// Its id; a stand-in when the policies have a name.
    pub id: String,
    /// The policies that refer to it.
    pub policies: Vec<PolicyId>,
}

/// Reads the file at `path`, or every `.json` file below the folder at `path`.
pub fn read_export(path: &Path) -> Result<Export, WorldError> {
    let mut paths = Vec::new();
    collect_files(path, &mut paths, 0)?;
    paths.sort();
    let mut files = Vec::with_capacity(paths.len());
    let mut size_bytes: usize = 0;
    for path in paths {
        let bytes = read_file(&path)?;
        size_bytes = size_bytes.saturating_add(bytes.len());
        if size_bytes > TOTAL_SIZE_BYTES_MAX {
            return Err(too_much(&path));
        }
        files.push((path, bytes));
    }
    Ok(parse_export(&files))
}

/// The export that these files are.
pub fn parse_export(files: &[(PathBuf, Vec<u8>)]) -> Export {
    reading::Reading::new().read(files)
}

fn collect_files(path: &Path, paths: &mut Vec<PathBuf>, depth: usize) -> Result<(), WorldError> {
    const DEPTH_MAX: usize = 16;
    let metadata = fs::metadata(path).map_err(|cause| cannot_read(path, cause))?;
    if !metadata.is_dir() {
        paths.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(|cause| cannot_read(path, cause))? {
        let entry = entry.map_err(|cause| cannot_read(path, cause))?;
        let kind = entry
            .file_type()
            .map_err(|cause| cannot_read(&entry.path(), cause))?;
        let path = entry.path();
        let json = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        if paths.len() >= FILES_MAX {
            return Err(too_much(&path));
        }
        if kind.is_dir() && depth < DEPTH_MAX {
            collect_files(&path, paths, depth + 1)?;
        } else if kind.is_file() && json {
            paths.push(path);
        }
    }
    Ok(())
}

fn too_much(at: &Path) -> WorldError {
    let mut findings = WorldFindings::default();
    let place = Place::root(&at.display().to_string());
    let found = "more files than an export may have".into();
    let expected = "at most 10,000 files of 256 MiB together";
    findings.add(&place, Reason::Value, found, expected);
    WorldError::Refused(findings)
}
