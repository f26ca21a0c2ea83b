//! Finds files of policy tests: a file that is named is one; in a folder those are whose names end so.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use portcullis_scenario::read::FILE_SIZE_BYTES_MAX;

const ENDINGS: [&str; 3] = [".test.yaml", ".test.yml", ".test.json"];
/// Folders deeper than this are not looked into: nobody nests tests so, and a loop would.
const DEPTH_MAX: usize = 16;

/// The files below these paths, each once, in order.
pub(super) fn find(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        let metadata =
            fs::metadata(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        if !metadata.is_dir() {
            found.push(path.clone());
            continue;
        }
        let before = found.len();
        collect(path, 0, &mut found)
            .with_context(|| format!("cannot read the folder `{}`", path.display()))?;
        if found.len() == before {
            anyhow::bail!(
                "there are no policy tests in `{}`: their names end in {}",
                path.display(),
                ENDINGS.join(", ")
            );
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn collect(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type()?;
        if name.starts_with('.') {
            continue;
        }
        if kind.is_dir() && depth < DEPTH_MAX {
            collect(&entry.path(), depth.saturating_add(1), found)?;
        } else if kind.is_file() && ENDINGS.iter().any(|ending| name.ends_with(ending)) {
            found.push(entry.path());
        }
    }
    Ok(())
}

/// The bytes of a file, one more than allowed at most.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let limit = u64::try_from(FILE_SIZE_BYTES_MAX).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    let file = fs::File::open(path)?;
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}
