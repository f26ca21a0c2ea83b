//! Reads a file or folder of exported policies with whatever lies beside them, and says of each file what became of it.
//!
//! Unlike a world, an export is read as far as it goes: what is wrong is told, and the rest is there. A name for which
//! nothing lies beside is given a stand-in id, the same each time, and is reported as missing.

pub(crate) mod cross_tenant;
pub(crate) mod directory;
pub(crate) mod envelope;
pub(crate) mod kind;
mod missing;
pub(crate) mod piece;
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
use crate::files::{LIMITS, Limits, cannot_read, read_file, too_much};
use crate::names::NameKind;

pub use directory::ExportedDirectory;
pub use missing::missing_references;

/// What an export holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Export {
    /// Every policy that could be read, each once.
    pub policies: Vec<ConditionalAccessPolicy>,
    /// Whether a list of policies is there and is empty: a tenant without policies, and not a folder without a list.
    pub is_without_policies: bool,
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
    read_within(path, LIMITS)
}

/// The same, where policies may also name what lies elsewhere: kind, name and id of each.
pub fn read_export_beside(
    path: &Path,
    known: &[(NameKind, String, String)],
) -> Result<Export, WorldError> {
    let files = read_files(path, LIMITS)?;
    Ok(reading::Reading::new().knowing(known).read(&files))
}

fn read_within(path: &Path, limits: Limits) -> Result<Export, WorldError> {
    Ok(parse_export(&read_files(path, limits)?))
}

fn read_files(path: &Path, limits: Limits) -> Result<Vec<(PathBuf, Vec<u8>)>, WorldError> {
    let mut paths = Vec::new();
    collect_files(path, &mut paths, limits, 0)?;
    paths.sort();
    let mut files = Vec::with_capacity(paths.len());
    let mut size_bytes: usize = 0;
    for path in paths {
        let bytes = read_file(&path)?;
        size_bytes = size_bytes.saturating_add(bytes.len());
        if size_bytes > limits.size_bytes {
            return Err(too_much(
                "more bytes than an export may have",
                &place(&path),
            ));
        }
        files.push((path, bytes));
    }
    Ok(files)
}

/// The export that these files are.
pub fn parse_export(files: &[(PathBuf, Vec<u8>)]) -> Export {
    reading::Reading::new().read(files)
}

/// What is below and could be a policy is read or refused, never passed over: a policy nobody looked at could have blocked.
fn collect_files(
    path: &Path,
    paths: &mut Vec<PathBuf>,
    limits: Limits,
    depth: usize,
) -> Result<(), WorldError> {
    const DEPTH_MAX: usize = 16;
    let metadata = fs::metadata(path).map_err(|cause| cannot_read(path, cause))?;
    if !metadata.is_dir() {
        paths.push(path.to_owned());
        return Ok(());
    }
    if depth > DEPTH_MAX {
        return Err(refused(
            "a folder",
            &place(path),
            "at most 16 folders inside each other",
        ));
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
        if kind.is_symlink() && (json || path.is_dir()) {
            return Err(refused(
                "a link",
                &place(&path),
                "ordinary files and folders",
            ));
        }
        if kind.is_dir() {
            collect_files(&path, paths, limits, depth + 1)?;
        } else if kind.is_file() && json {
            if paths.len() >= limits.files {
                return Err(too_much(
                    "more files than an export may have",
                    &place(&path),
                ));
            }
            paths.push(path);
        }
    }
    Ok(())
}

fn place(path: &Path) -> Place {
    Place::root(&path.display().to_string())
}

fn refused(found: &str, place: &Place, expected: &str) -> WorldError {
    let mut findings = WorldFindings::default();
    findings.add(place, Reason::Unknown, found.to_owned(), expected);
    WorldError::Refused(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_of(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "[]").unwrap();
        }
        folder
    }

    fn told(path: &Path, limits: Limits) -> String {
        read_within(path, limits).unwrap_err().to_string()
    }

    #[test]
    fn an_export_has_so_many_files_and_bytes_and_no_more() {
        let folder = folder_of(&["a.json", "b/c.JSON", "b/notes.txt"]);
        let limits = |files, size_bytes| Limits { files, size_bytes };
        assert_eq!(
            read_within(folder.path(), limits(2, 4))
                .unwrap()
                .files
                .len(),
            2
        );
        let files = told(folder.path(), limits(1, 4));
        assert!(
            files.contains("more files than an export may have"),
            "{files}"
        );
        let bytes = told(folder.path(), limits(2, 3));
        assert!(
            bytes.contains("more bytes than an export may have"),
            "{bytes}"
        );
    }

    #[test]
    fn what_lies_too_deep_is_refused_and_not_passed_over() {
        let nested = |depth: usize| folder_of(&[&format!("{}a.json", "d/".repeat(depth))]);
        assert_eq!(read_export(nested(16).path()).unwrap().files.len(), 1);
        let told = told(nested(17).path(), LIMITS);
        assert!(told.contains("at most 16 folders"), "{told}");
    }

    #[test]
    #[cfg(unix)]
    fn a_link_to_what_could_be_a_policy_is_refused_and_not_passed_over() {
        use std::os::unix::fs::symlink;

        let elsewhere = folder_of(&["a.json", "readme.txt"]);
        for (target, name, is_refused) in [
            ("a.json", "policy.json", true),
            ("nowhere.json", "policy.json", true),
            (".", "more", true),
            ("readme.txt", "readme.txt", false),
        ] {
            let folder = folder_of(&["b.json"]);
            symlink(elsewhere.path().join(target), folder.path().join(name)).unwrap();
            let read = read_export(folder.path());
            assert_eq!(read.is_err(), is_refused, "{name} to {target}");
        }
    }
}
